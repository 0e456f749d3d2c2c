"""Rate limits with a sliding window, and the bearer tokens that are good right now."""

import math
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Clock: TypeAlias = Callable[[], float]


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many requests in a window; one too many closes the door for the penalty.

    Without a penalty the door opens when the window has room again. With `restarts` each request
    during the penalty starts it anew.
    """

    requests: int
    window_seconds: float
    penalty_seconds: float = 0
    restarts: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Where one group stands after a request; admitted while `retry_after_seconds` is 0."""

    group: str
    limit: RateLimit
    remaining: int
    retry_after_seconds: int = 0


class RateLimits:
    """Counts the requests of each group. A group without a limit is never refused."""

    def __init__(self, limits: Mapping[str, RateLimit], clock: Clock) -> None:
        self.limits = dict(limits)
        self._clock = clock
        self._instants: dict[str, deque[float]] = {}
        self._blocked_until: dict[str, float] = {}

    def count(self, group: str) -> Usage | None:
        """Count one request; None where the group has no limit."""
        limit = self.limits.get(group)
        if limit is None:
            return None
        now = self._clock()
        if now < self._blocked_until.get(group, -math.inf):
            return self._still_blocked(group, limit, now)
        instants = self._instants.setdefault(group, deque())
        while instants and instants[0] <= now - limit.window_seconds:
            instants.popleft()
        if len(instants) < limit.requests:
            instants.append(now)
            return Usage(group, limit, limit.requests - len(instants))
        oldest = instants[0] if instants else now
        wait = limit.penalty_seconds or oldest + limit.window_seconds - now
        self._blocked_until[group] = now + wait
        return Usage(group, limit, 0, max(1, math.ceil(wait)))

    def reset(self) -> None:
        self._instants.clear()
        self._blocked_until.clear()

    def _still_blocked(self, group: str, limit: RateLimit, now: float) -> Usage:
        if limit.restarts:
            self._blocked_until[group] = now + limit.penalty_seconds
        wait = self._blocked_until[group] - now
        return Usage(group, limit, 0, max(1, math.ceil(wait)))


TokenState: TypeAlias = Literal["good", "expired", "unknown"]


class Tokens:
    """Bearer tokens: a ready one, and those issued, which are numbered from 1."""

    def __init__(self, ready: str, clock: Clock) -> None:
        self._ready = ready
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._good_until = {self._ready: math.inf}
        self._issued_count = 0

    def issue(self, lifetime_seconds: float, claims: str = "") -> str:
        """Return a new token that is good for so long, and begins with these claims."""
        self._issued_count += 1
        token = f"{claims}{self._ready}-{self._issued_count}"
        self._good_until[token] = self._clock() + lifetime_seconds
        return token

    def expire(self, token: str) -> None:
        if token in self._good_until:
            self._good_until[token] = -math.inf

    def expire_all(self) -> None:
        """Make every token invalid, the ready one included."""
        self._good_until = dict.fromkeys(self._good_until, -math.inf)

    def state(self, token: str) -> TokenState:
        good_until = self._good_until.get(token)
        if good_until is None:
            return "unknown"
        return "good" if self._clock() < good_until else "expired"
