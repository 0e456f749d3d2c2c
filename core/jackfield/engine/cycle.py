"""One cycle of a job: source → scope → map → match → plan → guard → apply → log.

`plan_job` and `run_job` share everything up to the guard, so a preview is what a run does.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from jackfield.engine.applying import STOPPING, Applier, Outcome
from jackfield.engine.guard import Hold, find_hold
from jackfield.engine.job import Job
from jackfield.engine.log import Entry
from jackfield.engine.plan import Plan, Step
from jackfield.engine.planning import Planner, Target
from jackfield.engine.progress import Progress, Report, nobody
from jackfield.engine.store import Intent, Link, Store
from jackfield.errors import ConnectorError, ProvisioningError
from jackfield.resources import MatchKey, NotFound, UserId
from jackfield.sources import SourceObject, SourceRead


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What one cycle did.

    `interrupted` are writes of an earlier run that ended before their outcome was known. `stopped`
    is the error that ended the cycle early, `hold` what waits for a person.
    """

    cycle_id: str
    plan: Plan
    entries: tuple[Entry, ...]
    interrupted: tuple[Entry, ...] = ()
    hold: Hold | None = None
    stopped: ProvisioningError | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many people ended in each status."""
        return dict(Counter(entry.status for entry in self.entries))

    @property
    def failed(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.status in {"failure", "in_doubt"})


@dataclass(slots=True)
class _Cycle:
    """What the parts of one cycle share."""

    job: Job
    links: dict[str, Link]
    report: Report
    read: SourceRead = field(init=False)
    planner: Planner = field(init=False)

    def __post_init__(self) -> None:
        self.report(Progress("read", 0, 0))
        self.read = self.job.read_source()
        self.job.check_source(self.read)
        self.planner = Planner(self.job, self.read, self.links)

    def plan(self) -> Plan:
        return self.planner.plan(list(self._steps()))

    def _steps(self) -> Iterator[Step]:
        total = len(self.read.objects)
        for done, source in enumerate(self.read.objects, start=1):
            step = self.planner.decide(source, self._target(source))
            self.report(Progress("plan", done, total, step.user_name))
            yield step

    def _target(self, source: SourceObject) -> Target | None:
        """Read what the decision on one person needs; nothing for most of them."""
        question = self.planner.question(source)
        if question is None:
            return None
        target = self._look(question)
        if target.user is None and target.failure is None and not target.is_matched:
            # The linked user is gone at the vendor: match again.
            key = self.planner.matching_key(source)
            return self._look(key) if key else None
        return target

    def _look(self, key: MatchKey | UserId) -> Target:
        is_matched = isinstance(key, MatchKey)
        try:
            found = self.job.connector.get_user(key)
        except STOPPING:
            raise
        except ConnectorError as error:
            return Target(failure=error)
        if isinstance(found, NotFound):
            return Target(is_matched=is_matched)
        return Target(user=found, is_matched=is_matched)

    def again(self, source_id: str, found: Link) -> Step:
        """Decide once more on a person whose account turned up during the cycle."""
        self.links[source_id] = found
        source = next(s for s in self.read.objects if s.id == source_id)
        return self.planner.decide(source, self._target(source))


def plan_job(job: Job, store: Store, *, report: Report = nobody) -> Plan:
    """Return what a run would do now. Sends no write.

    Raises: ConfigurationError, CredentialsRefused, NotSent, Throttled; then there is no plan.
    """
    return _Cycle(job, store.links(job.name), report).plan()


def run_job(job: Job, store: Store, *, approval: str = "", report: Report = nobody) -> CycleResult:
    """Run one cycle: plan, guard, apply, log.

    `approval` lets exactly the removals pass that a held cycle named. The caller holds the job's
    lease.

    Raises: ConfigurationError, CredentialsRefused, NotSent, Throttled while planning; then nothing
    was written. Later errors end in the log and in the result.
    """
    cycle = _Cycle(job, store.links(job.name), report)
    cycle_id = store.begin_cycle(job.name)
    applier = Applier(job, store, cycle_id, cycle.links)
    try:
        interrupted = _close_interrupted(job, store)
        plan = cycle.plan()
        hold = find_hold(plan, job.guard, approval)
        stopped = _apply(plan, hold, cycle, applier, store.skips(job.name))
    except BaseException as error:
        store.end_cycle(cycle_id, f"stopped: {error or type(error).__name__}", {})
        raise
    result = CycleResult(cycle_id, plan, tuple(applier.entries), interrupted, hold, stopped)
    store.end_cycle(cycle_id, _outcome(result), result.counts)
    return result


def _apply(
    plan: Plan,
    hold: Hold | None,
    cycle: _Cycle,
    applier: Applier,
    skips: frozenset[tuple[str, str]],
) -> ProvisioningError | None:
    """Apply everything but held removals, these last; return the error that stopped it."""
    steps = [step for step in plan.steps if not step.is_removal and _is_news(step, skips)]
    removals = [] if hold else list(plan.removals)
    if hold:
        for step in hold.steps:
            applier.hold(step, hold.reason)
    total = len(steps) + len(removals)
    for done, step in enumerate([*steps, *removals], start=1):
        outcome = applier.apply(step)
        if _needs_another_look(step, outcome):
            assert outcome.link is not None  # noqa: S101 - said by the line above
            outcome = applier.apply(cycle.again(step.source_id, outcome.link))
        cycle.report(Progress("apply", done, total, step.user_name))
        if outcome.stop is not None:
            return outcome.stop
    return None


def _needs_another_look(step: Step, outcome: Outcome) -> bool:
    return step.action == "create" and outcome.link is not None and not outcome.link.wanted


def _is_news(step: Step, skips: frozenset[tuple[str, str]]) -> bool:
    """Say whether a step belongs in the log: not the unchanged, nor the same skip every cycle."""
    if step.action == "unchanged":
        return False
    return step.action != "skip" or bool(step.wanted) or (step.source_id, step.reason) not in skips


def _close_interrupted(job: Job, store: Store) -> tuple[Entry, ...]:
    """Log every write whose outcome was lost with its process; this cycle looks before it acts."""
    entries = tuple(_interrupted(job, intent) for intent in store.open_intents(job.name))
    store.record(entries)
    return entries


def _interrupted(job: Job, intent: Intent) -> Entry:
    return Entry(
        change_id=intent.change_id,
        cycle_id=intent.cycle_id,
        job=job.name,
        at=dt.datetime.now(dt.UTC),
        action=intent.action,
        status="in_doubt",
        source_id=intent.source_id,
        user_name=intent.user_name,
        place=intent.place,
        reason="the run ended before the outcome was known; this cycle looks first",
        code="Interrupted",
        target_id=intent.target_id,
    )


def _outcome(result: CycleResult) -> str:
    if result.stopped is not None:
        return f"stopped: {result.stopped}"
    if result.hold is not None:
        return "held"
    return "completed with failures" if result.failed else "completed"
