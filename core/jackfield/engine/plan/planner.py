"""Decides what each person needs. Pure: reads nothing, writes nothing.

The states are those of Microsoft Entra, "How application provisioning works" (read 2026-11-20): a
person the engine never linked is never disabled; a disabled person is never created.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from jackfield.engine.expressions import ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.map.mapper import Desired, fingerprint
from jackfield.engine.map.person import Person, Question, Target, doubles, step_of
from jackfield.engine.match.doubts import may_create_beside
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.codes import ANOTHERS, code_of
from jackfield.engine.model.doubt import Doubt
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import anothers, forms_of, is_one_of, matching_form
from jackfield.engine.model.plan import Plan, Step
from jackfield.engine.plan.alignment import Alignment
from jackfield.engine.plan.removals import Leaving
from jackfield.engine.read.rows import Rows
from jackfield.engine.scope.leavers import REASONS, Event
from jackfield.engine.scope.scope import ScopeDecision
from jackfield.errors import ConfigurationError
from jackfield.resources import MatchKey, User, UserId
from jackfield.sources import SourceObject, SourceRead

_OTHER_NAMES: Final = ("externalId", 'emails[type eq "work"].value')
"""What an account shows of its owner besides the user name and the matching attributes."""


class Planner:
    """The decisions of one cycle of one job, on the people who are not as they were.

    `doubts` are accounts that people may have and no answer told of.
    """

    def __init__(
        self,
        job: Job,
        read: SourceRead,
        rows: Rows,
        doubts: Iterable[Doubt] = (),
        now: dt.datetime | None = None,
        tenancy: Tenancy | None = None,
    ) -> None:
        self._job = job
        self._tenancy = tenancy
        self._doubts = tuple(doubts)
        self._leaving = Leaving(job, now or dt.datetime.now(dt.UTC))
        self._alignment = Alignment(job)
        self._read = read
        self._rows = rows
        self._links: Mapping[str, Link] = rows.links
        self._told = {removal.id: removal.kind for removal in read.removed}
        self._taken_over: set[str] = set()
        self._claimed: set[str] = set()
        self._named = self._by_name() if job.mapper.has_references else {}
        self.people = self._considered(rows)
        fresh = [p for p in self.people if p.scope.is_in_scope and p.source.id not in self._links]
        self._unlinked_names = frozenset[str]().union(*(person.claims for person in fresh))
        self._owners = {link.target_id: link.source_id for link in self._links.values()}
        self._doubles = doubles(self.people)

    def names(self) -> dict[str, str]:
        """Return to whom of the linked people a name belongs, by its form."""
        return {form: link.source_id for form, link in self._by_name().items()}

    def question(self, person: Person) -> Question | None:
        """Return what must be read of the vendor before this person can be decided on."""
        source_id = person.source.id
        link = self._links.get(source_id)
        if source_id in self._doubles:
            return None
        if not person.scope.is_in_scope:
            step = self._decide_out_of_scope(person, link)
            return UserId(link.target_id) if link and self._leaving.needs_look(step, link) else None
        if person.flaw:
            return None
        if link is None:
            return person.keys or None
        if link.is_on and link.wanted == person.wanted:
            return None
        return UserId(link.target_id)

    def decide(self, person: Person, target: Target | None) -> Step:
        """Return the one step this person needs in this cycle."""
        link = self._links.get(person.source.id)
        if target is None:
            return self._decide_unread(person, link)
        if not person.scope.is_in_scope:
            return self._leaving.looked_at(self._decide_out_of_scope(person, link), target)
        if target.failure is not None:
            said, code = str(target.failure), code_of(target.failure)
            return step_of("fail", person, said, code, link=link)
        if refusal := self._refuse_another(person, link, target) or self._refuse(person, target):
            return refusal
        return self._align(person, link, target) if target.user else self._create(person)

    def _refuse_another(self, person: Person, link: Link | None, target: Target) -> Step | None:
        """Return why a linked account is left alone that is called otherwise than we left it."""
        user = target.user
        if link is None or user is None or target.is_matched:
            return None
        if is_one_of(user, link.names | person.names, self._job.match_on):
            return None
        why = anothers(link.user_name, link.target_id, user)
        return step_of("fail", person, why, ANOTHERS, link=link)

    def pause(self, person: Person, reason: str) -> Step:
        """Return the step of somebody who failed and waits for another attempt."""
        link = self._links.get(person.source.id)
        return step_of("skip", person, reason, "Escrowed", link=link)

    def plan(self, steps: Iterable[Step]) -> Plan:
        """Return the finished plan of these steps."""
        return Plan(
            self._job.name,
            tuple(steps),
            source_count=len(self._read.objects),
            linked_count=self._rows.linked_count,
            passed_count=self._rows.passed_count,
            is_complete=self._read.is_complete,
            is_delta=self._read.is_delta,
        )

    def _considered(self, rows: Rows) -> tuple[Person, ...]:
        """Return those who changed, and who shares a matching value with one of them."""
        people = list(map(self._person, rows.objects()))
        keys = (key.value for p in people if p.scope.is_in_scope for key in p.keys)
        sharing = list(rows.colliding(forms_of(keys)))
        rows.load_owners()
        if sharing:
            people.extend(map(self._person, sharing))
            people.sort(key=lambda person: rows.numbers[person.source.id])
        return tuple(people)

    def _person(self, source: SourceObject) -> Person:
        try:
            scope = self._job.scope.decide(source)
        except ConfigurationError as error:  # one person has values that nobody else has
            return Person(source, ScopeDecision(is_in_scope=True, conditions=()), flaw=str(error))
        try:
            wanted = self._desired(source)
            given = self._desired(source, creating=True)
            told = fingerprint(wanted)
        except ExpressionError as error:
            return Person(source, scope, flaw=str(error))
        except UnicodeEncodeError:
            return Person(source, scope, flaw="a value holds half a character: no valid Unicode")
        keys = (MatchKey(p, str(given[p])) for p in self._job.match_on if given.get(p) is not None)
        missing = (name for name in self._job.mapper.references(source) if not self._refer(name))
        return Person(
            source,
            scope,
            tuple(keys),
            told,
            missing=tuple(missing),
            name=str(given.get("userName") or ""),
            others=tuple(str(given[path]) for path in _OTHER_NAMES if given.get(path)),
        )

    def wish(self, person: Person) -> str:
        """Return what a failure of this person is remembered with: a change makes another try due.

        For somebody without an account that is what a creation sends, else what a link has.
        """
        if person.flaw or person.source.id in self._links:
            return person.wanted
        return fingerprint(self._desired(person.source, creating=True))

    def _desired(self, source: SourceObject, *, creating: bool = False) -> Desired:
        return self._job.mapper.desired(source, creating=creating, refer=self._refer)

    def _refer(self, name: str) -> str:
        link = self._links.get(name) or self._named.get(matching_form(name))
        return link.target_id if link else ""

    def look_again(self) -> dict[str, Person]:
        """Return those whose references have become known since, with what that makes of them."""
        self._named = self._by_name()
        known = (p for p in self.people if any(map(self._refer, p.missing)))
        concerned = (p.source for p in known if p.scope.is_in_scope and not self._is_double(p))
        return {one.id: self._person(one) for one in concerned if one.id in self._links}

    def _is_double(self, person: Person) -> bool:
        return person.source.id in self._doubles

    def _by_name(self) -> dict[str, Link]:
        return {form: link for link in self._links.values() for form in link.names}

    def gone(self) -> Iterator[Step]:
        """Yield the removal of everybody who is linked and gone from the source.

        Once everybody else is decided on: an account that somebody claims is not taken away.
        """
        for source_id, link in self._links.items():
            if source_id in self._taken_over or not self.has_left(source_id):
                continue
            event, reason = self._departure(source_id)
            source = SourceObject(source_id, {}, "")
            person = Person(source, self._job.scope.decide(source))
            step = self._leaving.step(person, link, event, reason)
            if step.is_removal and self._is_claimed(source_id, link):
                step = self._leaving.wait_for_word(step)
            if step.action != "unchanged":
                yield step

    def needs_look(self, step: Step) -> bool:
        """Say whether the account of somebody gone must be seen before that is decided."""
        return self._leaving.needs_look(step, self._links[step.source_id])

    def looked_at(self, step: Step, target: Target) -> Step:
        """Return the removal of somebody gone, now that the account was looked at."""
        return self._leaving.looked_at(step, target)

    def _is_claimed(self, source_id: str, link: Link) -> bool:
        other = self._tenancy.other_link(link.target_id) if self._tenancy else None
        is_anothers = other is not None and other.tenant == link.tenant != "" and other.may_be_on
        is_named = not link.names.isdisjoint(self._unlinked_names)
        return is_anothers or is_named or source_id in self._claimed

    def _departure(self, source_id: str) -> tuple[Event, str]:
        """Return how somebody is gone, and the reason.

        A source that tells of removals tells each of them once. Somebody who is merely absent from
        its full read may be restorable there, and so nothing is done that cannot be undone.
        """
        if told := self._told.get(source_id):
            event: Event = "soft_deleted" if told == "soft" else "deleted"
            return event, REASONS[event]
        return "soft_deleted" if self._read.watermark else "deleted", REASONS["deleted"]

    def _decide_unread(self, person: Person, link: Link | None) -> Step:
        """Decide on those for whom nothing at the vendor matters."""
        source = person.source
        if source.id in self._doubles:
            return step_of("fail", person, self._doubles[source.id], "DuplicateSourceEntries")
        if not person.scope.is_in_scope:
            return self._decide_out_of_scope(person, link)
        if person.flaw:
            return step_of("fail", person, person.flaw, "InvalidExpression", link=link)
        if link and link.is_on and link.wanted == person.wanted:
            return step_of("unchanged", person, "nothing changed in the source", link=link)
        reason = f"{self._job.matched_by} has no value, so nobody can be matched or created"
        return step_of("fail", person, reason, "MissingValues")

    def _decide_out_of_scope(self, person: Person, link: Link | None) -> Step:
        reason = person.scope.reason
        event: Event = "unassigned" if person.source.is_enabled else "disabled"
        if link is not None:
            return self._leaving.step(person, link, event, reason)
        if event == "disabled":
            reason = f"{reason}, and a disabled user is never created"
        return step_of("skip", person, reason, person.scope.code)

    def _refuse(self, person: Person, target: Target) -> Step | None:
        """Return why nothing takes the place of a linked account that is gone, where it may not."""
        policy = self._job.on_missing_target
        if not target.lost:
            return None
        reason = f'the linked account {target.lost} is gone; on_missing_target = "{policy}" puts'
        if policy == "fail":
            reason = f"{reason} none in its place: restore it, or remove the link"
            return step_of("fail", person, reason, "InvalidAnchor", user=target.user)
        if policy == "recreate" and target.user is not None:
            reason = f"{reason} only a new one in its place, and {target.user.id} has the name"
            return step_of("fail", person, reason, "Conflict", user=target.user)
        return None

    def _create(self, person: Person) -> Step:
        desired = self._desired(person.source, creating=True)
        capabilities = self._job.connector.capabilities
        given = desired.keys() | self._job.mapper.unique_targets
        missing = [path for path in capabilities.required_on_create() if path not in given]
        if held := self._held_by_doubt(person):
            reason = f"an account made as {held} may turn up yet; nobody is made in its place"
            reason = f"{reason} until looks have shown that there is none"
            return step_of("fail", person, reason, "InDoubt")
        if not capabilities.create:
            return step_of("skip", person, "the vendor offers no creation of users", "NoCreate")
        if missing:
            reason = f"{self._job.connector.name} requires {', '.join(missing)}, which has no value"
            return step_of("fail", person, reason, "MandatoryFieldsMissing")
        reason = f"nobody has this {self._job.matched_by}{person.note}"
        step = step_of("create", person, reason, person.code)
        return replace(step, attributes=dict(desired), wanted=person.wanted)

    def _held_by_doubt(self, person: Person) -> str:
        """Return another name that the person may have an account under; empty where none does.

        Nobody of a doubt is linked, so an id that changed its letter case is known by this alone.
        """
        if not self._doubts:
            return ""
        forms, own_id = forms_of(key.value for key in person.keys), person.source.id.lower()
        for doubt in self._doubts:
            is_own = doubt.source_id.lower() == own_id
            if is_own and doubt.match_form not in forms and not may_create_beside(doubt):
                return doubt.user_name
        return ""

    def _align(self, person: Person, link: Link | None, target: Target) -> Step:
        user = target.user or User()
        target_id = user.id or ""
        owner = self._owners.get(target_id, person.source.id)
        if owner != person.source.id and owner not in self._taken_over:
            return self._claim(person, link, user, owner)
        if self._tenancy is not None and (job := self._tenancy.other_owner_of(user)):
            return self._claim_elsewhere(person, link, user, job)
        if target.is_matched and (job := self._maker_of(person)):
            reason = (
                f"the job {job} is making an account of this {self._job.matched_by}, or may have "
                f"made one: {target_id} may be it; a run of that job finds out"
            )
            return step_of("fail", person, reason, "DuplicateSourceEntries", user=user)
        if target.is_matched and not self._job.adopt:
            reason = "the vendor has this user already, and adopt = false forbids to link it"
            return step_of("fail", person, reason, "Conflict", user=user)
        step = self._alignment.step(person, link, target, self._desired(person.source))
        return replace(step, target_id=target_id, wanted=person.wanted)

    def _maker_of(self, person: Person) -> str:
        values = (key.value for key in person.keys)
        return self._tenancy.maker_of(values) if self._tenancy is not None else ""

    def _claim(self, person: Person, link: Link | None, user: User, owner: str) -> Step:
        """Decide on somebody whose account turns out to be another person's."""
        reason = f"the account {user.id} belongs to the source object {owner}"
        if link is None and self.has_left(owner):
            self._claimed.add(owner)
            if self._job.leavers.hired_again == "relink":
                return self._take_over(person, self._links[owner], user)
            reason = (
                f"{reason}, who has left; for the same human write leavers.hired_again = "
                '"relink", for another one remove the old link'
            )
        return step_of("fail", person, reason, "DuplicateSourceEntries", user=user)

    def _claim_elsewhere(self, person: Person, link: Link | None, user: User, job: str) -> Step:
        """Decide on somebody whose account belongs to another job of the connection."""
        other = self._tenancy.other_link(user.id or "") if self._tenancy else None
        is_free = link is None and other is not None and not other.may_be_on
        if is_free and other and self._job.leavers.hired_again == "relink":
            return replace(self._take_over(person, other, user), takes_over_job=job)
        source_id = other.source_id if other else ""
        owner = f"the source object {source_id} of the job {job}"
        remedy = f"jackfield links {job} {source_id} --remove"
        reason = f"the account {user.id} belongs to {owner}; to hand it over: {remedy}"
        return step_of("fail", person, reason, "DuplicateSourceEntries", user=user)

    def _take_over(self, person: Person, before: Link, user: User) -> Step:
        """Give somebody hired again under a new record the account of the old one."""
        owner, target = before.source_id, Target(user=user)
        was_off = None if before.is_on else before
        step = self._alignment.step(person, was_off, target, self._desired(person.source))
        reason = f"{step.reason}; the source object {owner}, who has left, had this account"
        self._taken_over.add(owner)
        return replace(
            step, target_id=before.target_id, wanted=person.wanted, takes_over=owner, reason=reason
        )

    def has_left(self, source_id: str) -> bool:
        """Say whether the source knows this linked person no more."""
        if self._rows.is_here(source_id):
            return False
        return self._read.is_complete or source_id in self._told
