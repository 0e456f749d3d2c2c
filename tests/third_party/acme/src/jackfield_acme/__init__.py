"""A connector that somebody else wrote, with the public names alone."""

from jackfield import (
    Applied,
    AttributeMapping,
    BaseUrl,
    Capabilities,
    Changes,
    ConnectorSettings,
    Flow,
    MatchKey,
    NotFound,
    Secret,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.scim import ScimService

SERVICE = ScimService()


class AcmeSettings(ConnectorSettings):
    url: BaseUrl
    token: Secret


class AcmeConnector:
    settings = AcmeSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(
            hosts=frozenset(),
            match_on=("userName",),
            mappings=(
                AttributeMapping("userName", source="userPrincipalName"),
                AttributeMapping("displayName", source="displayName"),
                AttributeMapping("active", source="IsActive"),
            ),
        )

    @hookimpl
    def authenticate(self, settings: AcmeSettings) -> Flow[Token]:
        return Token(settings.token, f"{settings.url}/scim/v2")
        yield

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        return (yield from SERVICE.patch_user(user_id, changes))
