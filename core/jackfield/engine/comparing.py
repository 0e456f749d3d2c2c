"""What differs between the wanted and the actual user, in the vendor's own terms. Pure."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
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
    desired: Desired,
    user: User,
    capabilities: Capabilities,
    *,
    adds_only: Collection[str] = (),
    fills_empty: Collection[str] = (),
) -> tuple[AttributeChange, ...]:
    """Return every wanted attribute that the user does not have, in the order of the mappings.

    The values of `adds_only` paths are added to those that the user has; `fills_empty` paths are no
    difference where the user has any value.
    """
    document = user.to_scim()
    found = (
        _addition(path, read(document, path), wanted)
        if path in adds_only and isinstance(wanted, list)
        else AttributeChange(path, read(document, path), wanted)
        for path, wanted in desired.items()
    )
    return tuple(
        change
        for change in found
        if not _is_kept(change.new, change.old, capabilities.attribute(change.path))
        and (change.path not in fills_empty or _is_nothing(change.old))
    )


def _addition(path: str, old: Json, wanted: list[Json]) -> AttributeChange:
    held = old if isinstance(old, list) else []
    names = [_name(value) for value in held]
    lacking = [value for value in wanted if _name(value) not in names]
    return AttributeChange(path, old, [*held, *lacking], is_addition=True)


def _name(value: Json) -> Json:
    """Return what tells one of several values from the others; RFC 7643 section 2.4, `value`."""
    return value.get("value") if isinstance(value, dict) else value


def _is_kept(wanted: Json, found: Json, attribute: Attribute) -> bool:
    if found is None and not attribute.returned:
        return True
    if wanted is None:
        return _is_nothing(found)
    return is_same(wanted, found, case_exact=attribute.case_exact)


def _is_nothing(found: Json) -> bool:
    return found in (None, "", [])


def is_same(wanted: Json, found: Json, *, case_exact: bool) -> bool:
    """Say whether two values are one to the vendor.

    Spelling in Unicode never counts, nor the order of several values, nor what a vendor adds to
    one of them.
    """
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(
            any(_is_within(value, other, case_exact=case_exact) for other in found)
            for value in wanted
        )
    if not isinstance(wanted, str) or not isinstance(found, str):
        return wanted == found
    wanted, found = (unicodedata.normalize("NFC", value) for value in (wanted, found))
    return wanted == found if case_exact else wanted.lower() == found.lower()


def _is_within(wanted: Json, found: Json, *, case_exact: bool) -> bool:
    if not isinstance(wanted, dict) or not isinstance(found, dict):
        return is_same(wanted, found, case_exact=case_exact)
    return all(
        is_same(part, found.get(name, False), case_exact=case_exact)
        for name, part in wanted.items()
    )


def is_known_difference(change: AttributeChange, kept: Kept) -> bool:
    """Say whether the vendor answered this very wish with this very value before."""
    return kept.get(change.path) == [change.sent, change.old]


def kept_of(changes: Sequence[AttributeChange]) -> dict[str, list[Any]]:
    """Return what to remember of differences that stayed after a write."""
    return {change.path: [change.new, change.old] for change in changes}


def changes_of(changes: Sequence[AttributeChange]) -> Changes:
    """Return the patch: `add` where there was nothing, `remove` where nothing is to be."""
    return tuple(map(_change, changes))


def _change(change: AttributeChange) -> Change:
    if change.new is None:
        return Change("remove", change.path)
    if change.is_addition:
        return Change("add", change.path, change.sent)
    return Change("add" if change.old is None else "replace", change.path, change.new)
