"""A person who failed, and when the next attempt is due."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Escrow:
    """One person whose step failed. `first_failed_at` stays until a step succeeds.

    `wanted` is the fingerprint of what was wanted then: when it changes, so may the outcome.
    """

    source_id: str
    action: str
    code: str
    reason: str
    attempts: int
    first_failed_at: dt.datetime
    next_attempt_at: dt.datetime
    wanted: str = ""
