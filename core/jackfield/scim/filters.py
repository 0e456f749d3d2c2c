r"""The one kind of filter that look-ups need, and who answers to it.

Source: RFC 7644 section 3.4.2.2: a value is a JSON string, so `"`, `\` and control characters are
escaped as JSON does.
"""

import json
import unicodedata

from jackfield.errors import RejectedUser
from jackfield.resources import MatchKey, User
from jackfield.scim.comparing import is_same_text
from jackfield.scim.path import Path, values


def equals(attribute: str, value: str) -> str:
    """Return the filter `attribute eq "value"`; no value can end its literal early."""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def check_key(key: MatchKey) -> None:
    """Refuse a value nobody can be found by; an empty filter may return everybody.

    Raises: RejectedUser naming the path.
    """
    kinds = {unicodedata.category(sign) for sign in key.value}
    if all(kind[0] in "CZ" for kind in kinds):
        raise RejectedUser(attribute=key.path, reason="it is empty, so nobody can be found by it")
    if kinds & {"Cc", "Cs"}:
        raise RejectedUser(attribute=key.path, reason="it holds a control character")


def answers(user: User, key: MatchKey) -> bool:
    """Say whether this user has the value that was looked for."""
    path = Path.parse(key.path)
    found = (value for value in values(user.to_scim(), path) if isinstance(value, str))
    return any(is_same_text(key.value, value, path) for value in found)


def resembles(user: User, key: MatchKey) -> bool:
    """Say whether a vendor's filter could take this user for the one looked for.

    That is a vendor which compares without case, or takes look-alikes for equal: `ß` for `ss`.
    """
    wanted = _loosely(key.value)
    found = values(user.to_scim(), Path.parse(key.path))
    return any(_loosely(value) == wanted for value in found if isinstance(value, str))


def _loosely(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().strip()
