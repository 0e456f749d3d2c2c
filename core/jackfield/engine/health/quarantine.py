"""When a job as a whole is unhealthy, and how much rarer it then runs.

Source: Microsoft Entra, "Application provisioning in quarantine status" (read 2026-11-20). Its
minima suit very large tenants; they are settings here, and the defaults are ours.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.engine.model.instants import due_at, since

QuarantineReason: TypeAlias = Literal[
    "EncounteredQuarantineException",
    "EncounteredEscrowProportionThreshold",
    "EncounteredBaseEscrowThreshold",
    "EncounteredTotalEscrowThreshold",
    "TooManyDeletes",
    "QuarantinedOnDemand",
]
"""Microsoft Graph's words: synchronizationQuarantine, "reason"."""

TOO_MANY_DELETES: QuarantineReason = "TooManyDeletes"
"""The reason that held removals are told as. It slows nothing: creates and updates go on."""

ON_DEMAND: QuarantineReason = "QuarantinedOnDemand"
"""The reason of a job that a person paused. Only a restart ends it."""

_DAY = dt.timedelta(days=1)
_ATTEMPTS = (dt.timedelta(hours=6), dt.timedelta(hours=12), _DAY)
_DISABLED_AFTER = dt.timedelta(days=28)


@dataclass(frozen=True, slots=True)
class QuarantineLimits:
    """What a job may fail at before it is quarantined.

    At least `failures` people, and either more than `percent` of all or more than `failures_alone`;
    or more than `failures_with_references` in all. Failures of references (a manager) count for the
    last limit alone.
    """

    failures: int = 50
    percent: float = 40.0
    failures_alone: int = 40_000
    failures_with_references: int = 60_000


@dataclass(frozen=True, slots=True)
class Health:
    """How many people a cycle failed, failed in a reference alone, and served."""

    failed: int
    references_failed: int
    succeeded: int


def next_attempt_at(began_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return the first attempt after `now` of a job that failed first at `began_at`.

    Attempts are due 6, 12 and 24 hours after the first failure, then every 24 hours. The clock
    alone decides: runs by hand in between neither hasten nor delay them. A first failure still to
    come was told by a clock that was ahead, and is taken for now.
    """
    began_at = since(began_at, now)
    for passed in _ATTEMPTS:
        if began_at + passed > now:
            return began_at + passed
    return began_at + _DAY * ((now - began_at) // _DAY + 1)


def due_again_at(stored: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return the next attempt as stored; now, where it is further off than any is ever put."""
    return due_at(stored, now, _DAY)


def is_over_at(began_at: dt.datetime, now: dt.datetime) -> bool:
    """Say whether 28 days have passed since the first failure: the job is then switched off."""
    return now - began_at >= _DISABLED_AFTER


def reason_for(health: Health, limits: QuarantineLimits) -> QuarantineReason | None:
    """Return why a job belongs in quarantine after such a cycle; None where it does not."""
    total = health.failed + health.succeeded
    if health.failed >= limits.failures:
        if total and 100.0 * health.failed / total > limits.percent:
            return "EncounteredEscrowProportionThreshold"
        if health.failed > limits.failures_alone:
            return "EncounteredBaseEscrowThreshold"
    if health.failed + health.references_failed > limits.failures_with_references:
        return "EncounteredTotalEscrowThreshold"
    return None
