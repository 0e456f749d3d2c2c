"""Does what a plan says, removals last, and whatever turns up on the way."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import replace

from jackfield.engine.apply.applier import Applier
from jackfield.engine.apply.sender import Outcome
from jackfield.engine.crew import work
from jackfield.engine.decisions import Decisions
from jackfield.engine.model.codes import NEXT_CYCLE, NOT_SEEN
from jackfield.engine.model.entry import FAILED
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.plan import NOT_DONE, Plan, Step
from jackfield.engine.progress import Progress
from jackfield.errors import ProvisioningError


def execute(
    plan: Plan,
    hold: Hold | None,
    decisions: Decisions,
    applier: Applier,
    skips: frozenset[tuple[str, str]],
) -> ProvisioningError | None:
    """Apply everything but what is held, removals last; return the error that stopped it."""
    waiting = hold.source_ids if hold else frozenset[str]()
    free = [step for step in plan.steps if step.source_id not in waiting]
    steps = [step for step in free if not step.is_removal and _is_news(step, skips)]
    removals = [decisions.coded(step) for step in free if step.is_removal]
    known = {removal.source_id for removal in applier.store.holds.all(decisions.job.name)}
    for step in hold.steps if hold else ():
        if step.source_id not in known:
            applier.hold(step, hold.reason if hold else "")
    total, counts = len(steps) + len(removals), Counter[str]()
    stopped: ProvisioningError | None = None
    decisions.report(Progress("apply", 0, total))
    for part in (steps, removals):
        with closing(_done(part, decisions, applier)) as going:
            for step, outcome in going:
                counts[outcome.status] += 1
                done = min(counts.total(), total)
                decisions.report(Progress("apply", done, total, step.user_name, counts))
                stopped = stopped or outcome.stop
        if stopped is not None:
            break
    return stopped


def _done(
    steps: list[Step], decisions: Decisions, applier: Applier
) -> Generator[tuple[Step, Outcome]]:
    """Apply the steps; then bring accounts up to date that turned up, or refer to new ones."""
    found: list[str] = []
    with closing(applier.apply(steps)) as going:
        for step, outcome in going:
            if step.action == "create" and outcome.link is not None and not outcome.link.wanted:
                found.append(step.source_id)
            yield step, outcome
    failed = {entry.source_id for entry in applier.entries if entry.status in FAILED}
    if not applier.is_stopped and (late := [*found, *decisions.refer_again(failed)]):
        again = work(late, decisions.again, decisions.job.workers)
        yield from applier.apply([_unweighed(step) for _, step in again])


def _unweighed(step: Step) -> Step:
    """Put off what the guard would weigh, of a step that is decided on after it has weighed all.

    The link remembers no wish, so the next cycle decides on the person, and the guard weighs that.
    """
    if not step.is_removal and not step.new_name:
        return step
    reason = f"{step.reason}; the guard had counted before the account turned up: the next cycle"
    reason = f"{reason} decides"
    return replace(step, action="skip", reason=reason, code=NEXT_CYCLE, changes=(), wanted="")


def _is_news(step: Step, skips: frozenset[tuple[str, str]]) -> bool:
    """Say whether a step belongs in the log: not the unchanged, nor the same skip every cycle."""
    is_told = step.action == "skip" and step.code in {"Escrowed", NOT_SEEN}
    if step.action == "unchanged" or is_told:
        return False
    if step.action != "skip" or step.wanted or step.code in NOT_DONE:
        return True
    return (step.source_id, step.reason) not in skips
