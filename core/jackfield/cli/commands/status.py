"""`jackfield status`: how each job is, by what the store remembers."""

import datetime as dt
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import click

from jackfield.cli.app import Options
from jackfield.cli.progress import PHASES
from jackfield.cli.results import doubts_told
from jackfield.cli.screen import note, show, show_json
from jackfield.cli.session import Session
from jackfield.cli.steps import held_steps
from jackfield.engine import Store
from jackfield.engine.apply.escrow import next_attempt_at
from jackfield.engine.configuration.vanished import vanished_jobs
from jackfield.engine.health.quarantine import TOO_MANY_DELETES, due_again_at
from jackfield.engine.model.cycle import CycleProgress, CycleSummary
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.hold import StagedRemoval
from jackfield.engine.model.instants import since
from jackfield.engine.model.job_state import JobState, JobStatus
from jackfield.engine.state.facts import HeldLease, StateFacts, look_at_state

SCHEMA = "jackfield.status/1"
SHOWN_FAILURES = 10
COLOURS = {"active": "green", "quarantined": "yellow", "disabled": "red"}


@dataclass(frozen=True, slots=True)
class Standing:
    """One job as it stands. `running` is its open cycle, `lease` who holds the job."""

    job: str
    state: JobState
    is_configured: bool = True
    running: CycleSummary | None = None
    lease: HeldLease | None = None
    linked: int = 0
    linked_off: int = 0
    open_writes: int = 0
    failures: tuple[Escrow, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    held: tuple[StagedRemoval, ...] = ()
    doubts: int = 0
    unseen: int = 0

    @property
    def status(self) -> JobStatus:
        """The job's status as Microsoft Entra has it: with held removals it is in quarantine."""
        return "quarantined" if self.state.status == "active" and self.waits else self.state.status

    @property
    def waits(self) -> bool:
        """Whether removals wait for a person's word."""
        return any(removal.approved_at is None for removal in self.held)

    @property
    def is_live(self) -> bool:
        return self.lease is not None and self.lease.is_live

    @property
    def is_interrupted(self) -> bool:
        """Whether the newest cycle has no end, and nobody is there who could end it."""
        return self.running is not None and not self.is_live


@click.command("status")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, jobs: tuple[str, ...], *, as_json: bool) -> None:
    """Show how each job is: health, last cycle, progress, failures, held removals.

    It asks the state alone, no vendor and no source, and does not disturb a run.
    """
    session = Session.open(ctx.obj)
    names = session.jobs(jobs)
    state = session.configuration.state
    vanished: dict[str, str] = {}
    if isinstance(state, Path) and not state.exists():
        note(f"nothing has run yet: there is no {state}")
        found = [Standing(name, JobState(job=name)) for name in names]
    else:
        with session.looked_at() as store:
            facts = look_at_state(state)
            known = sorted({one.job for one in store.jobs.all()} | facts.links.keys())
            others = [job for job in known if job not in session.configuration.jobs]
            found = [_standing(store, facts, name) for name in names]
            if not jobs:
                found += [_standing(store, facts, name, is_configured=False) for name in others]
            vanished = {one.job: str(one) for one in vanished_jobs(facts, session.jobs(()))}
    if as_json:
        documents = [_document(one) | {"warning": vanished.get(one.job, "")} for one in found]
        show_json({"schema": SCHEMA, "jobs": documents})
        return
    for one in found:
        _show(one, session.options)
        if one.job in vanished:
            show(f"  warning: {vanished[one.job]}", colour="yellow")


def _standing(store: Store, facts: StateFacts, job: str, *, is_configured: bool = True) -> Standing:
    newest = store.cycles.latest(job, limit=1)
    running = newest[0] if newest and newest[0].ended_at is None else None
    on, off = facts.links.get(job, (0, 0))
    failures = sorted(store.escrows.all(job).values(), key=lambda one: one.next_attempt_at)
    return Standing(
        job,
        store.jobs.get(job),
        is_configured,
        running,
        next((lease for lease in facts.leases if lease.job == job), None),
        on,
        off,
        facts.open_intents.get(job, 0),
        tuple(failures),
        dict(_names(store, job, failures[:SHOWN_FAILURES])),
        tuple(store.holds.all(job)),
        facts.doubts.get(job, 0),
        facts.unseen.get(job, 0),
    )


def _names(store: Store, job: str, failures: Sequence[Escrow]) -> Iterator[tuple[str, str]]:
    for failure in failures:
        for entry in store.log(LogFilter(user=failure.source_id, job=job, limit=1)):
            yield failure.source_id, entry.user_name


def _show(one: Standing, options: Options) -> None:
    status = one.status
    unknown = "" if one.is_configured else ", and no longer in the configuration"
    show(f"{one.job}: {status}{unknown}", colour=COLOURS[status])
    for line in (*_quarantine(one), *_running(one), *_cycles(one.state)):
        show(f"  {line}")
    show(f"  linked: {one.linked} with access, {one.linked_off} without")
    if one.open_writes:
        show(f"  open: {one.open_writes} writes of unknown end; the next run looks at them first")
    for line in (*_unknown(one), *_failures(one), *_held(one, options)):
        show(f"  {line}")


def _unknown(one: Standing) -> Iterator[str]:
    """Yield of whom it is not known whether they have an account, or have it still."""
    if one.doubts:
        yield f"in doubt: {doubts_told(one.doubts)}"
    if one.unseen:
        yield f"not seen: {one.unseen} linked accounts; they may be on, and are looked for again"


def _quarantine(one: Standing) -> Iterator[str]:
    found = one.state.quarantine
    if found is None and one.waits:
        yield f"since {_time(one.held[0].staged_at)}: {TOO_MANY_DELETES}"
        yield f"because: {_removals(one)} held until a person approves; all else goes on as usual"
    if found is None:
        return
    yield f"since {_time(found.began_at)}: {found.reason}"
    if found.error:
        yield f"because: {found.error}"
    if one.state.status == "quarantined":
        failed = f" ({found.series_count} attempts failed)" if found.series_count else ""
        yield f"next attempt: {_time(due_again_at(found.next_attempt_at, _now()))}{failed}"


def _running(one: Standing) -> Iterator[str]:
    cycle, lease = one.running, one.lease
    if cycle is None:
        if lease is not None and lease.is_live:
            yield f"held by {lease.holder} since {_time(lease.taken_at)}"
        return
    if not one.is_live:
        began, heard = _time(cycle.began_at), _time(_last_heard(cycle, lease))
        yield f"interrupted: the run of {began} ended without a word at {heard} or soon after"
        if cycle.progress is not None and cycle.progress.total:
            done = f"{cycle.progress.done} of {cycle.progress.total}"
            yield f"  it was {PHASES.get(cycle.progress.phase, cycle.progress.phase)}: {done}"
        yield "  the next run looks first at what it left open"
        return
    where = PHASES.get(cycle.progress.phase, cycle.progress.phase) if cycle.progress else "begun"
    yield f"running since {_time(cycle.began_at)}: {where}"
    if cycle.progress is not None and cycle.progress_at is not None:
        yield from _progress(cycle.progress, cycle.progress_at)


def _last_heard(cycle: CycleSummary, lease: HeldLease | None) -> dt.datetime:
    """Return when the run of a cycle gave its last sign."""
    told = (cycle.began_at, cycle.progress_at, lease and lease.heartbeat_at)
    return since(max(instant for instant in told if instant), _now())


def _progress(progress: CycleProgress, at: dt.datetime) -> Iterator[str]:
    """Yield what is known of a cycle that goes on; `at` is when it told."""
    if progress.total:
        counts = ", ".join(f"{count} {_word(what)}" for what, count in progress.counts.items())
        yield f"  {progress.done} of {progress.total}" + (f": {counts}" if counts else "")
    if (until := progress.waits_until(_now())) is not None:
        yield f"  waiting for the vendor until {_time(until)}"
    ends_at = progress.ends_at(at)
    if ends_at is not None and progress.done < progress.total:
        yield f"  at this speed until {_time(max(ends_at, _now()))}"


def _word(what: str) -> str:
    return what.replace("_", " ")


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _cycles(state: JobState) -> Iterator[str]:
    if state.last_cycle is None:
        yield "last cycle: none yet"
        return
    yield f"last cycle: {_cycle(state.last_cycle)}"
    if state.last_success is None:
        yield "last success: none yet"
    elif state.last_success.cycle_id != state.last_cycle.cycle_id:
        yield f"last success: {_cycle(state.last_success)}"


def _cycle(cycle: CycleSummary) -> str:
    counts = ", ".join(f"{count} {_word(what)}" for what, count in cycle.counts.items())
    took = "" if cycle.ended_at is None else f", {_seconds(cycle):.1f} s"
    return f"{_time(cycle.began_at)}{took}, {cycle.outcome}" + (f": {counts}" if counts else "")


def _seconds(cycle: CycleSummary) -> float:
    return 0.0 if cycle.ended_at is None else (cycle.ended_at - cycle.began_at).total_seconds()


def _failures(one: Standing) -> Iterator[str]:
    if not one.failures:
        return
    yield f"failures: {len(one.failures)} people wait for another attempt"
    for failure in one.failures[:SHOWN_FAILURES]:
        who = one.names.get(failure.source_id, failure.source_id)
        yield (
            f"  {who}: {failure.reason}; attempt {failure.attempts + 1} from "
            f"{_time(next_attempt_at(failure, _now()))}"
        )
    more = len(one.failures) - SHOWN_FAILURES
    if more > 0:
        yield f"  and {more} more; --json has all"


def _held(one: Standing, options: Options) -> Iterator[str]:
    if not one.held:
        return
    first = one.held[0]
    yield f"held: {_removals(one)} since {_time(first.staged_at)}"
    if first.approved_at is not None:
        yield f"  approved by {first.approved_by} at {_time(first.approved_at)}; the next run acts"
        return
    for removal in one.held[:SHOWN_FAILURES]:
        yield f"  {removal.action} {removal.user_name}: {removal.reason}"
    passing = options.command_line("run", one.job, "--approve", first.approval)
    yield f"  to let exactly these people pass: {shlex.join(passing)}"


def _removals(one: Standing) -> str:
    return held_steps(removal.action for removal in one.held)


def _time(instant: dt.datetime) -> str:
    return instant.astimezone().isoformat(" ", "seconds")


def _document(one: Standing) -> dict[str, object]:
    state = one.state
    return {
        "job": one.job,
        "configured": one.is_configured,
        "status": one.status,
        "quarantine": _quarantine_document(one),
        "last_cycle": _cycle_document(state.last_cycle),
        "last_success": _cycle_document(state.last_success),
        "running": _cycle_document(one.running if one.is_live else None),
        "interrupted": one.is_interrupted,
        "interrupted_run": _interrupted_document(one),
        "lease": asdict(one.lease) if one.lease else None,
        "linked": {"with_access": one.linked, "without_access": one.linked_off},
        "open_writes": one.open_writes,
        "in_doubt": one.doubts,
        "not_seen": one.unseen,
        "failures": [
            asdict(failure)
            | {
                "user_name": one.names.get(failure.source_id, failure.source_id),
                "next_attempt_at": next_attempt_at(failure, _now()),
            }
            for failure in one.failures
        ],
        "held": [asdict(removal) for removal in one.held],
    }


def _quarantine_document(one: Standing) -> dict[str, object] | None:
    """Return why the job is in quarantine; held removals have no attempt: nothing is slower."""
    if (found := one.state.quarantine) is not None:
        due = due_again_at(found.next_attempt_at, _now())
        return asdict(found) | {"next_attempt_at": due}
    if not one.waits:
        return None
    since = one.held[0].staged_at
    return {
        "reason": TOO_MANY_DELETES,
        "error": f"{_removals(one)} held until a person approves",
        "began_at": since,
        "series_began_at": since,
        "series_count": 0,
        "next_attempt_at": None,
    }


def _interrupted_document(one: Standing) -> dict[str, object] | None:
    if one.running is None or not one.is_interrupted:
        return None
    return asdict(one.running) | {"last_heard_at": _last_heard(one.running, one.lease)}


def _cycle_document(cycle: CycleSummary | None) -> dict[str, object] | None:
    if cycle is None:
        return None
    document = asdict(cycle) | {"duration_seconds": _seconds(cycle)}
    if cycle.progress is not None and cycle.progress_at is not None:
        document["ends_at"] = cycle.progress.ends_at(cycle.progress_at)
    return document
