"""Finds one user, and says that there is none only where that is proven.

Several services answer a filter they do not understand with an empty list, ignore it, or compare
names with case. So an empty answer counts where searching was seen to work for that attribute; else
the users are listed and matched here.
"""

import string

from jackfield import (
    AlreadyExists,
    AmbiguousMatch,
    ConfigurationError,
    Flow,
    MatchKey,
    NotFound,
    Page,
    RejectedUser,
    Request,
    Response,
    User,
    VendorBroken,
)
from jackfield.scim import (
    ScimService,
    Walk,
    answers,
    check_key,
    equals,
    is_everything,
    parse_user,
    read,
    resources_of,
    scim_error,
    total_of,
)
from jackfield_scim.capabilities import FILTERS, WORK_EMAIL
from jackfield_scim.settings import ScimSettings
from jackfield_scim.tenant import Tenant

PAGE_LIMIT = 90
"""Pages read in search of one user; an operation may send 100 requests."""

_CASED = frozenset(string.ascii_letters)

Users = tuple[User, ...]


def find_user(key: MatchKey, tenant: Tenant, settings: ScimSettings) -> Flow[User | NotFound]:
    """Return the one user who answers to the key, or NotFound where nobody does for certain.

    Raises: AmbiguousMatch; VendorBroken where the service lets nobody know.
    """
    check_key(key)
    if key.path not in FILTERS:
        raise ConfigurationError(
            f"users are found by {', '.join(FILTERS)} here, not by {key.path}: correct the "
            "matching attribute of the job"
        )
    found = None
    if key.path not in tenant.listed:
        found = yield from _search(key, tenant)
    if found:
        return _only(found, key)
    is_trusted = settings.filter == "trusted" or key.path in tenant.filtered
    if found is not None and is_trusted:
        return NotFound(key)
    service = tenant.service(settings)
    page = yield from service.list_users(None)
    is_shown = any(_is_meant(user, key) for user in page.users)
    if page.next_cursor is not None and found is not None and not is_shown:
        is_cased = not _CASED.isdisjoint(key.value)
        if (yield from is_filter_proven(key.path, page.users, tenant, is_cased=is_cased)):
            return NotFound(key)
    return _only((yield from _matching(key, page, service)), key)


def is_filter_proven(
    path: str, users: Users, tenant: Tenant, *, is_cased: bool = True
) -> Flow[bool | None]:
    """Say whether a filter by this path finds one of these users; None where that stays unknown.

    Where the attribute has no case, the value is asked for with its case turned round, unless
    `is_cased` is False: then a value as it is kept will do.
    """
    has_case = is_cased and path != "externalId"
    sample = next((user for user in users if _usable(user, path, has_case=has_case)), None)
    if sample is None:
        return None
    value = _value(sample, path)
    found = yield from _search(MatchKey(path, value.swapcase() if has_case else value), tenant)
    if found is None:
        return False
    return True if sample.id in {user.id for user in found} else None


def _usable(user: User, path: str, *, has_case: bool) -> bool:
    value = _value(user, path)
    is_plain = value.isascii() and value.isprintable() and bool(value.strip())
    return is_plain and (not has_case or not _CASED.isdisjoint(value))


def _value(user: User, path: str) -> str:
    found = read(user.to_scim(), path)
    return found if isinstance(found, str) else ""


def _search(key: MatchKey, tenant: Tenant) -> Flow[Users | None]:
    """Return who the service finds; None where its answer is no answer to this filter.

    Raises: CredentialsRefused, NotAllowed.
    """
    params = {"filter": equals(FILTERS[key.path], key.value)}
    try:
        response = yield Request("GET", tenant.users_path, params=params)
        if not response.is_success:
            raise scim_error(response)
        users = _users(response)
    except (AlreadyExists, RejectedUser, VendorBroken):
        return None
    # Other users among the found ones: the filter was ignored, or understood as another one.
    if not all(_is_meant(user, key) for user in users):
        return None
    is_uncounted = bool(users) and total_of(response) is None
    is_whole = is_uncounted or is_everything(response, len({user.id for user in users}))
    return users if is_whole else None


def _is_meant(user: User, key: MatchKey) -> bool:
    if key.path != WORK_EMAIL:
        return answers(user, key)
    # One service keeps a single address and drops its type.
    typed = tuple(e if e.type else e.model_copy(update={"type": "work"}) for e in user.emails)
    return answers(user.model_copy(update={"emails": typed}), key)


def _users(response: Response) -> Users:
    try:
        found = [parse_user(each) for each in resources_of(response) if isinstance(each, dict)]
    except ValueError as fault:
        raise response.unusable(f"the vendor's user cannot be read: {fault}") from None
    if len(found) != len(resources_of(response)) or not all(user.id for user in found):
        raise response.unusable("the vendor found something that is no user with an id")
    return tuple(found)


def _matching(key: MatchKey, first: Page, service: ScimService) -> Flow[Users]:
    """Return who answers to the key among all users there are.

    Raises: VendorBroken where the list is too long, or its end cannot be proven.
    """
    matches: dict[str, User] = {}
    walk, page = Walk(), first
    for _ in range(PAGE_LIMIT):
        fresh = walk.fresh(page)
        matches.update((str(user.id), user) for user in fresh if _is_meant(user, key))
        if not walk.more or (matches and walk.is_counted_out):
            return tuple(matches.values())
        page = yield from service.list_users(walk.cursor)
    raise VendorBroken(
        f"the service cannot be searched by {key.path}, and its first {walk.count} users do not "
        "show whether this one is there: raise page_size, or match by another attribute"
    )


def _only(users: Users, key: MatchKey) -> User | NotFound:
    by_id = {str(user.id): user for user in users}
    if len(by_id) > 1:
        raise AmbiguousMatch(
            f"{len(by_id)} users have {key}: {', '.join(by_id)}", user_ids=tuple(by_id)
        )
    return next(iter(by_id.values()), NotFound(key))
