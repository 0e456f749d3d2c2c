"""What every source gives the engine: people, and whether that was all of them."""

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeAlias, TypeGuard

from pydantic import BaseModel, ConfigDict

from jackfield.errors import ConfigurationError

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
"""The role of those who are assigned without one, as Microsoft Graph writes it in `appRoleId`."""


SourceValue: TypeAlias = str | bool | tuple[str, ...]
"""One value of a source: a text, a truth, or several texts of a multi-valued attribute."""


@dataclass(frozen=True, slots=True)
class SourceObject:
    """One person as the directory knows them.

    `id` is the directory's immutable id. `attributes` has Microsoft Graph's names as keys
    (`userPrincipalName`, `givenName`, `accountEnabled`, …) and no empty values. `place` tells a
    person where to look: `people.csv:17`. `accountEnabled` is a truth: a Boolean, or "true" or
    "false" in any letter case.

    `is_assigned` says whether the directory gives this person access to the vendor, and is None
    where it knows no assignments; `roles` are those that come with it. `is_entitled` is False for
    one whose assignment does not count, because the source leaves `DEFAULT_ACCESS` alone out.
    """

    id: str
    attributes: Mapping[str, SourceValue]
    place: str
    roles: tuple[str, ...] = ()
    is_assigned: bool | None = None
    is_entitled: bool = True

    @property
    def is_enabled(self) -> bool:
        """Whether the directory lets this person sign in; True where it does not say.

        Raises: ConfigurationError where `accountEnabled` is no truth.
        """
        try:
            return as_truth(self.attributes.get("accountEnabled", True))
        except ValueError as error:
            raise ConfigurationError(f"{self.place}: accountEnabled {error}") from None


def as_truth(value: object) -> bool:
    """Return the Boolean that a value is, or that it spells: "true" or "false" in any case.

    Raises: ValueError for anything else; 0, "no" and None may mean either, or nothing.
    """
    if isinstance(value, bool):
        return value
    spelled = value.lower() if isinstance(value, str) else ""
    if spelled not in {"true", "false"}:
        raise ValueError(f"is {value!r:.40}; write True or False")
    return spelled == "true"


@dataclass(frozen=True, slots=True)
class Removal:
    """Somebody the directory says is gone: `soft` can be restored there, `hard` cannot."""

    id: str
    kind: Literal["soft", "hard"]


@dataclass(frozen=True, slots=True)
class SourceRead:
    """The result of one read. Only a complete one may make anyone a leaver.

    With `is_delta` the objects are only those that changed, each of them whole: who is absent is as
    before, `is_complete` is False, and people leave through `removed` or their own attributes.
    """

    objects: Sequence[SourceObject]
    is_complete: bool
    attributes: frozenset[str]
    """Every attribute name this read could have filled, whether or not anyone has a value."""
    notes: tuple[str, ...] = ()
    """What a person should know of this read, one sentence each."""
    removed: tuple[Removal, ...] = ()
    """Who is gone and why; a complete read may name them, too, among those that are absent."""
    watermark: str = ""
    """Opaque: where the next read may begin. Kept only when the effects of this one are durable;
    empty where the source cannot say."""
    is_delta: bool = False
    unknown: frozenset[str] = frozenset()
    """Ids of people whom this read could not establish: neither present nor gone, and not among
    `objects`. Nothing is concluded about these: they are no leavers and get no update."""
    ask_for: Callable[[Collection[str]], "SourceRead"] | None = field(default=None, compare=False)
    """Reads some people by their ids, where a list alone proves nobody's absence: those who are
    there after all, and as `unknown` those of whom the source says nothing. The engine asks for
    everybody whom a complete read would make a leaver. It raises what reading raises."""


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


class DeltaSource(Source, Protocol):
    """A source that can also read only what changed."""

    def read(self, settings: SourceSettings, folder: Path, since: str | None = None) -> SourceRead:
        """Read what changed since the watermark of an earlier read; everybody without one.

        It may be everybody all the same, where the watermark is too old or was made with other
        settings: `is_delta` of the result says so.
        """
        ...


def reads_changes(source: Source) -> TypeGuard[DeltaSource]:
    """Say whether a source takes the argument `since`."""
    return "since" in inspect.signature(source.read).parameters
