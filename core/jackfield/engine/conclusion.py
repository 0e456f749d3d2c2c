"""What a cycle leaves behind: how far the source was read, health, holds, escrows."""

from dataclasses import replace

from jackfield.engine.decisions import Decisions, How
from jackfield.engine.health.health import diagnose, keep_health, stage
from jackfield.engine.job import Job
from jackfield.engine.map.references import keep_references
from jackfield.engine.match.look import look_for_nobody
from jackfield.engine.model.cycle import STOPPED, CycleResult
from jackfield.engine.model.entry import SUCCEEDED
from jackfield.engine.read.rows import configuration_of
from jackfield.engine.state.store import Store
from jackfield.errors import CredentialsRefused, ProvisioningError, VendorBroken


def conclude(decisions: Decisions, store: Store, result: CycleResult) -> CycleResult:
    """Store what a whole cycle says of its job; a look at the vendor may end it after all."""
    job, now = decisions.job, decisions.now
    if result.hold is not None or (result.knows_leavers and result.stopped is None):
        stage(store, job.name, result.hold, now=now)
    found = diagnose(
        result.entries,
        result.stopped,
        job.quarantine,
        decisions.escrows,
        job.mapper.reference_targets,
    )
    proven = False
    try:
        proven = found is None and _is_proven(decisions, store, result)
    except (CredentialsRefused, VendorBroken) as error:
        found = diagnose((), error, job.quarantine)
        result = replace(result, stopped=error)
    keep_health(store, job.name, found, now=now, is_proven=proven)
    _forget_settled(decisions, store, result)
    return result


def end_early(job: Job, store: Store, cycle_id: str, error: BaseException, how: How) -> None:
    """Write down what ended the cycle. A state that fails as well does not hide it."""
    why = "interrupted" if isinstance(error, KeyboardInterrupt) else str(error)
    outcome = f"{STOPPED}: {why or type(error).__name__}"
    try:
        store.end_cycle(cycle_id, outcome, {}, is_whole=how.is_whole)
        is_vendors = not getattr(error, "is_of_source", False)
        if how.is_whole and is_vendors and isinstance(error, CredentialsRefused | VendorBroken):
            found = diagnose((), error, job.quarantine)
            keep_health(store, job.name, found, now=how.now)
    except ProvisioningError as second:
        error.add_note(f"Nor could the end of the cycle be kept: {second}")


def advance(decisions: Decisions, store: Store, result: CycleResult, before: str) -> None:
    """Store how far the source was read once everything is dealt with, or again where nothing is.

    `before` is how far it was read before this cycle.
    """
    job, read = decisions.job, decisions.read
    is_settled = result.stopped is None and result.hold is None
    is_settled = is_settled and not result.failed and not result.put_off
    if read.watermark and is_settled and decisions.is_whole:
        people = decisions.planner.people
        is_known = keep_references(store, job.name, people, decisions.links)
        store.jobs.set_watermark(job.name, "" if is_known else read.watermark)
        store.jobs.set_configuration(job.name, configuration_of(job))
    elif before and all(entry.status in {"held", "skipped"} for entry in result.entries):
        store.jobs.set_watermark(job.name, before)


def _is_proven(decisions: Decisions, store: Store, result: CycleResult) -> bool:
    """Say whether the vendor has shown that it works: by a success, else by one look."""
    if any(entry.status in SUCCEEDED for entry in result.entries):
        return True
    if store.jobs.get(decisions.job.name).status == "active" or result.failed or _waiting(result):
        return False
    decisions.job.connector.get_user(look_for_nobody(decisions.job))
    return True


def _forget_settled(decisions: Decisions, store: Store, result: CycleResult) -> None:
    """End the escrow of everybody who neither failed nor waits: it settled itself, or they left."""
    if result.stopped is not None or not decisions.read.is_complete:
        return
    still = _waiting(result) | {entry.source_id for entry in result.failed}
    still |= decisions.read.unknown
    store.escrows.clear(decisions.job.name, decisions.escrows.keys() - still)


def _waiting(result: CycleResult) -> set[str]:
    return {step.source_id for step in result.plan.steps if step.code == "Escrowed"}
