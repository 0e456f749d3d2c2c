"""Attribute mappings as data, so that a connector can ship its vendor's published table.

Source: Microsoft Entra, "Customize application attributes" (read 2026-11-20). The engine evaluates
them; this module only says what they are.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.errors import ConfigurationError
from jackfield.flow import Json

Apply: TypeAlias = Literal["always", "create", "empty", "add"]
"""When a mapping flows: always; when a user is created; only where the target has no value; or only
to add values to a multi-valued attribute, never to take one away. Microsoft Graph, attributeMapping
`flowType`: Always, ObjectAddOnly, AttributeAddOnly, MultiValueAddOnly (read 2026-11-20)."""

MULTI_VALUED = frozenset(
    {
        "addresses",
        "emails",
        "entitlements",
        "groups",
        "ims",
        "phoneNumbers",
        "photos",
        "roles",
        "x509Certificates",
    }
)
"""The attributes of a user that hold several values; RFC 7643 section 4.1.2."""


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """How one target attribute gets its value.

    One of `source` (direct: the value of that source attribute), `constant` and `expression` (in
    Entra's expression language) is set. `default` stands in for a missing source value when a user
    is created, never afterwards; alone it is the mapping type "None": the value that an attribute
    gets whenever the target has none. `apply` says when the mapping flows.

    `clear` takes the target's value away where the source has none any more; without it the target
    keeps what it has. It takes effect only where the job names the source attributes, too.
    `reference`: the source attribute names another person, by source id or matching value, and the
    target gets the id of that one's account.
    """

    target: str
    source: str | None = None
    constant: Json = None
    expression: str | None = None
    default: Json = None
    apply: Apply = "always"
    clear: bool = False
    reference: bool = False

    def __post_init__(self) -> None:
        given = (self.source, self.constant, self.expression)
        count = sum(value is not None for value in given)
        if count > 1 or (count == 0 and self.default is None):
            raise ConfigurationError(
                f"the mapping of {self.target} needs a source attribute, a constant or an "
                "expression, and one of them only; or a default alone, to fill what is empty"
            )
        if self.apply == "add" and self.target not in MULTI_VALUED:
            raise ConfigurationError(
                f'the mapping of {self.target} takes one value, so apply = "add" does not fit; '
                f"it is for {', '.join(sorted(MULTI_VALUED))}"
            )
        if self.reference and (self.source is None or self.default is not None):
            raise ConfigurationError(
                f"the mapping of {self.target} refers to a person: it needs a source attribute "
                "and no default"
            )
        if self.clear and self.target in MULTI_VALUED:
            raise ConfigurationError(
                f"the mapping of {self.target} cannot clear: it holds several values, and some may "
                'be none of ours; name the one that is meant, as in emails[type eq "work"].value'
            )
        if self.clear and (not (self.source or self.expression) or self.apply != "always"):
            raise ConfigurationError(
                f"the mapping of {self.target} clears nothing: a constant never goes away, and "
                'only with apply = "always" anything is taken away'
            )

    @property
    def fills_empty(self) -> bool:
        """Whether the target's own value goes before this one."""
        given = (self.source, self.constant, self.expression)
        return self.apply == "empty" or all(value is None for value in given)
