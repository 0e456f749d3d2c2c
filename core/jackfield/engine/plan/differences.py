"""What differs between the wanted and the actual user, in the vendor's own terms. Pure."""

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from jackfield.capabilities import Attribute, Capabilities
from jackfield.engine.map.mapper import Desired
from jackfield.engine.model.plan import AttributeChange
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
    found = []
    for path, wanted in desired.items():
        old = read(document, path)
        is_addition = path in adds_only and isinstance(wanted, list)
        new = _with_held(old, wanted) if is_addition else wanted
        is_kept = _is_kept(new, old, capabilities.attribute(path))
        if not is_kept and (path not in fills_empty or _is_nothing(old)):
            found.append(AttributeChange(path, old, new, is_addition=is_addition))
    return tuple(found)


def _with_held(old: Json, wanted: Json) -> Json:
    """Return the values held, and those wanted that are not among them."""
    held = old if isinstance(old, list) else []
    names = [_name(value) for value in held]
    lacking = wanted if isinstance(wanted, list) else []
    return [*held, *(value for value in lacking if _name(value) not in names)]


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
    if wanted == found:
        return True
    if isinstance(wanted, list) and isinstance(found, list):
        return len(wanted) == len(found) and all(
            any(_is_within(value, other, case_exact=case_exact) for other in found)
            for value in wanted
        )
    if not isinstance(wanted, str) or not isinstance(found, str):
        return False
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
