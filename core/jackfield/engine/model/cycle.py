"""A cycle as it is remembered: how far it is, and how it ended."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from jackfield.engine.model.codes import NEXT_CYCLE
from jackfield.engine.model.entry import FAILED, Entry
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.instants import due_at, since
from jackfield.engine.model.plan import Plan
from jackfield.errors import ProvisioningError

INTERRUPTED = "interrupted"
"""The outcome of a cycle whose process ended without telling."""

STOPPED = "stopped"
"""The first word of the outcome of a cycle that an error, or a person, ended early."""

_LONGEST_WAIT = dt.timedelta(days=1)
"""The longest that any vendor's limit lasts; what is further off was told by a wrong clock."""


@dataclass(frozen=True, slots=True)
class CycleProgress:
    """`done` of `total` in one phase; `waiting_until` where the vendor wants a pause.

    `counts` says how those done ended: by action while planning, by status while applying.
    """

    phase: str
    done: int
    total: int
    waiting_until: dt.datetime | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    phase_began_at: dt.datetime | None = None

    def ends_at(self, at: dt.datetime) -> dt.datetime | None:
        """Return when the phase ends if it goes on as it went until `at`; None while unknown."""
        if self.phase_began_at is None or not 0 < self.done <= self.total:
            return None
        each = (at - since(self.phase_began_at, at)) / self.done
        return (self.waits_until(at) or at) + each * (self.total - self.done)

    def waits_until(self, at: dt.datetime) -> dt.datetime | None:
        """Return until when the vendor wants a pause; None where that is over, or no pause."""
        until = due_at(self.waiting_until or at, at, _LONGEST_WAIT)
        return until if until > at else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleSummary:
    """One cycle. `ended_at` is None and `outcome` empty while it goes on."""

    cycle_id: str
    job: str
    began_at: dt.datetime
    ended_at: dt.datetime | None = None
    outcome: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    progress: CycleProgress | None = None
    progress_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What one cycle did.

    `interrupted` are writes of an earlier run that ended before their outcome was known. `stopped`
    is the error that ended the cycle early, `hold` what waits for a person. `notes` are what a
    person should know. `doubt_count` creations may have made an account that nobody has seen yet.
    """

    cycle_id: str
    plan: Plan
    entries: tuple[Entry, ...]
    interrupted: tuple[Entry, ...] = ()
    hold: Hold | None = None
    stopped: ProvisioningError | None = None
    notes: tuple[str, ...] = ()
    doubt_count: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many people ended in each status."""
        return dict(Counter(entry.status for entry in self.entries))

    @property
    def knows_leavers(self) -> bool:
        """Whether the source told who left; else nothing is known of who was held before."""
        return self.plan.is_complete or self.plan.is_delta

    @property
    def failed(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.status in FAILED)

    @property
    def put_off(self) -> tuple[Entry, ...]:
        """Who turned up too late for the guard, and has an access or a name till the next cycle."""
        return tuple(entry for entry in self.entries if entry.code == NEXT_CYCLE)
