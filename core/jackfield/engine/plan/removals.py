"""Decides what becomes of the accounts of people who should not have them any more. Pure.

Source: Microsoft Entra, "How application provisioning works" (read 2026-11-20); where it leaves no
choice, the job's policies for leavers give one.
"""

import datetime as dt
from contextlib import suppress
from dataclasses import replace

from jackfield.engine.expressions import ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.map.access import access_removal
from jackfield.engine.map.mapper import Desired
from jackfield.engine.map.person import Person, Target, step_of
from jackfield.engine.model.codes import ENABLED_AGAIN, NOT_SEEN, code_of
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import forms_of
from jackfield.engine.model.plan import OFF, Action, AttributeChange, Step
from jackfield.engine.scope.leavers import Event
from jackfield.sources import SourceObject

_FIRST_LOOK_AFTER = dt.timedelta(minutes=30)
_LOOK_AT_LEAST_EVERY = dt.timedelta(days=1)


class Leaving:
    """The decisions on leavers in one cycle of one job."""

    def __init__(self, job: Job, now: dt.datetime) -> None:
        self._job = job
        self._now = now
        self._protected = forms_of(job.protected)

    def step(self, person: Person, link: Link, event: Event, reason: str) -> Step:
        """Decide what becomes of the account of somebody who should not have it any more."""
        fate = self._job.leavers.fate(event)
        if fate == "keep":
            return self._quiet(person, link, f"{reason}; kept, as the job says", "Kept")
        if link.missing_since is not None and not is_due_for_a_look(link, self._now):
            return self._quiet(person, link, f"{reason}; {_unseen(link)}", NOT_SEEN)
        if fate == "delete":
            return self._delete(person, link, event, reason)
        if not link.may_be_on:
            return step_of("unchanged", person, "disabled already", link=link)
        return self._disable(person, link, event, reason)

    def needs_look(self, step: Step, link: Link) -> bool:
        """Say whether the account must be seen before this is decided: it was off, and may be on.

        Whoever still has access is looked at right before it is taken away.
        """
        return step.action == "delete" and not link.may_be_on

    def looked_at(self, step: Step, target: Target) -> Step:
        """Return the deletion of an account that was off, now that it was looked at."""
        if target.failure is not None:
            said = str(target.failure)
            return replace(step, action="fail", reason=said, code=code_of(target.failure))
        if target.user is None or not target.user.active:
            return step
        reason = f"{step.reason}; the account was disabled, and somebody has enabled it again"
        return replace(step, was_on=True, code=ENABLED_AGAIN, reason=reason)

    def wait_for_word(self, step: Step) -> Step:
        """Leave an account as it is that somebody new may be the owner of: the same human, or not.

        A person decides, by `leavers.hired_again` or by removing the link.
        """
        reason = (
            f"{step.reason}; left as it is, for somebody new claims this account: write "
            'leavers.hired_again = "relink" for the same human, or remove this link'
        )
        return replace(step, action="skip", reason=reason, code="Claimed", changes=(), wanted="")

    def _delete(self, person: Person, link: Link, event: Event, reason: str) -> Step:
        capabilities = self._job.connector.capabilities
        if not capabilities.delete and capabilities.disable != "delete":
            return self._quiet(person, link, f"{reason}; the vendor cannot delete", "NotOffered")
        days = self._job.leavers.delete_after_days
        off_since = self._now if link.is_on else link.changed_at or self._now
        due = off_since + dt.timedelta(days=days)
        if not days or due <= self._now:
            step = self._removal("delete", person, link, reason)
            return replace(step, changes=self._disabling(person)) if step.is_write else step
        reason = f"{reason}; to be deleted on {due:%Y-%m-%d}"
        if link.may_be_on:
            return self._disable(person, link, event, reason)
        return self._quiet(person, link, reason, "Kept")

    def _disabling(self, person: Person) -> tuple[AttributeChange, ...]:
        """Return what disables an account before it is deleted; nothing where that is not offered.

        A vendor that refuses to delete then keeps an account that gives no access.
        """
        capabilities = self._job.connector.capabilities
        if capabilities.disable != "active":
            return ()
        try:
            on, off = self._access(person.source)
        except ExpressionError:
            return ()
        offered = {path: value for path, value in off.items() if capabilities.can_patch(path)}
        return tuple(AttributeChange(path, on[path], value) for path, value in offered.items())

    def _disable(self, person: Person, link: Link, event: Event, reason: str) -> Step:
        try:
            on, off = self._access(person.source)
        except ExpressionError as error:
            return step_of("fail", person, str(error), "InvalidExpression", link=link)
        removal = access_removal(self._job.connector.capabilities, off)
        if removal.code == "DeletionNotAllowed":
            reason = f'{reason}; {removal.why_not}: write leavers.{event} = "delete"'
            return step_of("fail", person, reason, removal.code, link=link)
        if not removal.is_possible:
            hint = f": {removal.remedy}" if removal.code == "NotMapped" else ""
            return self._quiet(person, link, f"{reason}; {removal.why_not}{hint}", removal.code)
        changes = tuple(AttributeChange(path, on[path], value) for path, value in off.items())
        step = self._removal("disable", person, link, reason)
        return replace(step, changes=changes, wanted=OFF) if step.is_write else step

    def _access(self, source: SourceObject) -> tuple[Desired, Desired]:
        """Return what gives access and what takes it away, by the person's values where they tell.

        They do not where an expression fails of them, or has taken the access for another reason:
        then what is true of somebody without any values is sent.

        Raises: ExpressionError where it cannot be told even of such a one.
        """
        with suppress(ExpressionError):
            on, off = self._job.mapper.access(source)
            if off:
                return on, off
        return self._job.mapper.access(SourceObject(source.id, {}, source.place))

    def _removal(self, action: Action, person: Person, link: Link, reason: str) -> Step:
        names = link.names | person.claims | forms_of((link.target_id,))
        if names & self._protected:
            return self._quiet(person, link, f"{reason}; protected", "Protected")
        step = step_of(action, person, reason, link=link)
        if link.missing_since is not None:  # a run was let remove it already: this looks again
            return replace(step, was_on=False, code=NOT_SEEN)
        return replace(step, was_on=link.is_on)

    def _quiet(self, person: Person, link: Link, reason: str, code: str) -> Step:
        return step_of("skip", person, reason, code, link=link)


def is_due_for_a_look(link: Link, now: dt.datetime) -> bool:
    """Say whether an account that the vendor did not show is to be looked for again.

    Soon at first, then later and later, and at least once a day.
    """
    since, looked_at = link.missing_since, link.changed_at
    if since is None or looked_at is None:
        return True
    pause = min(max(looked_at - since, _FIRST_LOOK_AFTER), _LOOK_AT_LEAST_EVERY)
    return now - looked_at >= pause or now < looked_at


def _unseen(link: Link) -> str:
    since = link.missing_since.isoformat(" ", "minutes") if link.missing_since else ""
    return f"the vendor has not shown the account {link.target_id} since {since}; looked for again"
