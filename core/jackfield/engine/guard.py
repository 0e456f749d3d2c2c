"""The guard against mass removal: counted before the first one, held until a person approves.

Whatever the cause, a broken export looks like people leaving. Above the limit no removal happens;
creates and updates go on. Source: Microsoft Entra, "Accidental deletions" (read 2026-11-20), which
knows an absolute count only; the percentage and the rule for everybody are ours.
"""

import hashlib
from dataclasses import dataclass

from jackfield.engine.plan import Plan, Step
from jackfield.errors import ConfigurationError

APPROVED = "Approved"
"""The log's code of a removal that a person let pass."""

WITHOUT_ACCESS = "WithoutAccess"
"""The log's code of the deletion of an account that was disabled before."""

_APPROVAL_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """Removals are held beyond `people` and `percent` together, or beyond `at_most` alone.

    Deletions of accounts that are disabled already take no access away and count by themselves.

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


@dataclass(frozen=True, slots=True)
class Hold:
    """Removals that wait for a person. `approval` names exactly these and no others."""

    steps: tuple[Step, ...]
    reason: str
    approval: str


def find_hold(
    plan: Plan, limits: GuardLimits, approval: str = "", *, lately: int = 0
) -> Hold | None:
    """Return the removals that must wait, or None where they may go on.

    An approval counts only for the very set it names: one leaver more, and all are held again.
    `lately` is how many lost access within the window.
    """
    removals = plan.removals
    reason = _reason(removals, plan, limits) or _leak(removals, plan, limits, lately)
    if not reason:
        return None
    expected = approval_of(plan.job, removals, is_empty=_is_empty(plan))
    if approval == expected:
        return None
    return Hold(removals, reason, expected)


def approval_of(job: str, removals: tuple[Step, ...], *, is_empty: bool = False) -> str:
    """Return the word that stands for this set of removals, independent of their order.

    Whoever approved what becomes of people in the source has said nothing of people who are gone
    from it, nor of a source with nobody in it.
    """
    lines = sorted(
        f"{step.action}\t{step.source_id}\t{step.target_id}\t{'there' if step.place else 'gone'}"
        for step in removals
    )
    text = "\n".join([job, "nobody" if is_empty else "", *lines])
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:_APPROVAL_CHARACTERS]


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
