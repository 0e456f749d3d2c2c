"""Zoom speaks SCIM 2.0 of its own kind: PATCH is for `active`, a PUT merges, answers are odd."""

import datetime as dt

from jackfield import (
    Applied,
    Capabilities,
    Changes,
    Flow,
    Grant,
    Json,
    MatchKey,
    NotFound,
    Page,
    RejectedUser,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.oauth import granted_token
from jackfield.scim import ScimService
from jackfield_zoom.capabilities import CAPABILITIES
from jackfield_zoom.credentials import account_token, signed_token
from jackfield_zoom.refusals import is_unknown, pending_error, zoom_error
from jackfield_zoom.settings import ZoomSettings

SERVICE = ScimService(
    # What its clients send; the reference names application/scim+json for answers only.
    content_type="application/json",
    filters={"userName": "userName"},
    required_on_create=CAPABILITIES.required_on_create(),
    user_name_is_email=True,
    # Lists leave licences, phone numbers and titles out.
    list_is_short=True,
    patch_paths=frozenset({"active"}),
    dialect="no-path",
    # Reported: a change of these was answered with 200 and not made, and a new user who is only
    # invited was answered as if created.
    reads_back=frozenset({"userName", "displayName", "emails", "loginType"}),
    is_unknown=is_unknown,
    error=zoom_error,
    search_error=pending_error,
)


class ZoomConnector:
    """Users of one Zoom account."""

    settings = ZoomSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(
        self, settings: ZoomSettings, grant: Grant | None, now: dt.datetime
    ) -> Flow[Token]:
        if settings.token is not None:
            return Token(settings.token, settings.base_url)
        if settings.api_secret is not None:
            return signed_token(settings, settings.api_secret, now)
        authorization = settings.authorization()
        if authorization is not None:
            return (yield from granted_token(authorization, grant, settings.base_url))
        return (yield from account_token(settings))

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        if user.userName:
            _check_address(user.userName)
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        for change in changes:
            if change.path == "userName":
                _check_address(change.value)
        return (yield from SERVICE.patch_user(user_id, changes))

    @hookimpl
    def list_users(self, cursor: str | None) -> Flow[Page]:
        return (yield from SERVICE.list_users(cursor))

    @hookimpl
    def delete_user(self, user_id: UserId) -> Flow[None]:
        return (yield from SERVICE.delete_user(user_id))


def _check_address(user_name: Json) -> None:
    if "@" not in str(user_name):
        raise RejectedUser(attribute="userName", reason="Zoom wants it to be an e-mail address")
