"""How far a cycle is, for whoever shows it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from jackfield.engine.state.cycles import CycleProgress
from jackfield.engine.store import Store

_SECONDS_BETWEEN_RECORDS = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` people in one phase. `subject` is who was just done.

    `counts` says how they ended so far: by action while planning, by status while applying.
    `cycle_id` is empty until the cycle has one.
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
    """A report that passes on, and stores once a second for others to read."""

    report: Report
    store: Store
    job: str
    cycle_id: str
    token: int | None = None
    _recorded_at: float = field(default=float("-inf"))

    def __call__(self, progress: Progress) -> None:
        self.report(replace(progress, cycle_id=self.cycle_id))
        instant = time.monotonic()
        if instant - self._recorded_at < _SECONDS_BETWEEN_RECORDS:
            return
        self._recorded_at = instant
        known = CycleProgress(progress.phase, progress.done, progress.total)
        self.store.cycles.report(self.job, self.cycle_id, known, token=self.token)
