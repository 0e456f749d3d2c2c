"""The connector of any SCIM service against the contract; answers after RFC 7644."""

from typing import ClassVar

from jackfield import Change, MultiValue, Name, Response, User
from jackfield.testing.contract import ConnectorContract
from jackfield_scim import ScimConnector

USER = User(
    userName="ada@example.com",
    externalId="1",
    displayName="Ada Byron",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
)
FOUND = {**USER.to_scim(), "id": "4711"}
DISABLED = {**FOUND, "active": False}
UNTITLED = {name: value for name, value in FOUND.items() if name != "title"}
NOBODY = Response(404, {"status": "404"})


def listed(*users):
    return Response(200, {"totalResults": len(users), "Resources": list(users)})


class TestScim(ConnectorContract):
    connector = ScimConnector
    settings: ClassVar = {
        "base_url": "https://scim.example/v2",
        "token": "made-up-token",
        "discovery": False,
        "filter": "trusted",
    }
    # Without discovery, one listing shows whether the credentials are good.
    token: ClassVar = [listed()]
    user = USER
    change = Change("replace", "title", "Lead")
    exchanges: ClassVar = {
        "get_user: found": [listed(FOUND)],
        "get_user: found by id": [Response(200, FOUND)],
        "get_user: absent": [listed()],
        "get_user: unknown id": [NOBODY],
        "get_user: ambiguous match": [listed(FOUND, {**FOUND, "id": "4712"})],
        "create_user: created": [Response(201, FOUND)],
        "create_user: duplicate": [Response(409, {"scimType": "uniqueness", "status": "409"})],
        "patch_user: one attribute": [Response(200, {**FOUND, "title": "Lead"})],
        "patch_user: clear one attribute": [Response(200, UNTITLED)],
        "patch_user: disable": [Response(200, DISABLED)],
        "patch_user: disable twice": [Response(200, DISABLED)],
        "patch_user: enable": [Response(200, FOUND)],
        # 404 may also mean that there is no PATCH; so the user is read, and is not there.
        "patch_user: unknown id": [NOBODY, NOBODY],
        "delete_user: deleted": [Response(204), NOBODY],
        "delete_user: already gone": [NOBODY, NOBODY],
        "list_users: all": [listed(FOUND)],
    }
