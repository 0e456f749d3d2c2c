"""Whether two values are the same to a vendor, and which changes it did not keep."""

import unicodedata
from collections.abc import Mapping

from jackfield.flow import Json
from jackfield.resources import Changes, Difference
from jackfield.scim.path import Path, read

# RFC 7643 section 4.1: of a user's attributes these two name the person and are not case-exact.
CASE_INSENSITIVE = frozenset({"username", "emails"})


def is_same_text(wanted: str, found: str, path: Path) -> bool:
    """Compare as people mean it: composed, and without case for names of accounts.

    Lower case and not case folding, composition and not compatibility: `straße@` and `strasse@`
    are two people.
    """
    one, other = unicodedata.normalize("NFC", wanted), unicodedata.normalize("NFC", found)
    if path.attribute.lower() in CASE_INSENSITIVE:
        return one.lower() == other.lower()
    return one == other


def not_taken(changes: Changes, document: Mapping[str, Json]) -> tuple[Difference, ...]:
    """Return each change whose outcome is not in the document."""
    found = []
    for change in changes:
        wanted = None if change.op == "remove" else change.value
        kept = read(document, change.path)
        is_subset_enough = change.op == "add"
        if not _is_kept(wanted, kept, Path.parse(change.path), is_subset_enough=is_subset_enough):
            found.append(Difference(change.path, wanted, kept))
    return tuple(found)


def _is_kept(wanted: Json, kept: Json, path: Path, *, is_subset_enough: bool = False) -> bool:
    if wanted in (None, "", [], {}) or kept in (None, "", [], {}):
        return wanted in (None, "", [], {}) and kept in (None, "", [], {})
    if isinstance(wanted, dict):
        # Vendors add to what was sent: RingCentral answers each value with "primary": false.
        return isinstance(kept, dict) and all(
            _is_kept(part, _member(kept, name), path) for name, part in wanted.items()
        )
    if isinstance(wanted, list):
        held = kept if isinstance(kept, list) else [kept]
        every = all(any(_is_kept(item, other, path) for other in held) for item in wanted)
        return every and (is_subset_enough or len(held) == len(wanted))
    if isinstance(wanted, bool):
        # RFC 7643 section 2.3.2: a text "False" is no Boolean, and in many languages it is true.
        return wanted is kept
    if isinstance(kept, bool):
        return str(wanted).lower() == str(kept).lower()
    return is_same_text(str(wanted), str(kept), path)


def _member(held: Mapping[str, Json], name: str) -> Json:
    if name in held:
        return held[name]
    return next((part for key, part in held.items() if key.lower() == name.lower()), None)
