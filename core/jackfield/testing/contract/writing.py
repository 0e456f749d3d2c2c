"""Scenarios of creating, changing and removing users."""

from jackfield.errors import AlreadyExists, InDoubt, RejectedUser, UnknownUser
from jackfield.flow import Json
from jackfield.resources import Applied, Change, User, UserId
from jackfield.scim import read, write
from jackfield.testing.contract.case import Broken, Case, NotClaimed
from jackfield.testing.contract.judging import all_used, error, fail, holds, no_write, result
from jackfield.testing.contract.vendor import Operation, Told, with_other_id

_MARK = "read-only-made-up"
"""A value to look for in what was sent."""


def created(case: Case) -> None:
    name = "create_user: created"
    told = case.ask(name, _create(case.user))
    result(told, User, "the new user, with its id")
    if not told.writes:
        raise fail("a write that creates the user", told, "nothing was written")
    if not holds(told.writes, case.key.value):
        raise fail(f"the user's {case.key.path} is sent", told, "no write holds it")
    _end(case, name, told)


def server_assigned_id(case: Case) -> None:
    """Answer as in `created`, with another id in each place."""
    name = "create_user: created"
    known = case.ask(name, _create(case.user)).result
    if not isinstance(known, User) or not known.id:
        raise Broken(f"the evidence of {name!r} has to lead to a user first")
    other = _other_id(known.id)
    answers = with_other_id(case.answers(name), known.id, other)
    told = case.ask_with(_create(case.user), answers)
    user = result(told, User, f"the user with the id {other}, which the vendor gave it")
    if user.id != other:
        raise fail(f"the id that the vendor gave, {other}", told, f"the id is {user.id}")


def duplicate(case: Case) -> None:
    name = "create_user: duplicate"
    told = case.ask(name, _create(case.user))
    error(told, AlreadyExists, "AlreadyExists: the vendor has such a user")
    _end(case, name, told)


def missing_required(case: Case) -> None:
    """Each required attribute is left out in turn; the connector, or the vendor, refuses."""
    name = "create_user: missing required attribute"
    paths = case.capabilities.required_on_create()
    if not paths:
        raise NotClaimed("the capabilities name no attribute that a new user must have")
    for path in paths:
        document = case.user.to_scim()
        write(document, path, None)
        answers = case.answers(name) if case.is_evident(name) else ()
        told = case.ask_with(_create(User.from_scim(document)), answers)
        error(
            told,
            RejectedUser,
            f"RejectedUser before anything is sent, for {path} is missing; where only the vendor "
            f"knows, its refusal as evidence of {name!r}",
        )


def patched(case: Case) -> None:
    change = case.change
    told = _taken(case, "patch_user: one attribute", change)
    if not isinstance(change.value, bool) and not holds(told.writes, _text(change.value)):
        raise fail(f"{change.value!r} is sent for {change.path}", told, "no write holds it")


def cleared(case: Case) -> None:
    _taken(case, "patch_user: clear one attribute", Change("remove", case.cleared_path))


def disabled(case: Case) -> None:
    _taken(case, "patch_user: disable", Change("replace", "active", value=False))


def disabled_twice(case: Case) -> None:
    name = "patch_user: disable twice"
    told = case.ask(name, _patch(case.user_id, (Change("replace", "active", value=False),)))
    _check_applied(told, "success: whoever is disabled already stays so")
    _end(case, name, told)


def enabled(case: Case) -> None:
    _taken(case, "patch_user: enable", Change("replace", "active", value=True))


def unknown_id(case: Case) -> None:
    name = "patch_user: unknown id"
    told = case.ask(name, _patch(case.unknown_id, (case.change,)))
    error(told, UnknownUser, "UnknownUser: the vendor has no user of this id")
    _end(case, name, told)


def other_user_answered(case: Case) -> None:
    """Answer as in `patched`, and about another user."""
    name, other = "patch_user: one attribute", _other_id(case.user_id)
    answers = with_other_id(case.answers(name), case.user_id, other)
    if answers == with_other_id(case.answers(name), case.user_id, case.user_id):
        raise NotClaimed("the vendor's answer to a change names no id")
    told = case.ask_with(_patch(case.user_id, (case.change,)), answers)
    error(told, InDoubt, f"InDoubt: the answer is about another user, {other}")


def deleted(case: Case) -> None:
    _delete(case, "delete_user: deleted")


def deleted_twice(case: Case) -> None:
    _delete(case, "delete_user: already gone")


def second_cycle(case: Case) -> None:
    """Find again what was created: nothing may be left to change."""
    name = "get_user: found"
    told = case.ask(name, lambda calls: calls.get_user(case.key))
    user = result(told, User, "the user as it was created")
    left = [_difference(case, path, user) for path in _wanted_paths(case)]
    if any(left):
        raise fail(
            "the user found is the one created, so that a second cycle sends no write",
            told,
            "; ".join(filter(None, left)),
        )
    if case.capabilities.patch:
        again = case.ask_with(_patch(case.user_id, ()))
        result(again, Applied, "no change, no request")
        no_write(again, "no change, no write")


def _wanted_paths(case: Case) -> list[str]:
    document = case.user.to_scim()
    named = list(case.capabilities.attributes) or [m.target for m in case.capabilities.mappings]
    plain = [name for name, value in document.items() if isinstance(value, str | bool)]
    return [path for path in named or plain if read(document, path) is not None]


def _difference(case: Case, path: str, user: User) -> str:
    attribute = case.capabilities.attribute(path)
    wanted, found = read(case.user.to_scim(), path), read(user.to_scim(), path)
    is_same = wanted == found or (
        not attribute.case_exact and str(wanted).lower() == str(found).lower()
    )
    return "" if is_same or attribute.rewrites else f"{path} is {found!r}, created as {wanted!r}"


def _delete(case: Case, name: str) -> None:
    told = case.ask(name, lambda calls: calls.delete_user(case.user_id))
    if told.error is not None or told.vendor.problem:
        raise fail("success: the user is gone, and a read of its id at the end says so", told)
    _end(case, name, told)


def _taken(case: Case, name: str, change: Change) -> Told:
    told = case.ask(name, _patch(case.user_id, (change,)))
    _check_applied(told, f"Applied, and {change.path} is changed")
    if not told.writes:
        raise fail("a write that makes the change", told, "nothing was written")
    _end(case, name, told)
    return told


def _check_applied(told: Told, expected: str) -> None:
    applied = result(told, Applied, expected)
    if applied.not_taken:
        raise fail(expected, told, f"not taken: {applied.not_taken!r}")


def _patch(user_id: UserId, changes: tuple[Change, ...]) -> Operation:
    return lambda calls: calls.patch_user(user_id, changes)


def _create(user: User) -> Operation:
    return lambda calls: calls.create_user(user)


def _other_id(user_id: str) -> str:
    """Return an id of the same form."""
    return user_id[:-1] + ("2" if user_id.endswith("1") else "1")


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _end(case: Case, name: str, told: Told) -> None:
    if case.is_written(name):
        all_used(told)
