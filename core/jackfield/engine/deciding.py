"""What a cycle decides before anything is written: source → scope → map → match → plan → guard.

`preview_job` and `run_job` share all of it, so a preview is what a run does.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from jackfield.engine.crew import work
from jackfield.engine.doubts import names_in_doubt
from jackfield.engine.escrow import pause_reason
from jackfield.engine.guard import APPROVED, WITHOUT_ACCESS, Hold, find_hold
from jackfield.engine.job import Job
from jackfield.engine.looking import Looker
from jackfield.engine.people import Person, Target
from jackfield.engine.plan import Plan, Step, as_planned
from jackfield.engine.planning import Planner
from jackfield.engine.progress import Progress, Report, nobody
from jackfield.engine.rows import Rows, configuration_of
from jackfield.engine.state.store import Store
from jackfield.engine.uniqueness import UniqueValues
from jackfield.errors import UnknownUser
from jackfield.resources import UserId


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
    decisions = Decisions(job, store, report, how or How())
    plan = decisions.plan()
    return Preview(plan, decisions.hold(plan, approval))


def plan_job(job: Job, store: Store, *, report: Report = nobody, how: How | None = None) -> Plan:
    """Return what a run would do now; see `preview_job`."""
    return preview_job(job, store, report=report, how=how).plan


class Decisions:
    """What one cycle reads, and what becomes of each person for it."""

    def __init__(self, job: Job, store: Store, report: Report, how: How) -> None:
        self.job = job
        self._store = store
        self.is_approved = False
        self.escrows = store.escrows.all(job.name)
        self.report = report
        self._how = how
        report(Progress("read", 0, 0))
        self.read = job.read_source(_watermark(job, store, is_settled=not self.escrows))
        job.check_source(self.read)
        self.rows = Rows(job, store, self.read, is_whole=how.is_whole)
        self.links = self.rows.links
        self._keep_told()
        names = names_in_doubt(job, store, how.now)
        self.planner = Planner(job, self.read, self.rows, names, how.now)
        self._people = {person.source.id: person for person in self.planner.people}

    def _keep_told(self) -> None:
        """Take those for gone whom the source told of before, until they are settled or back."""
        self._stored = self._store.gone.all(self.job.name)
        told = {**self._stored, **{each.id: each for each in self.read.removed}}
        gone = (r for r in told.values() if r.id in self.links and r.id not in self.rows.numbers)
        self.read = replace(self.read, removed=tuple(gone))

    def keep_removals(self, token: int | None) -> None:
        """Store who is gone, for a source tells it once."""
        now = {each.id: each for each in self.read.removed}
        fresh = [each for each in now.values() if self._stored.get(each.id) != each]
        self._store.gone.put(self.job.name, fresh, token=token)
        self._store.gone.clear(self.job.name, self._stored.keys() - now.keys(), token=token)

    def plan(self) -> Plan:
        people = [p for p in self.planner.people if self._how.concerns(p.source.id)]
        asked = [person for person in people if not self._pause(person)]
        self.report(Progress("plan", 0, len(people)))
        self._looker = Looker(self.job, map(self.planner.question, asked))
        unique = UniqueValues(self.job, self._looker)
        steps, counts = list[Step](), Counter[str]()
        for person, decided in work(people, self._decide, self.job.workers):
            step = unique.complete(decided, person.source)
            steps.append(step)
            counts[step.action] += 1
            self.report(Progress("plan", len(steps), len(people), step.user_name, counts))
        others = (p for p in self.planner.people if not self._how.concerns(p.source.id))
        leaving = [self.planner.decide(p, None) for p in others if not p.scope.is_in_scope]
        whole = self._protect_administrator(self.planner.plan([*steps, *leaving]))
        self._everybody = whole
        plan = replace(whole, steps=tuple(filter(self._is_concerned, whole.steps)))
        if self._how.planned is None:
            return plan
        return as_planned(plan, self._how.planned, self.job.mapper.redacted)

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
        return pause_reason(escrow, self.planner.wish(person), self._how.now)

    def wish_of(self, source_id: str) -> str:
        """Return what a failure of somebody is remembered with; empty for who has left."""
        person = self._people.get(source_id)
        return "" if person is None else self.planner.wish(person)

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

    @property
    def now(self) -> dt.datetime:
        return self._how.now

    def refer_again(self, failed: Collection[str]) -> list[str]:
        """Return those who refer to somebody who has an account since this cycle began.

        Who failed in this cycle already is not tried once more in it.
        """
        known = {
            one: person
            for one, person in self.planner.look_again().items()
            if self._people[one].missing and one not in failed and self._how.concerns(one)
        }
        self._people.update(known)
        return list(known)

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
            replace(
                step, action="skip", reason=f"{step.reason}; protected", code="Protected", wanted=""
            )
            if step.is_removal and (step.target_id or "").lower() == own
            else step
            for step in plan.steps
        )
        return replace(plan, steps=steps)


def _watermark(job: Job, store: Store, *, is_settled: bool) -> str | None:
    """Return where the source may begin; None where something earlier is not settled."""
    if not is_settled or store.open_intents(job.name):
        return None
    state = store.jobs.get(job.name)
    return state.watermark or None if state.configuration == configuration_of(job) else None
