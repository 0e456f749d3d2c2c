"""A step on its way, and what it led to."""

from dataclasses import dataclass

from jackfield.engine.model.doubt import Doubt
from jackfield.engine.model.entry import Entry
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.link import Link
from jackfield.engine.model.plan import Step


@dataclass(frozen=True, slots=True)
class Change:
    """A step on its way: its id joins the intent and the log entry.

    `tenant` is that of the account which it makes, or finds, for its person; it is empty where the
    person has the account already.
    """

    change_id: str
    cycle_id: str
    step: Step
    tenant: str = ""

    @property
    def is_intended(self) -> bool:
        """Whether others must know of it before it happens."""
        return self.step.is_write or bool(self.tenant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A log entry and what it leads to: another link or none any more, an escrow, a doubt.

    `released` is the source object whose link gives way to this one, in the job `released_job` or
    in the same one.
    """

    entry: Entry
    link: Link | None = None
    escrow: Escrow | None = None
    doubt: Doubt | None = None
    is_unlinked: bool = False
    released: str = ""
    released_job: str = ""
