"""The evidence of a contract: exchanges written by hand, or cassettes of the same name."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jackfield.driver.transport import Answer
from jackfield.testing.contract.vendor import Reply, Scripted, scripted
from jackfield.testing.exchange import Exchange, read_cassette

_RECORDED = re.compile(r"# origin: recorded \(.*?(\d{4}-\d{2}-\d{2}).*\)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where answers of the vendor are found. A cassette is named for the scenario."""

    exchanges: Mapping[str, Sequence[Reply]]
    cassettes: Path | None

    def written(self, scenario: str) -> tuple[Scripted, ...] | None:
        """Return the answers that stand in `exchanges`, or None."""
        replies = self.exchanges.get(scenario)
        return None if replies is None else scripted(replies)

    def cassette(self, name: str) -> Path | None:
        """Return the file of this scenario, or None where there is none."""
        path = self.cassettes / f"{name}.yaml" if self.cassettes and name else None
        return path if path is not None and path.is_file() else None

    def recorded(self, name: str) -> tuple[Scripted, ...] | None:
        """Return the answers of a cassette, each with its request; or None."""
        path = self.cassette(name)
        return None if path is None else tuple(_scripted(one) for one in read_cassette(path))

    def recorded_on(self, name: str) -> dt.date | None:
        """Return the day on which the live vendor was recorded; None for a sandbox's answers."""
        path = self.cassette(name)
        if path is None:
            return None
        with path.open(encoding="utf-8") as file:
            found = _RECORDED.match(file.readline())
        return dt.date.fromisoformat(found[1]) if found else None


def _scripted(one: Exchange) -> Scripted:
    headers = {name: ", ".join(values) for name, values in one.response_headers.items()}
    return Scripted(Answer(one.status, headers, one.response_body.encode()), one)
