"""When a person who failed is tried again: a clock of its own for each, apart from the job's.

Source: Microsoft Entra, "How application provisioning works" and the error table of "Analyze
provisioning logs" (read 2026-11-20): the next cycle, then gradually scaled back. The exact schedule
is ours: 40 minutes, doubling to a day, given up after 28 days.
"""

import datetime as dt
import random
from dataclasses import replace

from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.instants import due_at, since
from jackfield.engine.model.plan import Step

_FIRST = dt.timedelta(minutes=40)
_LONGEST = dt.timedelta(hours=24)
_GIVEN_UP_AFTER = dt.timedelta(days=28)
_MOST_DOUBLINGS = 6
_JITTER = 0.1
"""So that a thousand people who failed together do not come back together."""


def first_escrow(step: Step, code: str, reason: str, *, wanted: str, now: dt.datetime) -> Escrow:
    """Return the escrow of a first failure: due at the next cycle."""
    return Escrow(
        source_id=step.source_id,
        action=step.action,
        code=code,
        reason=reason,
        attempts=1,
        first_failed_at=now,
        next_attempt_at=now + _FIRST,
        wanted=wanted,
    )


def failed_again(
    escrow: Escrow, code: str, reason: str, *, now: dt.datetime, randomness: random.Random
) -> Escrow:
    """Return the escrow of one failure more: twice the pause, up to a day, with jitter."""
    pause = _pause_after(escrow.attempts + 1)
    spread = 1 + randomness.uniform(-_JITTER, _JITTER)
    return replace(
        escrow,
        code=code,
        reason=reason,
        attempts=escrow.attempts + 1,
        first_failed_at=since(escrow.first_failed_at, now),
        next_attempt_at=now + pause * spread,
    )


def _pause_after(attempts: int) -> dt.timedelta:
    doubled: dt.timedelta = _FIRST * 2 ** min(attempts - 1, _MOST_DOUBLINGS)
    return min(_LONGEST, doubled)


def next_attempt_at(escrow: Escrow, now: dt.datetime) -> dt.datetime:
    """Return when a person is tried again; now, where a clock that was ahead put it off."""
    return due_at(escrow.next_attempt_at, now, _pause_after(escrow.attempts) * (1 + _JITTER))


def pause_reason(escrow: Escrow, wanted: str, now: dt.datetime) -> str:
    """Return why a scheduled cycle leaves this person alone; empty where it may try again.

    A change of what is wanted makes an escrow due at once.
    """
    if wanted != escrow.wanted:
        return ""
    if now - escrow.first_failed_at >= _GIVEN_UP_AFTER:
        return f"given up after {escrow.attempts} attempts in 28 days: {escrow.reason}"
    due = next_attempt_at(escrow, now)
    if now >= due:
        return ""
    at = due.isoformat(" ", "minutes")
    return f"failed {escrow.attempts} times, tried again after {at}: {escrow.reason}"
