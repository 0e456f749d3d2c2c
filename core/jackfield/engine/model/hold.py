"""Steps that wait for a person's word."""

import datetime as dt
from dataclasses import dataclass

from jackfield.engine.model.plan import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedRemoval:
    """One removal that waits. `approval` is the word for the whole set it is held with.

    `reason` is why this one should lose access, `held_because` why the guard holds the set.
    `staged_at` is when it was first held; `approved_at` is None until a person said the word.
    """

    source_id: str
    target_id: str
    user_name: str
    action: str
    reason: str
    approval: str
    staged_at: dt.datetime
    approved_by: str = ""
    approved_at: dt.datetime | None = None
    held_because: str = ""


@dataclass(frozen=True, slots=True)
class Hold:
    """Steps that wait for a person. `approval` names exactly these and no others, once."""

    steps: tuple[Step, ...]
    reason: str
    approval: str

    @property
    def source_ids(self) -> frozenset[str]:
        return frozenset(step.source_id for step in self.steps)
