"""What differs between the wanted and the actual user, in the vendor's own terms. Pure."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from jackfield.capabilities import Attribute, Capabilities
from jackfield.engine.mapping import Desired
from jackfield.engine.plan import AttributeChange
from jackfield.flow import Json
from jackfield.resources import Change, Changes, User
from jackfield.scim import read

Kept = Mapping[str, list[Any]]
"""Path → [wanted, kept]: what the vendor did not take the last time it was told."""


def differences(
    desired: Desired, user: User, capabilities: Capabilities
) -> tuple[AttributeChange, ...]:
    """Return every wanted attribute that the user does not have, in the order of the mappings."""
    document = user.to_scim()
    found = ((path, read(document, path), wanted) for path, wanted in desired.items())
    return tuple(
        AttributeChange(path, old, wanted)
        for path, old, wanted in found
        if not _is_kept(wanted, old, capabilities.attribute(path))
    )


def _is_kept(wanted: Json, found: Json, attribute: Attribute) -> bool:
    if found is None and not attribute.returned:
        return True
    if wanted is None:
        return found in (None, "", [])
    return is_same(wanted, found, case_exact=attribute.case_exact)


def is_same(wanted: Json, found: Json, *, case_exact: bool) -> bool:
    """Say whether two values are one to the vendor; spelling in Unicode never counts."""
    if not isinstance(wanted, str) or not isinstance(found, str):
        return wanted == found
    wanted, found = (unicodedata.normalize("NFC", value) for value in (wanted, found))
    return wanted == found if case_exact else wanted.lower() == found.lower()


def is_known_difference(change: AttributeChange, kept: Kept) -> bool:
    """Say whether the vendor answered this very wish with this very value before."""
    return kept.get(change.path) == [change.new, change.old]


def kept_of(changes: Sequence[AttributeChange]) -> dict[str, list[Any]]:
    """Return what to remember of differences that stayed after a write."""
    return {change.path: [change.new, change.old] for change in changes}


def changes_of(changes: Sequence[AttributeChange]) -> Changes:
    """Return the patch: `add` where there was nothing, `remove` where nothing is to be."""
    return tuple(map(_change, changes))


def _change(change: AttributeChange) -> Change:
    if change.new is None:
        return Change("remove", change.path)
    return Change("add" if change.old is None else "replace", change.path, change.new)
