"""What every source gives the engine: people, and whether that was all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from pydantic import BaseModel, ConfigDict


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One person as the directory knows them.

    `id` is the directory's immutable id. `attributes` has Microsoft Graph's names as keys
    (`userPrincipalName`, `givenName`, `accountEnabled`, …) and no empty values. `place` tells a
    person where to look: `people.csv:17`.
    """

    id: str
    attributes: Mapping[str, str]
    place: str

    @property
    def is_enabled(self) -> bool:
        """Whether the directory lets this person sign in; True where it does not say."""
        return self.attributes.get("accountEnabled", "true").lower() != "false"


@dataclass(frozen=True, slots=True)
class SourceRead:
    """The result of one read. Only a complete one may make anyone a leaver."""

    objects: Sequence[SourceObject]
    is_complete: bool
    attributes: frozenset[str]
    """Every attribute name this read could have filled, whether or not anyone has a value."""


class SourceSettings(BaseModel):
    """Base of a source's settings; relative paths are resolved against the configuration file."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Source(Protocol):
    """A source plugin, found under the entry-point group `jackfield.sources`."""

    settings: ClassVar[type[SourceSettings]]

    def read(self, settings: SourceSettings, folder: Path) -> SourceRead:
        """Read everybody.

        Raises: ConfigurationError naming file, line and remedy; then nobody was read.
        """
        ...
