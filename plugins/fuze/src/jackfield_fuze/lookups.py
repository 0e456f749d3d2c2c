"""Finding a Fuze user: its `userName` cannot be filtered, and some users have none.

Source: Microsoft, "Configure Fuze for automatic user provisioning" (2022-11-21), limitations.
"""

from dataclasses import replace

from jackfield import (
    AmbiguousMatch,
    ConfigurationError,
    ConnectorError,
    Flow,
    MatchKey,
    NotFound,
    Response,
    User,
)
from jackfield.scim import ScimService, Walk, answers, check_key
from jackfield_fuze.capabilities import CAPABILITIES
from jackfield_fuze.settings import FuzeSettings

_MOST_PAGES = 90
"""One operation may send a hundred requests."""


def find_user(service: ScimService, key: MatchKey, settings: FuzeSettings) -> Flow[User | NotFound]:
    """Find the one user with this name, or without a name and with this e-mail address.

    Raises: AmbiguousMatch for several; ConfigurationError for another matching attribute.
    """
    if key.path.lower() not in {path.lower() for path in CAPABILITIES.match_on}:
        known = " and ".join(CAPABILITIES.match_on)
        raise ConfigurationError(f"Fuze users cannot be found by {key.path}, only by {known}")
    check_key(key)
    if settings.lookup == "email-filter":
        return (yield from _filter(service, key, settings))
    return (yield from _scan(service, key))


def _filter(service: ScimService, key: MatchKey, settings: FuzeSettings) -> Flow[User | NotFound]:
    asked = MatchKey(_address_path(key), key.value)
    filtering = replace(
        service, filters={asked.path: settings.email_filter}, search_error=_filter_refused
    )
    found = yield from filtering.get_user(asked)
    if isinstance(found, NotFound) or not _is_meant(found, key):
        return NotFound(key)
    return found


def _scan(service: ScimService, key: MatchKey) -> Flow[User | NotFound]:
    walk = Walk()
    matches: dict[str, User] = {}
    for _ in range(_MOST_PAGES):
        users = walk.fresh((yield from service.list_users(walk.cursor)))
        matches |= {str(user.id): user for user in users if _is_meant(user, key)}
        if not walk.more or (matches and walk.is_counted_out):
            return _only(matches, key)
    raise ConfigurationError(
        f"the list of users goes on after {_MOST_PAGES} pages, too many for one look-up: raise "
        'page_size, or set lookup = "email-filter" if Fuze filters by e-mail address'
    )


def _only(matches: dict[str, User], key: MatchKey) -> User | NotFound:
    if len(matches) > 1:
        raise AmbiguousMatch(
            f"{len(matches)} users answer to {key}: {', '.join(matches)}", user_ids=tuple(matches)
        )
    return next(iter(matches.values()), NotFound(key))


def _is_meant(user: User, key: MatchKey) -> bool:
    """Say whether this is the user that was looked for; another name is another user."""
    if key.path.lower() == "username" and (user.userName or "").strip():
        return answers(user, key)
    return answers(user, MatchKey(_address_path(key), key.value))


def _address_path(key: MatchKey) -> str:
    # Users that were not made through SCIM may have addresses of any type.
    return "emails.value" if key.path.lower() == "username" else key.path


def _filter_refused(response: Response) -> ConnectorError | None:
    if response.status not in {400, 501}:
        return None
    return response.unusable(
        f"the vendor answered {response.status} to a filter by e-mail address: set lookup = "
        '"list", or email_filter to the name that Fuze knows'
    )
