"""A creation whose end nobody knows."""

import datetime as dt
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An account that a creation may have made for somebody who is not linked to it.

    `match_value` is what it would be found by, and `match_form` the form of that. `looks` counts
    the looks that were answered and found nobody, the last at `last_look_at`.
    """

    source_id: str
    match_form: str
    match_value: str
    user_name: str
    place: str
    tenant: str
    cycle_id: str
    began_at: dt.datetime
    looks: int = 0
    last_look_at: dt.datetime | None = None

    def looked(self, at: dt.datetime) -> "Doubt":
        """Return the doubt after one look more that found nobody."""
        return replace(self, looks=self.looks + 1, last_look_at=at)

    @property
    def looked_for(self) -> dt.timedelta:
        """How long after the creation nobody was seen yet."""
        if self.last_look_at is None:
            return dt.timedelta()
        return self.last_look_at - self.began_at
