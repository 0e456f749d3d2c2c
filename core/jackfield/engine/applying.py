"""Carries out one step: intent, request, outcome. What cannot be known is not claimed."""

import datetime as dt
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

from jackfield.engine.codes import CODES, STOPPING
from jackfield.engine.comparing import changes_of, differences, kept_of
from jackfield.engine.crash_points import CrashPoints
from jackfield.engine.escrow import failed_again, first_escrow
from jackfield.engine.expressions import REDACTED
from jackfield.engine.job import Job
from jackfield.engine.log import Entry, Status
from jackfield.engine.mapping import user_of
from jackfield.engine.plan import AttributeChange, Step
from jackfield.engine.state.escrows import Escrow
from jackfield.engine.store import Link, Store
from jackfield.errors import (
    AlreadyExists,
    ConnectorError,
    InDoubt,
    PluginFault,
    ProvisioningError,
    UnknownUser,
    VendorBroken,
)
from jackfield.resources import Applied, MatchKey, NotFound, User, UserId
from jackfield.sources import SourceObject

MOST_TROUBLES = 5
"""So many failures of a broken vendor in a row, and nobody else is tried in this cycle."""

_ANYBODY = SourceObject("", {}, "")


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


@dataclass(slots=True)
class Applier:
    """Applies the steps of one cycle of one job; any number of threads may share it.

    `token` is the number of the run's lease: a run that was replaced can store nothing, and so
    sends nothing. `escrows` are those who failed before, `wanted` the fingerprint of each person.
    """

    job: Job
    store: Store
    cycle_id: str
    links: dict[str, Link]
    token: int | None = None
    escrows: Mapping[str, Escrow] = field(default_factory=dict)
    wanted: Mapping[str, str] = field(default_factory=dict)
    crash_points: CrashPoints = field(default_factory=CrashPoints)
    entries: list[Entry] = field(default_factory=list)
    randomness: random.Random = field(default_factory=random.Random, repr=False)
    _troubles: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    def apply(self, step: Step) -> Outcome:
        """Do what the step says and log it; only a stopping error ends more than this step."""
        began = time.monotonic()
        if not step.is_write:
            outcome = self._note(step)
            change_id = f"{self.cycle_id}:{step.source_id}:{step.action}"
        else:
            self.crash_points.reach("before-intent")
            change_id = self.store.record_intent(
                self.job.name, self.cycle_id, step, token=self.token
            )
            self.crash_points.reach("after-intent")
            outcome = self._write(step)
            if self._is_trouble(outcome) and outcome.stop is None:
                outcome = replace(
                    outcome, stop=VendorBroken(f"the vendor is down: {outcome.reason}")
                )
            self.crash_points.reach("after-answer")
        self._record(change_id, step, outcome, time.monotonic() - began)
        self.crash_points.reach("after-outcome")
        return outcome

    def hold(self, step: Step, reason: str) -> None:
        """Log a removal that waits for approval."""
        change_id = f"{self.cycle_id}:{step.source_id}:held"
        outcome = Outcome(status="held", reason=f"{step.reason}; held: {reason}", code="Held")
        self._record(change_id, step, outcome, 0.0)

    def _record(self, change_id: str, step: Step, outcome: Outcome, seconds: float) -> None:
        outcome = self._of_one_owner(step, outcome)
        entry = Entry(
            change_id=change_id,
            cycle_id=self.cycle_id,
            job=self.job.name,
            at=dt.datetime.now(dt.UTC),
            action=step.action,
            status=outcome.status,
            source_id=step.source_id,
            user_name=step.user_name,
            place=step.place,
            reason=outcome.reason,
            code=outcome.code or step.code,
            target_id=outcome.target_id or step.target_id,
            changes=self._shown(outcome.changes or step.changes),
            request_id=outcome.request_id,
            duration_seconds=seconds,
        )
        escrow = self._escrow(step, entry) if outcome.stop is None else None
        self.store.record([entry], outcome.link, escrow=escrow, token=self.token)
        if outcome.is_unlinked:
            self.store.unlink(self.job.name, step.source_id, token=self.token)
        with self._lock:
            self.entries.append(entry)
            if outcome.link is not None:
                self.links[step.source_id] = outcome.link
            if outcome.is_unlinked:
                self.links.pop(step.source_id, None)

    def _of_one_owner(self, step: Step, outcome: Outcome) -> Outcome:
        """Refuse a link to an account that another person is linked to: vendors reuse ids."""
        if outcome.link is None or not (owner := self._owner(outcome.link.target_id, step)):
            return outcome
        reason = (
            f"the account {outcome.link.target_id} belongs to the source object {owner}; where the "
            "account of that one was deleted at the vendor, remove its link"
        )
        code = "DuplicateSourceEntries"
        return replace(outcome, status="failure", code=code, reason=reason, link=None)

    def _owner(self, target_id: str | None, step: Step) -> str:
        """Return the source object that another person's account belongs to; else nothing."""
        with self._lock:
            found = (k for k, link in self.links.items() if link.target_id == target_id)
            return next((k for k in found if k != step.source_id), "")

    def _is_trouble(self, outcome: Outcome) -> bool:
        """Say whether so many writes in a row met a broken vendor that the cycle should end."""
        is_broken = outcome.code in {CODES[VendorBroken], CODES[InDoubt]}
        with self._lock:
            self._troubles = self._troubles + 1 if is_broken else 0
            return self._troubles >= MOST_TROUBLES

    def _escrow(self, step: Step, entry: Entry) -> Escrow | None:
        """Return when a person who failed is tried again; None for everybody else."""
        if entry.status not in {"failure", "in_doubt"}:
            return None
        before = self.escrows.get(step.source_id)
        wanted = self.wanted.get(step.source_id, "")
        if before is None or before.wanted != wanted:
            return first_escrow(step, entry.code, entry.reason, wanted=wanted, now=entry.at)
        return failed_again(
            before, entry.code, entry.reason, now=entry.at, randomness=self.randomness
        )

    def _shown(self, changes: tuple[AttributeChange, ...]) -> tuple[AttributeChange, ...]:
        """Return the changes as the log may show them."""
        hidden = self.job.mapper.redacted
        return tuple(
            AttributeChange(c.path, c.old and REDACTED, c.new and REDACTED)
            if c.path in hidden
            else c
            for c in changes
        )

    def _note(self, step: Step) -> Outcome:
        """Return the outcome of a step that sends nothing; a match is linked all the same."""
        if step.action == "fail":
            return Outcome(status="failure", reason=step.reason)
        link = self._linked(step, step.target_id or "") if step.wanted else None
        status: Status = "success" if step.action == "link" else "skipped"
        return Outcome(status=status, reason=step.reason, link=link)

    def _write(self, step: Step) -> Outcome:
        try:
            if step.action == "create":
                return self._create(step)
            if step.action == "delete":
                self.job.connector.delete_user(UserId(step.target_id or ""))
                return Outcome(status="success", reason=step.reason, is_unlinked=True)
            return self._patch(step)
        except InDoubt as error:
            return self._failed(error, "in_doubt")
        except ProvisioningError as error:
            return self._failed(error, "failure")

    def _failed(self, error: ProvisioningError, status: Status) -> Outcome:
        if isinstance(error, PluginFault) and error.may_have_acted:
            status = "in_doubt"
        request_id = error.request_id if isinstance(error, ConnectorError) else ""
        return Outcome(
            status=status,
            reason=str(error),
            code=CODES.get(type(error), type(error).__name__),
            request_id=request_id,
            stop=error if isinstance(error, STOPPING) else None,
        )

    def _create(self, step: Step) -> Outcome:
        try:
            user = self.job.connector.create_user(user_of(step.attributes))
        except (InDoubt, AlreadyExists) as error:
            return self._find_after(error, step)
        stayed = differences(step.attributes, user, self.job.connector.capabilities)
        link = self._linked(step, user.id or "", kept=kept_of(stayed))
        created = tuple(AttributeChange(p, None, v) for p, v in step.attributes.items())
        return self._done(step, link, stayed, created)

    def _find_after(self, error: InDoubt | AlreadyExists, step: Step) -> Outcome:
        """Look for the account that a lost answer, or a conflict, says there may be."""
        matching = self.job.matching
        try:
            found = self.job.connector.get_user(MatchKey(matching, str(step.attributes[matching])))
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
        how = "its answer was lost" if isinstance(error, InDoubt) else "the vendor had it already"
        # Without a fingerprint: the next look compares every attribute.
        link = replace(self._linked(step, found.id or ""), wanted="")
        reason = f"{how}; the account was found by {matching} and linked"
        return Outcome(status="success", reason=reason, link=link, target_id=found.id)

    def _refusal(self, found: User, step: Step) -> str:
        if owner := self._owner(found.id, step):
            return f"the account {found.id} belongs to the source object {owner}"
        if not self.job.adopt:
            return "the vendor has this user already, and adopt = false forbids to link it"
        return ""

    def _patch(self, step: Step) -> Outcome:
        target_id = UserId(step.target_id or "")
        try:
            applied = self.job.connector.patch_user(target_id, changes_of(step.changes))
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
        found = self.job.connector.get_user(MatchKey(self.job.matching, step.user_name))
        if isinstance(found, NotFound) or self._refusal(found, step):
            link = self._linked(step, step.target_id or "")
            reason = f"{step.reason}; the vendor has no such user any more"
            return Outcome(status="success", reason=reason, link=link)
        again = UserId(found.id or "")
        applied = self.job.connector.patch_user(again, changes_of(step.changes))
        stayed = tuple(AttributeChange(d.path, d.kept, d.wanted) for d in applied.not_taken)
        return self._done(step, self._patched(step, applied, stayed), stayed, step.changes)

    def _patched(self, step: Step, applied: Applied, stayed: tuple[AttributeChange, ...]) -> Link:
        before = self.links.get(step.source_id)
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
        """Return success; a warning where the vendor kept values that nobody expected."""
        capabilities = self.job.connector.capabilities
        odd = [c for c in stayed if not capabilities.attribute(c.path).rewrites]
        access = {path for pair in self.job.mapper.access(_ANYBODY) for path in pair}
        kept_access = [c.path for c in odd if c.path in access]
        if step.action in {"disable", "enable"} and kept_access:
            unchanged = ", ".join(kept_access)
            reason = f"{step.reason}; the vendor answered with success and kept {unchanged}"
            return Outcome(status="failure", reason=reason, code="NotApplied", changes=changes)
        reason = step.reason
        if odd:
            kept = ", ".join(f"{c.path} is {c.old!r}" for c in odd)
            reason = f"{reason}; the vendor kept other values: {kept}"
        status: Status = "warning" if odd else "success"
        target_id = link.target_id
        return Outcome(
            status=status, reason=reason, link=link, target_id=target_id, changes=changes
        )

    def _linked(
        self, step: Step, target_id: str, kept: Mapping[str, list[Any]] | None = None
    ) -> Link:
        before = self.links.get(step.source_id)
        if kept is None:
            kept = before.kept if before else {}
        is_on = step.action != "disable"
        if before is not None and step.action == "skip":
            is_on = before.is_on
        return Link(
            source_id=step.source_id,
            target_id=target_id,
            user_name=step.user_name,
            is_on=is_on,
            wanted=step.wanted,
            kept=kept,
        )
