"""Attribute mappings as data, so that a connector can ship its vendor's published table.

Source: Microsoft Entra, "Customize application attributes" (read 2026-11-20). The engine evaluates
them; this module only says what they are.
"""

from dataclasses import dataclass
from typing import Literal

from jackfield.errors import ConfigurationError
from jackfield.flow import Json


@dataclass(frozen=True, slots=True)
class AttributeMapping:
    """How one target attribute gets its value.

    Exactly one of `source` (direct: the value of that source attribute) and `constant` is set.
    `default` stands in for a missing source value when a user is created, never afterwards.
    `apply` limits the mapping to the creation of a user.
    """

    target: str
    source: str | None = None
    constant: Json = None
    default: Json = None
    apply: Literal["always", "create"] = "always"

    def __post_init__(self) -> None:
        if (self.source is None) == (self.constant is None):
            raise ConfigurationError(
                f"the mapping of {self.target} needs either a source attribute or a constant"
            )
