"""What an imitated Zoom account is: its plan, its switches, its request limits.

Source: Zoom's page on rate limits, whose day ends at 00:00 UTC.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias

from jackfield.testing.sandbox import RateLimit, Refusal, Usage

Plan: TypeAlias = Literal["Free", "Pro", "Business"]

_PER_SECOND: Mapping[Plan, tuple[int, int, int]] = MappingProxyType(
    {"Free": (4, 2, 1), "Pro": (30, 20, 10), "Business": (80, 60, 40)}
)
_PER_DAY: Mapping[Plan, Mapping[str, int]] = MappingProxyType(
    {
        "Free": {"Light": 6000, "Medium": 2000, "Heavy": 1000},
        "Pro": {"Heavy": 30_000},
        "Business": {"Heavy": 60_000},
    }
)


def zoom_id(number: int) -> str:
    """Return an id of 22 characters; every odd one has the `&` of Zoom's own example."""
    return f"k{'&' if number % 2 else 'K'}Sandbox{number:013d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoomAccount:
    """The account's plan and switches; by default all is in order.

    `scope` is what the app was granted, `lacks_privilege` a right such as "User:Edit" that the
    caller's role has not, `licenses` how many users may be Licensed (None: enough). A PUT of
    another address is answered with 200 and "kept", is "applied", or is "refused" for an unmanaged
    domain. An address in `self_registered` belongs to a Zoom user outside the account, so a create
    makes a pending user. `api_url` empty means the origin that serves.
    """

    plan: Plan = "Business"
    sso_enabled: bool = True
    accepts_jwt: bool = False
    scope: str = "scim2:admin"
    lacks_privilege: str = ""
    licenses: int | None = None
    email_change: Literal["kept", "applied", "refused"] = "kept"
    self_registered: frozenset[str] = frozenset()
    api_url: str = ""
    new_id: Callable[[int], str] = zoom_id
    daily_limits: Mapping[str, int] | None = None
    """Requests a day by category, instead of those of the plan."""

    def limits(self) -> dict[str, RateLimit]:
        """Return the requests a second of each category."""
        categories = ("Light", "Medium", "Heavy")
        return {
            name: RateLimit(requests, 1)
            for name, requests in zip(categories, _PER_SECOND[self.plan], strict=True)
        }

    def limits_of_a_day(self) -> Mapping[str, int]:
        return _PER_DAY[self.plan] if self.daily_limits is None else self.daily_limits


class DailyCount:
    """Counts the requests of one UTC day by category."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._midnight = datetime.min.replace(tzinfo=UTC)
        self._counts: dict[str, int] = {}

    def count(self, category: str, limit: int, now: datetime) -> None:
        """Count one request.

        Raises: Refusal (429), whose Retry-After is an instant and no number of seconds.
        """
        if now >= self._midnight:
            self._midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
            self._counts.clear()
        self._counts[category] = self._counts.get(category, 0) + 1
        if self._counts[category] <= limit:
            return
        headers = {
            "X-RateLimit-Category": category,
            "X-RateLimit-Type": "Daily-limit",
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": "0",
            "Retry-After": self._midnight.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        raise Refusal(429, "You have reached the maximum daily rate limit.", headers=headers)


def per_second_headers(usage: Usage) -> dict[str, str]:
    return {
        "X-RateLimit-Category": usage.group,
        "X-RateLimit-Type": "QPS",
        "X-RateLimit-Limit": str(usage.limit.requests),
        "X-RateLimit-Remaining": str(usage.remaining),
    }
