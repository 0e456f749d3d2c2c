"""The rule of vendors whose users sign in with their work e-mail: `userName` and it are equal."""

from collections.abc import Mapping

from jackfield.errors import RejectedUser
from jackfield.flow import Json
from jackfield.resources import Change, Changes
from jackfield.scim.comparing import is_same_text
from jackfield.scim.path import Path, read

USER_NAME = Path.parse("userName")
WORK_EMAIL = Path.parse('emails[type eq "work"].value')


def check_new(document: Mapping[str, Json]) -> None:
    """Refuse a new user whose work e-mail is another than its name.

    Raises: RejectedUser naming the e-mail's path.
    """
    _check(read(document, USER_NAME), read(document, WORK_EMAIL))


def with_work_email(changes: Changes) -> Changes:
    """Return the changes, the work e-mail among them wherever the name changes.

    Raises: RejectedUser where both change to different values.
    """
    name = _new_value(changes, USER_NAME)
    email = _new_value(changes, WORK_EMAIL)
    if name is None:
        return changes
    if email is None and not _touches_email(changes):
        return (*changes, Change("replace", WORK_EMAIL.text, name))
    if email is None:
        raise RejectedUser(attribute=WORK_EMAIL.text, reason="it must change with userName")
    _check(name, email)
    return changes


def _check(name: Json, email: Json) -> None:
    if (
        isinstance(name, str)
        and isinstance(email, str)
        and not is_same_text(name, email, USER_NAME)
    ):
        raise RejectedUser(
            attribute=WORK_EMAIL.text, reason="the vendor wants it to be equal to userName"
        )


def _new_value(changes: Changes, path: Path) -> Json:
    for change in changes:
        if change.path.lower() == path.text.lower():
            return change.value
        if path is WORK_EMAIL and change.path.lower() == "emails":
            return read({"emails": change.value}, path)
    return None


def _touches_email(changes: Changes) -> bool:
    return any(Path.parse(change.path).attribute.lower() == "emails" for change in changes)
