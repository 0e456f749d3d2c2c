"""Decides what becomes of the accounts of people who should not have them any more. Pure.

Source: Microsoft Entra, "How application provisioning works" (read 2026-11-20); where it leaves no
choice, the job's policies for leavers give one.
"""

import datetime as dt
from dataclasses import replace

from jackfield.engine.expressions import ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.leavers import Event
from jackfield.engine.mapping import Desired
from jackfield.engine.people import Person, step_of
from jackfield.engine.plan import OFF, Action, AttributeChange, Step
from jackfield.engine.state.journal import Link
from jackfield.sources import SourceObject


class Leaving:
    """The decisions on leavers in one cycle of one job."""

    def __init__(self, job: Job, now: dt.datetime) -> None:
        self._job = job
        self._now = now

    def step(self, source: SourceObject, link: Link, event: Event, reason: str) -> Step:
        """Decide what becomes of the account of somebody who should not have it any more."""
        person = self._person(source)
        fate = self._job.leavers.fate(event)
        if fate == "keep":
            return self._quiet(person, link, f"{reason}; kept, as the job says", "Kept")
        if fate == "delete":
            return self._delete(person, link, event, reason)
        if not link.may_be_on:
            return step_of("unchanged", person, "disabled already", link=link)
        return self._disable(person, link, event, reason)

    def _delete(self, person: Person, link: Link, event: Event, reason: str) -> Step:
        capabilities = self._job.connector.capabilities
        if not capabilities.delete and capabilities.disable != "delete":
            return self._quiet(person, link, f"{reason}; the vendor cannot delete", "NotOffered")
        days = self._job.leavers.delete_after_days
        off_since = self._now if link.is_on else link.changed_at or self._now
        due = off_since + dt.timedelta(days=days)
        if not days or due <= self._now:
            return self._removal("delete", person, link, reason)
        reason = f"{reason}; to be deleted on {due:%Y-%m-%d}"
        if link.may_be_on:
            return self._disable(person, link, event, reason)
        return self._quiet(person, link, reason, "Kept")

    def _disable(self, person: Person, link: Link, event: Event, reason: str) -> Step:
        way = self._job.connector.capabilities.disable
        if way == "delete":
            reason = f'{reason}; the vendor can only delete: write leavers.{event} = "delete"'
            return step_of("fail", person, reason, "DeletionNotAllowed", link=link)
        if way == "unsupported":
            return self._quiet(person, link, f"{reason}; the vendor cannot disable", "NotOffered")
        try:
            on, off = self._access(person.source)
        except ExpressionError as error:
            return step_of("fail", person, str(error), "InvalidExpression", link=link)
        if not off:
            reason = f"{reason}, and no mapping tells the vendor: map active from IsActive"
            return self._quiet(person, link, reason, "NotMapped")
        if not any(map(self._job.connector.capabilities.can_patch, off)):
            reason = f"{reason}; the vendor offers no update of {', '.join(off)}"
            return self._quiet(person, link, reason, "NotOffered")
        changes = tuple(AttributeChange(path, on[path], value) for path, value in off.items())
        step = self._removal("disable", person, link, reason)
        return replace(step, changes=changes, wanted=OFF) if step.is_write else step

    def _access(self, source: SourceObject) -> tuple[Desired, Desired]:
        """Return what gives access and what takes it away, by the person's values where they fit.

        Raises: ExpressionError where it cannot be told even of somebody without any values.
        """
        try:
            return self._job.mapper.access(source)
        except ExpressionError:
            return self._job.mapper.access(SourceObject(source.id, {}, source.place))

    def _removal(self, action: Action, person: Person, link: Link, reason: str) -> Step:
        if {link.user_name.lower(), link.target_id.lower()} & self._job.protected:
            return self._quiet(person, link, f"{reason}; protected", "Protected")
        return replace(step_of(action, person, reason, link=link), was_on=link.is_on)

    def _quiet(self, person: Person, link: Link, reason: str, code: str) -> Step:
        return step_of("skip", person, reason, code, link=link)

    def keep_for_another(self, step: Step, link: Link, event: Event) -> Step:
        """Disable where deletion was due: somebody new has the name, and may be the same human."""
        person = self._person(SourceObject(step.source_id, {}, ""))
        reason = f"{step.reason}; not deleted, for somebody new has the same {self._job.matching}"
        if not link.may_be_on or self._job.connector.capabilities.disable == "delete":
            return self._quiet(person, link, reason, "Claimed")
        return self._disable(person, link, event, reason)

    def _person(self, source: SourceObject) -> Person:
        return Person(source, self._job.scope.decide(source))
