"""The contract notices mistakes in listing and deletion."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from jackfield import (
    BaseUrl,
    Capabilities,
    ConnectorSettings,
    Request,
    Response,
    Secret,
    Token,
    User,
    hookimpl,
)
from jackfield.scim import ScimService
from jackfield.testing.contract import SCENARIOS, ConnectorContract, judge

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


class CatalogueSettings(ConnectorSettings):
    url: BaseUrl = "https://catalogue.example"
    token: Secret = SecretStr("made-up-token")


class Catalogue:
    """A connector of a SCIM vendor whose listing and deletion can be made wrong."""

    settings = CatalogueSettings
    service = ScimService()

    @hookimpl
    def capabilities(self):
        return Capabilities(hosts=frozenset(), match_on=("userName",), delete=True, list_users=True)

    @hookimpl
    def authenticate(self, settings):
        yield from ()
        return Token(settings.token, settings.url)

    @hookimpl
    def get_user(self, key):
        return (yield from self.service.get_user(key))

    @hookimpl
    def list_users(self, cursor):
        return (yield from self.service.list_users(cursor))

    @hookimpl
    def delete_user(self, user_id):
        return (yield from self.service.delete_user(user_id))


class SamePageForEver(Catalogue):
    @hookimpl
    def list_users(self, cursor):
        page = yield from self.service.list_users(cursor)
        return replace(page, next_cursor="2")


class FirstPageOnly(Catalogue):
    @hookimpl
    def list_users(self, cursor):
        page = yield from self.service.list_users(cursor)
        return replace(page, next_cursor=None)


class DeletesNothing(Catalogue):
    @hookimpl
    def get_user(self, key):
        found = yield from self.service.get_user(key)
        return User(id=str(key), active=True) if isinstance(key, str) else found


class DeletesOnce(Catalogue):
    @hookimpl
    def delete_user(self, user_id):
        reply = yield Request("DELETE", f"/Users/{user_id}")
        if not reply.is_success:
            raise reply.error()


ADA = {"id": "2", "userName": "ada@example.com"}
GRACE = {"id": "1", "userName": "grace@example.com"}


def page(user, start):
    document = {"totalResults": 2, "startIndex": start, "itemsPerPage": 1, "Resources": [user]}
    return Response(200, document)


def catalogue(connector):
    exchanges = {
        "get_user: found": [Response(200, {"totalResults": 1, "Resources": [ADA]})],
        "list_users: all": [page(GRACE, 1), page(ADA, 2)],
        "delete_user: deleted": [Response(204), Response(404)],
        "delete_user: already gone": [Response(404), Response(404)],
    }
    said = {"connector": connector, "settings": CatalogueSettings(), "exchanges": exchanges}
    return type("Contract", (ConnectorContract,), said)


@pytest.mark.parametrize(
    ("connector", "scenario", "told"),
    [
        (Catalogue, "list_users: all", ""),
        (Catalogue, "delete_user: deleted", ""),
        (Catalogue, "delete_user: already gone", ""),
        (SamePageForEver, "list_users: all", "came again"),
        (FirstPageOnly, "list_users: all", "holds the user 2"),
        (DeletesOnce, "delete_user: already gone", "RejectedUser"),
        (DeletesNothing, "delete_user: deleted", "NotDeleted"),
    ],
)
def test_listing_and_deletion_are_looked_at(connector, scenario, told):
    failure = judge(catalogue(connector), BY_NAME[scenario]).failure

    assert told in failure
    assert bool(failure) == bool(told)
