"""Talks to the vendor for one step, and says how that ended. What cannot be known is not claimed.

Nothing is stored here; any number of threads may share a `Sender`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from jackfield.engine.codes import PENDING_REFERENCE, STOPPING, code_of
from jackfield.engine.comparing import changes_of, differences, kept_of
from jackfield.engine.job import Job
from jackfield.engine.log import Status
from jackfield.engine.mapping import user_of
from jackfield.engine.plan import AttributeChange, Step
from jackfield.engine.state.journal import Link
from jackfield.errors import (
    AlreadyExists,
    ConnectorError,
    InDoubt,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    UnknownUser,
)
from jackfield.resources import Applied, MatchKey, NotFound, User, UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a step ended. `stop` is set where the cycle cannot go on."""

    status: Status
    reason: str
    code: str = ""
    target_id: str | None = None
    link: Link | None = None
    changes: tuple[AttributeChange, ...] = ()
    request_id: str = ""
    stop: ProvisioningError | None = None
    is_unlinked: bool = False


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

    def __init__(self, job: Job, ownership: Ownership) -> None:
        self._job = job
        self._ownership = ownership
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
        """Send the step's request; an error is part of the outcome."""
        try:
            if step.action == "create":
                return self._create(step)
            if step.action == "delete":
                self._job.connector.delete_user(UserId(step.target_id or ""))
                return Outcome(status="success", reason=step.reason, is_unlinked=True)
            return self._patch(step)
        except InDoubt as error:
            return self._failed(error, "in_doubt")
        except ProvisioningError as error:
            return self._failed(error, "failure")
        except ValidationError as error:
            return self._failed(_misshapen(error), "failure")

    def _failed(self, error: ProvisioningError, status: Status) -> Outcome:
        if isinstance(error, PluginFault) and error.may_have_acted:
            status = "in_doubt"
        request_id = error.request_id if isinstance(error, ConnectorError) else ""
        return Outcome(
            status=status,
            reason=str(error),
            code=code_of(error),
            request_id=request_id,
            stop=error if isinstance(error, STOPPING) else None,
        )

    def _create(self, step: Step) -> Outcome:
        try:
            user = self._job.connector.create_user(user_of(step.attributes))
        except (InDoubt, AlreadyExists) as error:
            return self._find_after(error, step)
        stayed = differences(step.attributes, user, self._capabilities)
        link = self._linked(step, user.id or "", kept=kept_of(stayed))
        return self._done(step, link, stayed, step.written)

    def _find_after(self, error: InDoubt | AlreadyExists, step: Step) -> Outcome:
        """Look for the account that a lost answer, or a conflict, says there may be."""
        matching = self._job.matching
        try:
            found = self._job.connector.get_user(MatchKey(matching, str(step.attributes[matching])))
        except ConnectorError:
            if isinstance(error, InDoubt):  # it stays so, whatever the look met
                return self._failed(error, "in_doubt")
            raise
        if isinstance(found, NotFound):
            if isinstance(error, InDoubt):
                return self._failed(error, "in_doubt")
            return replace(
                self._failed(error, "failure"),
                reason=f"{error}; no user with this {matching} is visible to us: the account may "
                "be deleted, or belong to another organization. Ask the vendor to release it",
            )
        if isinstance(error, AlreadyExists) and (refusal := self._refusal(found, step)):
            return replace(self._failed(error, "failure"), reason=refusal)
        how = "no answer said that it was made"
        if isinstance(error, AlreadyExists):
            how = "the vendor had it already"
        # Without a fingerprint: the next look compares every attribute.
        link = replace(self._linked(step, found.id or ""), wanted="")
        reason = f"{how}; the account was found by {matching} and linked"
        return Outcome(status="success", reason=reason, link=link, target_id=found.id)

    def _refusal(self, found: User, step: Step) -> str:
        if owner := self._ownership.owner_of(found.id, but=step.source_id):
            return f"the account {found.id} belongs to the source object {owner}"
        if not self._job.adopt:
            return "the vendor has this user already, and adopt = false forbids to link it"
        return ""

    def _patch(self, step: Step) -> Outcome:
        target_id = UserId(step.target_id or "")
        try:
            applied = self._job.connector.patch_user(target_id, changes_of(step.changes))
        except UnknownUser:
            if step.action != "disable":
                raise
            return self._disable_by_name(step)
        stayed = tuple(AttributeChange(d.path, d.kept, d.wanted) for d in applied.not_taken)
        return self._done(step, self._patched(step, applied, stayed), stayed, step.changes)

    def _disable_by_name(self, step: Step) -> Outcome:
        """Disable a leaver whose linked id is gone: the name may live on under another id.

        An error of the look-up is a failure: nobody is called gone who was not looked for.
        """
        found = self._job.connector.get_user(MatchKey(self._job.matching, step.user_name))
        if isinstance(found, NotFound) or self._refusal(found, step):
            link = self._linked(step, step.target_id or "")
            reason = f"{step.reason}; the vendor has no such user any more"
            return Outcome(status="success", reason=reason, link=link)
        if self._job.on_missing_target != "rematch":
            reason = f"the linked account {step.target_id} is gone, and {found.id} has the name"
            reason = f"{reason}: disable that one at the vendor, or remove the link"
            raise UnknownUser(reason, user_id=step.target_id or "")
        again = UserId(found.id or "")
        applied = self._job.connector.patch_user(again, changes_of(step.changes))
        stayed = tuple(AttributeChange(d.path, d.kept, d.wanted) for d in applied.not_taken)
        return self._done(step, self._patched(step, applied, stayed), stayed, step.changes)

    def _patched(self, step: Step, applied: Applied, stayed: tuple[AttributeChange, ...]) -> Link:
        before = self._ownership.link_of(step.source_id)
        changed = {change.path for change in step.changes}
        old = {p: v for p, v in (before.kept if before else {}).items() if p not in changed}
        return self._linked(step, applied.user_id, kept={**old, **kept_of(stayed)})

    def _done(
        self,
        step: Step,
        link: Link,
        stayed: tuple[AttributeChange, ...],
        changes: tuple[AttributeChange, ...],
    ) -> Outcome:
        """Return success; a warning where a reference waits, or the vendor kept other values."""
        odd = [c for c in stayed if not self._capabilities.attribute(c.path).rewrites]
        kept_access = [c.path for c in odd if c.path in self._access]
        if step.action in {"disable", "enable"} and kept_access:
            unchanged = ", ".join(kept_access)
            reason = f"{step.reason}; the vendor answered with success and kept {unchanged}"
            return Outcome(status="failure", reason=reason, code="NotApplied", changes=changes)
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
        self, step: Step, target_id: str, kept: Mapping[str, list[Any]] | None = None
    ) -> Link:
        before = self._ownership.link_of(step.source_id)
        if kept is None:
            kept = before.kept if before else {}
        is_on = step.action != "disable"
        owner = before or self._ownership.link_of(step.takes_over)
        if owner is not None and step.action == "skip":
            is_on = owner.is_on
        is_as_before = before is not None and before.target_id == target_id
        return Link(
            source_id=step.source_id,
            target_id=target_id,
            user_name=step.user_name,
            is_on=is_on,
            wanted=step.wanted,
            kept=kept,
            linked_at=before.linked_at if before and is_as_before else None,
        )


def _misshapen(error: ValidationError) -> RejectedUser:
    """Return what is wrong with a user that no vendor could be sent; values are not repeated."""
    problem = error.errors(include_input=False, include_url=False)[0]
    path = ".".join(map(str, problem["loc"]))
    return RejectedUser(attribute=path, reason=f"the mapping gives another type: {problem['msg']}")
