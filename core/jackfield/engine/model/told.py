"""What people were told of a job last."""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

Topic: TypeAlias = Literal["quarantine", "removals"]


Kind: TypeAlias = Literal[
    "quarantine.entered",
    "quarantine.reason_changed",
    "quarantine.lifted",
    "job.disabled",
    "removals.held",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastTold:
    """What one channel delivered last on one topic of one job; the caller stores it.

    `job`, `channel` and `topic` together are its key.
    """

    job: str
    channel: str
    topic: Topic
    kind: Kind
    reason: str
    series: str
    at: dt.datetime
