"""The people and changes that hooks exchange, in SCIM's own attribute names.

Source: RFC 7643 section 4.1 (User), RFC 7644 section 3.5.2 (changes). Nothing is lost on a round
trip: attributes without a field of their own, extensions included, are kept under their own names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NewType, TypeAlias

from pydantic import BaseModel, ConfigDict, PrivateAttr

from jackfield.flow import Json

UserId = NewType("UserId", str)
"""The vendor's own id of a user; opaque."""


def _shown(path: str, value: Any) -> Any:
    """Return a value for a `repr`: a password (RFC 7643 section 4.1.1) is in none."""
    is_password = path.lower().rpartition(":")[2] == "password"
    return "[secret]" if is_password and value else value


class _Attributes(BaseModel):
    """A frozen complex attribute that keeps what it has no field for."""

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)


class Name(_Attributes):
    """RFC 7643 section 4.1.1, `name`."""

    formatted: str | None = None
    familyName: str | None = None
    givenName: str | None = None
    middleName: str | None = None


class MultiValue(_Attributes):
    """One value of `emails`, `phoneNumbers`, `photos`, `roles`: RFC 7643 section 2.4."""

    value: str | None = None
    type: str | None = None
    primary: bool | None = None
    display: str | None = None


class Address(_Attributes):
    """RFC 7643 section 4.1.2, `addresses`."""

    type: str | None = None
    formatted: str | None = None
    streetAddress: str | None = None
    locality: str | None = None
    region: str | None = None
    postalCode: str | None = None
    country: str | None = None
    primary: bool | None = None


class User(_Attributes):
    """A user at a vendor. Extensions stand under their URN, read with `extension(urn)`.

    `active` is a Boolean however a vendor writes it; what it really wrote stays in `to_scim()`.
    """

    id: str | None = None
    externalId: str | None = None
    userName: str | None = None
    name: Name | None = None
    displayName: str | None = None
    title: str | None = None
    userType: str | None = None
    preferredLanguage: str | None = None
    locale: str | None = None
    timezone: str | None = None
    active: bool | None = None
    emails: tuple[MultiValue, ...] = ()
    phoneNumbers: tuple[MultiValue, ...] = ()
    addresses: tuple[Address, ...] = ()

    @classmethod
    def from_scim(cls, document: Mapping[str, Json]) -> "User":
        """Return the user of a SCIM document.

        Raises: pydantic.ValidationError where an attribute has the wrong shape;
        `jackfield.scim.parse_user` is the tolerant way for what vendors really send.
        """
        odd = {name: value for name, value in document.items() if not has_booleans(name, value)}
        return cls.as_shown(document, odd)

    @classmethod
    def as_shown(cls, document: Mapping[str, Json], shown: Mapping[str, Json]) -> "User":
        """Return the user of a document; of some attributes the vendor shows something else.

        A text "False" is read as false and is no false: whoever compares has to see it.
        """
        if not shown:
            return cls.model_validate(document)
        user = _ShownOtherwise.model_validate(document)
        read = user.to_scim()
        user._shown = {name: (read.get(name), value) for name, value in shown.items()}  # noqa: SLF001
        return user

    def to_scim(self) -> dict[str, Json]:
        """Return the SCIM document as the vendor shows it, without attributes that have no value.

        `jackfield.scim.user_document` is the one to send.
        """
        dumped: dict[str, Json] = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in dumped.items() if value != []}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name, value in super().__repr_args__():
            yield name, _shown(name or "", value)

    def extension(self, urn: str) -> Mapping[str, Any]:
        """Return the attributes below one extension URN; empty where there are none."""
        found = (self.model_extra or {}).get(urn)
        return found if isinstance(found, dict) else {}


class _ShownOtherwise(User):
    """A user of whom the vendor shows some attributes otherwise than they are read here."""

    _shown: dict[str, tuple[Json, Json]] = PrivateAttr(default_factory=dict)
    """Attribute → its value as read here, and as the vendor shows it."""

    def to_scim(self) -> dict[str, Json]:
        document = super().to_scim()
        for name, (read, value) in self._shown.items():
            # A copy with another value is another value.
            if name in document and document[name] == read:
                document[name] = value
        return document

    def __repr_name__(self) -> str:
        return User.__name__


def has_booleans(name: str, value: Json) -> bool:
    """Say whether what an attribute has of Booleans are Booleans (RFC 7643 section 2.3.2)."""
    if value is None:
        return True
    if name == "active":
        return isinstance(value, bool)
    if not isinstance(value, list):
        return True
    flags = (item.get("primary") for item in value if isinstance(item, dict))
    return all(flag is None or isinstance(flag, bool) for flag in flags)


@dataclass(frozen=True, slots=True)
class MatchKey:
    """One matching attribute, as a SCIM path, and the value to look for."""

    path: str
    value: str

    def __str__(self) -> str:
        return f'{self.path} eq "{self.value}"'


@dataclass(frozen=True, slots=True)
class NotFound:
    """The vendor has no such user. A value, not an error: absence is an answer."""

    key: MatchKey | UserId


ChangeOp: TypeAlias = Literal["add", "replace", "remove"]


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute to add, replace or remove; `path` as RFC 7644 section 3.5.2 spells it."""

    op: ChangeOp
    path: str
    value: Json = None

    def __repr__(self) -> str:
        value = _shown(self.path, self.value)
        return f"Change(op={self.op!r}, path={self.path!r}, value={value!r})"


Changes: TypeAlias = tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What was asked for one path and what the vendor kept instead; None means no value."""

    path: str
    wanted: Json
    kept: Json

    def __repr__(self) -> str:
        wanted, kept = _shown(self.path, self.wanted), _shown(self.path, self.kept)
        return f"Difference(path={self.path!r}, wanted={wanted!r}, kept={kept!r})"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a patch really did.

    `user_id` is the id that was patched: an answer about another one is no outcome but `InDoubt`.
    `not_taken` lists every change that the vendor answered with success and did not keep.
    """

    user_id: UserId
    user: User | None = None
    not_taken: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of users; `next_cursor` is None on the last one, which is a claim of the connector.

    It says that the vendor was seen to have no more: an empty page, say. `total` is how many users
    the vendor counts, given where they are as many as it has shown by now. Pages that together
    show another number of users do not end a list.
    """

    users: tuple[User, ...]
    next_cursor: str | None = None
    total: int | None = None
