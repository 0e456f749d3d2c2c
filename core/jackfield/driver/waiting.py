"""How long to wait before the next attempt: the vendor's `Retry-After`, else growing pauses.

Source: RFC 9110 section 10.2.3 (seconds or an HTTP date). Zoom sends an ISO instant for its daily
limit. A date is read against the answer's own `Date`, so a clock that is off does no harm.
"""

import datetime as dt
import email.utils
import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

_LONGEST_SECONDS = 7 * 24 * 3600.0
"""Beyond any documented window: a larger figure is nonsense and the default pause is used."""

_SHORTEST_SECONDS = 0.1
_GROWN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling pauses with full jitter: attempt 1 waits up to `base_seconds`."""

    base_seconds: float
    longest_seconds: float = 20.0

    def seconds(self, attempt: int, randomness: random.Random) -> float:
        ceiling = min(self.longest_seconds, self.base_seconds * 2.0 ** min(attempt - 1, 64))
        return randomness.uniform(0.0, ceiling)


@dataclass(frozen=True, slots=True)
class Waits:
    """Who hears that a request of one connection waits for the vendor's limits, and how long."""

    _listeners: list[Callable[[float], None]] = field(default_factory=list)

    @contextmanager
    def heard_by(self, listener: Callable[[float], None]) -> Iterator[None]:
        """Call the listener with the seconds of every wait until the end of the block."""
        self._listeners.append(listener)
        try:
            yield
        finally:
            self._listeners.remove(listener)

    def tell(self, seconds: float) -> None:
        for listener in tuple(self._listeners):
            listener(seconds)


@dataclass(frozen=True, slots=True)
class Fences:
    """What must still hold when a write leaves, after every wait for limits and tokens.

    Each is called right before the wire; what it raises keeps the write from leaving.
    """

    _checks: list[Callable[[], None]] = field(default_factory=list)

    @contextmanager
    def kept_by(self, check: Callable[[], None]) -> Iterator[None]:
        """Call the check before every write until the end of the block."""
        self._checks.append(check)
        try:
            yield
        finally:
            self._checks.remove(check)

    def check(self) -> None:
        for check in tuple(self._checks):
            check()


TRANSIENT = Backoff(base_seconds=0.2)


def growing_seconds(attempt: int) -> float:
    """Return the least wait after a refusal: "retry at once" is not believed for ever."""
    return min(_GROWN_SECONDS, _SHORTEST_SECONDS * 2.0 ** min(attempt - 1, 16))


def retry_after_seconds(headers: Mapping[str, str], now: dt.datetime) -> float | None:
    """Return the seconds a vendor asks to wait, or None where it says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return _bounded(float(text))
    instant = _instant(text)
    if instant is None:
        return None
    sent_at = _instant(headers.get("date", "")) or now
    return _bounded((instant - sent_at).total_seconds())


def _bounded(seconds: float) -> float | None:
    if seconds > _LONGEST_SECONDS:
        return None
    return max(_SHORTEST_SECONDS, seconds)


def _instant(text: str) -> dt.datetime | None:
    for parse in (email.utils.parsedate_to_datetime, dt.datetime.fromisoformat):
        try:
            found = parse(text)
        except (ValueError, TypeError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return None
