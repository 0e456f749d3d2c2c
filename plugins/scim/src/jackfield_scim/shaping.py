"""Fits users and changes to what a service says it takes: fills, leaves out, names what lacks."""

from jackfield import Change, Changes, Json, User
from jackfield.scim import Path, parse_user, read, write
from jackfield_scim.tenant import Tenant

Document = dict[str, Json]


def fitted(user: User, tenant: Tenant) -> User:
    """Return the user with what can be derived, and without what the service does not take."""
    document = user.to_scim()
    fit(document, tenant)
    return parse_user(document)


def fit(document: Document, tenant: Tenant) -> None:
    """Do the same to a document, in place."""
    required = {path.lower() for path in tenant.required}
    # One service wants `name.formatted`, which most sources lack.
    if "name.formatted" in required and ("name" in required or read(document, "name")):
        _fill(document, "name.formatted", _full_name(document) or read(document, "displayName"))
    if "displayname" in required:
        derived = read(document, "name.formatted") or _full_name(document)
        _fill(document, "displayName", derived)
    for path in (*tenant.read_only, *tenant.not_offered):
        write(document, path, None)


def needed(user: User, tenant: Tenant) -> tuple[str, ...]:
    """Return the paths without which the service would refuse this new user."""
    document = user.to_scim()
    required = tuple(path for path in tenant.required if _is_needed(path, document, tenant))
    return tuple(dict.fromkeys(("userName", *required)))


def is_taken(change: Change, tenant: Tenant) -> bool:
    """Say whether the service takes a later change of this attribute at all."""
    path = Path.parse(change.path)
    prefix = f"{path.urn}:" if path.urn else ""
    whole = f"{prefix}{path.attribute}".lower()
    part = f"{whole}.{path.sub_attribute}".lower()
    fixed = (*tenant.read_only, *tenant.set_once, *tenant.not_offered)
    return {whole, part}.isdisjoint(each.lower() for each in fixed)


def applied(document: Document, changes: Changes) -> Document:
    """Make the changes in the document, and return it."""
    for change in changes:
        value = None if change.op == "remove" else change.value
        if change.op == "add" and isinstance(value, list):
            held = read(document, change.path)
            kept = held if isinstance(held, list) else []
            value = [*kept, *(item for item in value if item not in kept)]
        write(document, change.path, value)
    return document


def is_often_refused(change: Change) -> bool:
    """Say whether services are known that refuse an operation of this form."""
    path = Path.parse(change.path)
    return path.condition is not None or bool(path.urn) or change.op == "remove"


def with_whole_attributes(changes: Changes, current: Document) -> Changes:
    """Return the changes with each attribute of several values replaced whole, once.

    All services tried take `emails` so. What has a single value stays as it is.
    """
    several = {
        Path.parse(change.path).attribute: None
        for change in changes
        if is_often_refused(change) and _has_several_values(change, current)
    }
    others = tuple(c for c in changes if Path.parse(c.path).attribute not in several)
    if not several:
        return changes
    wanted = applied(current, changes)
    wholes = (Change("replace", name, read(wanted, name) or []) for name in several)
    return (*others, *wholes)


def _has_several_values(change: Change, current: Document) -> bool:
    path = Path.parse(change.path)
    if path.urn:
        return False
    return path.condition is not None or isinstance(read(current, path.attribute), list)


def _is_needed(path: str, document: Document, tenant: Tenant) -> bool:
    parsed = Path.parse(path)
    if parsed.urn and parsed.urn not in tenant.required_schemas and parsed.urn not in document:
        return False
    prefix = f"{parsed.urn}:" if parsed.urn else ""
    parent = f"{prefix}{parsed.attribute}"
    if not parsed.sub_attribute or parent in tenant.required:
        return True
    return read(document, parent) is not None


def _full_name(document: Document) -> str:
    parts = (read(document, f"name.{part}") for part in ("givenName", "familyName"))
    return " ".join(part for part in parts if isinstance(part, str) and part)


def _fill(document: Document, path: str, value: Json) -> None:
    if not read(document, path) and value:
        write(document, path, value)
