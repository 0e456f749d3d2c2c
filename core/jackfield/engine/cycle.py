"""One cycle of a job: source → scope → map → match → plan → guard → apply → log."""

from dataclasses import replace

from jackfield.engine.apply.applier import Applier
from jackfield.engine.conclusion import advance, conclude, end_early
from jackfield.engine.decisions import Decisions, How
from jackfield.engine.execution import execute
from jackfield.engine.job import Job
from jackfield.engine.match.doubts import close_interrupted, find_doubtful
from jackfield.engine.model.cycle import STOPPED, CycleResult
from jackfield.engine.progress import Recorder, Report, nobody
from jackfield.engine.state.lease import Lease
from jackfield.engine.state.store import Store


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
        end_early(job, store, cycle_id, error, how)
        raise
    result = replace(result, interrupted=interrupted)
    return conclude(decisions, store, result) if how.is_whole else result


def _without_lease() -> None:
    """Keep nothing from leaving: whoever runs without a lease runs alone."""


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
    stopped = execute(plan, hold, decisions, applier, store.skips(job.name))
    places = {step.source_id: number for number, step in enumerate(plan.steps)}
    entries = sorted(applier.entries, key=lambda entry: places.get(entry.source_id, -1))
    result = CycleResult(cycle_id, plan, tuple(entries), (), hold, stopped, decisions.notes)
    decisions.rows.remember(plan, decisions.planner.people)
    reach("before-watermark")
    advance(decisions, store, result, before)
    reach("after-watermark")
    counts, is_whole = result.counts, decisions.is_whole
    store.end_cycle(cycle_id, _outcome(result), counts, is_whole=is_whole)
    reach("cycle-ended")
    return result


def _outcome(result: CycleResult) -> str:
    if result.stopped is not None:
        return f"{STOPPED}: {result.stopped}"
    if result.hold is not None:
        return "held"
    return "completed with failures" if result.failed else "completed"
