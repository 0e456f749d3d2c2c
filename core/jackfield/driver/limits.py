"""Rate limits of one connection, shared by all its threads and tasks.

Each limit is a sliding window: never more than its number of requests in any window, also after a
pause. A refusal by the vendor blocks the limit for everybody until it ends.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from jackfield.capabilities import Covers, Rate
from jackfield.settings import RateLimit

_MARGIN_SECONDS = 0.02
"""The vendor sees requests a little closer together than we sent them."""
_KNOCK_SECONDS = 0.01
"""How often a request looks whether one of those in flight has ended."""


class _Window:
    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self.blocked_until = 0.0
        self.in_flight = 0
        self._sent_at: deque[float] = deque(maxlen=rate.requests)

    def wait_seconds(self, now: float) -> float:
        """Return how long the next request must wait; 0 when it may go now."""
        if 0 < self.rate.parallel <= self.in_flight:
            return _KNOCK_SECONDS
        free_at = self.blocked_until
        if 0 < self.rate.requests == len(self._sent_at):
            free_at = max(free_at, self._sent_at[0] + self.rate.per_seconds + _MARGIN_SECONDS)
        return max(0.0, free_at - now)

    def count(self, now: float) -> None:
        self._sent_at.append(now)
        self.in_flight += 1


class Limiter(Protocol):
    """What the driver asks of rate limits; a host that runs many processes hands in a shared one.

    `name` and `covers` say which limits count a request, as `Rate` has it.
    """

    def take(self, name: str, covers: Covers) -> float:
        """Count one request now and return 0, or return the seconds until one may be tried."""
        ...

    def done(self, name: str, covers: Covers) -> None:
        """Note that a request, counted before, has ended."""
        ...

    def block(
        self, name: str, covers: Covers, seconds: float | None, least_seconds: float = 0.0
    ) -> float:
        """Send nothing for so long, or for the limit's own penalty; return the seconds."""
        ...

    def knows(self, name: str) -> bool:
        """Say whether there is a limit of this name; the empty name leaves the choice open."""
        ...


class RateLimits:
    """The published limits of a vendor, or those granted to this tenant, within this process."""

    def __init__(
        self,
        rates: Iterable[Rate],
        granted: Mapping[str, RateLimit],
        monotonic: Callable[[], float],
    ) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._windows = {rate.name: _Window(with_grant(rate, granted)) for rate in rates}
        self._unlimited = _Window(Rate(""))

    def take(self, name: str, covers: Covers) -> float:
        with self._lock:
            now = self._monotonic()
            windows = self._counting(name, covers)
            wait = max(window.wait_seconds(now) for window in windows)
            if wait == 0:
                for window in windows:
                    window.count(now)
            return wait

    def knows(self, name: str) -> bool:
        return not name or name in self._windows

    def done(self, name: str, covers: Covers) -> None:
        with self._lock:
            for window in self._counting(name, covers):
                window.in_flight -= 1

    def block(
        self, name: str, covers: Covers, seconds: float | None, least_seconds: float = 0.0
    ) -> float:
        with self._lock:
            windows = self._counting(name, covers)
            if seconds is None:
                seconds = max(window.rate.penalty_seconds for window in windows)
            seconds = max(seconds, least_seconds)
            until = self._monotonic() + seconds
            for window in windows:
                window.blocked_until = max(window.blocked_until, until)
            return seconds

    def _counting(self, name: str, covers: Covers) -> list[_Window]:
        if name in self._windows:
            return [self._windows[name]]
        found = [w for w in self._windows.values() if covers in w.rate.covers]
        return found or [self._unlimited]


def with_grant(rate: Rate, granted: Mapping[str, RateLimit]) -> Rate:
    """Return a published limit as the vendor granted it to this tenant."""
    grant = granted.get(rate.name)
    if grant is None:
        return rate
    return replace(rate, requests=grant.requests, per_seconds=grant.per_seconds)
