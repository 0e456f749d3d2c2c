"""What a client asks to see of a resource, and in which order: RFC 7644 sections 3.4.2.3, 3.9."""

from collections.abc import Mapping
from typing import Any

from jackfield.testing.sandbox.exchange import Document, Refusal
from jackfield.testing.sandbox.filters import values_at

_ALWAYS = frozenset({"schemas", "id"})


def selected(document: Document, wanted: Mapping[str, Any]) -> Document:
    """Return the part of a resource that `attributes` or `excludedAttributes` leave.

    `wanted` is a query, whose names are joined by commas, or a search request with lists of names.

    Raises: Refusal (400 invalidValue) where both are given.
    """
    shown, hidden = _names(wanted.get("attributes")), _names(wanted.get("excludedAttributes"))
    if shown and hidden:
        detail = "attributes and excludedAttributes exclude each other."
        raise Refusal(400, detail, scim_type="invalidValue")
    if shown:
        return _only(document, shown)
    return _without(document, hidden) if hidden else document


def ordered(documents: list[Document], wanted: Mapping[str, Any]) -> list[Document]:
    """Return the resources by `sortBy`, text ignoring case; those without a value come last."""
    path = str(wanted.get("sortBy") or "")
    if not path:
        return documents
    keyed = [(_sort_key(document, path), document) for document in documents]
    known = [pair for pair in keyed if pair[0] is not None]
    known.sort(key=lambda pair: pair[0] or "", reverse=wanted.get("sortOrder") == "descending")
    return [document for _, document in known] + [one for key, one in keyed if key is None]


def _sort_key(document: Document, path: str) -> str | None:
    values = list(values_at(document, path))
    if values and isinstance(values[0], dict):
        # The primary value of a multi-valued attribute decides, or else its first one.
        chosen = next((one for one in values if one.get("primary") is True), values[0])
        values = [chosen.get("value")]
    return None if not values or values[0] is None else str(values[0]).lower()


def _names(given: Any) -> frozenset[str]:
    names = given.split(",") if isinstance(given, str) else given or ()
    return frozenset(str(name).strip().lower() for name in names if str(name).strip())


def _paths(names: frozenset[str], urn: str) -> frozenset[str]:
    """Return the names that lie below a schema, without it."""
    start = urn.lower() + ":"
    return frozenset(name.removeprefix(start) for name in names if name.startswith(start))


def _only(document: Document, names: frozenset[str]) -> Document:
    names |= _core_names(document, names)
    found: Document = {}
    for key, value in document.items():
        name = key.lower()
        if name in names or name in _ALWAYS:
            found[key] = value
            continue
        inner = _paths(names, name) if name.startswith("urn:") else _subs(names, name)
        part = _inner(value, inner, keep=True) if inner else None
        if part:
            found[key] = part
    return found


def _without(document: Document, names: frozenset[str]) -> Document:
    names |= _core_names(document, names)
    found: Document = {}
    for key, value in document.items():
        name = key.lower()
        if name in _ALWAYS:
            found[key] = value
        elif name not in names:
            inner = _paths(names, name) if name.startswith("urn:") else _subs(names, name)
            found[key] = _inner(value, inner, keep=False) if inner else value
    return found


def _core_names(document: Document, names: frozenset[str]) -> frozenset[str]:
    urns = document.get("schemas", ())
    return frozenset(path for urn in urns if ":core:" in urn for path in _paths(names, urn))


def _subs(names: frozenset[str], name: str) -> frozenset[str]:
    return frozenset(one.partition(".")[2] for one in names if one.startswith(name + "."))


def _inner(value: Any, names: frozenset[str], *, keep: bool) -> Any:
    """Return the members that are named (`keep`) or those that are not, of each element."""
    if isinstance(value, list):
        parts = [_inner(one, names, keep=keep) for one in value]
        return [one for one in parts if one]
    if not isinstance(value, dict):
        return value
    return {key: part for key, part in value.items() if (key.lower() in names) == keep}
