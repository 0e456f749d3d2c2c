"""The link between a person and an account."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jackfield.engine.model.names import forms_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The stored pair of one source object and one target user: one account of one tenant.

    `user_name` is what the vendor showed as the account's name last, `match_value` what it is found
    by, `may_be` the name that a write under way may have given it; `tenant` is the identity of the
    connection, empty until a look has proven it. `is_on` is False once the engine took the access
    away. `wanted` is the fingerprint of what the vendor was last told, empty while a write is under
    way or has failed. `kept` remembers values that the vendor answered with success and did not
    take: path → [wanted, kept]. `missing_since` is when the vendor first did not show the account
    any more. `changed_at` is when the store last wrote it, `linked_at` when it first led to this
    target user; the store sets the latter where a new link has none.
    """

    source_id: str
    target_id: str
    user_name: str
    is_on: bool
    wanted: str
    kept: Mapping[str, list[Any]] = field(default_factory=dict)
    changed_at: dt.datetime | None = None
    linked_at: dt.datetime | None = None
    match_value: str = ""
    may_be: str = ""
    tenant: str = ""
    missing_since: dt.datetime | None = None

    @property
    def may_be_on(self) -> bool:
        """Whether the account gives access, or may: the end of the last write is unknown."""
        return self.is_on or not self.wanted

    @property
    def names(self) -> frozenset[str]:
        """The forms of every name by which the account is known."""
        return forms_of((self.user_name, self.match_value, self.may_be))
