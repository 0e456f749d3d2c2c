"""The plan: what one cycle would do, each step with its reason. Pure, printable, JSON."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

from jackfield.flow import Json

Action: TypeAlias = Literal[
    "create", "update", "link", "enable", "disable", "delete", "unchanged", "skip", "fail"
]
"""What happens to one person. `link` ties an existing user that needs no change."""

WRITES: frozenset[Action] = frozenset({"create", "update", "enable", "disable", "delete"})
REMOVALS: frozenset[Action] = frozenset({"disable", "delete"})


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One target attribute: its value at the vendor now, and the value to come."""

    path: str
    old: Json
    new: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one person needs in this cycle, and why.

    `reason` is a sentence for people, `code` the word for programs (Microsoft's where it has one).
    `place` is where the person stands in the source. `wanted` is the fingerprint that the link
    carries once the step has succeeded.
    """

    action: Action
    source_id: str
    user_name: str
    place: str
    reason: str
    code: str = ""
    target_id: str | None = None
    changes: tuple[AttributeChange, ...] = ()
    attributes: Mapping[str, Json] = field(default_factory=dict)
    wanted: str = ""

    @property
    def is_write(self) -> bool:
        return self.action in WRITES

    @property
    def is_removal(self) -> bool:
        return self.action in REMOVALS


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step of one cycle of one job, in the order of the source; leavers last."""

    job: str
    steps: tuple[Step, ...]
    source_count: int
    linked_count: int
    is_complete: bool
    is_delta: bool = False

    @property
    def removals(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.is_removal)

    @property
    def has_changes(self) -> bool:
        return any(step.is_write or step.action == "link" for step in self.steps)

    def counts(self) -> dict[str, int]:
        """Return how many people each action concerns."""
        return dict(Counter(step.action for step in self.steps))

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON document, unchanged people counted and not listed."""
        steps = [asdict(step) for step in self.steps if step.action != "unchanged"]
        return {
            "schema": "jackfield.plan/1",
            "job": self.job,
            "sourceCount": self.source_count,
            "linkedCount": self.linked_count,
            "sourceComplete": self.is_complete,
            "counts": self.counts(),
            "steps": steps,
        }
