"""Keeps a job's health: into quarantine, out of it, and who is held."""

import datetime as dt
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import NamedTuple, cast

from jackfield.engine.health.quarantine import (
    ON_DEMAND,
    Health,
    QuarantineLimits,
    QuarantineReason,
    is_over_at,
    next_attempt_at,
    reason_for,
)
from jackfield.engine.model.codes import CODES
from jackfield.engine.model.entry import FAILED, SUCCEEDED, Entry
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.hold import Hold, StagedRemoval
from jackfield.engine.model.instants import since
from jackfield.engine.model.job_state import Quarantine
from jackfield.engine.model.plan import WRITES
from jackfield.engine.state.store import Store
from jackfield.errors import CredentialsRefused, NotAllowed, ProvisioningError, VendorBroken

_FEWEST_FORBIDDEN = 3
_SOON = dt.timedelta(minutes=40)
_SOON_UNTIL = dt.timedelta(hours=6)


class Diagnosis(NamedTuple):
    """Why a job belongs in quarantine, in a word and a sentence.

    `is_passing`: the vendor is down, so the next attempts come sooner than others would.
    """

    reason: QuarantineReason
    error: str
    is_passing: bool = False


def diagnose(
    entries: Collection[Entry],
    stopped: ProvisioningError | None,
    limits: QuarantineLimits,
    before: Mapping[str, Escrow] = MappingProxyType({}),
    references: frozenset[str] = frozenset(),
) -> Diagnosis | None:
    """Return why a job belongs in quarantine after such a cycle; None where it does not.

    `before` are those who had failed before it, `references` the target paths that name other
    people: an update that failed at them alone is a failure of a reference.
    """
    if isinstance(stopped, CredentialsRefused | VendorBroken):
        is_down = isinstance(stopped, VendorBroken) and stopped.is_down
        return Diagnosis("EncounteredQuarantineException", str(stopped), is_passing=is_down)
    if forbidden := _forbidden(entries, before):
        said = (
            f"the vendor forbids every change of {len(forbidden)} accounts: {forbidden[0].reason}"
        )
        return Diagnosis("EncounteredQuarantineException", said)
    failed = [entry for entry in entries if entry.status in FAILED]
    succeeded = sum(entry.status in SUCCEEDED for entry in entries)
    in_references = sum(_is_of_references(entry, references) for entry in failed)
    reason = reason_for(Health(len(failed) - in_references, in_references, succeeded), limits)
    told = f"{len(failed)} of {len(failed) + succeeded} people failed"
    return None if reason is None else Diagnosis(reason, told)


def _is_of_references(entry: Entry, references: frozenset[str]) -> bool:
    paths = {change.path for change in entry.changes}
    return entry.action == "update" and bool(paths) and paths <= references


def _forbidden(entries: Collection[Entry], before: Mapping[str, Escrow]) -> list[Entry]:
    """Return the refusals that show a right to be missing; none where anything was done.

    A single one may be about a protected account, an administrator's at the vendor, and so may
    those of people who were refused before; a creation may want a licence. All that is these
    people's failure, and keeps nobody else waiting.
    """
    code = CODES[NotAllowed]
    if any(entry.action in WRITES and entry.status in SUCCEEDED for entry in entries):
        return []
    refused = [e for e in entries if e.action in WRITES - {"create"} and e.code == code]
    known = {source_id for source_id, escrow in before.items() if escrow.code == code}
    fresh = [entry for entry in refused if entry.source_id not in known]
    return fresh if len(fresh) >= _FEWEST_FORBIDDEN else []


def keep_health(
    store: Store,
    job: str,
    found: Diagnosis | None,
    *,
    now: dt.datetime,
    is_proven: bool = False,
) -> None:
    """Store what a cycle says of its job: a quarantine that goes on counts its attempts.

    Only a proof that things work again lifts it; a job that is given up forgets its escrows. A
    vendor that is down is tried again at the usual interval for six hours. A job that a person
    paused stays as it is.
    """
    before = store.jobs.get(job)
    if before.quarantine is not None and before.quarantine.reason == ON_DEMAND:
        return
    if is_proven and before.status != "active":
        store.jobs.lift(job)
        return
    if found is None and before.quarantine is not None:  # nothing was shown, so it goes on
        reason = cast("QuarantineReason", before.quarantine.reason)
        found = Diagnosis(reason, before.quarantine.error)
    if found is None:
        return
    began_at, failed_attempts = now, 0
    if before.quarantine is not None:
        began_at = since(before.quarantine.series_began_at, now)
        failed_attempts = before.quarantine.series_count + 1
    due = next_attempt_at(began_at, now)
    if found.is_passing and now - began_at < _SOON_UNTIL:
        due = min(due, now + _SOON)
    stored = Quarantine(
        reason=found.reason,
        error=found.error,
        began_at=now if before.quarantine is None else since(before.quarantine.began_at, now),
        series_began_at=began_at,
        series_count=failed_attempts,
        next_attempt_at=due,
    )
    is_disabled = is_over_at(began_at, now)
    store.jobs.quarantine(job, stored, is_disabled=is_disabled)
    if is_disabled:
        store.jobs.restart(job, ["escrows"])


def pause(store: Store, job: str, by: str, *, why: str = "", now: dt.datetime) -> None:
    """Let no schedule run the job any more until somebody restarts it; a cycle under way goes on.

    A quarantine that it was in is forgotten for this.
    """
    stored = Quarantine(
        reason=ON_DEMAND,
        error=f"paused by {by}" + (f": {why}" if why else ""),
        began_at=now,
        series_began_at=now,
        series_count=0,
        next_attempt_at=now,
    )
    store.jobs.quarantine(job, stored, is_disabled=True)


def stage(store: Store, job: str, hold: Hold | None, *, now: dt.datetime) -> None:
    """Store whom the guard holds; nobody ends the hold."""
    removals = [
        StagedRemoval(
            source_id=step.source_id,
            target_id=step.target_id or "",
            user_name=step.user_name,
            action=step.action,
            reason=step.reason,
            approval=hold.approval,
            staged_at=now,
            held_because=hold.reason,
        )
        for step in (hold.steps if hold else ())
        if hold is not None
    ]
    store.holds.stage(job, removals)
