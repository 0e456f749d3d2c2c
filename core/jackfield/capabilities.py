"""What a vendor can do, as static frozen data; no I/O, no settings.

Capabilities drive the plan, the rate limiter, the generated documentation and the conformance
tests. What varies by tenant is not a capability but a fact, found by `authenticate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from jackfield.errors import ConfigurationError
from jackfield.mappings import AttributeMapping
from jackfield.read_only import ReadOnly

CONTRACT = 1
"""The number of the hook contract that this core speaks."""

Covers: TypeAlias = Literal["read", "write", "auth"]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a vendor does with one attribute, by SCIM path.

    `case_exact` False: values that differ only in case are the same value to the vendor.
    `rewrites` True: the vendor is known to keep the value in a form of its own ("US" becomes
    "United States"), so another form in its answer is no fault. `returned` False: answers never
    show the attribute, so its absence there says nothing (RFC 7643 section 7, "returned").
    """

    create: Literal["required", "allowed", "refused"] = "allowed"
    patch: bool = True
    filter: bool = False
    case_exact: bool = True
    rewrites: bool = False
    returned: bool = True


_ORDINARY = Attribute()


@dataclass(frozen=True, slots=True)
class Rate:
    """One published limit: `requests` in any window of `per_seconds`, `parallel` in flight at once.

    0 stands for no limit. It counts the requests whose effect it `covers`; a request that names a
    limit is counted by that one alone, as vendors put each request into one group. After a 429
    without `Retry-After`, nothing is sent under it for `penalty_seconds`.
    """

    name: str
    requests: int = 0
    per_seconds: float = 1.0
    covers: frozenset[Covers] = frozenset({"read", "write", "auth"})
    penalty_seconds: float = 1.0
    parallel: int = 0
    source: str = ""

    def __post_init__(self) -> None:
        if self.requests < 0 or self.parallel < 0 or self.per_seconds <= 0:
            raise ConfigurationError(f"the rate limit {self.name!r} must not be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Everything the core needs to know of a vendor before the first request.

    `hosts` are the origins its requests may go to; those in its settings' URLs are added to them.
    `disable` says how access is taken away: by `active` false, by deletion, or not at all.
    `match_on` lists the paths that `get_user` can look for, best first.
    `lists_whole_users` False: a listing leaves attributes out, so a user found there is read again.
    `mappings` is the attribute mapping that a job starts from.
    `source` is where the claims come from.
    """

    contract: int = CONTRACT
    hosts: frozenset[str]
    match_on: tuple[str, ...]
    create: bool = True
    patch: bool = True
    disable: Literal["active", "delete", "unsupported"] = "active"
    enable: bool = True
    delete: bool = False
    list_users: bool = False
    lists_whole_users: bool = True
    groups: bool = False
    bulk_operations: int = 0
    attributes: Mapping[str, Attribute] = field(default_factory=ReadOnly)
    rates: tuple[Rate, ...] = ()
    mappings: tuple[AttributeMapping, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "attributes", ReadOnly(self.attributes))
        names = [rate.name for rate in self.rates]
        if len(set(names)) != len(names):
            raise ConfigurationError(f"two rate limits have one name: {', '.join(names)}")

    def can_patch(self, path: str) -> bool:
        """Say whether the vendor takes a later change of this attribute."""
        return self.patch and self.attribute(path).patch

    def attribute(self, path: str) -> Attribute:
        """Return what is known of one attribute; an unlisted one is taken for an ordinary one."""
        return self.attributes.get(path, _ORDINARY)

    def required_on_create(self) -> tuple[str, ...]:
        return tuple(
            p for p, attribute in self.attributes.items() if attribute.create == "required"
        )
