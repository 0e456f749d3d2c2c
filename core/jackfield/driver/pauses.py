"""Pauses that end early where the work they belong to is given up.

A request may wait for minutes until a vendor takes it. Nobody who stops a run wants to wait for
that, and a thread cannot be interrupted: so it looks, while it pauses, whether to go on.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final, TypeAlias

Look: TypeAlias = Callable[[], None]
"""Called now and then; what it raises ends the pause. It should not be an `Exception`, for those
are what the work itself may meet and survive."""

_SECONDS_BETWEEN_LOOKS: Final = 0.2


def _nobody() -> None:
    """Give nothing up."""


_look: ContextVar[Look] = ContextVar("look", default=_nobody)


@contextmanager
def given_up_by(look: Look) -> Iterator[None]:
    """Let every `pause` in this block, and in work it hands to threads, end by what this raises."""
    before = look_around()

    def both() -> None:
        before()
        look()

    token = _look.set(both)
    try:
        yield
    finally:
        _look.reset(token)


def look_around() -> Look:
    """Return what tells here whether the work is given up, to be called in another thread."""
    return _look.get()


def pause(seconds: float) -> None:
    """Let time pass; raise at once what a surrounding `given_up_by` raises."""
    look = look_around()
    if look is _nobody:
        time.sleep(seconds)
        return
    ends_at = time.monotonic() + seconds
    look()
    while (left := ends_at - time.monotonic()) > 0:
        time.sleep(min(left, _SECONDS_BETWEEN_LOOKS))
        look()
