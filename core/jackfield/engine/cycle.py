"""One cycle of a job: source → scope → map → match → plan → guard → apply → log.

`preview_job` and `run_job` share everything up to the guard, so a preview is what a run does.
"""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from jackfield.engine.applying import Applier
from jackfield.engine.crew import work
from jackfield.engine.doubts import close_interrupted, find_doubtful, names_in_doubt
from jackfield.engine.escrow import pause_reason
from jackfield.engine.guard import APPROVED, WITHOUT_ACCESS, Hold, find_hold
from jackfield.engine.health import diagnose, keep_health, stage
from jackfield.engine.job import Job
from jackfield.engine.log import Entry
from jackfield.engine.looking import Looker, look_for_nobody
from jackfield.engine.people import Person, Target
from jackfield.engine.plan import Plan, Step, as_planned
from jackfield.engine.planning import Planner
from jackfield.engine.progress import Progress, Recorder, Report, nobody
from jackfield.engine.referring import keep_references
from jackfield.engine.rows import Rows
from jackfield.engine.sending import Outcome
from jackfield.engine.state.cycles import STOPPED
from jackfield.engine.store import Store
from jackfield.errors import CredentialsRefused, ProvisioningError, UnknownUser, VendorBroken
from jackfield.resources import UserId


@dataclass(frozen=True, slots=True)
class CycleResult:
    """What one cycle did.

    `interrupted` are writes of an earlier run that ended before their outcome was known. `stopped`
    is the error that ended the cycle early, `hold` what waits for a person. `notes` are what the
    source wants a person to know.
    """

    cycle_id: str
    plan: Plan
    entries: tuple[Entry, ...]
    interrupted: tuple[Entry, ...] = ()
    hold: Hold | None = None
    stopped: ProvisioningError | None = None
    notes: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many people ended in each status."""
        return dict(Counter(entry.status for entry in self.entries))

    @property
    def failed(self) -> tuple[Entry, ...]:
        return tuple(e for e in self.entries if e.status in {"failure", "in_doubt"})


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do now, and what of it would wait for a person."""

    plan: Plan
    hold: Hold | None


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """In what way a cycle runs.

    `is_scheduled`: by the clock, so people who failed wait for their turn; by hand everybody is
    tried. `only` limits it to some source ids, `planned` to the steps of a saved plan.
    """

    is_scheduled: bool = False
    only: frozenset[str] | None = None
    planned: Plan | None = None
    now: dt.datetime = field(default_factory=_utc_now)

    @property
    def is_whole(self) -> bool:
        """Whether everybody is dealt with."""
        return self.only is None and self.planned is None

    def concerns(self, source_id: str) -> bool:
        return self.only is None or source_id in self.only


class _Cycle:
    """What the parts of one cycle share."""

    def __init__(self, job: Job, store: Store, report: Report, how: How) -> None:
        self.job = job
        self._store = store
        self.is_approved = False
        self.escrows = store.escrows.all(job.name)
        self.report = report
        self._how = how
        report(Progress("read", 0, 0))
        self.read = job.read_source(_watermark(job, store))
        job.check_source(self.read)
        self.rows = Rows(job, store, self.read, is_whole=how.is_whole)
        self.links = self.rows.links
        names = names_in_doubt(job, store, how.now)
        self.planner = Planner(job, self.read, self.rows, names, how.now)
        self._people = {person.source.id: person for person in self.planner.people}
        self.wanted = {source_id: person.wanted for source_id, person in self._people.items()}

    def plan(self) -> Plan:
        people = [p for p in self.planner.people if self._how.concerns(p.source.id)]
        asked = [person for person in people if not self._pause(person)]
        self.report(Progress("plan", 0, len(people)))
        self._looker = Looker(self.job, map(self.planner.question, asked))
        steps, counts = list[Step](), Counter[str]()
        for _, step in work(people, self._decide, self.job.workers):
            steps.append(step)
            counts[step.action] += 1
            self.report(Progress("plan", len(steps), len(people), step.user_name, counts))
        others = (p for p in self.planner.people if not self._how.concerns(p.source.id))
        leaving = [self.planner.decide(p, None) for p in others if not p.scope.is_in_scope]
        whole = self._protect_administrator(self.planner.plan([*steps, *leaving]))
        self._everybody = whole
        plan = replace(whole, steps=tuple(filter(self._is_concerned, whole.steps)))
        return plan if self._how.planned is None else as_planned(plan, self._how.planned)

    def hold(self, plan: Plan, approval: str) -> Hold | None:
        """Return what waits of this plan.

        Everybody's removals are weighed, however few the plan deals with: one by one, people must
        not lose the access that the guard keeps for all of them.
        """
        found = find_hold(self._everybody, self.job.guard, lately=self._lately())
        if found is None or not plan.removals:
            return None
        self.is_approved = approval == found.approval
        return None if self.is_approved else replace(found, steps=plan.removals)

    def coded(self, removal: Step) -> Step:
        """Return a removal with the word by which later cycles know whether it counts."""
        if self.is_approved:
            return replace(removal, code=APPROVED)
        return removal if removal.was_on else replace(removal, code=WITHOUT_ACCESS)

    def _lately(self) -> int:
        window = dt.timedelta(hours=self.job.guard.window_hours)
        since = self._how.now - window
        return len(self._store.removed_since(self.job.name, since)) if window else 0

    def _is_concerned(self, step: Step) -> bool:
        return self._how.concerns(step.source_id)

    def _decide(self, person: Person) -> Step:
        pause = self._pause(person)
        if pause:
            return self.planner.pause(person, pause)
        return self.planner.decide(person, self._target(person))

    def _pause(self, person: Person) -> str:
        """Return why a scheduled cycle leaves this person alone."""
        escrow = self.escrows.get(person.source.id)
        if escrow is None or not self._how.is_scheduled or not person.scope.is_in_scope:
            return ""
        return pause_reason(escrow, person.wanted, self._how.now)

    def _target(self, person: Person) -> Target | None:
        """Read what the decision on one person needs; nothing for most of them."""
        question = self.planner.question(person)
        if question is None:
            return None
        target = self._looker.look(question)
        if not target.is_nobody:
            return target
        if self.job.on_missing_target == "fail":
            return replace(target, lost=str(question))
        # The linked user is gone at the vendor: match again.
        return replace(self._looker.look(person.key), lost=str(question)) if person.key else None

    @property
    def is_whole(self) -> bool:
        return self._how.is_whole

    def refer_again(self) -> list[str]:
        """Return those who refer to somebody who has an account since this cycle began."""
        known = self.planner.look_again()
        late = [one for one in known if self._how.concerns(one) and self._people[one].missing]
        self._people.update((source_id, known[source_id]) for source_id in late)
        return late

    def again(self, source_id: str) -> Step:
        """Decide once more on a person whose account turned up during the cycle."""
        target_id = UserId(self.links[source_id].target_id)
        target = self._looker.look(target_id)
        if target.is_nobody:  # it was made a moment ago, and another would be one too many
            reason = f"the vendor does not show the account {target_id} yet"
            target = Target(failure=UnknownUser(reason, user_id=target_id))
        return self.planner.decide(self._people[source_id], target)

    def _protect_administrator(self, plan: Plan) -> Plan:
        """Take out the removal of the account that the connection itself signs in with."""
        if not plan.removals:
            return plan
        own = self.job.connector.authenticate().get("administrator", "").lower()
        if not own:
            return plan
        steps = tuple(
            replace(step, action="skip", reason=f"{step.reason}; protected", code="Protected")
            if step.is_removal and (step.target_id or "").lower() == own
            else step
            for step in plan.steps
        )
        return replace(plan, steps=steps)


def preview_job(
    job: Job,
    store: Store,
    *,
    approval: str = "",
    report: Report = nobody,
    how: How | None = None,
) -> Preview:
    """Return what a run would do now, and whom the guard would hold. Sends no write.

    Raises: ConfigurationError, CredentialsRefused, NotSent, Throttled; then there is no plan.
    """
    cycle = _Cycle(job, store, report, how or How())
    plan = cycle.plan()
    return Preview(plan, cycle.hold(plan, approval))


def plan_job(job: Job, store: Store, *, report: Report = nobody, how: How | None = None) -> Plan:
    """Return what a run would do now; see `preview_job`."""
    return preview_job(job, store, report=report, how=how).plan


def run_job(
    job: Job,
    store: Store,
    *,
    approval: str = "",
    report: Report = nobody,
    token: int | None = None,
    how: How | None = None,
) -> CycleResult:
    """Run one cycle: plan, guard, apply, log.

    `approval` lets exactly the removals pass that a held cycle named. `token` is the number of the
    job's lease, which the caller holds.

    Raises: ConfigurationError, CredentialsRefused, NotSent, Throttled while planning; then nothing
    was written. Later errors end in the log and in the result.
    """
    how = how or How()
    cycle_id = store.begin_cycle(job.name, token=token)
    recorder = Recorder(report, store, job.name, cycle_id, token)
    try:
        with job.connector.waits_heard_by(recorder.wait):
            interrupted = close_interrupted(job, store, token)
            find_doubtful(job, store, token, how.now)
            cycle = _Cycle(job, store, recorder, how)
            result = _run(cycle, cycle_id, store, approval, token)
    except BaseException as error:
        outcome = f"{STOPPED}: {str(error) or type(error).__name__}"
        store.end_cycle(cycle_id, outcome, {}, is_whole=how.is_whole, token=token)
        if how.is_whole and isinstance(error, CredentialsRefused | VendorBroken):
            found = diagnose((), error, job.quarantine)
            keep_health(store, job.name, found, now=how.now, token=token)
        raise
    result = replace(result, interrupted=interrupted)
    if how.is_whole:
        stage(store, job.name, result.hold, now=how.now, token=token)
        found = diagnose(result.entries, result.stopped, job.quarantine, cycle.escrows)
        proven = found is None and _is_proven(cycle, store, result)
        keep_health(store, job.name, found, now=how.now, token=token, is_proven=proven)
        _forget_settled(cycle, store, result, token)
    return result


def _is_proven(cycle: _Cycle, store: Store, result: CycleResult) -> bool:
    """Say whether the vendor has shown that it works: by a success, else by one look."""
    if any(entry.status in {"success", "warning"} for entry in result.entries):
        return True
    if store.jobs.get(cycle.job.name).status == "active" or result.failed or _waiting(result):
        return False
    cycle.job.connector.get_user(look_for_nobody(cycle.job))
    return True


def _waiting(result: CycleResult) -> set[str]:
    return {step.source_id for step in result.plan.steps if step.code == "Escrowed"}


def _forget_settled(cycle: _Cycle, store: Store, result: CycleResult, token: int | None) -> None:
    """End the escrow of everybody who neither failed nor waits: it settled itself, or they left."""
    if result.stopped is not None or not cycle.read.is_complete:
        return
    still = _waiting(result) | {entry.source_id for entry in result.failed}
    store.escrows.clear(cycle.job.name, cycle.escrows.keys() - still, token=token)


def _run(
    cycle: _Cycle, cycle_id: str, store: Store, approval: str, token: int | None
) -> CycleResult:
    job = cycle.job
    applier = Applier(
        job, store, cycle_id, cycle.links, token, escrows=cycle.escrows, wanted=cycle.wanted
    )
    reach = applier.crash_points.reach
    reach("cycle-begun")
    plan = cycle.plan()
    reach("planned")
    hold = cycle.hold(plan, approval)
    stopped = _apply(plan, hold, cycle, applier, store.skips(job.name))
    places = {step.source_id: number for number, step in enumerate(plan.steps)}
    entries = sorted(applier.entries, key=lambda entry: places.get(entry.source_id, -1))
    result = CycleResult(cycle_id, plan, tuple(entries), (), hold, stopped, cycle.read.notes)
    cycle.rows.remember(plan, cycle.planner.people, token=token)
    reach("before-watermark")
    is_settled = not stopped and not hold and not result.failed
    if cycle.read.watermark and is_settled and cycle.is_whole:
        people = cycle.planner.people
        is_known = keep_references(store, job.name, people, cycle.links, token=token)
        watermark = "" if is_known else cycle.read.watermark
        store.jobs.set_watermark(job.name, watermark, token=token)
    reach("after-watermark")
    counts, is_whole = result.counts, cycle.is_whole
    store.end_cycle(cycle_id, _outcome(result), counts, is_whole=is_whole, token=token)
    reach("cycle-ended")
    return result


def _watermark(job: Job, store: Store) -> str | None:
    """Return where the source may begin; None where something earlier is not settled."""
    if store.open_intents(job.name) or store.escrows.all(job.name):
        return None
    return store.jobs.get(job.name).watermark or None


def _apply(
    plan: Plan,
    hold: Hold | None,
    cycle: _Cycle,
    applier: Applier,
    skips: frozenset[tuple[str, str]],
) -> ProvisioningError | None:
    """Apply everything but held removals, these last; return the error that stopped it."""
    steps = [step for step in plan.steps if not step.is_removal and _is_news(step, skips)]
    removals = [] if hold else [cycle.coded(step) for step in plan.removals]
    known = {removal.source_id for removal in applier.store.holds.all(cycle.job.name)}
    for step in hold.steps if hold else ():
        if step.source_id not in known:
            applier.hold(step, hold.reason if hold else "")
    total, counts = len(steps) + len(removals), Counter[str]()
    stopped: ProvisioningError | None = None
    cycle.report(Progress("apply", 0, total))
    for part in (steps, removals):
        for step, outcome in _applied(part, cycle, applier):
            counts[outcome.status] += 1
            done = min(counts.total(), total)
            cycle.report(Progress("apply", done, total, step.user_name, counts))
            stopped = stopped or outcome.stop
        if stopped is not None:
            break
    return stopped


def _applied(steps: list[Step], cycle: _Cycle, applier: Applier) -> Iterator[tuple[Step, Outcome]]:
    """Apply the steps; then bring accounts up to date that turned up, or refer to new ones."""
    found: list[str] = []
    for step, outcome in applier.apply(steps):
        if step.action == "create" and outcome.link is not None and not outcome.link.wanted:
            found.append(step.source_id)
        yield step, outcome
    if not applier.is_stopped and (late := [*found, *cycle.refer_again()]):
        again = [step for _, step in work(late, cycle.again, cycle.job.workers)]
        yield from applier.apply(again)


def _is_news(step: Step, skips: frozenset[tuple[str, str]]) -> bool:
    """Say whether a step belongs in the log: not the unchanged, nor the same skip every cycle."""
    if step.action == "unchanged" or step.code == "Escrowed":
        return False
    return step.action != "skip" or bool(step.wanted) or (step.source_id, step.reason) not in skips


def _outcome(result: CycleResult) -> str:
    if result.stopped is not None:
        return f"{STOPPED}: {result.stopped}"
    if result.hold is not None:
        return "held"
    return "completed with failures" if result.failed else "completed"
