"""How far a connector has proved itself: loads, conforms, recorded, verified.

`evidence.json` lies in the plugin's package and is written by a run of its contract. It names a
digest of the package's sources, so that it is void as soon as they change.
"""

import datetime as dt
import hashlib
import inspect
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from jackfield.errors import ConfigurationError, PluginFault
from jackfield.registry import Registry
from jackfield.testing.contract.scenarios import SCENARIOS, is_claimed
from jackfield.testing.contract.suite import ConnectorContract, case_of, failures

FILE = "evidence.json"
VERIFIED_DAYS = 180

Step: TypeAlias = Literal["broken", "loads", "conforms", "recorded", "verified"]


@dataclass(frozen=True, slots=True)
class Level:
    """`on` is the day of the evidence, `lacks` what the next level needs."""

    name: Step
    on: dt.date | None = None
    lacks: str = ""

    def __str__(self) -> str:
        dated = f" ({self.on})" if self.on else ""
        return f"{self.name}{dated}{f': {self.lacks}' if self.lacks else ''}"


def level_of(name: str, registry: Registry, today: dt.date) -> Level:
    """Return the level of an installed connector, from the evidence that its package ships."""
    try:
        connector = registry.load(name)
    except (ConfigurationError, PluginFault) as error:
        return Level("broken", lacks=str(error))
    return level_at(package_of(type(connector)), today)


def level_at(package: Path, today: dt.date) -> Level:
    """Return the level of a connector that loads, whose package is this folder."""
    try:
        said = json.loads((package / FILE).read_text(encoding="utf-8"))
        conforms_on = dt.date.fromisoformat(said["conforms_on"])
        recorded_on = said["recorded_on"] and dt.date.fromisoformat(said["recorded_on"])
        digest = said["digest"]
    except FileNotFoundError:
        return Level("loads", lacks=f"the package has no {FILE}")
    except (ValueError, TypeError, KeyError):
        return Level("loads", lacks=f"its {FILE} cannot be read")
    if digest != digest_of(package):
        return Level("loads", lacks=f"its {FILE} is about other sources")
    if not recorded_on:
        return Level("conforms", conforms_on, "no recordings of the live vendor")
    if not 0 <= (today - recorded_on).days <= VERIFIED_DAYS:
        return Level("recorded", recorded_on, f"older than {VERIFIED_DAYS} days")
    return Level("verified", recorded_on)


def write_evidence(contract: type[ConnectorContract], today: dt.date) -> dict[str, str]:
    """Play the contract and write `evidence.json` into the plugin's package.

    Returns what failed, by scenario; then nothing is written, and what was there is removed.
    """
    package = package_of(contract.connector)
    found = failures(contract)
    if found:
        (package / FILE).unlink(missing_ok=True)
        return found
    recorded_on = _recorded_on(contract)
    said: dict[str, Any] = {
        "conforms_on": today.isoformat(),
        "recorded_on": recorded_on.isoformat() if recorded_on else None,
        "digest": digest_of(package),
    }
    (package / FILE).write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
    return {}


def package_of(connector: type) -> Path:
    """Return the folder of the connector's package."""
    return Path(inspect.getfile(connector)).parent


def digest_of(package: Path) -> str:
    """Return what tells these sources from others."""
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes().replace(b"\r\n", b"\n") + b"\0")
    return digest.hexdigest()


def _recorded_on(contract: type[ConnectorContract]) -> dt.date | None:
    """Return the oldest day of the live recordings, one for each claimed scenario; else None."""
    case = case_of(contract)
    days = [
        case.evidence.recorded_on(scenario.cassette)
        for scenario in SCENARIOS
        if scenario.is_dialect
        and is_claimed(scenario, case.capabilities)
        and scenario.name not in contract.impossible
    ]
    known = [day for day in days if day is not None]
    return min(known) if len(known) == len(days) else None
