"""Events of one made-up job, for the tests of notifications."""

import datetime as dt
from typing import Any

from support.clock import START

from jackfield.engine.model.told import LastTold
from jackfield.engine.notification.events import (
    Event,
    JobDisabled,
    QuarantineEntered,
    QuarantineLifted,
    RemovalsHeld,
)
from jackfield.engine.notification.notifier import Delivery, Notifier

REFUSED = "EncounteredQuarantineException"
TOO_MANY = "EncounteredEscrowProportionThreshold"
HOUR = dt.timedelta(hours=1)


def quarantined(reason: str = REFUSED, **changed: Any) -> QuarantineEntered:
    given = {
        "job": "calls",
        "at": START,
        "reason": reason,
        "error": "the vendor refuses the credentials",
        "series_began_at": START,
        "next_attempt_at": START + 6 * HOUR,
    }
    return QuarantineEntered(**(given | changed))


def disabled(**changed: Any) -> JobDisabled:
    given = {
        "job": "calls",
        "at": START,
        "reason": REFUSED,
        "error": "the vendor refuses the credentials",
        "series_began_at": START,
    }
    return JobDisabled(**(given | changed))


def healthy(job: str = "calls") -> QuarantineLifted:
    return QuarantineLifted(job=job, at=START)


def held(approval: str = "0123456789ab", **changed: Any) -> RemovalsHeld:
    given = {
        "job": "calls",
        "at": START,
        "reason": "40 of 50 people would lose access, more than 3 and more than 10 %",
        "count": 40,
        "approval": approval,
        "command": ("jackfield", "run", "calls", "--approve", approval),
        "people": tuple(f"p{number}@example.com" for number in range(40)),
    }
    return RemovalsHeld(**(given | changed))


class Memory:
    """Stores what was told, as the caller of a notifier does."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self.told: dict[tuple[str, str, str], LastTold] = {}

    def cycle(self, *events: Event) -> Delivery:
        delivery = self._notifier.deliver(events, self.told.values())
        self.told |= {(last.job, last.channel, last.topic): last for last in delivery.told}
        return delivery
