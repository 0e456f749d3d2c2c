"""What is remembered of a job between its cycles: watermark, configuration, quarantine.

Field names follow Microsoft Graph's `synchronizationStatus` and `synchronizationQuarantine`
(read 2026-11-20).
"""

import datetime as dt
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.engine.model.cycle import CycleSummary

JobStatus: TypeAlias = Literal["active", "quarantined", "disabled"]

RestartScope: TypeAlias = Literal["watermark", "escrows", "quarantine", "links"]
"""What a restart forgets. `links` is the dangerous one: everybody is matched anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """Why a job is slowed down, since when, and when it tries again.

    `began_at` is this quarantine's beginning; `series_began_at` and `series_count` tell of the
    attempts that failed one after another.
    """

    reason: str
    error: str
    began_at: dt.datetime
    series_began_at: dt.datetime
    series_count: int
    next_attempt_at: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """A job between its cycles. `configuration` is a fingerprint; empty strings mean never yet.

    `passed_holds` counts the holds that a person has let pass.
    """

    job: str
    watermark: str = ""
    configuration: str = ""
    status: JobStatus = "active"
    quarantine: Quarantine | None = None
    last_cycle: CycleSummary | None = None
    last_success: CycleSummary | None = None
    passed_holds: int = 0
