"""How far a cycle is, for whoever shows it."""

import datetime as dt
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from jackfield.engine.model.cycle import CycleProgress
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.store import Store
from jackfield.errors import AlreadyRunning

_SECONDS_BETWEEN_RECORDS = 1.0
_NOTICED = dt.timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` people in one phase. `subject` is who was just done.

    `counts` says how they ended so far: by action while planning, by status while applying.
    `cycle_id` is empty where nothing is run, as in a preview.
    """

    phase: Literal["read", "plan", "apply"]
    done: int
    total: int
    subject: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    cycle_id: str = ""


Report: TypeAlias = Callable[[Progress], None]


def nobody(_: Progress) -> None:
    """Report to nobody."""


@dataclass(slots=True)
class Recorder:
    """A report that passes on, and stores for others to read: once a second, a new phase at once.

    A number that cannot be stored is left out; what matters meets the same trouble, and tells.
    """

    report: Report
    store: Store
    cycle_id: str
    _last: Progress = field(default_factory=lambda: Progress("read", 0, 0))
    _phase_began_at: dt.datetime | None = None
    _waiting_until: dt.datetime | None = None
    _recorded_at: float = field(default=float("-inf"))

    def __call__(self, progress: Progress) -> None:
        if self.report is not nobody:
            self.report(replace(progress, cycle_id=self.cycle_id))
        is_new = self._phase_began_at is None or progress.phase != self._last.phase
        if is_new:
            self._phase_began_at = dt.datetime.now(dt.UTC)
        self._last = progress
        if is_new or time.monotonic() - self._recorded_at >= _SECONDS_BETWEEN_RECORDS:
            self._record(None)

    def wait(self, seconds: float) -> None:
        """Store that the vendor makes us wait, where that is long enough to be noticed."""
        until = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
        is_known = self._waiting_until is not None and until - self._waiting_until < _NOTICED
        if seconds < _NOTICED.total_seconds() or is_known:
            return
        self._waiting_until = until
        with suppress(AlreadyRunning):  # the next report meets it in the thread that can stop
            self._record(until)

    def _record(self, waiting_until: dt.datetime | None) -> None:
        self._recorded_at = time.monotonic()
        last = self._last
        known = CycleProgress(
            last.phase,
            last.done,
            last.total,
            waiting_until,
            counts=dict(last.counts),
            phase_began_at=self._phase_began_at,
        )
        with suppress(StateUnavailable):
            self.store.cycles.report(self.cycle_id, known)
