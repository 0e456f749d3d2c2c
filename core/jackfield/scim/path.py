"""Attribute paths: `name.givenName`, `emails[type eq "work"].value`, `urn:…:User:department`.

Source: RFC 7644 section 3.10 and figure 1; Microsoft Entra, "Customize application attributes"
(read 2026-11-20), for the forms that mappings use. Two levels and one comparison are all that is
needed, so the rest of the grammar is refused. Attribute names compare without regard to case.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jackfield.errors import ConfigurationError
from jackfield.flow import Json

CORE_URN = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

# RFC 7643 section 4.1.2: the multi-valued attributes of a user.
MULTI_VALUED = frozenset(
    {
        "addresses",
        "emails",
        "entitlements",
        "groups",
        "ims",
        "phonenumbers",
        "photos",
        "roles",
        "x509certificates",
    }
)

_NAME = r"[A-Za-z$][A-Za-z0-9$_-]*"
_PATH = re.compile(
    rf"(?P<attribute>{_NAME})(?:\[(?P<filter>.*)\])?(?:\.(?P<sub>{_NAME}))?", re.DOTALL
)
_FILTER = re.compile(
    rf'\s*(?P<attribute>{_NAME})\s+eq\s+(?P<value>"(?:[^"\\]|\\.)*"|true|false)\s*',
    re.IGNORECASE | re.DOTALL,
)
_ENDS_WITH_VERSION = re.compile(r":\d+(\.\d+)*$")

# Entra writes the Boolean of `roles[primary eq "True"]` as text; lower case stays a string.
_BOOLEANS: Mapping[str, bool] = {"True": True, "False": False}


@dataclass(frozen=True, slots=True)
class Condition:
    """The `type eq "work"` of a path with a value filter."""

    attribute: str
    value: str | bool

    def holds(self, element: Mapping[str, Json]) -> bool:
        """Say whether one value of the attribute is meant."""
        found = element.get(_key(element, self.attribute))
        if isinstance(self.value, bool) or isinstance(found, bool):
            return str(found).lower() == str(self.value).lower()
        # RFC 7643 section 8.7.1: `type` is not case-exact; vendors send "Work" too.
        return isinstance(found, str) and found.lower() == self.value.lower()


@dataclass(frozen=True, slots=True)
class Path:
    """One parsed path. `urn` is empty for attributes of the core schema."""

    text: str
    urn: str
    attribute: str
    condition: Condition | None
    sub_attribute: str

    @classmethod
    def parse(cls, text: str) -> "Path":
        """Return the parsed path; the same text is parsed once.

        Raises: ConfigurationError naming the path and what is wrong with it.
        """
        return _parse(text)

    def __str__(self) -> str:
        return self.text


@lru_cache(maxsize=4096)
def _parse(text: str) -> Path:
    # A version such as `2.0` holds a dot, so the URN goes first; a filter's value may hold a colon.
    head, bracket, tail = text.partition("[")
    urn, colon, head = head.rpartition(":")
    if colon and not urn.lower().startswith("urn:"):
        raise _unusable(text, "what stands before the colon is no schema URN")
    # `…:2.0:User` is a resource's schema; SCIM 1's `…:1.0:department` is an attribute.
    if _ENDS_WITH_VERSION.search(urn) and head[:1].isupper():
        raise _unusable(text, "it names a schema and no attribute")
    found = _PATH.fullmatch(head + bracket + tail)
    if found is None:
        raise _unusable(
            text, 'must look like userName, name.givenName or emails[type eq "work"].value'
        )
    return Path(
        text=text,
        urn="" if urn.lower() == CORE_URN.lower() else urn,
        attribute=found["attribute"],
        condition=None if found["filter"] is None else _parse_condition(text, found["filter"]),
        sub_attribute=found["sub"] or "",
    )


def _parse_condition(text: str, condition: str) -> Condition:
    found = _FILTER.fullmatch(condition)
    if found is None:
        raise _unusable(text, 'its filter must be one comparison such as type eq "work"')
    literal = found["value"]
    if not literal.startswith('"'):
        return Condition(found["attribute"], literal.lower() == "true")
    try:
        value = str(json.loads(literal))
    except ValueError:
        raise _unusable(text, "its filter holds a text that is not written as JSON") from None
    return Condition(found["attribute"], _BOOLEANS.get(value, value))


def read(document: Mapping[str, Json], path: Path | str) -> Json:
    """Return the value at the path, or None where there is none.

    Of several values the primary one is returned, else the first.
    """
    found = values(document, path)
    return found[0] if found else None


def values(document: Mapping[str, Json], path: Path | str) -> list[Json]:
    """Return every value at the path, the primary one first."""
    parsed = Path.parse(path) if isinstance(path, str) else path
    holder = _extension(document, parsed.urn)
    held = holder.get(_key(holder, parsed.attribute))
    if parsed.condition is None and not parsed.sub_attribute:
        return [] if held is None else [held]
    elements = list(_elements(held, parsed.condition))
    elements.sort(key=lambda element: not _is_primary(element))
    if not parsed.sub_attribute:
        return list(elements)
    found = (element.get(_key(element, parsed.sub_attribute)) for element in elements)
    return [value for value in found if value is not None]


def write(
    document: dict[str, Json], path: Path | str, value: Json, *, mark_primary: bool = False
) -> None:
    """Set the value at the path, or remove it with None; the document is changed in place.

    Parents are created as needed, and paths with the same value filter share one element. With
    `mark_primary` the first work e-mail also gets `"primary": true`, as Entra sends it.

    Raises: ConfigurationError where the document has another shape than the path says.
    """
    parsed = Path.parse(path) if isinstance(path, str) else path
    holder = _holder(document, parsed, is_needed=value is not None)
    if holder is None:
        return
    if parsed.condition is not None:
        _write_elements(holder, parsed, parsed.condition, value, mark_primary=mark_primary)
    elif parsed.sub_attribute:
        _write_sub_attribute(holder, parsed, value)
    else:
        _put(holder, parsed.attribute, value)
    if parsed.urn and not holder:
        del document[_key(document, parsed.urn)]


def _holder(document: dict[str, Json], path: Path, *, is_needed: bool) -> dict[str, Json] | None:
    if not path.urn:
        return document
    name = _key(document, path.urn)
    if name not in document:
        if not is_needed:
            return None
        document[name] = {}
    holder = document[name]
    if not isinstance(holder, dict):
        raise _unusable(path.text, f"{path.urn} holds no attributes")
    return holder


def _write_sub_attribute(holder: dict[str, Json], path: Path, value: Json) -> None:
    name = _key(holder, path.attribute)
    parent = holder.get(name)
    if isinstance(parent, list) or (not path.urn and name.lower() in MULTI_VALUED):
        raise _unusable(
            path.text, f'{name} has several values: say which, as in {name}[type eq "work"]'
        )
    if parent is None:
        parent = {}
    if not isinstance(parent, dict):
        raise _unusable(path.text, f"{name} holds a single value without sub-attributes")
    _put(parent, path.sub_attribute, value)
    _put(holder, name, parent or None)


def _write_elements(
    holder: dict[str, Json], path: Path, condition: Condition, value: Json, *, mark_primary: bool
) -> None:
    name = _key(holder, path.attribute)
    held = holder.get(name)
    elements: list[Json] = held if isinstance(held, list) else [] if held is None else [held]
    meant = list(_elements(elements, condition))
    if value is None:
        _remove(elements, meant, path, condition)
    else:
        if not meant:
            meant = [{condition.attribute: condition.value}]
            if mark_primary and _is_first_work_email(path, condition, elements):
                meant[0]["primary"] = True
            elements.extend(meant)
        for element in meant:
            _fill(element, path, condition, value)
    _put(holder, name, elements or None)


def _fill(element: dict[str, Json], path: Path, condition: Condition, value: Json) -> None:
    if path.sub_attribute:
        _put(element, path.sub_attribute, value)
    elif isinstance(value, dict):
        element.clear()
        element.update({condition.attribute: condition.value} | value)
    else:
        raise _unusable(path.text, "it needs a sub-attribute such as .value")


def _remove(
    elements: list[Json], meant: list[dict[str, Json]], path: Path, condition: Condition
) -> None:
    for element in meant:
        if path.sub_attribute:
            _put(element, path.sub_attribute, None)
        left = {name.lower() for name in element} - {condition.attribute.lower(), "primary"}
        if not path.sub_attribute or not left:
            elements[:] = [other for other in elements if other is not element]


def _is_first_work_email(path: Path, condition: Condition, elements: list[Json]) -> bool:
    is_work_email = (
        path.attribute.lower() == "emails"
        and condition.attribute.lower() == "type"
        and str(condition.value).lower() == "work"
    )
    return is_work_email and not any(map(_is_primary, _elements(elements, None)))


def _is_primary(element: Mapping[str, Json]) -> bool:
    # Vendors write the Boolean as text, too.
    return str(element.get("primary")).lower() == "true"


def _extension(document: Mapping[str, Json], urn: str) -> Mapping[str, Json]:
    if not urn:
        return document
    found = document.get(_key(document, urn))
    return found if isinstance(found, dict) else {}


def _elements(held: Json, condition: Condition | None) -> Iterator[dict[str, Json]]:
    for element in held if isinstance(held, list) else [held]:
        if isinstance(element, dict) and (condition is None or condition.holds(element)):
            yield element


def _key(document: Mapping[str, Json], name: str) -> str:
    if name in document:
        return name
    lowered = name.lower()
    return next((key for key in document if key.lower() == lowered), name)


def _put(document: dict[str, Json], name: str, value: Json) -> None:
    key = _key(document, name)
    if value is None:
        document.pop(key, None)
    else:
        document[key] = value


def _unusable(text: str, reason: str) -> ConfigurationError:
    return ConfigurationError(f"the attribute path {text!r} is unusable: {reason}")
