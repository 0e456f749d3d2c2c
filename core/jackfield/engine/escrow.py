"""When a person who failed is tried again: a clock of its own for each, apart from the job's.

Source: Microsoft Entra, "How application provisioning works" and the error table of "Analyze
provisioning logs" (read 2026-11-20): the next cycle, then gradually scaled back. The exact schedule
is ours: 40 minutes, doubling to a day, dropped after 28 days.
"""

import datetime as dt
import random
from dataclasses import dataclass, replace

_FIRST = dt.timedelta(minutes=40)
_LONGEST = dt.timedelta(hours=24)
_GIVEN_UP_AFTER = dt.timedelta(days=28)
_MOST_DOUBLINGS = 6
_JITTER = 0.1
"""So that a thousand people who failed together do not come back together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrow:
    """One person held for another attempt. Instants are aware UTC.

    `is_reference`: only a reference (a manager) failed; the account itself is well.
    """

    source_id: str
    action: str
    code: str
    reason: str
    attempts: int
    first_failed_at: dt.datetime
    next_attempt_at: dt.datetime
    is_reference: bool = False

    def is_due(self, now: dt.datetime) -> bool:
        return now >= self.next_attempt_at

    def is_given_up(self, now: dt.datetime) -> bool:
        """Say whether 28 days have passed since the first failure."""
        return now - self.first_failed_at >= _GIVEN_UP_AFTER


def first_escrow(
    source_id: str, action: str, code: str, reason: str, *, now: dt.datetime
) -> Escrow:
    """Return the escrow of a first failure: due at the next cycle."""
    return Escrow(
        source_id=source_id,
        action=action,
        code=code,
        reason=reason,
        attempts=1,
        first_failed_at=now,
        next_attempt_at=now + _FIRST,
    )


def failed_again(
    escrow: Escrow, code: str, reason: str, *, now: dt.datetime, randomness: random.Random
) -> Escrow:
    """Return the escrow of one failure more: twice the pause, up to a day, with jitter."""
    pause = min(_LONGEST, _FIRST * 2 ** min(escrow.attempts, _MOST_DOUBLINGS))
    spread = 1 + randomness.uniform(-_JITTER, _JITTER)
    return replace(
        escrow,
        code=code,
        reason=reason,
        attempts=escrow.attempts + 1,
        next_attempt_at=now + pause * spread,
    )
