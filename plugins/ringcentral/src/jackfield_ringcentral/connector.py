"""RingCentral speaks SCIM 2.0; a user's name is its work e-mail, and writes are few a minute."""

from pydantic import SecretStr

from jackfield import (
    Applied,
    Capabilities,
    Changes,
    Flow,
    Grant,
    MatchKey,
    NotFound,
    Page,
    Request,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.oauth import granted_token
from jackfield.scim import ScimService, access_token, lifetime_seconds
from jackfield_ringcentral.capabilities import CAPABILITIES, WORK_EMAIL
from jackfield_ringcentral.refusals import ringcentral_error
from jackfield_ringcentral.settings import RingCentralSettings

_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"

SERVICE = ScimService(
    # RingCentral's own spelling; its guide knows no other attributes to search by.
    filters={"userName": "userName", WORK_EMAIL: "email"},
    required_on_create=CAPABILITIES.required_on_create(),
    user_name_is_email=True,
    # Search results leave phone numbers and addresses out.
    list_is_short=True,
    error=ringcentral_error,
)


class RingCentralConnector:
    """Users of one RingCentral account."""

    settings = RingCentralSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(self, settings: RingCentralSettings, grant: Grant | None) -> Flow[Token]:
        base_url = f"{settings.base_url}/scim/v2"
        if settings.token is not None:
            return Token(settings.token, base_url)
        authorization = settings.authorization()
        if authorization is not None:
            # RingCentral keeps a used refresh token alive until about ten seconds after the new
            # access token was first used: a renewal that was never stored can be made once more.
            return (yield from granted_token(authorization, grant, base_url))
        response = yield Request(
            "POST",
            f"{settings.base_url}/restapi/oauth/token",
            form={"grant_type": _JWT_GRANT, "assertion": settings.jwt or SecretStr("")},
            authorize=(settings.client_id, settings.client_secret or SecretStr("")),
            # A repeat gives another token and changes nothing.
            effect="read",
            rate="auth",
        )
        return Token(access_token(response), base_url, lifetime_seconds(response.document))

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        return (yield from SERVICE.patch_user(user_id, changes))

    @hookimpl
    def list_users(self, cursor: str | None) -> Flow[Page]:
        return (yield from SERVICE.list_users(cursor))

    @hookimpl
    def delete_user(self, user_id: UserId) -> Flow[None]:
        return (yield from SERVICE.delete_user(user_id))
