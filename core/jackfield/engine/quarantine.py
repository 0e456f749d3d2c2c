"""When a job as a whole is unhealthy, and how much rarer it then runs.

Source: Microsoft Entra, "Application provisioning in quarantine status" (read 2026-11-20). Its
minima suit very large tenants; they are settings here, and the defaults are ours.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

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

_ATTEMPTS = (dt.timedelta(hours=6), dt.timedelta(hours=12), dt.timedelta(hours=24))
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


MICROSOFT_LIMITS = QuarantineLimits(failures=5_000)


@dataclass(frozen=True, slots=True)
class Health:
    """How many people a cycle failed, failed in a reference alone, and served."""

    failed: int
    references_failed: int
    succeeded: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The state of an unhealthy job; instants are aware UTC.

    `attempts` counts the cycles since `began_at` that did not heal it.
    """

    reason: QuarantineReason
    error: str
    began_at: dt.datetime
    attempts: int = 0

    @property
    def next_attempt_at(self) -> dt.datetime:
        """6, 12 and 24 hours after the first failure, then every 24 hours."""
        if self.attempts < len(_ATTEMPTS):
            return self.began_at + _ATTEMPTS[self.attempts]
        days = self.attempts - len(_ATTEMPTS) + 2
        return self.began_at + dt.timedelta(days=days)

    def is_over_at(self, now: dt.datetime) -> bool:
        """Say whether 28 days have passed: the job is then switched off."""
        return now - self.began_at >= _DISABLED_AFTER


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
