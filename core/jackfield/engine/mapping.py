"""From a source object to the attributes its target user should have. Pure."""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from jackfield.flow import Json
from jackfield.mappings import AttributeMapping
from jackfield.resources import User
from jackfield.scim import write
from jackfield.sources import SourceObject

Desired = Mapping[str, Json]
"""Target path → value, in the order of the mappings; attributes without a value are left out."""


def map_attributes(
    source: SourceObject, mappings: Iterable[AttributeMapping], *, creating: bool
) -> Desired:
    """Return what the target user should have.

    A source value that is absent or empty is no value: it is left out, and the target keeps what it
    has. Defaults stand in on creation alone. Source: Microsoft Entra, "Customize application
    attributes" (read 2026-11-20).
    """
    desired = {}
    for mapping in mappings:
        if mapping.apply == "create" and not creating:
            continue
        value = _value(source, mapping)
        if value in (None, "") and creating:
            value = mapping.default
        if value not in (None, ""):
            desired[mapping.target] = value
    return MappingProxyType(desired)


def _value(source: SourceObject, mapping: AttributeMapping) -> Json:
    if mapping.source is None:
        return mapping.constant
    if mapping.source == "IsActive":
        return source.is_enabled
    return source.attributes.get(mapping.source)


def user_of(desired: Desired) -> User:
    """Return the user that a create sends."""
    document: dict[str, Json] = {}
    for path, value in desired.items():
        write(document, path, value, mark_primary=True)
    return User.from_scim(document)


def fingerprint(desired: Desired) -> str:
    """Return a short text that changes whenever what is wanted of a user changes."""
    text = json.dumps(dict(desired), sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def matching_form(value: str) -> str:
    """Return the form in which two matching values are the same user.

    NFC, then lower case: not casefold, which merges `straße` and `strasse`, and not NFKC, which
    merges look-alikes.
    """
    return unicodedata.normalize("NFC", value).lower()
