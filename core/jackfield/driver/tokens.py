"""The token of one connection: cached, renewed early, and renewed by one caller at a time.

Threads and tasks of any number of event loops share it. Who finds no good token becomes the one
that authenticates; everybody else waits on the same future.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future

from jackfield.flow import Token

_EARLY_SECONDS = 60.0
_EARLY_SHARE = 0.1
_LONGEST_SECONDS = 1e9


class TokenCache:
    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._good_until: float | None = None
        self._pending: Future[Token | None] | None = None

    @property
    def current(self) -> Token | None:
        return self._token

    def claim(self, refused: Token | None = None) -> "Token | Future[Token | None] | None":
        """Return a good token, a future to wait for, or None: then the caller authenticates.

        `refused` is the token the vendor just turned down, so that one refusal seen by many callers
        leads to one renewal. The future gives None when its owner gave up; claim again.
        """
        with self._lock:
            if self._token is not None and self._token is not refused and self._is_good():
                return self._token
            if self._pending is not None:
                return self._pending
            self._token = None
            self._pending = Future()
            return None

    def fulfil(self, token: Token) -> None:
        """Store the token that the claimant got, and hand it to everybody who waits."""
        with self._lock:
            self._token = token
            self._good_until = self._renew_at(token)
            pending, self._pending = self._pending, None
        if pending is not None:
            pending.set_result(token)

    def fail(self, error: BaseException) -> None:
        """Tell everybody who waits that there is none; of a stopped claimant they hear None."""
        with self._lock:
            pending, self._pending = self._pending, None
        if pending is None:
            return
        if isinstance(error, Exception):
            pending.set_exception(error)
        else:
            pending.set_result(None)

    def _is_good(self) -> bool:
        return self._good_until is None or self._monotonic() < self._good_until

    def _renew_at(self, token: Token) -> float | None:
        lifetime: object = token.lifetime_seconds
        # A vendor's nonsense (text, 0, below 0) is no lifetime: the token is used until refused.
        if not isinstance(lifetime, int | float) or not 1 <= lifetime < _LONGEST_SECONDS:
            return None
        early = min(_EARLY_SECONDS, lifetime * _EARLY_SHARE)
        return self._monotonic() + lifetime - early
