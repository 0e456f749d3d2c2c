"""The plan: what one cycle would do, each step with its reason. Pure, printable, JSON."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, TypeAlias, get_args

from jackfield.engine.expressions import REDACTED
from jackfield.errors import ConfigurationError
from jackfield.flow import Json

Action: TypeAlias = Literal[
    "create", "update", "link", "enable", "disable", "delete", "unchanged", "skip", "fail"
]
"""What happens to one person. `link` ties an existing user that needs no change."""

WRITES: frozenset[Action] = frozenset({"create", "update", "enable", "disable", "delete"})
REMOVALS: frozenset[Action] = frozenset({"disable", "delete"})


OFF = "off"
"""What the link of somebody without access says was told. Where it says nothing, the end of the
last write is unknown, and the account may be on."""


PLAN_OUTDATED = "PlanOutdated"
"""The code of a step of a saved plan that would be another one now, and so is not done."""

DONE_ALREADY = "DoneAlready"
"""The code of a step of a saved plan of which nothing is left to do."""

NOT_DONE = frozenset({PLAN_OUTDATED, DONE_ALREADY})
"""The codes of the steps of a saved plan that are not done."""


@dataclass(frozen=True, slots=True)
class AttributeChange:
    """One target attribute: its value at the vendor now, and the value to come.

    `is_addition`: only what `new` has beyond `old` is sent, so that nothing can be taken away.
    """

    path: str
    old: Json
    new: Json
    is_addition: bool = False

    @property
    def sent(self) -> Json:
        """The value that the vendor is told."""
        if not self.is_addition or not isinstance(self.new, list):
            return self.new
        held = self.old if isinstance(self.old, list) else []
        return [value for value in self.new if value not in held]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one person needs in this cycle, and why.

    `reason` is a sentence for people, `code` the word for programs (Microsoft's where it has one).
    `place` is where the person stands in the source. `wanted` is the fingerprint that the link
    carries once the step has succeeded. `was_on`: the account gave access before. `takes_over`
    names the source object that has left and whose account this person gets, of the job
    `takes_over_job` or of this one. `match_value` is what the account is found by, `seen_as` its
    user name as the vendor showed it. `takes_access`: a change among others turns the access off.
    `new_name` is the user name that the account gets in place of another one.
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
    was_on: bool = True
    takes_over: str = ""
    takes_over_job: str = ""
    match_value: str = ""
    seen_as: str = ""
    takes_access: bool = False
    new_name: str = ""

    @property
    def written(self) -> tuple[AttributeChange, ...]:
        """What is written: the changes, and of a new user every attribute."""
        given = (AttributeChange(path, None, value) for path, value in self.attributes.items())
        return self.changes or tuple(given)

    @property
    def is_write(self) -> bool:
        return self.action in WRITES

    @property
    def is_removal(self) -> bool:
        """Whether somebody loses access, or the account, whatever the step is called."""
        return self.action in REMOVALS or self.takes_access


@dataclass(frozen=True, slots=True)
class Plan:
    """Every step of one cycle of one job, in the order of the source; leavers last.

    `passed_count` people are as they were when they were last looked at, and have no step.
    """

    job: str
    steps: tuple[Step, ...]
    source_count: int
    linked_count: int
    is_complete: bool
    is_delta: bool = False
    passed_count: int = 0

    @property
    def removals(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.is_removal)

    @property
    def has_changes(self) -> bool:
        return any(step.is_write or step.action == "link" for step in self.steps)

    def counts(self) -> dict[str, int]:
        """Return how many people each action concerns."""
        counts = Counter[str](step.action for step in self.steps)
        counts["unchanged"] += self.passed_count
        return dict(+counts)

    def to_json(self) -> dict[str, Any]:
        """Return the plan as a JSON document, unchanged people counted and not listed."""
        steps = [asdict(step) for step in self.steps if step.action != "unchanged"]
        return {
            "schema": "jackfield.plan/1",
            "job": self.job,
            "sourceCount": self.source_count,
            "linkedCount": self.linked_count,
            "sourceComplete": self.is_complete,
            "sourceDelta": self.is_delta,
            "leaversKnown": self.is_complete or self.is_delta,
            "counts": self.counts(),
            "steps": steps,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Plan":
        """Return the plan of a document that `to_json` made.

        Raises: ConfigurationError where it is none.
        """
        try:
            return cls(
                document["job"],
                tuple(_step(step) for step in document["steps"]),
                source_count=document["sourceCount"],
                linked_count=document["linkedCount"],
                is_complete=document["sourceComplete"],
                is_delta=document["sourceDelta"],
            )
        except (KeyError, TypeError, AttributeError):
            raise ConfigurationError("this is no plan that Jackfield wrote; make it anew") from None


def _step(document: Mapping[str, Any]) -> Step:
    changes = tuple(AttributeChange(**change) for change in document["changes"])
    step = Step(**{**document, "changes": changes})
    texts = (step.source_id, step.user_name, step.place, step.reason, step.code, step.wanted)
    is_step = step.action in get_args(Action) and isinstance(step.attributes, dict)
    if not is_step or not all(isinstance(text, str) for text in texts):
        raise TypeError
    return step


def without_values(plan: Plan, hidden: Collection[str]) -> Plan:
    """Return the plan as others may see it: of these paths no value is told."""
    if not hidden:
        return plan
    return replace(plan, steps=tuple(step_without_values(step, hidden) for step in plan.steps))


def step_without_values(step: Step, hidden: Collection[str]) -> Step:
    changes = tuple(
        replace(c, old=c.old and REDACTED, new=c.new and REDACTED) if c.path in hidden else c
        for c in step.changes
    )
    given = {p: v and REDACTED if p in hidden else v for p, v in step.attributes.items()}
    return replace(step, changes=changes, attributes=given)


def as_planned(now: Plan, planned: Plan, hidden: Collection[str] = ()) -> Plan:
    """Return the plan of now, limited to the steps that are just as they were planned.

    Whose step is another one by now is skipped, with the reason; who was not in the plan is left
    out. So nothing happens that nobody has read.
    """
    before = {step.source_id: step for step in planned.steps if step.action not in _QUIET}
    return replace(now, steps=tuple(_agreed(now, before, hidden)))


_QUIET: frozenset[Action] = frozenset({"unchanged", "skip", "fail"})


def _agreed(now: Plan, before: Mapping[str, Step], hidden: Collection[str]) -> Iterator[Step]:
    today = {step.source_id: step for step in now.steps}
    for source_id, step in before.items():
        found = today.get(source_id)
        if found is not None and _is_same(found, step, hidden):
            yield found
            continue
        if found is None and step.is_removal and not (now.is_complete or now.is_delta):
            reason, code = "the source was read in part; make a new plan", PLAN_OUTDATED
        elif found is None or found.action == "unchanged" or found.code == "RedundantExport":
            reason, code = "nothing is left to do of what was planned", DONE_ALREADY
        else:
            reason, code = f"not as planned any more: {_why_not(step, found)}", PLAN_OUTDATED
            reason = f"{reason}; make a new plan"
        yield replace(step, action="skip", reason=reason, code=code, wanted="")


def _is_same(now: Step, planned: Step, hidden: Collection[str]) -> bool:
    """Compare as a saved plan is kept: of secret values by their fingerprint alone.

    What is secret and for creation only has none, for it is often another one each time.
    """
    one, other = (step_without_values(step, hidden) for step in (now, planned))
    paths = {*(change.path for change in now.changes), *now.attributes}
    is_as_secret = paths.isdisjoint(hidden) or now.wanted == planned.wanted
    return is_as_secret and _essence(one) == _essence(other)


def _why_not(planned: Step, found: Step) -> str:
    if found.action in _QUIET:
        return found.reason
    if found.action != planned.action:
        return f"planned was {planned.action}, and now it would be {found.action} ({found.reason})"
    return "the values or the account are others than planned"


def _essence(step: Step) -> tuple[object, ...]:
    return (step.action, step.target_id, step.changes, dict(step.attributes))
