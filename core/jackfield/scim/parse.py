"""Users out of what vendors really send, and documents for what we send.

Source: RFC 7643 sections 2.1 (names without case), 2.5 (null is no value) and 4.1. Deviations that
vendors are known for and that are taken: `active` as "True" or 1, ids as numbers, one object where
a list belongs and the reverse, a bare text for a value. Attributes without a field are kept.
"""

from collections.abc import Iterable, Mapping

from jackfield.flow import Json
from jackfield.resources import Address, MultiValue, Name, User, has_booleans
from jackfield.scim.path import CORE_URN

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_NEVER_SENT = frozenset({"id", "meta", "schemas"})

_USER_NAMES = {name.lower(): name for name in User.model_fields}
_LISTS: Mapping[str, tuple[frozenset[str], str]] = {
    "emails": (frozenset(MultiValue.model_fields), "value"),
    "phoneNumbers": (frozenset(MultiValue.model_fields), "value"),
    "addresses": (frozenset(Address.model_fields), "formatted"),
}


def parse_user(document: Mapping[str, Json]) -> User:
    """Return the user of a vendor's document; `schemas` is dropped, the rest is kept.

    A Boolean that is written as something else is read, and shown as it is by `to_scim()`.

    Raises: ValueError naming the attribute whose shape no reading makes sense of.
    """
    given = _renamed(document, _USER_NAMES)
    given.pop(_stray(given, "schemas"), None)
    parsed = ((name, _parsed(name, value)) for name, value in given.items())
    shown = {name: value for name, value in parsed if value is not None}
    odd = {name: value for name, value in shown.items() if not has_booleans(name, value)}
    return User.as_shown(with_booleans(shown) if odd else shown, odd)


def with_booleans(document: Mapping[str, Json]) -> dict[str, Json]:
    """Return the document with each Boolean of a user as one: for what is sent, never to compare.

    A copy; of Booleans it knows `active`, and `primary` of several values.
    """
    return {
        name: value if has_booleans(name, value) else _with_booleans(name, value)
        for name, value in document.items()
    }


def _with_booleans(name: str, value: Json) -> Json:
    if name == "active":
        return _truth(value)
    items = value if isinstance(value, list) else []
    return [
        {**item, "primary": _truth(item["primary"])}
        if isinstance(item, dict) and "primary" in item
        else item
        for item in items
    ]


def user_document(user: User, required_schemas: Iterable[str] = ()) -> dict[str, Json]:
    """Return the document to send: no `id`, no `meta`, no empty values.

    `schemas` lists the core schema, those required, and each extension that has a value.
    """
    document = with_booleans(user.to_scim())
    sent = {name: _without_nothing(value) for name, value in document.items()}
    kept = {
        name: value
        for name, value in sent.items()
        if name.lower() not in _NEVER_SENT and value not in (None, [], {})
    }
    extensions = (name for name in kept if name.lower().startswith("urn:"))
    schemas: list[Json] = list(dict.fromkeys([CORE_URN, *required_schemas, *extensions]))
    return {"schemas": schemas, **kept}


def _parsed(name: str, value: Json) -> Json:
    if name in _LISTS:
        return _list(name, value)
    if name == "name":
        return _name(value)
    if name == "active":
        return _as_written(name, value)
    return _text(name, value) if name in User.model_fields else value


def _list(name: str, value: Json) -> Json:
    fields, only = _LISTS[name]
    items = value if isinstance(value, list) else [value]
    return [_item(name, item, fields, only) for item in items if item not in (None, "")]


def _item(name: str, item: Json, fields: frozenset[str], only: str) -> Json:
    if isinstance(item, str):
        return {only: item}
    if not isinstance(item, dict):
        raise _unusable(name, item, "where an object belongs")
    renamed = _renamed(item, {field.lower(): field for field in fields})
    return {key: _sub(f"{name}.{key}", key, value, fields) for key, value in renamed.items()}


def _sub(place: str, key: str, value: Json, fields: frozenset[str]) -> Json:
    if key == "primary":
        return _as_written(place, value)
    return _text(place, value) if key in fields else value


def _name(value: Json) -> Json:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return {"formatted": value}
    if value is None:
        return None
    if not isinstance(value, dict):
        raise _unusable("name", value, "where an object belongs")
    fields = {field.lower(): field for field in Name.model_fields}
    return {
        key: _text(f"name.{key}", part) if key in Name.model_fields else part
        for key, part in _renamed(value, fields).items()
    }


def _as_written(name: str, value: Json) -> Json:
    """Return the value of a Boolean as the vendor writes it, where it says true or false."""
    return None if _boolean(name, value) is None else value


def _boolean(name: str, value: Json) -> Json:
    found = _truth(value)
    if found is None or isinstance(found, bool):
        return found
    raise _unusable(name, value, "that says neither true nor false")


def _truth(value: Json) -> Json:
    """Return the Boolean that a value says, None for nothing; the value where it says neither."""
    said = "" if value is None else str(value).strip().lower()
    if said in _TRUE or said in _FALSE:
        return said in _TRUE
    return value if said else None


def _text(name: str, value: Json) -> str | None:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise _unusable(name, value, "where a text belongs")


def _renamed(document: Mapping[str, Json], names: Mapping[str, str]) -> dict[str, Json]:
    # The right spelling wins where both are there, so it is written last.
    known = [(names.get(name.lower(), name), name) for name in document]
    stray = {right: document[name] for right, name in known if right != name}
    return stray | {name: document[name] for right, name in known if right == name}


def _stray(document: Mapping[str, Json], name: str) -> str:
    return next((key for key in document if key.lower() == name), name)


def _without_nothing(value: Json) -> Json:
    if isinstance(value, dict):
        parts = {key: _without_nothing(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part not in (None, [], {})}
    if isinstance(value, list):
        return [_without_nothing(part) for part in value if part is not None]
    return value


def _unusable(name: str, value: Json, problem: str) -> ValueError:
    return ValueError(f"{name} is {_shape(value)} {problem}")


def _shape(value: Json) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    return "a text" if isinstance(value, str) else "a number"
