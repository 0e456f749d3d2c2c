"""Fuze against the contract; Fuze publishes no answers, so these are those of RFC 7644."""

from typing import ClassVar

from jackfield import Change, MultiValue, Name, Response, User
from jackfield.testing.contract import ConnectorContract
from jackfield_fuze import FuzeConnector

USER = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
)
FOUND = {**USER.to_scim(), "id": "4711"}
DISABLED = {**FOUND, "active": False}
RENAMED = {**FOUND, "name": {"givenName": "Ada", "familyName": "King"}}
NAMELESS = {**FOUND, "name": {"givenName": "Ada"}}
NOBODY = Response(404, {"status": "404"})


def listed(*users):
    return Response(200, {"totalResults": len(users), "Resources": list(users)})


class TestFuze(ConnectorContract):
    connector = FuzeConnector
    settings: ClassVar = {"base_url": "https://fuze.example/scim/v2", "token": "made-up-token"}
    user = USER
    change = Change("replace", "name.familyName", "King")
    exchanges: ClassVar = {
        "get_user: found": [listed(FOUND)],
        "get_user: found by id": [Response(200, FOUND)],
        "get_user: absent": [listed()],
        "get_user: unknown id": [NOBODY],
        "get_user: ambiguous match": [listed(FOUND, {**FOUND, "id": "4712"})],
        "create_user: created": [Response(201, FOUND)],
        "create_user: duplicate": [Response(409, {"scimType": "uniqueness", "status": "409"})],
        "patch_user: one attribute": [Response(200, RENAMED)],
        "patch_user: clear one attribute": [Response(200, NAMELESS)],
        "patch_user: disable": [Response(200, DISABLED)],
        "patch_user: disable twice": [Response(200, DISABLED)],
        "patch_user: enable": [Response(200, FOUND)],
        "patch_user: unknown id": [NOBODY],
        "delete_user: deleted": [Response(204), NOBODY],
        "delete_user: already gone": [NOBODY, NOBODY],
        "list_users: all": [listed(FOUND)],
    }
