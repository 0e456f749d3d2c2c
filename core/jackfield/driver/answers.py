"""What a vendor's answer is worth: each hook's result is checked before anybody believes it.

Each function runs a hook's flow to its result and returns it, or raises what an answer about the
wrong user means: `InDoubt` after a write, `VendorBroken` after a read. One user's odd answer is one
user's failure; a `PluginFault`, which would end the job, is for results of the wrong type alone.
Those pass through here, for the driver to refuse: a plugin is a guest, whatever its types say.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias

from jackfield.capabilities import Capabilities
from jackfield.errors import (
    AlreadyExists,
    ConnectorError,
    InDoubt,
    NotDeleted,
    PluginFault,
    RejectedUser,
    UnknownUser,
    VendorBroken,
)
from jackfield.flow import Flow
from jackfield.resources import Applied, MatchKey, NotFound, Page, User, UserId
from jackfield.scim import Path, is_same_text, read
from jackfield.scim.identity import is_same_id, problem_of_id

Look: TypeAlias = Callable[[UserId], Flow[Any]]
"""Asks the vendor for the user of one id."""


def found(flow: Flow[Any], key: MatchKey | UserId) -> Flow[Any]:
    """Return the user found, with the id that was asked for where it was asked for by id.

    Raises: VendorBroken where it is another user, or its id is none.
    """
    try:
        user = yield from flow
    except AlreadyExists as fault:
        raise _not_from_a_read(fault) from fault
    if not isinstance(user, User):
        return user
    _check_id(user.id, VendorBroken)
    if isinstance(key, MatchKey):
        return user
    if not is_same_id(user.id or "", key):
        raise VendorBroken(f"the vendor answered for {key} with another user, {user.id}")
    return _with_id(user, key)


def created(flow: Flow[Any], wanted: User, capabilities: Capabilities) -> Flow[Any]:
    """Return the user created.

    Raises: InDoubt where the answer is about another user, or its id is none.
    """
    user = yield from flow
    if not isinstance(user, User):
        return user
    _check_id(user.id, InDoubt)
    for path in dict.fromkeys(("userName", *capabilities.match_on)):
        sent, kept = _text_at(wanted, path), _text_at(user, path)
        if not (isinstance(sent, str) and isinstance(kept, str)):
            continue
        if not _is_same_name(sent, kept, path, capabilities):
            raise InDoubt(
                f"the creation of {sent} was answered with another user, {kept} ({user.id}): look "
                "at both before anything else"
            )
        break
    return user


def patched(flow: Flow[Any], user_id: UserId) -> Flow[Any]:
    """Return what was done to the user of this id.

    Raises: InDoubt where the answer is about another user: no vendor gives a user a new id.
    """
    applied = yield from flow
    if not isinstance(applied, Applied):
        return applied
    shown = [applied.user_id] if applied.user is None else [applied.user_id, applied.user.id]
    for each in shown:
        _check_id(each, InDoubt)
        if not is_same_id(each or "", user_id):
            raise InDoubt(
                f"a change of {user_id} was answered with another user, {each}: look at both "
                "before anything else"
            )
    user = None if applied.user is None else _with_id(applied.user, user_id)
    return replace(applied, user_id=user_id, user=user)


def listed(flow: Flow[Any]) -> Flow[Any]:
    """Return the page.

    Raises: VendorBroken where a user on it has no id, or one that cannot be asked for.
    """
    try:
        page = yield from flow
    except AlreadyExists as fault:
        raise _not_from_a_read(fault) from fault
    if isinstance(page, Page):
        for user in page.users:
            if isinstance(user, User):
                _check_id(user.id, VendorBroken)
    return page


def deleted(flow: Flow[Any], look: Look, user_id: UserId) -> Flow[Any]:
    """Return when the user is gone, as a read of its id at the end shows.

    RFC 7644 section 3.6: a deleted user is answered with 404 from then on.

    Raises: NotDeleted where the vendor still shows the user; RejectedUser where it refuses to
    delete, also by 409; InDoubt where the read cannot be made.
    """
    try:
        result = yield from flow
    except UnknownUser:
        result = None
    except AlreadyExists as fault:
        raise RejectedUser(reason=f"the vendor refuses to delete the user: {fault}") from fault
    if result is not None:
        return result
    yield from _prove_gone(look, user_id)
    return None


def _prove_gone(look: Look, user_id: UserId) -> Flow[None]:
    try:
        user = yield from found(look(user_id), user_id)
    except PluginFault:
        raise
    except ConnectorError as fault:
        raise InDoubt(
            f"the deletion of {user_id} was answered with success, and whether the user is gone "
            f"could not be read: {fault}"
        ) from fault
    if isinstance(user, NotFound):
        return
    if not isinstance(user, User):
        raise PluginFault(f"the look for {user_id} after its deletion returned {type(user)}")
    state = "" if user.active is None else ", active" if user.active else ", disabled"
    raise NotDeleted(
        f"the vendor answered the deletion of {user_id} with success and still shows the user"
        f"{state}: look at the vendor whether it deletes users at all",
        user_id=user_id,
        is_on=user.active,
    )


def _check_id(user_id: str | None, error: type[InDoubt | VendorBroken]) -> None:
    problem = problem_of_id(user_id)
    if problem:
        raise error(f"the vendor answered with a user that has {problem}")


def _with_id(user: User, user_id: UserId) -> User:
    """Return the user under the id it was asked for by, so that links keep one spelling."""
    return user if user.id == user_id else user.model_copy(update={"id": user_id})


def _text_at(user: User, path: str) -> Any:
    return user.userName if path == "userName" else read(user.to_scim(), path)


def _is_same_name(sent: str, kept: str, path: str, capabilities: Capabilities) -> bool:
    if sent == kept:
        return True
    attribute = capabilities.attribute(path)
    if attribute.rewrites or is_same_text(sent.strip(), kept.strip(), Path.parse(path)):
        return True
    one, other = (unicodedata.normalize("NFC", text).strip().lower() for text in (sent, kept))
    return not attribute.case_exact and one == other


def _not_from_a_read(fault: AlreadyExists) -> VendorBroken:
    return VendorBroken(f"the vendor answered a question as it does a creation: {fault}")
