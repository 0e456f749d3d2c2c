"""Which account is whose: by its id, and by a name that we left it with. Pure.

An id alone proves nothing: another tenant numbers its users alike, and vendors use ids again.
"""

import unicodedata
from collections.abc import Iterable, Iterator

from jackfield.resources import User
from jackfield.scim import Path, values


def matching_form(value: str) -> str:
    """Return the form in which two matching values are the same user.

    NFC, then lower case: not casefold, which merges `straße` and `strasse`, and not NFKC, which
    merges look-alikes.
    """
    return value.lower() if value.isascii() else unicodedata.normalize("NFC", value).lower()


def forms_of(names: Iterable[str]) -> frozenset[str]:
    """Return the forms of those names that are not empty."""
    return frozenset(matching_form(name) for name in names if name.strip())


def shown_names(user: User, matching: Iterable[str]) -> frozenset[str]:
    """Return every name that an account shows, in its form: by these paths, and the usual ones."""
    return forms_of(_shown(user, matching))


def _shown(user: User, matching: Iterable[str]) -> Iterator[str]:
    yield user.userName or ""
    yield user.externalId or ""
    yield from (email.value or "" for email in user.emails)
    document = user.to_scim()
    for path in matching:
        yield from (value for value in values(document, Path.parse(path)) if isinstance(value, str))


def is_one_of(user: User, names: frozenset[str], matching: Iterable[str]) -> bool:
    """Say whether an account shows one of these names; one that shows none at all is not refused.

    `names` are forms.
    """
    shown = shown_names(user, matching)
    return not shown or bool(shown & names)


def anothers(user_name: str, target_id: str, user: User) -> str:
    """Say why an account is not touched that is called otherwise than it was left."""
    shown = user.userName or "somebody without a user name"
    return (
        f"the account {target_id} is {shown} now and was {user_name} when it was last seen: it may "
        "be another human's, or another tenant's, so nothing is changed; if it is the same one, "
        "give it its name back at the vendor, else remove the link"
    )
