"""One cycle of a job: source → scope → map → match → plan → guard → apply → log."""

from collections import Counter
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from jackfield.engine.apply.applier import Applier
from jackfield.engine.apply.sender import Outcome
from jackfield.engine.crew import work
from jackfield.engine.decisions import Decisions, How
from jackfield.engine.health.health import diagnose, keep_health, stage
from jackfield.engine.job import Job
from jackfield.engine.map.references import keep_references
from jackfield.engine.match.doubts import close_interrupted, find_doubtful
from jackfield.engine.match.look import look_for_nobody
from jackfield.engine.model.codes import NOT_SEEN
from jackfield.engine.model.cycle import STOPPED
from jackfield.engine.model.entry import FAILED, SUCCEEDED, Entry
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.plan import NOT_DONE, Plan, Step
from jackfield.engine.progress import Progress, Recorder, Report, nobody
from jackfield.engine.read.rows import configuration_of
from jackfield.engine.state.lease import Lease
from jackfield.engine.state.store import Store
from jackfield.errors import CredentialsRefused, ProvisioningError, VendorBroken


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


def run_job(
    job: Job,
    store: Store,
    *,
    approval: str = "",
    report: Report = nobody,
    lease: Lease | None = None,
    how: How | None = None,
) -> CycleResult:
    """Run one cycle: plan, guard, apply, log.

    `approval` lets exactly the steps pass that a held cycle named, once. `lease` is the job's,
    which the caller holds: no write leaves without it any more.

    Raises: ConfigurationError, CredentialsRefused, NotSent, Throttled while planning; then nothing
    was written. Later errors end in the log and in the result.
    """
    how, store = how or How(), store.under(lease) if lease else store
    cycle_id = store.begin_cycle(job.name)
    recorder = Recorder(report, store, cycle_id)
    fence = lease.check if lease else _without_lease
    connector = job.connector
    try:
        with connector.waits_heard_by(recorder.wait), connector.writes_fenced_by(fence):
            interrupted = close_interrupted(job, store)
            find_doubtful(job, store, how.now)
            decisions = Decisions(job, store, recorder, how)
            result = _run(decisions, cycle_id, store, approval)
            result = replace(result, doubt_count=len(store.doubts.all(job.name)))
    except BaseException as error:
        _end_early(job, store, cycle_id, error, how)
        raise
    result = replace(result, interrupted=interrupted)
    return _keep(decisions, store, result) if how.is_whole else result


def _without_lease() -> None:
    """Keep nothing from leaving: whoever runs without a lease runs alone."""


def _keep(decisions: Decisions, store: Store, result: CycleResult) -> CycleResult:
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


def _end_early(job: Job, store: Store, cycle_id: str, error: BaseException, how: How) -> None:
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


def _is_proven(decisions: Decisions, store: Store, result: CycleResult) -> bool:
    """Say whether the vendor has shown that it works: by a success, else by one look."""
    if any(entry.status in SUCCEEDED for entry in result.entries):
        return True
    if store.jobs.get(decisions.job.name).status == "active" or result.failed or _waiting(result):
        return False
    decisions.job.connector.get_user(look_for_nobody(decisions.job))
    return True


def _waiting(result: CycleResult) -> set[str]:
    return {step.source_id for step in result.plan.steps if step.code == "Escrowed"}


def _forget_settled(decisions: Decisions, store: Store, result: CycleResult) -> None:
    """End the escrow of everybody who neither failed nor waits: it settled itself, or they left."""
    if result.stopped is not None or not decisions.read.is_complete:
        return
    still = _waiting(result) | {entry.source_id for entry in result.failed}
    still |= decisions.read.unknown
    store.escrows.clear(decisions.job.name, decisions.escrows.keys() - still)


def _run(decisions: Decisions, cycle_id: str, store: Store, approval: str) -> CycleResult:
    job = decisions.job
    applier = Applier(
        job,
        store,
        cycle_id,
        decisions.links,
        decisions.tenancy,
        decisions.now,
        escrows=decisions.escrows,
        wish_of=decisions.wish_of,
    )
    reach = applier.crash_points.reach
    reach("cycle-begun")
    plan = decisions.plan()
    reach("planned")
    hold = decisions.hold(plan, approval)
    if decisions.approved:
        store.jobs.count_passed_hold(job.name)
    decisions.keep_removals()
    before = store.jobs.get(job.name).watermark
    if before and plan.has_changes:
        # Of what is done from here on, no later change of the source may ever tell.
        store.jobs.set_watermark(job.name, "")
    stopped = _apply(plan, hold, decisions, applier, store.skips(job.name))
    places = {step.source_id: number for number, step in enumerate(plan.steps)}
    entries = sorted(applier.entries, key=lambda entry: places.get(entry.source_id, -1))
    result = CycleResult(cycle_id, plan, tuple(entries), (), hold, stopped, decisions.notes)
    decisions.rows.remember(plan, decisions.planner.people)
    reach("before-watermark")
    _advance(decisions, store, result, before)
    reach("after-watermark")
    counts, is_whole = result.counts, decisions.is_whole
    store.end_cycle(cycle_id, _outcome(result), counts, is_whole=is_whole)
    reach("cycle-ended")
    return result


def _advance(decisions: Decisions, store: Store, result: CycleResult, before: str) -> None:
    """Store how far the source was read once everything is dealt with, or again where nothing is.

    `before` is how far it was read before this cycle.
    """
    job, read = decisions.job, decisions.read
    is_settled = result.stopped is None and result.hold is None and not result.failed
    if read.watermark and is_settled and decisions.is_whole:
        people = decisions.planner.people
        is_known = keep_references(store, job.name, people, decisions.links)
        store.jobs.set_watermark(job.name, "" if is_known else read.watermark)
        store.jobs.set_configuration(job.name, configuration_of(job))
    elif before and all(entry.status in {"held", "skipped"} for entry in result.entries):
        store.jobs.set_watermark(job.name, before)


def _apply(
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
        with closing(_applied(part, decisions, applier)) as going:
            for step, outcome in going:
                counts[outcome.status] += 1
                done = min(counts.total(), total)
                decisions.report(Progress("apply", done, total, step.user_name, counts))
                stopped = stopped or outcome.stop
        if stopped is not None:
            break
    return stopped


def _applied(
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
        again = [step for _, step in work(late, decisions.again, decisions.job.workers)]
        yield from applier.apply(again)


def _is_news(step: Step, skips: frozenset[tuple[str, str]]) -> bool:
    """Say whether a step belongs in the log: not the unchanged, nor the same skip every cycle."""
    is_told = step.action == "skip" and step.code in {"Escrowed", NOT_SEEN}
    if step.action == "unchanged" or is_told:
        return False
    if step.action != "skip" or step.wanted or step.code in NOT_DONE:
        return True
    return (step.source_id, step.reason) not in skips


def _outcome(result: CycleResult) -> str:
    if result.stopped is not None:
        return f"{STOPPED}: {result.stopped}"
    if result.hold is not None:
        return "held"
    return "completed with failures" if result.failed else "completed"
