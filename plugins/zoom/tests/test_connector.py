"""The Zoom flows, exchange by exchange; bodies after Zoom's examples and quoted live answers."""

import pytest

from jackfield import (
    Change,
    ConfigurationError,
    Difference,
    InDoubt,
    MatchKey,
    MultiValue,
    Name,
    NotFound,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay
from jackfield_zoom import ZoomConnector
from jackfield_zoom.capabilities import LICENCE_URN, LOGIN_URN, WORK_EMAIL

ODD_SCHEMAS = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"]
EMAILS = [{"type": "work", "value": "ada@example.com", "primary": True}]
NAME = {"givenName": "Ada", "familyName": "Byron"}
ID = "k&KdKr6TLWuxdDtk0hjSzL"
ONE = UserId(ID)
PATH = "/Users/k%26KdKr6TLWuxdDtk0hjSzL"
SHORT = {
    "schemas": ODD_SCHEMAS,
    "id": ID,
    "userName": "ada@example.com",
    "name": NAME,
    "emails": EMAILS,
    "active": True,
    "userType": "Basic",
}
FULL = SHORT | {
    "title": "Developer",
    "roles": {"display": "Developer", "value": "Developer", "primary": True},
    "groups": {"type": "direct", "value": "Developers"},
    ENTERPRISE_URN: {"department": "Research", "manager": "lord@example.com"},
    LOGIN_URN: {"loginType": {"workEmail": False, "sso": True}},
    LICENCE_URN: {"zoomUnited": "16", "zoomIQ": True},
}
READ = (("GET", PATH), Response(200, FULL))
KEY = MatchKey("userName", "ada@example.com")
SEARCH = ("GET", '/Users?filter=userName eq "ada@example.com"')
USER = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Byron"),
    emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
)
OFF = Change("replace", "active", False)
NOT_HERE = "User ada@example.com not exist or not belong to this account."


@pytest.fixture
def zoom():
    return ZoomConnector()


def found(*users):
    return Response(
        200, {"schemas": ODD_SCHEMAS, "totalResults": len(users), "Resources": list(users)}
    )


def refusal(status, detail):
    schema = "urn:ietf:params:scim:api:messages:2.0:Error"
    return Response(status, {"schemas": [schema], "detail": detail, "status": status})


def patched(active):
    operation = {"op": "replace", "value": {"active": active}}
    return ("PATCH", PATH, {"schemas": [PATCH_SCHEMA], "Operations": [operation]})


def put(*schemas, **attributes):
    return ("PUT", PATH, {"schemas": [CORE_URN, *schemas], **attributes})


# --- look-ups --------------------------------------------------------------------------------


def test_a_user_is_found_and_read_whole_without_loss(zoom):
    user = replay(zoom.get_user(KEY), (SEARCH, found(SHORT)), READ)

    kept = user.to_scim()
    assert {name: kept[name] for name in FULL if name != "schemas"} == {
        name: value for name, value in FULL.items() if name != "schemas"
    }


@pytest.mark.parametrize("shape", [dict, list], ids=["an object", "a list"])
def test_roles_and_groups_keep_their_shape(zoom, shape):
    role = {"value": "Developer", "primary": True}
    roles = role if shape is dict else [role]

    user = replay(zoom.get_user(ONE), (("GET", PATH), Response(200, FULL | {"roles": roles})))

    assert user.to_scim()["roles"] == roles


def test_a_stranger_is_not_found(zoom):
    assert replay(zoom.get_user(KEY), (SEARCH, found())) == NotFound(KEY)


@pytest.mark.parametrize("status", [400, 404])
def test_an_invited_user_is_neither_found_nor_absent(zoom, status):
    with pytest.raises(RejectedUser, match="invitation is not accepted yet") as error:
        replay(zoom.get_user(KEY), (SEARCH, refusal(status, NOT_HERE)))

    assert error.value.attribute == "userName"


@pytest.mark.parametrize("answer", [refusal(404, NOT_HERE), refusal(400, NOT_HERE), Response(404)])
def test_an_unknown_id_is_not_found(zoom, answer):
    assert replay(zoom.get_user(ONE), (("GET", PATH), answer)) == NotFound(ONE)


def test_an_ignored_filter_links_nobody(zoom):
    other = SHORT | {"userName": "bob@example.com"}

    # Nobody follows the other user, so it is no cut list of everybody.
    assert replay(zoom.get_user(KEY), (SEARCH, found(other)), (ANY_REQUEST, found())) == NotFound(
        KEY
    )


def test_an_ignored_filter_proves_nobodys_absence_where_more_users_follow(zoom):
    other = SHORT | {"userName": "bob@example.com"}

    with pytest.raises(VendorBroken, match="other users"):
        replay(
            zoom.get_user(KEY), (SEARCH, found(other)), (ANY_REQUEST, found(other | {"id": "u3"}))
        )


@pytest.mark.parametrize("path", ["externalId", WORK_EMAIL])
def test_what_zoom_cannot_be_searched_by_is_refused(zoom, path):
    # Its externalId filter finds Zoom's own ids.
    with pytest.raises(ConfigurationError, match="only by userName"):
        replay(zoom.get_user(MatchKey(path, "x")))


def test_a_list_is_paged(zoom):
    asked = ("GET", "/Users?startIndex=1&count=100")
    answer = Response(200, {"totalResults": 2, "startIndex": 1, "Resources": [SHORT]})

    assert replay(zoom.list_users(None), (asked, answer)).next_cursor == "2 of 2"


# --- creation --------------------------------------------------------------------------------


def test_a_user_is_created_and_read_back(zoom):
    sent = {
        "schemas": [CORE_URN],
        "userName": "ada@example.com",
        "name": NAME,
        "emails": EMAILS,
    }

    user = replay(zoom.create_user(USER), (("POST", "/Users", sent), Response(201, SHORT)), READ)

    assert user.extension(LICENCE_URN)["zoomUnited"] == "16"


def test_licences_and_the_login_type_bring_their_schemas(zoom):
    login = {"loginType": {"workEmail": False, "sso": True}}
    extended = {LICENCE_URN: {"zoomUnited": "16", "custom": "x"}, LOGIN_URN: login}

    request = next(zoom.create_user(User.from_scim(USER.to_scim() | extended)))

    assert request.json["schemas"] == [CORE_URN, LICENCE_URN, LOGIN_URN]
    assert {urn: request.json[urn] for urn in extended} == extended


def test_a_new_user_who_was_only_invited_is_in_doubt(zoom):
    with pytest.raises(InDoubt, match="does not show it"):
        replay(
            zoom.create_user(USER),
            (ANY_REQUEST, Response(201, SHORT)),
            (("GET", PATH), refusal(404, NOT_HERE)),
        )


@pytest.mark.parametrize("name", ["", "ada"])
def test_a_name_that_is_no_address_is_refused_unsent(zoom, name):
    with pytest.raises(RejectedUser, match="userName"):
        replay(zoom.create_user(User(userName=name)))


def test_a_work_email_other_than_the_name_is_refused_unsent(zoom):
    with pytest.raises(RejectedUser, match="equal to userName"):
        replay(zoom.create_user(USER.model_copy(update={"userName": "countess@example.com"})))


# --- changes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("active", [False, True])
def test_disabling_and_enabling_are_one_patch_without_a_path(zoom, active):
    applied = replay(
        zoom.patch_user(ONE, (Change("replace", "active", active),)),
        (patched(active), Response(200, FULL | {"active": active})),
    )

    assert applied.not_taken == ()


def test_what_is_not_active_is_put_alone(zoom):
    change = Change("replace", "userType", "Licensed")

    applied = replay(
        zoom.patch_user(ONE, (change,)),
        (put(userType="Licensed"), Response(200, FULL | {"userType": "Licensed"})),
    )

    assert applied.not_taken == ()


def test_a_licence_is_put_alone_below_its_schema(zoom):
    change = Change("replace", f"{LICENCE_URN}:zoomUnited", "32")
    asked = put(LICENCE_URN, **{LICENCE_URN: {"zoomUnited": "32"}})

    applied = replay(
        zoom.patch_user(ONE, (change,)),
        (asked, Response(200, FULL | {LICENCE_URN: {"zoomUnited": "32"}})),
    )

    assert applied.not_taken == ()


def test_a_family_name_is_put_with_the_given_name(zoom):
    kept = {"givenName": "Ada", "familyName": "Lovelace"}

    applied = replay(
        zoom.patch_user(ONE, (Change("replace", "name.familyName", "Lovelace"),)),
        READ,
        (put(name=kept), Response(200, FULL | {"name": kept})),
    )

    assert applied.not_taken == ()


def test_access_is_taken_first(zoom):
    title = Change("replace", "title", "Lead")

    applied = replay(
        zoom.patch_user(ONE, (title, OFF)),
        (patched(active=False), Response(200, FULL | {"active": False})),
        (put(title="Lead"), Response(200, FULL | {"active": False, "title": "Lead"})),
    )

    assert applied.not_taken == ()


def test_a_lost_second_request_is_in_doubt_and_says_what_was_done(zoom):
    title = Change("replace", "title", "Lead")

    with pytest.raises(InDoubt, match="active was changed, and whether title: cut"):
        replay(
            zoom.patch_user(ONE, (title, OFF)),
            (patched(active=False), Response(200, FULL | {"active": False})),
            (put(title="Lead"), InDoubt("cut")),
        )


def test_a_change_of_address_is_believed_after_a_read(zoom):
    new = "countess@example.com"
    emails = [EMAILS[0] | {"value": new}]
    answered = FULL | {"userName": new, "emails": emails}

    applied = replay(
        zoom.patch_user(ONE, (Change("replace", "userName", new),)),
        READ,
        (put(userName=new, emails=emails), Response(200, answered)),
        READ,
    )

    assert applied.not_taken == (
        Difference("userName", new, "ada@example.com"),
        Difference(WORK_EMAIL, new, "ada@example.com"),
    )


def test_a_display_name_is_believed_after_a_read(zoom):
    applied = replay(
        zoom.patch_user(ONE, (Change("replace", "displayName", "Ada B"),)),
        (put(displayName="Ada B"), Response(200, FULL | {"displayName": "Ada B"})),
        (("GET", PATH), Response(200, FULL | {"displayName": "Ada B"})),
    )

    assert applied.not_taken == ()


def test_a_new_name_that_is_no_address_is_refused_unsent(zoom):
    with pytest.raises(RejectedUser, match="e-mail address"):
        replay(zoom.patch_user(ONE, (Change("replace", "userName", "ada"),)))


@pytest.mark.parametrize("answer", [refusal(400, NOT_HERE), refusal(404, NOT_HERE)])
def test_an_unknown_id_is_told(zoom, answer):
    with pytest.raises(UnknownUser):
        replay(zoom.patch_user(ONE, (OFF,)), (ANY_REQUEST, answer))


@pytest.mark.parametrize("answer", [Response(204), refusal(404, NOT_HERE), refusal(400, NOT_HERE)])
def test_deleting_twice_succeeds(zoom, answer):
    assert replay(zoom.delete_user(ONE), (("DELETE", PATH), answer)) is None
