"""What a cycle decides before anything is written: source → scope → map → match → plan → guard.

`preview_job` and `run_job` share all of it, so a preview is what a run does.
"""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain

from jackfield.engine.apply.escrow import pause_reason
from jackfield.engine.crew import work
from jackfield.engine.guard.guard import find_hold
from jackfield.engine.job import Job
from jackfield.engine.map.person import Keys, Person, Target
from jackfield.engine.match.look import Looker
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.match.uniqueness import UniqueValues
from jackfield.engine.model.codes import APPROVED, TAKES_ACCESS, WITHOUT_ACCESS
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import forms_of
from jackfield.engine.model.plan import REMOVALS, Plan, Step, as_planned
from jackfield.engine.plan.planner import Planner
from jackfield.engine.progress import Progress, Report, nobody
from jackfield.engine.read.check import SourceFault
from jackfield.engine.read.rows import Rows
from jackfield.engine.read.source import read_source
from jackfield.engine.state.store import Store
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
        self.approved: frozenset[str] = frozenset()
        self.notes: tuple[str, ...] = ()
        self.escrows = store.escrows.all(job.name)
        self.report = report
        self._how = how
        report(Progress("read", 0, 0))
        checked = read_source(job, store, is_settled=not self.escrows)
        self.read, self._faults = checked.read, checked.faults
        job.check_source(self.read)
        self.rows = Rows(job, store, self.read, is_whole=how.is_whole)
        self.links = self.rows.links
        self._keep_told()
        self.doubts = store.doubts.all(job.name)
        self.tenancy = Tenancy(job, store, self.links)
        self.planner = Planner(job, self.read, self.rows, self.doubts, how.now, self.tenancy)
        self._people = {person.source.id: person for person in self.planner.people}

    def _keep_told(self) -> None:
        """Take those for gone whom the source told of before, until they are settled or back."""
        self._stored = self._store.gone.all(self.job.name)
        told = {**self._stored, **{each.id: each for each in self.read.removed}}
        gone = (r for r in told.values() if r.id in self.links and not self.rows.is_here(r.id))
        self.read = replace(self.read, removed=tuple(gone))

    def keep_removals(self) -> None:
        """Store who is gone, for a source tells it once."""
        now = {each.id: each for each in self.read.removed}
        fresh = [each for each in now.values() if self._stored.get(each.id) != each]
        self._store.gone.put(self.job.name, fresh)
        self._store.gone.clear(self.job.name, self._stored.keys() - now.keys())

    def plan(self) -> Plan:
        people = [p for p in self.planner.people if self._how.concerns(p.source.id)]
        asked = [person for person in people if not self._pause(person)]
        self.report(Progress("plan", 0, len(people)))
        questions = [self.planner.question(person) for person in asked]
        if any(questions) or any(map(self._is_affected, self.links)):
            keys = chain.from_iterable(q for q in questions if isinstance(q, tuple))
            self.tenancy.check(forms_of(key.value for key in keys))
        self._looker = Looker(self.job, questions, self.tenancy)
        unique = UniqueValues(self.job, self._looker)
        steps, counts = list[Step](), Counter[str]()
        for person, decided in work(people, self._decide, self.job.workers):
            step = unique.complete(decided, person.source)
            steps.append(step)
            counts[step.action] += 1
            self.report(Progress("plan", len(steps), len(people), step.user_name, counts))
        others = (p for p in self.planner.people if not self._how.concerns(p.source.id))
        out = [self.planner.decide(p, None) for p in others if not p.scope.is_in_scope]
        gone = [step for _, step in work(self.planner.gone(), self._looked_at, self.job.workers)]
        faulty = list(map(_faulty, self._faults))
        whole = self._protect_administrator(self.planner.plan([*faulty, *steps, *out, *gone]))
        self._everybody = whole
        self.notes = (*self.read.notes, *_first_run(self._looker, self.links))
        plan = replace(whole, steps=tuple(filter(self._is_concerned, whole.steps)))
        if self._how.planned is None:
            return plan
        return as_planned(plan, self._how.planned, self.job.mapper.redacted)

    def _is_affected(self, source_id: str) -> bool:
        """Say whether somebody linked may lose access for being gone."""
        return self.links[source_id].may_be_on and self.planner.has_left(source_id)

    def _looked_at(self, step: Step) -> Step:
        """Look at the account of somebody gone, where that decides."""
        if not self.planner.needs_look(step) or not self._how.concerns(step.source_id):
            return step
        target = self._looker.look(UserId(step.target_id or ""))
        return self.planner.looked_at(step, target)

    def hold(self, plan: Plan, approval: str) -> Hold | None:
        """Return what waits of this plan.

        Everybody's effects are weighed, however few the plan deals with: one by one, people must
        not lose what the guard keeps for all of them.
        """
        found = find_hold(
            self._everybody,
            self.job.guard,
            lately=self._lately(),
            names=self.planner.names() if any(s.new_name for s in self._everybody.steps) else {},
            passed=self._store.jobs.get(self.job.name).passed_holds,
        )
        if found is None:
            return None
        mine = tuple(step for step in plan.steps if step.source_id in found.source_ids)
        if not mine:
            return None
        if approval == found.approval:
            self.approved = found.source_ids
            return None
        return replace(found, steps=mine)

    def coded(self, step: Step) -> Step:
        """Return a step with the word by which later cycles know whether it counts."""
        if step.source_id in self.approved and step.is_removal:
            return replace(step, code=APPROVED)
        if step.action in REMOVALS:
            return step if step.was_on else replace(step, code=WITHOUT_ACCESS)
        return replace(step, code=TAKES_ACCESS) if step.takes_access else step

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
        if not target.is_nobody or not person.scope.is_in_scope:
            return target
        if self.job.on_missing_target == "fail":
            return replace(target, lost=str(question))
        # The linked user is gone at the vendor: match again, also by the name it was left with.
        keys = (*person.keys, *self._former_keys(person))
        return replace(self._looker.look(keys), lost=str(question)) if keys else None

    def _former_keys(self, person: Person) -> Keys:
        link = self.links.get(person.source.id)
        former = link.match_value if link else ""
        is_known = not forms_of((former,)).isdisjoint(person.claims)
        return self.job.keys_of(former) if former and not is_known else ()

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


def _faulty(fault: SourceFault) -> Step:
    """Return the failure of somebody of whom the source said what cannot be believed."""
    return Step(
        action="fail",
        source_id=fault.source_id or fault.place,
        user_name=fault.name or fault.source_id or fault.place,
        place=fault.place,
        reason=fault.reason,
        code="InvalidSource",
    )


def _first_run(looker: Looker, links: Mapping[str, Link]) -> Iterator[str]:
    """Yield what a job should say that meets accounts and is linked to none."""
    if looker.listed_count and not links:
        yield (
            f"the vendor has {looker.listed_count} accounts, and this job is linked to none of "
            "them yet: whoever is to be made is looked for first, one by one"
        )
