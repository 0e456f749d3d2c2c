"""Fuze speaks SCIM 2.0, hardly documented: entitlements are for ever, names cannot be searched."""

from dataclasses import replace

from jackfield import (
    Applied,
    Capabilities,
    Changes,
    ConnectorError,
    Flow,
    MatchKey,
    NotFound,
    Page,
    Response,
    Token,
    UnknownUser,
    User,
    UserId,
    hookimpl,
)
from jackfield.scim import ScimService, not_taken, one_line, scim_error
from jackfield_fuze.capabilities import CAPABILITIES
from jackfield_fuze.entitlements import as_kept, as_sent, is_entitlement
from jackfield_fuze.lookups import find_user
from jackfield_fuze.settings import FuzeSettings


def fuze_error(response: Response) -> ConnectorError:
    """Return the error of an answer; Fuze's native services write their text into `msg`."""
    body = response.body if isinstance(response.body, dict) else {}
    texts = (one_line(body.get(name)) for name in ("detail", "msg", "message"))
    return scim_error(response, next(filter(None, texts), ""))


def service_of(settings: FuzeSettings) -> ScimService:
    return ScimService(
        required_on_create=CAPABILITIES.required_on_create(),
        page_size=settings.page_size,
        error=fuze_error,
    )


class FuzeConnector:
    """Users of one Fuze customer."""

    settings = FuzeSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(self, settings: FuzeSettings) -> Flow[Token]:
        yield from ()
        listed = CAPABILITIES.match_on if settings.lookup == "list" else ()
        facts = {"found by listing": ", ".join(listed)} if listed else {}
        return Token(settings.token, settings.base_url, facts=facts)

    @hookimpl
    def get_user(self, key: MatchKey | UserId, settings: FuzeSettings) -> Flow[User | NotFound]:
        service = service_of(settings)
        if isinstance(key, MatchKey):
            found = yield from find_user(service, key, settings)
        else:
            found = yield from service.get_user(key)
        return found if isinstance(found, NotFound) else as_kept(found, settings)

    @hookimpl
    def create_user(self, user: User, settings: FuzeSettings) -> Flow[User]:
        created = yield from service_of(settings).create_user(as_sent(user, settings))
        return as_kept(created, settings)

    @hookimpl
    def patch_user(
        self, user_id: UserId, changes: Changes, settings: FuzeSettings
    ) -> Flow[Applied]:
        fixed = tuple(change for change in changes if is_entitlement(change, settings))
        others = tuple(change for change in changes if not is_entitlement(change, settings))
        service = service_of(settings)
        if fixed and not others:
            applied = yield from _unchanged(service, user_id)
        else:
            applied = yield from service.patch_user(user_id, others)
        if applied.user is None:
            return applied
        user = as_kept(applied.user, settings)
        # Changes may name entitlements as jobs do or as Fuze does.
        document = applied.user.to_scim() | user.to_scim()
        return replace(
            applied, user=user, not_taken=(*applied.not_taken, *not_taken(fixed, document))
        )

    @hookimpl
    def list_users(self, cursor: str | None, settings: FuzeSettings) -> Flow[Page]:
        page = yield from service_of(settings).list_users(cursor)
        return replace(page, users=tuple(as_kept(user, settings) for user in page.users))

    @hookimpl
    def delete_user(self, user_id: UserId, settings: FuzeSettings) -> Flow[None]:
        return (yield from service_of(settings).delete_user(user_id))


def _unchanged(service: ScimService, user_id: UserId) -> Flow[Applied]:
    """Return the user as it is: entitlements are never sent, only compared."""
    found = yield from service.get_user(user_id)
    if isinstance(found, NotFound):
        raise UnknownUser(f"the vendor has no user {user_id}", user_id=user_id)
    return Applied(user_id, found)
