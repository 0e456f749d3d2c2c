"""The guard against mass damage: effects are counted before the first one, and wait for a person.

What accounts lose counts, not what the steps are called: access, by whatever attribute, and their
names. Whatever the cause, a broken export looks like people leaving, or like people who are all
called otherwise. Above the limit none of these steps happens; all others go on. Source: Microsoft
Entra, "Accidental deletions" (read 2026-11-20), which knows an absolute count of deletions only;
the percentage, the rule for everybody, and names are ours.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from jackfield.engine.model.codes import ENABLED_AGAIN, NOT_SEEN
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.names import matching_form
from jackfield.engine.model.plan import Plan, Step
from jackfield.errors import ConfigurationError

_APPROVAL_CHARACTERS = 12

_FEWEST_EXCHANGES = 3
"""Two people may have swapped their addresses; three look like rows that have moved."""


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Steps are held beyond `people` and `percent` together, or beyond `at_most` alone.

    Losses of access count together, whatever takes it. Deletions of accounts that are disabled
    already take none away and count by themselves, and so do accounts that get another user name.

    Who lost access within the last `window_hours`, and not by a person's approval, counts with
    those who are to lose it now; 0 weighs each cycle by itself.
    """

    people: int = 3
    percent: float = 10.0
    at_most: int = 200
    window_hours: int = 24

    def __post_init__(self) -> None:
        if min(self.people, self.at_most, self.window_hours) < 0 or not 0 <= self.percent <= 100:
            raise ConfigurationError(
                "guard: people, at_most and window_hours must not be negative, percent must be 0 "
                "to 100"
            )


def find_hold(
    plan: Plan,
    limits: GuardLimits,
    *,
    lately: int = 0,
    names: Mapping[str, str] | None = None,
    passed: int = 0,
) -> Hold | None:
    """Return the steps that must wait, or None where all may go on.

    `lately` is how many lost access within the window. `names` says to whom of the linked people a
    name belongs, by its form. `passed` counts the holds that were let pass before: it makes the
    word another one each time.
    """
    findings = [
        (steps, reason)
        for steps, reason in _findings(plan, limits, lately, names or {})
        if steps and reason
    ]
    if not findings:
        return None
    held = {id(step): step for steps, _ in findings for step in steps}
    ordered = tuple(step for step in plan.steps if id(step) in held)
    reason = "; ".join(dict.fromkeys(reason for _, reason in findings))
    return Hold(
        ordered, reason, approval_of(plan.job, ordered, is_empty=_is_empty(plan), no=passed)
    )


def approval_of(job: str, steps: tuple[Step, ...], *, is_empty: bool = False, no: int = 0) -> str:
    """Return the word that stands for this set of steps, independent of their order.

    Whoever approved what becomes of people in the source has said nothing of people who are gone
    from it, nor of a source with nobody in it, nor of another time: `no` counts the holds.
    """
    lines = sorted(
        f"{step.action}\t{step.source_id}\t{step.target_id}\t{step.new_name}\t"
        f"{'there' if step.place else 'gone'}"
        for step in steps
    )
    text = "\n".join([job, str(no), "nobody" if is_empty else "", *lines])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:_APPROVAL_CHARACTERS]


def _findings(
    plan: Plan, limits: GuardLimits, lately: int, names: Mapping[str, str]
) -> Iterator[tuple[tuple[Step, ...], str]]:
    """Yield sets of steps, each with why it must wait; an empty reason where it need not."""
    removals = plan.removals
    # Who is not seen at the vendor was let go already: to look again is no reason to hold anything.
    losses = tuple(step for step in removals if step.code != NOT_SEEN)
    yield removals, _reason(losses, plan, limits) or _leak(losses, plan, limits, lately)
    again = tuple(step for step in removals if step.code == ENABLED_AGAIN)
    yield again, _enabled_again(again)
    renamed = tuple(step for step in plan.steps if step.new_name)
    what = "accounts would get another user name"
    yield renamed, _too_many(len(renamed), plan.linked_count, what, limits)
    moved = tuple(step for step in renamed if _is_anothers(step, names))
    yield (renamed, _moved(moved)) if len(moved) >= _FEWEST_EXCHANGES else ((), "")


def _is_anothers(step: Step, names: Mapping[str, str]) -> bool:
    return names.get(matching_form(step.new_name), step.source_id) != step.source_id


def _enabled_again(steps: Collection[Step]) -> str:
    count = len(steps)
    what = "1 account was" if count == 1 else f"{count} accounts were"
    return f"{what} enabled again since it was disabled, and is due for deletion" if count else ""


def _moved(steps: Collection[Step]) -> str:
    return (
        f"{len(steps)} people would take the user names of other linked people: so it looks where "
        "the ids of the source are row numbers, and rows have moved"
    )


def _is_empty(plan: Plan) -> bool:
    return plan.source_count == 0 and not plan.is_delta


def _reason(removals: tuple[Step, ...], plan: Plan, limits: GuardLimits) -> str:
    if not removals:
        return ""
    if _is_empty(plan):
        return "the source has nobody in it"
    losing = sum(step.was_on for step in removals)
    if losing and losing == plan.linked_count:
        return "everybody would lose access"
    deleted = len(removals) - losing
    return _too_many(losing, plan.linked_count, "people would lose access", limits) or _too_many(
        deleted, plan.linked_count + deleted, "disabled accounts would be deleted", limits
    )


def _leak(removals: tuple[Step, ...], plan: Plan, limits: GuardLimits, lately: int) -> str:
    """Say why removals wait that are few in this cycle, and many with those before it."""
    losing = sum(step.was_on for step in removals)
    if not losing or not lately:
        return ""
    what = f"people would lose access within {limits.window_hours} hours"
    return _too_many(losing + lately, plan.linked_count + lately, what, limits)


def _too_many(count: int, of: int, what: str, limits: GuardLimits) -> str:
    if count > limits.at_most:
        return f"{count} {what}, more than {limits.at_most}"
    if count <= limits.people or 100.0 * count / max(1, of) <= limits.percent:
        return ""
    beyond = f"more than {limits.people} and more than {limits.percent:g} %"
    return f"{count} of {of} {what}, {beyond}"
