"""From a user of Microsoft Graph to a source object. Pure.

Attributes keep Graph's names and kinds: a Boolean is one, and several values stay apart. Parts of
complex ones get a dotted name (`onPremisesExtensionAttributes.extensionAttribute1`), and
`telephoneNumber` is the first of `businessPhones`, as in the directory's own exports.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from jackfield.flow import Json
from jackfield.sources.base import DEFAULT_ACCESS, SourceObject, SourceValue
from jackfield.sources.entra.graph import Document
from jackfield.sources.entra.settings import EntraSettings

_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "onPremisesExtensionAttributes": tuple(f"extensionAttribute{n}" for n in range(1, 16)),
    "employeeOrgData": ("costCenter", "division"),
}
_GUEST_MARK: Final = re.compile("#ext#", re.IGNORECASE)


def attribute_names(settings: EntraSettings) -> frozenset[str]:
    """Return every attribute name that a read with these settings can fill."""
    names = {"telephoneNumber", "originalUserPrincipalName"}
    for name in settings.selected:
        parts = _PARTS.get(name, ())
        names.update(f"{name}.{part}" for part in parts)
        if not parts:
            names.add(name)
    if settings.scope == "assigned":
        names.add("appRole")
    return frozenset(names)


def is_partial(document: Document) -> bool:
    """Say whether Graph sent less than it was asked for: both attributes are never empty."""
    name = document.get("userPrincipalName")
    is_named = isinstance(name, str) and bool(name.strip())
    return not is_named or not isinstance(document.get("accountEnabled"), bool)


def to_source_object(
    document: Document, roles: tuple[str, ...] | None, settings: EntraSettings
) -> SourceObject:
    """Return the person; `roles` is None for one who is not assigned."""
    attributes = dict(_flat(document, settings))
    phones = document.get("businessPhones")
    if isinstance(phones, list) and phones and isinstance(phones[0], str):
        attributes["telephoneNumber"] = phones[0].strip()
    if manager := _manager(document):
        attributes["manager"] = manager
    name = str(attributes.get("userPrincipalName", ""))
    if name:
        attributes["originalUserPrincipalName"] = name
        attributes["userPrincipalName"] = original_address(name)
    named = [role for role in roles or () if role != DEFAULT_ACCESS]
    if len(named) == 1:
        attributes["appRole"] = named[0]
    is_unnamed_role_enough = settings.default_access_role == "include"
    return SourceObject(
        str(document["id"]).lower(),
        {key: value for key, value in attributes.items() if value not in ("", ())},
        f"entra:{name or document['id']}",
        roles=roles or (),
        is_assigned=None if settings.scope == "all" else roles is not None,
        is_entitled=bool(named) or is_unnamed_role_enough or roles is None,
    )


def original_address(name: str) -> str:
    """Return the address of a guest: `ana_dom.com#EXT#@tenant` is `ana@dom.com`; others as are."""
    found = _GUEST_MARK.search(name)
    alias, _, domain = name[: found.start() if found else 0].rpartition("_")
    return f"{alias}@{domain}" if alias and domain else name


def _flat(document: Document, settings: EntraSettings) -> Iterator[tuple[str, SourceValue]]:
    for name in settings.selected:
        value = document.get(name)
        if isinstance(value, dict):
            parts = ((part, value.get(part)) for part in _PARTS.get(name, ()))
            yield from ((f"{name}.{part}", _text(inner)) for part, inner in parts)
        elif isinstance(value, list):
            yield name, tuple(filter(None, map(_text, value)))
        else:
            yield name, value if isinstance(value, bool) else _text(value)


def _text(value: Json) -> str:
    return str(value).strip() if isinstance(value, str | int | float) else ""


def _manager(document: Document) -> str:
    """Return the manager's id, from a single user or from a page of changes."""
    changes = document.get("manager@delta")
    found: list[Json] = list(changes) if isinstance(changes, list) else [document.get("manager")]
    ids = [one.get("id") for one in found if isinstance(one, dict) and "@removed" not in one]
    return str(ids[-1]).lower() if ids and isinstance(ids[-1], str) else ""
