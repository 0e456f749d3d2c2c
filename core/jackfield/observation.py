"""What a host application's observers are told: never a secret, never a query, never a body."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from jackfield.flow import Effect

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sending:
    """One request about to leave. `url` has no query: a filter names people."""

    connector: str
    hook: str
    method: str
    url: str
    effect: Effect
    attempt: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How that request ended: `status` is None and `failure` says why where no answer came."""

    sending: Sending
    duration_seconds: float
    status: int | None = None
    request_id: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """How an operation ended: `failure` is empty, or one redacted sentence.

    `request_id` is the vendor's own id of the operation's last write, or else of its last exchange.
    """

    connector: str
    hook: str
    duration_seconds: float
    request_count: int
    failure: str = ""
    request_id: str = ""


class WriteIds:
    """Who hears the vendor's own ids of the writes that one thread, or one task, makes."""

    @contextmanager
    def heard_by(self, listener: Callable[[str], None]) -> Iterator[None]:
        """Call the listener for every write of the caller until the end of the block."""
        entry = (self, listener)
        _LISTENERS.set((*_LISTENERS.get(), entry))
        try:
            yield
        finally:  # blocks may end in another order than they began
            _LISTENERS.set(tuple(each for each in _LISTENERS.get() if each is not entry))

    def tell(self, write_id: str) -> None:
        """Tell the caller's own listeners; what one of them raises changes no outcome."""
        for heard, listener in _LISTENERS.get():
            if heard is not self:
                continue
            try:
                listener(write_id)
            except Exception as error:  # noqa: BLE001 - a write may have been made
                _LOG.warning("a listener for ids of writes raised %s", type(error).__name__)


_LISTENERS: ContextVar[tuple[tuple[WriteIds, Callable[[str], None]], ...]] = ContextVar(
    "listeners for ids of writes", default=()
)
