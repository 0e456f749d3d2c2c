"""Any service that speaks SCIM 2.0 (RFC 7644), as it really is and not as it should be."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from pydantic import SecretStr

from jackfield import (
    Applied,
    Capabilities,
    Changes,
    Flow,
    MatchKey,
    NotFound,
    Page,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield_scim.capabilities import CAPABILITIES
from jackfield_scim.credentials import directed, obtain, secret_of
from jackfield_scim.discovery import discover
from jackfield_scim.finding import find_user
from jackfield_scim.settings import ScimSettings
from jackfield_scim.shaping import fitted, needed
from jackfield_scim.tenant import Tenant
from jackfield_scim.updating import update_user

T = TypeVar("T")

Facts = Mapping[str, str]


class ScimConnector:
    """Users of one SCIM service."""

    settings = ScimSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return CAPABILITIES

    @hookimpl
    def authenticate(self, settings: ScimSettings) -> Flow[Token]:
        who, lifetime = yield from obtain(settings)
        tenant = yield from directed(discover(settings), settings.base_url, who)
        return Token(secret_of(who), settings.base_url, lifetime, tenant.facts())

    @hookimpl
    def get_user(
        self, key: MatchKey | UserId, settings: ScimSettings, facts: Facts
    ) -> Flow[User | NotFound]:
        tenant = Tenant.from_facts(facts)
        if isinstance(key, MatchKey):
            return (yield from _sent(find_user(key, tenant, settings), settings))
        return (yield from _sent(tenant.service(settings).get_user(key), settings))

    @hookimpl
    def create_user(self, user: User, settings: ScimSettings, facts: Facts) -> Flow[User]:
        tenant = Tenant.from_facts(facts)
        sent = fitted(user, tenant)
        service = replace(tenant.service(settings), required_on_create=needed(sent, tenant))
        return (yield from _sent(service.create_user(sent), settings))

    @hookimpl
    def patch_user(
        self, user_id: UserId, changes: Changes, settings: ScimSettings, facts: Facts
    ) -> Flow[Applied]:
        tenant = Tenant.from_facts(facts)
        return (yield from _sent(update_user(user_id, changes, tenant, settings), settings))

    @hookimpl
    def list_users(self, cursor: str | None, settings: ScimSettings, facts: Facts) -> Flow[Page]:
        service = Tenant.from_facts(facts).service(settings)
        return (yield from _sent(service.list_users(cursor), settings))

    @hookimpl
    def delete_user(self, user_id: UserId, settings: ScimSettings, facts: Facts) -> Flow[None]:
        service = Tenant.from_facts(facts).service(settings)
        return (yield from _sent(service.delete_user(user_id), settings))


def _sent(flow: Flow[T], settings: ScimSettings) -> Flow[T]:
    """Run a flow with HTTP Basic where the settings say so: a token is always a bearer's."""
    if not settings.user_name:
        return (yield from flow)
    who = (settings.user_name, settings.password or SecretStr(""))
    return (yield from directed(flow, settings.base_url, who))
