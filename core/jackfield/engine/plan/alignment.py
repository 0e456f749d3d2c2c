"""Compares an account that a person has, or is about to get, with what is wanted of it. Pure."""

from dataclasses import replace
from typing import TypeAlias

from jackfield.engine.expressions import ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.map.mapper import Desired
from jackfield.engine.map.person import Person, Target, step_of
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import forms_of, matching_form
from jackfield.engine.model.plan import AttributeChange, Step
from jackfield.engine.plan.differences import differences, is_known_difference
from jackfield.flow import Json
from jackfield.resources import User

Changes: TypeAlias = tuple[AttributeChange, ...]


class Alignment:
    """The comparison by the rules of one job."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._protected = forms_of(job.protected)

    def step(self, person: Person, link: Link | None, target: Target, desired: Desired) -> Step:
        """Return what makes the account what is wanted: an enable, an update, a link or nothing."""
        capabilities = self._job.connector.capabilities
        mapper, user = self._job.mapper, target.user or User()
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
            return self._seen(replace(step, changes=self._with_access(person, changes)), user)
        changes, note = self._without_protected(person, link, changes, note)
        matched = (
            f"matched by {target.matched_by or self._job.matched_by}; " if link is None else ""
        )
        if changes:
            reason = f"{matched}attributes differ{note}{person.note}"
            step = step_of("update", person, reason, person.code, link=link)
            takes = any(self._takes_access(person, change) for change in changes)
            return self._seen(replace(step, changes=changes, takes_access=takes), user)
        reason = f"{matched}the vendor has every value{note}"
        if link is None:
            return self._seen(step_of("link", person, reason), user)
        return self._seen(step_of("skip", person, reason, "RedundantExport", link=link), user)

    def _seen(self, step: Step, user: User) -> Step:
        """Return a step that knows what the account is called, and whether that changes."""
        names = ("userName", *self._job.match_on)
        new = (str(c.new) for c in step.changes if c.path in names and _is_renaming(c))
        return replace(step, seen_as=user.userName or "", new_name=next(new, ""))

    def _without_protected(
        self, person: Person, link: Link | None, changes: Changes, note: str
    ) -> tuple[Changes, str]:
        """Leave out what would take access from somebody who is protected."""
        ids = forms_of((link.target_id,)) if link else frozenset[str]()
        names = person.claims | ids | (link.names if link else frozenset())
        if not names & self._protected:
            return changes, note
        kept = tuple(c for c in changes if not self._takes_access(person, c))
        return kept, note if len(kept) == len(changes) else f"{note}; protected, so access stays"

    def _takes_access(self, person: Person, change: AttributeChange) -> bool:
        """Say whether a change turns an access off, by whatever mapping it comes."""
        if change.path == "active":
            return _is_off(change.new) and not _is_off(change.old)
        try:
            off = self._job.mapper.access(person.source)[1]
        except ExpressionError:  # without access the person's values make nothing
            return False
        return change.path in off and change.new == off[change.path]

    def _with_access(
        self, person: Person, changes: tuple[AttributeChange, ...]
    ) -> tuple[AttributeChange, ...]:
        """Return the changes with those that give access first, whatever the vendor shows."""
        on, off = self._job.mapper.access(person.source)
        access = tuple(AttributeChange(p, off[p], on[p]) for p in on if on[p] not in (None, ""))
        return (*access, *(change for change in changes if change.path not in on))


def _is_off(value: Json) -> bool:
    return value is False or (isinstance(value, str) and value.lower() == "false")


def _is_renaming(change: AttributeChange) -> bool:
    old, new = change.old, change.new
    if not (isinstance(old, str) and isinstance(new, str)) or not old.strip():
        return False
    return matching_form(old) != matching_form(new)
