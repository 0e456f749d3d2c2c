"""From a source object to the attributes its target user should have. Pure."""

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeAlias

from jackfield.engine.expressions import Environment, Expression, Role, SeveralValues, Value
from jackfield.engine.scope.settings import is_named
from jackfield.errors import ConfigurationError
from jackfield.flow import Json
from jackfield.mappings import MULTI_VALUED, AttributeMapping
from jackfield.read_only import ReadOnly
from jackfield.resources import User
from jackfield.scim import write
from jackfield.sources import SourceObject

Desired = Mapping[str, Json]
"""Target path → value, in the order of the mappings; attributes without a value are left out."""

IsTaken: TypeAlias = Callable[[str, str], bool]
"""Whether a user at the vendor has this value at this target path already."""

Refer: TypeAlias = Callable[[str], str]
"""Whom a source attribute names → the id of that person's account; empty where there is none."""

ACCESS_ATTRIBUTES = frozenset({"IsActive", "IsSoftDeleted"})
"""Source attributes that the engine computes: whether the person should have access."""

ROLES = "appRoleAssignments"
"""The source attribute with the roles of a person's assignments."""

COMPUTED_ATTRIBUTES = ACCESS_ATTRIBUTES | {ROLES}
"""All source attributes that the engine computes: access, and roles."""

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_TRUTHS = {"true": True, "false": False}


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class _Line:
    mapping: AttributeMapping
    expression: Expression | None

    @property
    def reads(self) -> frozenset[str]:
        if self.expression is not None:
            return frozenset(self.expression.attributes)
        return frozenset() if self.mapping.source is None else frozenset({self.mapping.source})

    @property
    def asserts(self) -> bool:
        return self.expression is not None and self.expression.asserts

    @property
    def is_unique(self) -> bool:
        return self.expression is not None and self.expression.is_unique


class Mapper:
    """The attribute mappings of one job, ready to be evaluated.

    `clearing` names the source attributes whose emptiness may take a value away at the vendor.

    Raises: ConfigurationError naming the mapping whose expression is wrong, or gives another value
    each time and is not limited to creation, or whose `clear` lacks its source attributes.
    """

    def __init__(
        self,
        mappings: Iterable[AttributeMapping],
        now: Callable[[], dt.datetime] = _utc_now,
        *,
        clearing: frozenset[str] = frozenset(),
    ) -> None:
        every = tuple(_Line(mapping, _expression(mapping)) for mapping in mappings)
        self._lines = tuple(line for line in every if not line.is_unique)
        self._unique_lines = tuple(line for line in every if line.is_unique)
        self._access_lines = tuple(line for line in self._lines if line.reads & ACCESS_ATTRIBUTES)
        self._now = now
        for line in self._lines:
            lacking = ", ".join(sorted(line.reads - clearing))
            if line.mapping.clear and lacking:
                raise ConfigurationError(
                    f"the mapping of {line.mapping.target} clears only where the job's `clearing` "
                    f"names {lacking}, too"
                )

    @cached_property
    def reads(self) -> Mapping[str, frozenset[str]]:
        """Target path → the source attributes it is made of."""
        return {line.mapping.target: line.reads for line in (*self._lines, *self._unique_lines)}

    @cached_property
    def redacted(self) -> frozenset[str]:
        """The target paths whose values never reach the log."""
        return frozenset(
            line.mapping.target
            for line in (*self._lines, *self._unique_lines)
            if line.expression is not None and line.expression.redacts
        )

    @cached_property
    def access_targets(self) -> tuple[str, ...]:
        """The target paths that say whether a person has access."""
        return tuple(line.mapping.target for line in self._access_lines)

    @cached_property
    def reference_targets(self) -> frozenset[str]:
        """The target paths whose values name other people."""
        return frozenset(line.mapping.target for line in self._lines if line.mapping.reference)

    @property
    def has_references(self) -> bool:
        return bool(self.reference_targets)

    @cached_property
    def adds_only(self) -> frozenset[str]:
        """The target paths whose values are added to the target's and never removed."""
        return frozenset(
            line.mapping.target
            for line in self._lines
            if line.mapping.apply == "add" or (line.expression and line.expression.adds_only)
        )

    @cached_property
    def fills_empty(self) -> frozenset[str]:
        """The target paths that get a value only where the target has none."""
        return frozenset(line.mapping.target for line in self._lines if line.mapping.fills_empty)

    @cached_property
    def unique_targets(self) -> frozenset[str]:
        """The target paths whose values a new user may share with nobody."""
        return frozenset(line.mapping.target for line in self._unique_lines)

    def references(self, source: SourceObject) -> tuple[str, ...]:
        """Return whom this person's attributes name."""
        lines = (line for line in self._lines if line.mapping.reference)
        named = (source.attributes.get(line.mapping.source or "") for line in lines)
        return tuple(name for name in named if isinstance(name, str) and name)

    def desired(
        self,
        source: SourceObject,
        *,
        creating: bool = False,
        is_active: bool = True,
        refer: Refer = lambda _: "",
    ) -> Desired:
        """Return what the target user should have.

        A source value that is absent or empty is no value: it is left out, and the target keeps
        what it has, or None where the mapping clears. Defaults stand in on creation alone. Source:
        Microsoft Entra, "Customize application attributes" (read 2026-11-20). `refer` gives the id
        of the account that a person has, or nothing, and then the reference is left out.

        Raises: ExpressionError where this person's values do not fit an expression.
        """
        values = self._values(
            self._lines, source, creating=creating, is_active=is_active, refer=refer
        )
        return ReadOnly(dict(values))

    def unique_values(self, source: SourceObject, is_taken: IsTaken) -> Desired:
        """Return what only the target can tell: the first of some values that nobody has.

        Raises: AllTaken where every one is in use; ExpressionError as `desired`.
        """
        values = _source_values(source, is_active=True)
        chosen: dict[str, Json] = {}
        for line in self._unique_lines:
            mapping, expression = line.mapping, line.expression
            environment = Environment(self._now(), is_taken=partial(is_taken, mapping.target))
            found = None if expression is None else expression.evaluate(values, environment).value
            value = mapping.default if found in (None, "") else _json(mapping, found)
            if value not in (None, ""):
                chosen[mapping.target] = value
        return ReadOnly(chosen)

    def access(self, source: SourceObject) -> tuple[Desired, Desired]:
        """Return the attributes that say whether a person has access: with it, and without.

        Raises: ExpressionError where this person's values do not fit an expression of these.
        """
        on = dict(self._values(self._access_lines, source, is_active=True))
        off = dict(self._values(self._access_lines, source, is_active=False))
        paths = [path for path in off if on.get(path) != off[path]]
        return (
            ReadOnly({path: on.get(path) for path in paths}),
            ReadOnly({path: off[path] for path in paths}),
        )

    def _values(
        self,
        lines: Iterable[_Line],
        source: SourceObject,
        *,
        creating: bool = False,
        is_active: bool = True,
        refer: Refer = lambda _: "",
    ) -> Iterator[tuple[str, Json]]:
        for line in lines:
            mapping = line.mapping
            if mapping.apply == "create" and not creating:
                continue
            outcome, value = self._value(line, source, is_active)
            if outcome == "ignore":
                continue
            if mapping.reference and value:
                value = refer(str(value))
                if not value:
                    continue
            if value in (None, "") and creating:
                value = mapping.default
            if value not in (None, ""):
                yield mapping.target, _coerced(mapping.target, value)
            elif not creating and (mapping.clear or (line.asserts and outcome == "value")):
                yield mapping.target, None

    def _value(self, line: _Line, source: SourceObject, is_active: bool) -> tuple[str, Json]:
        """Return the outcome, which is "ignore" where the target is to be left alone, and it."""
        if line.expression is not None:
            values = _source_values(source, is_active)
            result = line.expression.evaluate(values, Environment(self._now()))
            return result.outcome, _json(line.mapping, result.value)
        if line.mapping.source is None:
            mapping = line.mapping
            return "value", mapping.default if mapping.constant is None else mapping.constant
        if line.mapping.source in COMPUTED_ATTRIBUTES:
            value = _source_values(source, is_active)[line.mapping.source]
        else:
            value = source.attributes.get(line.mapping.source)
        return "value", _json(line.mapping, value)


def _expression(mapping: AttributeMapping) -> Expression | None:
    if mapping.expression is None:
        return None
    try:
        found = Expression.parse(mapping.expression)
    except ConfigurationError as error:
        raise ConfigurationError(f"the mapping of {mapping.target}: {error}") from None
    if not found.is_stable and mapping.apply != "create":
        raise ConfigurationError(
            f"the mapping of {mapping.target} gives another value each time; "
            'limit it with apply = "create"'
        )
    return found


def _source_values(source: SourceObject, is_active: bool) -> dict[str, Value]:
    return {
        **source.attributes,
        "IsActive": is_active,
        "IsSoftDeleted": not is_active,
        ROLES: tuple(Role(role) for role in source.roles if is_named(role)),
    }


def _json(mapping: AttributeMapping, value: Value) -> Json:
    """Return a value as JSON: several where the target takes them, else the only one.

    Raises: SeveralValues where it takes one and there are more.
    """
    if not isinstance(value, tuple):
        return value
    filled = [one for one in value if one != ""]
    if mapping.target in MULTI_VALUED or any(isinstance(one, Role) for one in filled):
        many: list[Json] = [dict(v.to_scim()) if isinstance(v, Role) else v for v in filled]
        return many or None
    if len(filled) > 1:
        raise SeveralValues(mapping.target, len(filled))
    return str(filled[0]) if filled else None


def _coerced(path: str, value: Json) -> Json:
    """Return a Boolean for the texts that expressions give for one; values as SCIM has several.

    Source: RFC 7643 section 2.4.
    """
    if path in MULTI_VALUED:
        several = value if isinstance(value, list) else [value]
        return [one if isinstance(one, dict) else {"value": one} for one in several]
    if isinstance(value, bool | int) and _is_text(path):
        return str(value)
    if path == "active" and isinstance(value, str):
        return _TRUTHS.get(value.lower(), value)
    return value


def _is_text(path: str) -> bool:
    """Say whether an attribute of the core schema is a string; RFC 7643 section 4.1."""
    return not path.startswith("urn:") and path.rpartition(".")[2] not in {"active", "primary"}


def user_of(desired: Desired) -> User:
    """Return the user that a create sends."""
    document: dict[str, Json] = {}
    for path, value in desired.items():
        write(document, path, value, mark_primary=True)
    return User.from_scim(document)


def fingerprint(desired: Desired) -> str:
    """Return a short text that changes whenever what is wanted of a user changes."""
    text = _ENCODER.encode(dict(desired))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
