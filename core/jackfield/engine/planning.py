"""Decides what each person needs. Pure: reads nothing, writes nothing.

The states are those of Microsoft Entra, "How application provisioning works" (read 2026-11-20): a
person the engine never linked is never disabled; a disabled person is never created.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from jackfield.engine.codes import code_of
from jackfield.engine.comparing import differences, is_known_difference
from jackfield.engine.expressions import ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.leavers import REASONS, Event
from jackfield.engine.leaving import Leaving
from jackfield.engine.mapping import Desired, fingerprint, matching_form
from jackfield.engine.people import Person, Target, doubles, step_of
from jackfield.engine.plan import AttributeChange, Plan, Step
from jackfield.engine.rows import Rows
from jackfield.engine.state.journal import Link
from jackfield.resources import MatchKey, User, UserId
from jackfield.sources import SourceObject, SourceRead


class Planner:
    """The decisions of one cycle of one job, on the people who are not as they were.

    `names_in_doubt` are those that people may have accounts under whom no answer told of.
    """

    def __init__(
        self,
        job: Job,
        read: SourceRead,
        rows: Rows,
        names_in_doubt: Mapping[str, str] = MappingProxyType({}),
        now: dt.datetime | None = None,
    ) -> None:
        self._job = job
        self._names_in_doubt = names_in_doubt
        self._leaving = Leaving(job, now or dt.datetime.now(dt.UTC))
        self._read = read
        self._rows = rows
        self._links: Mapping[str, Link] = rows.links
        self._told = {removal.id: removal.kind for removal in read.removed}
        self._taken_over: set[str] = set()
        self._named = self._by_name()
        self.people = self._considered(rows)
        fresh = (p for p in self.people if p.scope.is_in_scope and p.source.id not in self._links)
        self._unlinked_names = {matching_form(person.user_name) for person in fresh}
        self._owners = {link.target_id: link.source_id for link in self._links.values()}
        self._doubles = doubles(job, self.people)

    def question(self, person: Person) -> MatchKey | UserId | None:
        """Return what must be read of the vendor before this person can be decided on."""
        source_id = person.source.id
        link = self._links.get(source_id)
        if not person.scope.is_in_scope or person.flaw or source_id in self._doubles:
            return None
        if link is None:
            return person.key
        if link.is_on and link.wanted == person.wanted:
            return None
        return UserId(link.target_id)

    def decide(self, person: Person, target: Target | None) -> Step:
        """Return the one step this person needs in this cycle."""
        link = self._links.get(person.source.id)
        if target is None:
            return self._decide_unread(person, link)
        if target.failure is not None:
            return step_of("fail", person, str(target.failure), code_of(target.failure))
        if target.lost and (refusal := self._refuse(person, target)):
            return refusal
        if target.user is None:
            return self._create(person)
        return self._align(person, link, target.user, is_matched=target.is_matched)

    def pause(self, person: Person, reason: str) -> Step:
        """Return the step of somebody who failed and waits for another attempt."""
        link = self._links.get(person.source.id)
        return step_of("skip", person, reason, "Escrowed", link=link)

    def plan(self, steps: Iterable[Step]) -> Plan:
        """Return the finished plan: these steps, then those who are gone from the source."""
        return Plan(
            self._job.name,
            (*steps, *self._gone()),
            source_count=len(self._read.objects),
            linked_count=self._rows.linked_count,
            passed_count=self._rows.passed_count,
            is_complete=self._read.is_complete,
            is_delta=self._read.is_delta,
        )

    def _considered(self, rows: Rows) -> tuple[Person, ...]:
        """Return those who changed, and who shares a matching value with one of them."""
        people = list(map(self._person, rows.objects()))
        keys = (p.key for p in people if p.scope.is_in_scope and p.key is not None)
        sharing = list(rows.colliding({matching_form(key.value) for key in keys}))
        rows.load_owners()
        if sharing:
            people.extend(map(self._person, sharing))
            people.sort(key=lambda person: rows.numbers[person.source.id])
        return tuple(people)

    def _person(self, source: SourceObject) -> Person:
        scope = self._job.scope.decide(source)
        try:
            wanted = self._desired(source)
            value = self._desired(source, creating=True).get(self._job.matching)
            told = fingerprint(wanted)
        except ExpressionError as error:
            return Person(source, scope, flaw=str(error))
        except UnicodeEncodeError:
            return Person(source, scope, flaw="a value holds half a character: no valid Unicode")
        key = None if value is None else MatchKey(self._job.matching, str(value))
        missing = (name for name in self._job.mapper.references(source) if not self._refer(name))
        return Person(source, scope, key, told, missing=tuple(missing))

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
        if not self._job.mapper.has_references:
            return {}
        return {matching_form(link.user_name): link for link in self._links.values()}

    def _gone(self) -> Iterator[Step]:
        """Yield the removal of everybody who is linked and gone from the source."""
        for source_id, link in self._links.items():
            if source_id in self._taken_over or not self._has_left(source_id):
                continue
            event, reason = self._departure(source_id)
            step = self._leaving.step(SourceObject(source_id, {}, ""), link, event, reason)
            if step.action == "delete" and matching_form(link.user_name) in self._unlinked_names:
                step = self._leaving.keep_for_another(step, link, event)
            if step.action != "unchanged":
                yield step

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
        reason = f"{self._job.matching} has no value, so nobody can be matched or created"
        return step_of("fail", person, reason, "MissingValues")

    def _decide_out_of_scope(self, person: Person, link: Link | None) -> Step:
        reason = person.scope.reason
        event: Event = "unassigned" if person.source.is_enabled else "disabled"
        if link is not None:
            return self._leaving.step(person.source, link, event, reason)
        if event == "disabled":
            reason = f"{reason}, and a disabled user is never created"
        return step_of("skip", person, reason, person.scope.code)

    def _refuse(self, person: Person, target: Target) -> Step | None:
        """Return why nothing takes the place of a linked account that is gone, where it may not."""
        policy = self._job.on_missing_target
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
        doubtful = self._names_in_doubt.get(person.source.id, person.user_name)
        if matching_form(doubtful) != matching_form(person.user_name):
            reason = f"an account made as {doubtful} may turn up yet; nobody is made in its place"
            return step_of("fail", person, f"{reason} within the hour", "InDoubt")
        if not capabilities.create:
            return step_of("skip", person, "the vendor offers no creation of users", "NoCreate")
        if missing:
            reason = f"{self._job.connector.name} requires {', '.join(missing)}, which has no value"
            return step_of("fail", person, reason, "MandatoryFieldsMissing")
        reason = f"nobody has this {self._job.matching}{person.note}"
        step = step_of("create", person, reason, person.code)
        return replace(step, attributes=dict(desired), wanted=person.wanted)

    def _align(self, person: Person, link: Link | None, user: User, *, is_matched: bool) -> Step:
        target_id = user.id or ""
        owner = self._owners.get(target_id, person.source.id)
        if owner != person.source.id and owner not in self._taken_over:
            return self._claim(person, link, user, owner)
        if is_matched and not self._job.adopt:
            reason = "the vendor has this user already, and adopt = false forbids to link it"
            return step_of("fail", person, reason, "Conflict", user=user)
        step = self._compared(person, link, user, self._desired(person.source))
        return replace(step, target_id=target_id, wanted=person.wanted)

    def _claim(self, person: Person, link: Link | None, user: User, owner: str) -> Step:
        """Decide on somebody whose account turns out to be another person's."""
        reason = f"the account {user.id} belongs to the source object {owner}"
        if link is None and self._has_left(owner):
            if self._job.leavers.hired_again == "relink":
                return self._take_over(person, owner, user)
            reason = (
                f"{reason}, who has left; for the same human write leavers.hired_again = "
                '"relink", for another one remove the old link'
            )
        return step_of("fail", person, reason, "DuplicateSourceEntries", user=user)

    def _take_over(self, person: Person, owner: str, user: User) -> Step:
        """Give somebody hired again under a new record the account of the old one."""
        before = self._links[owner]
        was_off = None if before.is_on else before
        step = self._compared(person, was_off, user, self._desired(person.source))
        reason = f"{step.reason}; the source object {owner}, who has left, had this account"
        self._taken_over.add(owner)
        return replace(
            step, target_id=before.target_id, wanted=person.wanted, takes_over=owner, reason=reason
        )

    def _has_left(self, source_id: str) -> bool:
        """Say whether the source knows this linked person no more."""
        if source_id in self._rows.numbers:
            return False
        return self._read.is_complete or source_id in self._told

    def _compared(self, person: Person, link: Link | None, user: User, desired: Desired) -> Step:
        capabilities = self._job.connector.capabilities
        mapper = self._job.mapper
        found = differences(
            desired, user, capabilities, adds_only=mapper.adds_only, fills_empty=mapper.fills_empty
        )
        kept = link.kept if link else {}
        fresh = [change for change in found if not is_known_difference(change, kept)]
        changes = tuple(change for change in fresh if capabilities.can_patch(change.path))
        fixed = ", ".join(c.path for c in fresh if not capabilities.can_patch(c.path))
        note = f"; the vendor offers no update of {fixed}" if fixed else ""
        if link is not None and not link.is_on:
            if not capabilities.enable:
                reason = "back in the source; the vendor cannot enable"
                return step_of("skip", person, reason, "NotOffered", link=link)
            step = step_of("enable", person, f"back in the source{note}", link=link)
            return replace(step, changes=self._with_access(person, changes))
        matched = f"matched by {self._job.matching}; " if link is None else ""
        if changes:
            reason = f"{matched}attributes differ{note}{person.note}"
            step = step_of("update", person, reason, person.code, link=link)
            return replace(step, changes=changes)
        reason = f"{matched}the vendor has every value{note}"
        if link is None:
            return step_of("link", person, reason)
        return step_of("skip", person, reason, "RedundantExport", link=link)

    def _with_access(
        self, person: Person, changes: tuple[AttributeChange, ...]
    ) -> tuple[AttributeChange, ...]:
        """Return the changes with those that give access first, whatever the vendor shows."""
        on, off = self._job.mapper.access(person.source)
        access = tuple(AttributeChange(p, off[p], on[p]) for p in on if on[p] not in (None, ""))
        return (*access, *(change for change in changes if change.path not in on))
