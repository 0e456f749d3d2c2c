"""PUT bodies: for vendors that merge, where what is left out stays, and for those that replace.

RFC 7644 section 3.5.1 has a PUT replace the whole user. Some vendors take it as a merge instead,
and change by PATCH only a few attributes, or none. How deep they merge is not documented, so an
attribute with parts is sent with all of them.
"""

import copy
from collections.abc import Iterable, Mapping

from jackfield.errors import ConnectorError, InDoubt, RejectedUser
from jackfield.flow import Json
from jackfield.resources import Change, Changes
from jackfield.scim.path import CORE_URN, Path, read, write

_NOT_WRITTEN = frozenset({"schemas", "meta", "groups"})


def needs_current(changes: Changes) -> bool:
    """Say whether the user must be read first, because parts of an attribute change."""
    return any(_is_partial(change) for change in changes)


def merge_document(changes: Changes, current: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body: each attribute that changes, whole, and nothing else.

    An attribute that loses its value is sent as null (RFC 7643 section 2.5).
    """
    document: dict[str, Json] = {}
    for change in changes:
        whole = _whole(Path.parse(change.path))
        if _is_partial(change) and read(document, whole) is None:
            write(document, whole, copy.deepcopy(read(current, whole)))
        value = None if change.op == "remove" else change.value
        if change.op == "add" and isinstance(value, list):
            value = _united(read(document, whole), value)
        write(document, change.path, value, mark_primary=True)
        if read(document, whole) is None:
            _clear(document, Path.parse(whole))
    extensions = (name for name in document if name.lower().startswith("urn:"))
    schemas: list[Json] = [CORE_URN, *extensions]
    return {"schemas": schemas, **document}


def whole_document(changes: Changes, current: Mapping[str, Json]) -> dict[str, Json]:
    """Return the body of a PUT that replaces: the user as it was read, with the changes made.

    `meta` and `groups` go: they are the vendor's to write (RFC 7643 sections 3.1 and 4.1.2).
    """
    document = copy.deepcopy(dict(current))
    for change in changes:
        value = None if change.op == "remove" else change.value
        if change.op == "add" and isinstance(value, list):
            value = _united(read(document, change.path), value)
        write(document, change.path, value, mark_primary=True)
    for name in [name for name in document if name.lower() in _NOT_WRITTEN]:
        del document[name]
    extensions = (name for name in document if name.lower().startswith("urn:"))
    return {"schemas": [CORE_URN, *extensions], **document}


def partly_applied(fault: ConnectorError, done: Changes, missing: Changes) -> ConnectorError:
    """Return the error of a second request, saying what the first one had already changed."""
    if not done:
        return fault
    is_unknown = "and whether" if isinstance(fault, InDoubt) else "and not"
    changed = f"{_paths(done)} was changed, {is_unknown} {_paths(missing)}"
    if isinstance(fault, RejectedUser):
        return RejectedUser(attribute=fault.attribute, reason=f"{changed}: {fault.reason}")
    fault.args = (f"{changed}: {fault}", *fault.args[1:])
    return fault


def _is_partial(change: Change) -> bool:
    path = Path.parse(change.path)
    is_part = path.condition is not None or bool(path.sub_attribute)
    return is_part or (change.op == "add" and isinstance(change.value, list))


def _whole(path: Path) -> str:
    return f"{path.urn}:{path.attribute}" if path.urn else path.attribute


def _united(held: Json, more: list[Json]) -> list[Json]:
    known = held if isinstance(held, list) else [] if held is None else [held]
    return [*known, *(item for item in more if item not in known)]


def _clear(document: dict[str, Json], path: Path) -> None:
    holder = document.setdefault(path.urn, {}) if path.urn else document
    if isinstance(holder, dict):
        holder[path.attribute] = None


def _paths(changes: Iterable[Change]) -> str:
    return ", ".join(change.path for change in changes)
