"""Zoom against the contract; bodies after Zoom's examples and quoted live answers."""

from typing import ClassVar

from jackfield import Change, MultiValue, Name, Response, User
from jackfield.testing.contract import ConnectorContract
from jackfield_zoom import ZoomConnector

ID = "k&KdKr6TLWuxdDtk0hjSzL"
USER = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Byron"),
    title="Engineer",
    active=True,
    emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
)
FOUND = {**USER.to_scim(), "id": ID, "userType": "Basic"}
NOT_HERE = Response(
    404, {"detail": "User none not exist or not belong to this account.", "status": 404}
)
UNTITLED = {name: value for name, value in FOUND.items() if name != "title"}
DISABLED = {**FOUND, "active": False}


def listed(*users):
    return Response(200, {"totalResults": len(users), "Resources": list(users)})


class TestZoom(ConnectorContract):
    connector = ZoomConnector
    settings: ClassVar = {
        "account_id": "made-up-account",
        "client_id": "made-up-client",
        "client_secret": "made-up-secret",
    }
    token: ClassVar = [
        Response(
            200,
            {
                "access_token": "made-up-access-token",
                "expires_in": 3599,
                "api_url": "https://api.zoom.us",
            },
        )
    ]
    user = USER
    change = Change("replace", "title", "Lead")
    exchanges: ClassVar = {
        # Lists leave titles out, so each user found is read again.
        "get_user: found": [listed(UNTITLED), Response(200, FOUND)],
        "get_user: found by id": [Response(200, FOUND)],
        "get_user: absent": [listed()],
        "get_user: unknown id": [NOT_HERE],
        "get_user: ambiguous match": [listed(FOUND, {**FOUND, "id": "another"})],
        "create_user: created": [Response(201, FOUND), Response(200, FOUND)],
        "create_user: duplicate": [
            Response(400, {"detail": "User already in the account: ada@example.com", "status": 400})
        ],
        "patch_user: one attribute": [Response(200, {**FOUND, "title": "Lead"})],
        "patch_user: clear one attribute": [Response(200, UNTITLED)],
        "patch_user: disable": [Response(200, DISABLED)],
        "patch_user: disable twice": [Response(200, DISABLED)],
        "patch_user: enable": [Response(200, FOUND)],
        "patch_user: unknown id": [NOT_HERE],
        "delete_user: deleted": [Response(204), NOT_HERE],
        "delete_user: already gone": [NOT_HERE, NOT_HERE],
        "list_users: all": [listed(FOUND)],
    }
