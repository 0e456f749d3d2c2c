"""Functions on app roles."""

from collections.abc import Iterator

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.nodes import Attribute, Call
from jackfield.engine.expressions.values import Role, Value

Roles = tuple[Role, ...]


def only_attribute(call: Call) -> Iterator[str]:
    """Refuse anything but an attribute as the first argument."""
    if not isinstance(call.arguments[0], Attribute):
        yield "the first argument is an attribute: [appRoleAssignments]"


def single_role(roles: tuple[str, ...], *precedence: str | None) -> str | None:
    """Return the one role; of several the first in `precedence`, which is our own addition."""
    distinct = tuple(dict.fromkeys(roles))
    if len(distinct) <= 1:
        return distinct[0] if distinct else None
    for role in precedence:
        if role in distinct:
            return role
    raise Failure(
        f"{len(distinct)} roles are assigned and none has precedence; "
        "name the roles in order after the attribute"
    )


def complex_roles(value: Value) -> Roles | None:
    """Return every role once, none of them primary; null where there is none to add."""
    return assertive_roles(value) or None


def assertive_roles(value: Value) -> Roles | None:
    """Return every role once, none of them primary.

    A multi-valued attribute that is there and empty gives no roles, so that the target's go; one
    that is absent gives null, for absence may only mean that it was not read.
    """
    if value is None or value == "":
        return None
    given = value if isinstance(value, tuple) else (str(value),)
    roles = (item if isinstance(item, Role) else Role(item) for item in given)
    by_value = {role.value: Role(role.value, role.display) for role in roles}
    return tuple(by_value.values())
