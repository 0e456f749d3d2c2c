"""The shapes of the imitated Zoom's users: as answered, merged by PUT, toggled by PATCH.

Source: the examples of Zoom's SCIM2 reference; reports of production for PUT and PATCH.
"""

from jackfield.testing.sandbox import ENTERPRISE_URN, Refusal
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.scim import LIST_URN

LOGIN_URN = "urn:us:zoom:scim:schemas:extension:1.0:ZoomUser"
ZOOM_URN = "urn:ietf:params:scim:schemas:extension:zoom:1.0:User"

# What the examples have of these; anything else in them is taken and not kept: assumed.
_PARTS = {
    "name": frozenset({"givenName", "familyName"}),
    ENTERPRISE_URN: frozenset(
        {"department", "organization", "costCenter", "employeeNumber", "manager"}
    ),
}

_LEFT_OUT_OF_LISTS = (ZOOM_URN, "title", "locale", "phoneNumbers", "roles", "groups")


def strange(who: str, status: int = 400) -> Refusal:
    """Return what an unknown user gets. Assumed: 404 for an id; a pending user's name is 400."""
    return Refusal(status, f"User {who} not exist or not belong to this account.")


def with_known_parts(document: Document) -> Document:
    """Return what a request asks to be kept, without parts that the examples lack."""
    found = dict(document)
    for name, known in _PARTS.items():
        if isinstance(found.get(name), dict):
            found[name] = {part: value for part, value in found[name].items() if part in known}
    return {name: value for name, value in found.items() if value != {}}


def as_answered(user: Document) -> Document:
    """Return the user with the `schemas` and `meta` of Zoom's examples.

    Phone settings are taken in requests and never shown.
    """
    found = {**user, "schemas": [LIST_URN], "meta": {**user["meta"], "version": "1.0.0"}}
    for name in ("created", "lastModified"):
        found["meta"][name] = found["meta"][name].replace(".000Z", "Z")
    extension = found.pop(ZOOM_URN, {})
    shown = {name: value for name, value in extension.items() if not name.startswith("zoomPhone")}
    return {**found, ZOOM_URN: shown} if shown else found


def summary(user: Document) -> Document:
    """Return the user as an item of a list: no licences, no more than the department."""
    found = {name: value for name, value in user.items() if name not in _LEFT_OUT_OF_LISTS}
    enterprise = found.pop(ENTERPRISE_URN, {})
    if "department" in enterprise:
        found[ENTERPRISE_URN] = {"department": enterprise["department"]}
    return found


def with_single_members(user: Document) -> Document:
    """Return the user as a read has it: the first role and the first group without a list."""
    single = {name: user[name][0] for name in ("roles", "groups") if user.get(name)}
    return {**user, **single}


def new_address(changes: Document, before: str) -> str:
    """Return the e-mail address that a PUT wants instead of the one before, or nothing."""
    wanted = [changes.get("userName"), *(one.get("value") for one in changes.get("emails", ()))]
    other = (str(one) for one in wanted if one and str(one).lower() != before.lower())
    return next(other, "")


def merged(user: Document, changes: Document) -> Document:
    """Return the user with what a PUT sends; all that it leaves out stays."""
    found = dict(user)
    for name, value in changes.items():
        found[name] = {**user.get(name, {}), **value} if isinstance(value, dict) else value
    return found


def toggled(user: Document, body: Document) -> Document:
    """Return the user with another `active`, the only thing that a PATCH changes.

    Assumed: the form with a path and the string "False" are refused, as nobody confirms them.

    Raises: Refusal (400).
    """
    operations = body.get("Operations")
    if not isinstance(operations, list) or not operations:
        raise _no_active()
    for operation in operations:
        value = operation.get("value") if isinstance(operation, dict) else None
        if not isinstance(value, dict) or operation.get("op") != "replace" or "path" in operation:
            raise _no_active()
        if not isinstance(value.get("active"), bool):
            raise _no_active()
        user = {**user, "active": value["active"]}
    return user


def _no_active() -> Refusal:
    return Refusal(400, "The request json did not contains valid active field.")
