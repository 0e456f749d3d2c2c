"""Talks to the vendor for one step, and says how that ended. What cannot be known is not claimed.

Nothing is stored here; any number of threads may share a `Sender`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from jackfield.engine.apply.removal import Removing, Unremoved
from jackfield.engine.job import Job
from jackfield.engine.map.mapper import user_of
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.codes import (
    ENDING,
    NOT_SEEN,
    PENDING_REFERENCE,
    REFUSALS,
    STOPPING,
    code_of,
)
from jackfield.engine.model.entry import SUCCEEDED, Status
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.engine.model.plan import OFF, REMOVALS, Action, AttributeChange, Step
from jackfield.engine.plan.differences import changes_of, differences, kept_of
from jackfield.engine.state.database import StateUnavailable
from jackfield.errors import (
    AlreadyExists,
    AlreadyRunning,
    ConnectorError,
    InDoubt,
    NotDeleted,
    ProvisioningError,
    RejectedUser,
)
from jackfield.resources import Applied, MatchKey, NotFound, User, UserId

_GONE_AFTER = dt.timedelta(days=1)
"""An account that several looks over so long did not show, and that was to be deleted, is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step ended. `stop` is set where the cycle cannot go on.

    `action` is what was done, where that is another thing than the step said. `is_unseen`: after a
    creation in doubt a look found nobody. `error` is what went wrong.
    """

    status: Status
    reason: str
    code: str = ""
    target_id: str | None = None
    link: Link | None = None
    changes: tuple[AttributeChange, ...] = ()
    request_id: str = ""
    stop: ProvisioningError | None = None
    is_unlinked: bool = False
    is_unseen: bool = False
    action: Action | None = None
    error: ProvisioningError | None = None


class Ownership:
    """The links of one job as they are now, by person and by account.

    One thread changes it; any may look.
    """

    def __init__(self, links: dict[str, Link]) -> None:
        self._links = links
        self._owners = {link.target_id: source_id for source_id, link in links.items()}

    def link_of(self, source_id: str) -> Link | None:
        return self._links.get(source_id)

    def owner_of(self, target_id: str | None, *, but: str) -> str:
        """Return whose account this is; empty for nobody's, and for that one person's own."""
        owner = self._owners.get(target_id or "", "")
        return "" if owner == but else owner

    def note(self, source_id: str, link: Link | None) -> None:
        """Put another link, or none, in the place of the person's."""
        before = self._links.pop(source_id, None)
        if before is not None:
            self._owners.pop(before.target_id, None)
        if link is not None:
            self._links[source_id] = link
            self._owners[link.target_id] = source_id


class Sender:
    """Sends what steps say to one job's vendor."""

    def __init__(self, job: Job, ownership: Ownership, tenancy: Tenancy, now: dt.datetime) -> None:
        self._job = job
        self._ownership = ownership
        self._tenancy = tenancy
        self._now = now
        self._removing = Removing(job, tenancy)
        self._capabilities = job.connector.capabilities
        self._access = job.mapper.access_targets

    def note(self, step: Step) -> Outcome:
        """Return the outcome of a step that sends nothing; a match is linked all the same."""
        if step.action == "fail":
            return Outcome(status="failure", reason=step.reason)
        link = self._linked(step, step.target_id or "") if step.wanted else None
        status: Status = "success" if step.action == "link" else "skipped"
        return Outcome(status=status, reason=step.reason, link=link)

    def send(self, step: Step) -> Outcome:
        """Send the step's request; an error is part of the outcome.

        Raises: AlreadyRunning, StateUnavailable where the right to write is lost; then nothing has
        left since.
        """
        ids: list[str] = []
        with self._job.connector.write_ids_heard_by(ids.append):
            outcome = self._sent(step)
        known = outcome.request_id or next(reversed(ids), "")
        return outcome if known == outcome.request_id else replace(outcome, request_id=known)

    def _sent(self, step: Step) -> Outcome:
        try:
            if step.action == "create":
                return self._create(step)
            return self._remove(step) if step.action in REMOVALS else self._patch(step)
        except (AlreadyRunning, StateUnavailable):
            raise
        except ProvisioningError as error:
            return self._failed(error, step)
        except ValidationError as error:
            return self._failed(_misshapen(error), step)

    def _failed(self, error: ProvisioningError, step: Step) -> Outcome:
        """Return a failure. An account that is known by now is linked, whatever became of it."""
        is_open = isinstance(error, InDoubt) or (
            error.may_have_acted and not isinstance(error, REFUSALS)
        )
        return Outcome(
            status="in_doubt" if is_open else "failure",
            reason=str(error),
            code=code_of(error),
            link=self._matched(step),
            request_id=error.request_id if isinstance(error, ConnectorError) else "",
            stop=error if isinstance(error, ENDING) else None,
            error=error,
        )

    def _matched(self, step: Step) -> Link | None:
        """Return the link of a match that this very step made known; None for all others."""
        is_known = self._ownership.link_of(step.source_id) is not None
        if step.action == "create" or not step.target_id or is_known or step.takes_over:
            return None
        return replace(self._linked(step, step.target_id), wanted="", may_be=step.user_name)

    def _create(self, step: Step) -> Outcome:
        try:
            user = self._job.connector.create_user(user_of(step.attributes))
        except ConnectorError as error:
            if isinstance(error, InDoubt | AlreadyExists) or error.may_have_acted:
                return self._find_after(error, step)
            raise
        stayed = differences(step.attributes, user, self._capabilities)
        link = self._linked(step, user.id or "", kept=kept_of(stayed), user=user)
        return self._done(step, link, stayed, step.written)

    def _find_after(self, error: ConnectorError, step: Step) -> Outcome:
        """Look for the account that a lost answer, or a conflict, says there may be."""
        is_conflict = isinstance(error, AlreadyExists) and not error.may_have_acted
        try:
            found = self._match(step)
        except ConnectorError:
            if not is_conflict:  # it stays in doubt, whatever the look met
                return replace(self._failed(error, step), status="in_doubt")
            raise
        if found is None and is_conflict:
            return replace(
                self._failed(error, step),
                reason=f"{error}; no user with this {self._job.matched_by} is visible to us: the "
                "account may be deleted, or belong to another organization. Ask the vendor to "
                "release it",
            )
        if found is None:
            return replace(self._failed(error, step), status="in_doubt", is_unseen=True)
        if is_conflict and (refusal := self._refusal(found, step)):
            return replace(self._failed(error, step), reason=refusal)
        return self._found(error, step, found)

    def _found(self, error: ConnectorError, step: Step, found: User) -> Outcome:
        """Link the account that was found. Without a fingerprint: the next look compares all."""
        link = replace(self._linked(step, found.id or "", user=found), wanted="")
        known = Outcome(status="success", reason="", link=link, target_id=found.id)
        by = f"the account was found by {self._job.matched_by} and linked"
        if isinstance(error, InDoubt):
            return replace(known, reason=f"no answer said that it was made; {by}")
        if isinstance(error, AlreadyExists) and not error.may_have_acted:
            return replace(known, action="link", reason=f"the vendor had it already; {by}")
        reason = f"the account was made and linked, and not all of it was done: {error}"
        failed = replace(self._failed(error, step), status="failure", reason=reason)
        return replace(failed, link=link, target_id=found.id)

    def _match(self, step: Step) -> User | None:
        """Return whom the matching attributes of a new user find; None where they find nobody.

        Raises: AmbiguousMatch where they find two.
        """
        values = ((path, step.attributes.get(path)) for path in self._job.match_on)
        return self._job.find(MatchKey(p, str(v)) for p, v in values if v not in (None, ""))

    def _refusal(self, found: User, step: Step) -> str:
        if owner := self._ownership.owner_of(found.id, but=step.source_id):
            return f"the account {found.id} belongs to the source object {owner}"
        if job := self._tenancy.other_owner_of(found):
            return f"the account {found.id} belongs to the job {job} of the same connection"
        if not self._job.adopt:
            return "the vendor has this user already, and adopt = false forbids to link it"
        return ""

    def _patch(self, step: Step) -> Outcome:
        target_id = UserId(step.target_id or "")
        applied = self._job.connector.patch_user(target_id, changes_of(step.changes))
        stayed = tuple(AttributeChange(d.path, d.kept, d.wanted) for d in applied.not_taken)
        return self._done(step, self._patched(step, applied, stayed), stayed, step.changes)

    def _remove(self, step: Step) -> Outcome:
        """Take access or account away, once it was seen that it is the linked one's."""
        before = self._ownership.link_of(step.source_id)
        found = self._removing.find(step, before)
        if isinstance(found, Unremoved):
            return self._unremoved(step, found, before)
        if owner := self._ownership.owner_of(found.id, but=step.source_id):
            reason = f"the account {found.id} is the source object {owner}'s"
            if found.id != step.target_id:  # by name alone: the leaver's own one is not shown
                unseen = f"the account {step.target_id} is not shown, and {reason}"
                return self._unremoved(step, Unremoved("warning", NOT_SEEN, unseen), before)
            reason = f"{step.reason}; {reason}"
            return Outcome(status="failure", reason=reason, code="DuplicateSourceEntries")
        step = replace(step, target_id=found.id, seen_as=found.userName or "")
        if step.action == "disable":
            return self._patch(step)
        return self._delete(step, self._disabled(step, found))

    def _disabled(self, step: Step, found: User) -> Link | None:
        """Disable before deleting; return the link of an account that is off now."""
        if not step.changes or found.active is False:
            return None
        try:
            outcome = self._patch(replace(step, action="disable", wanted=OFF))
        except STOPPING:
            raise
        except ConnectorError:
            return None  # the deletion takes the access all the same
        return outcome.link if outcome.status in SUCCEEDED else None

    def _delete(self, step: Step, disabled: Link | None) -> Outcome:
        """Delete for good; an account whose deletion is refused stays as it was left: disabled."""
        try:
            self._job.connector.delete_user(UserId(step.target_id or ""))
        except ConnectorError as error:
            if isinstance(error, InDoubt) and self._is_gone(step):
                reason = f"{step.reason}; no answer said that it was done, and it was"
                return Outcome(status="success", reason=reason, is_unlinked=True)
            failed = self._failed(error, step)
            if disabled is None and isinstance(error, NotDeleted) and error.is_on is False:
                disabled = self._linked(replace(step, action="disable", wanted=OFF), error.user_id)
            if disabled is None:
                return failed
            reason = f"{step.reason}; disabled, and not deleted: {error}"
            return replace(failed, reason=reason, link=disabled)
        return Outcome(status="success", reason=step.reason, is_unlinked=True)

    def _is_gone(self, step: Step) -> bool:
        """Say whether a look shows that an account is not there any more after a deletion."""
        try:
            found = self._job.connector.get_user(UserId(step.target_id or ""))
        except ConnectorError:
            return False
        return isinstance(found, NotFound)

    def _unremoved(self, step: Step, found: Unremoved, before: Link | None) -> Outcome:
        """Return how a removal ended that was not sent; an account that is not seen stays open."""
        link = None
        since = before.missing_since if before and found.code == NOT_SEEN else None
        if step.action == "delete" and since and self._now - since >= _GONE_AFTER:
            reason = f"{step.reason}; the account has not been seen since {since:%Y-%m-%d}"
            return Outcome(status="success", reason=reason, is_unlinked=True)
        if found.code == NOT_SEEN and before is not None:
            wanted = "" if before.may_be_on else OFF
            link = replace(before, missing_since=before.missing_since or self._now, wanted=wanted)
        reason = f"{step.reason}; {found.reason}"
        return Outcome(status=found.status, reason=reason, code=found.code, link=link)

    def _patched(self, step: Step, applied: Applied, stayed: tuple[AttributeChange, ...]) -> Link:
        before = self._ownership.link_of(step.source_id)
        changed = {change.path for change in step.changes}
        old = {p: v for p, v in (before.kept if before else {}).items() if p not in changed}
        kept = {**old, **kept_of(stayed)}
        return self._linked(step, applied.user_id, kept=kept, user=applied.user)

    def _done(
        self,
        step: Step,
        link: Link,
        stayed: tuple[AttributeChange, ...],
        changes: tuple[AttributeChange, ...],
    ) -> Outcome:
        """Return success; a warning where a reference waits, or the vendor kept other values."""
        odd = [c for c in stayed if not self._capabilities.attribute(c.path).rewrites]
        access = (*self._access, *(("active",) if step.takes_access else ()))
        kept_access = [c.path for c in odd if c.path in access]
        if (step.takes_access or step.action in {"disable", "enable"}) and kept_access:
            unchanged = ", ".join(kept_access)
            reason = f"{step.reason}; the vendor answered with success and kept {unchanged}"
            return Outcome(
                status="failure",
                reason=reason,
                code="NotApplied",
                link=self._matched(step),
                changes=changes,
            )
        reason = step.reason
        if odd:
            kept = ", ".join(map(self._kept, odd))
            reason = f"{reason}; the vendor kept other values: {kept}"
        in_part = odd or step.code == PENDING_REFERENCE
        status: Status = "warning" if in_part else "success"
        target_id = link.target_id
        return Outcome(
            status=status, reason=reason, link=link, target_id=target_id, changes=changes
        )

    def _kept(self, change: AttributeChange) -> str:
        """Return what the vendor kept, without the value where the log may not have it."""
        is_full = self._job.log_values == "full" and change.path not in self._job.mapper.redacted
        return f"{change.path} is {change.old!r}" if is_full else change.path

    def _linked(
        self,
        step: Step,
        target_id: str,
        *,
        kept: Mapping[str, list[Any]] | None = None,
        user: User | None = None,
    ) -> Link:
        """Return the person's link; `user` is what the vendor answered, and so how it is called."""
        before = self._ownership.link_of(step.source_id)
        if kept is None:
            kept = before.kept if before else {}
        is_on = step.action != "disable"
        owner = before
        if owner is None and not step.takes_over_job:
            owner = self._ownership.link_of(step.takes_over)
        if owner is not None and step.action == "skip":
            is_on = owner.is_on
        shown = (user.userName if user else "") or ""
        name = shown or step.seen_as or (before.user_name if before else "") or step.user_name
        is_as_before = before is not None and before.target_id == target_id
        return Link(
            source_id=step.source_id,
            target_id=target_id,
            user_name=name,
            match_value=step.match_value or (before.match_value if before else ""),
            may_be="" if shown or not _differs(name, step.user_name) else step.user_name,
            tenant=self._tenancy.tenant,
            is_on=is_on,
            wanted=step.wanted,
            kept=kept,
            linked_at=before.linked_at if before and is_as_before else None,
        )


def _differs(one: str, other: str) -> bool:
    return matching_form(one) != matching_form(other)


def _misshapen(error: ValidationError) -> RejectedUser:
    """Return what is wrong with a user that no vendor could be sent; values are not repeated."""
    problem = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(map(str, problem["loc"]))
    return RejectedUser(attribute=path, reason=f"the mapping gives another type: {problem['msg']}")
