"""The SCIM connector, exchange by exchange: settings, credentials, creation, lists, deletion."""

import pytest
from pydantic import ValidationError

from jackfield import (
    Change,
    CredentialsRefused,
    MatchKey,
    Name,
    NotSent,
    RejectedUser,
    Response,
    User,
    UserId,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN
from jackfield.testing import ANY_REQUEST, replay
from jackfield_scim import ScimConnector, ScimSettings
from jackfield_scim.capabilities import CAPABILITIES

BASE = "https://scim.example.com/v2"
TOKEN = ScimSettings(base_url=BASE, token="made-up")
BASIC = ScimSettings(base_url=BASE, user_name="jack", password="made-up")
CLIENT = {
    "base_url": BASE,
    "token_url": "https://login.example.com/token",
    "client_id": "c",
    "client_secret": "s",
}
ADA = {
    "id": "u1",
    "userName": "ada@example.com",
    "externalId": "hr-1",
    "active": True,
    "emails": [{"type": "work", "value": "ada@example.com"}, {"type": "home", "value": "a@b.org"}],
}
KEY = MatchKey("userName", "ada@example.com")
ONE = UserId("u1")
NOTHING = Response(404)


@pytest.fixture
def scim():
    return ScimConnector()


def found(*users, total=None):
    return Response(
        200, {"totalResults": len(users) if total is None else total, "Resources": list(users)}
    )


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"user_name": "jack"},
        {"token": "t", "user_name": "jack", "password": "p"},
        {"client_id": "c", "client_secret": "s"},
        {"token": "t", "client_id": "c"},
    ],
)
def test_credentials_are_given_in_exactly_one_way(given):
    with pytest.raises(ValidationError, match="give one of token"):
        ScimSettings(base_url=BASE, **given)


@pytest.mark.parametrize("path", ["Users", "/Users?x", "/../admin", "/Users/", "//other.example"])
def test_a_path_of_users_that_leads_elsewhere_is_refused(path):
    with pytest.raises(ValidationError, match="users_path"):
        ScimSettings(base_url=BASE, token="t", users_path=path)


# --- credentials -----------------------------------------------------------------------------


def bare(**more):
    return {"discovery": False, "filter": "never"} | more


def test_a_token_goes_along_while_the_service_is_asked_what_it_is(scim):
    settings = ScimSettings(base_url=BASE, token="made-up", **bare())
    flow = scim.authenticate(settings)

    request = next(flow)

    assert request.path == f"{BASE}/Users"
    assert request.authorize.get_secret_value() == "made-up"


def test_a_clients_token_comes_from_its_token_endpoint(scim):
    settings = ScimSettings(**CLIENT, scope="scim", **bare())
    flow = scim.authenticate(settings)

    request = next(flow)

    assert (request.path, request.effect) == ("https://login.example.com/token", "read")
    assert request.form == {"grant_type": "client_credentials", "scope": "scim"}
    assert request.authorize[0] == "c"


def test_a_client_may_show_itself_in_the_form(scim):
    settings = ScimSettings(**CLIENT, client_authentication="form", **bare())

    request = next(scim.authenticate(settings))

    assert request.authorize is False
    assert request.form.keys() == {"grant_type", "client_id", "client_secret"}


def test_a_refused_client_names_the_code(scim):
    with pytest.raises(CredentialsRefused, match="invalid_client"):
        replay(
            scim.authenticate(ScimSettings(**CLIENT)),
            (ANY_REQUEST, Response(401, {"error": "invalid_client"})),
        )


def test_a_clients_token_lives_as_long_as_it_says(scim):
    token = replay(
        scim.authenticate(ScimSettings(**CLIENT, **bare())),
        (ANY_REQUEST, Response(200, {"access_token": "fresh", "expires_in": 900})),
        (("GET", f"{BASE}/Users"), found()),
    )

    assert (token.access_token.get_secret_value(), token.lifetime_seconds) == ("fresh", 900)


@pytest.mark.parametrize(
    "call",
    [
        lambda scim: scim.get_user(ONE, BASIC, {}),
        lambda scim: scim.get_user(KEY, BASIC, {}),
        lambda scim: scim.create_user(User(userName="a"), BASIC, {}),
        lambda scim: scim.patch_user(ONE, (Change("remove", "title"),), BASIC, {}),
        lambda scim: scim.list_users(None, BASIC, {}),
        lambda scim: scim.delete_user(ONE, BASIC, {}),
        lambda scim: scim.authenticate(BASIC),
    ],
)
def test_a_password_goes_along_with_every_request(scim, call):
    request = next(call(scim))

    assert request.path.startswith(f"{BASE}/")
    assert (request.authorize[0], request.authorize[1].get_secret_value()) == ("jack", "made-up")


def test_an_error_on_the_way_reaches_a_flow_with_a_password(scim):
    with pytest.raises(NotSent):
        replay(scim.get_user(ONE, BASIC, {}), (ANY_REQUEST, NotSent("no route to host")))


def test_wrong_credentials_are_told_at_once(scim):
    settings = ScimSettings(base_url=BASE, token="made-up", **bare())

    with pytest.raises(CredentialsRefused):
        replay(scim.authenticate(settings), (ANY_REQUEST, Response(401)))


# --- creation --------------------------------------------------------------------------------

DEMANDING = {"required": "userName, name.formatted", "read-only": "displayName"}


def created(scim, user, facts, **sent):
    body = {"schemas": [CORE_URN], "userName": "ada", **sent}
    return replay(
        scim.create_user(user, TOKEN, facts), (("POST", "/Users", body), Response(201, ADA))
    )


def test_a_required_full_name_is_made_of_its_parts(scim):
    user = User(userName="ada", name=Name(givenName="Ada", familyName="Byron"))
    name = {"formatted": "Ada Byron", "familyName": "Byron", "givenName": "Ada"}

    assert created(scim, user, DEMANDING, name=name).id == "u1"


def test_a_full_name_is_required_only_where_there_is_a_name(scim):
    assert created(scim, User(userName="ada"), DEMANDING).id == "u1"


def test_a_required_full_name_may_come_from_the_display_name(scim):
    facts = {"required": "userName, name, name.formatted, displayName"}
    user = User(userName="ada", displayName="Ada")

    assert created(scim, user, facts, name={"formatted": "Ada"}, displayName="Ada").id == "u1"


@pytest.mark.parametrize("path", ["emails", "title", "name", "name.formatted", "password"])
def test_what_the_service_requires_is_refused_unsent_by_name(scim, path):
    user = User(userName="ada", name=Name(middleName="A") if path == "name.formatted" else None)

    with pytest.raises(RejectedUser) as error:
        replay(scim.create_user(user, TOKEN, {"required": f"userName, {path}"}))

    assert error.value.attribute == path


def test_what_the_service_does_not_take_is_left_out(scim):
    facts = {"read-only": "displayName", "not offered": f"nickName, {ENTERPRISE_URN}:department"}
    user = User(userName="ada", displayName="Ada", nickName="a")
    user = user.model_copy(update={ENTERPRISE_URN: {"department": "x"}})

    assert created(scim, user, facts).id == "u1"


def test_a_required_extension_is_named(scim):
    user, facts = User(userName="ada"), {"required schemas": ENTERPRISE_URN}

    assert created(scim, user, facts, schemas=[CORE_URN, ENTERPRISE_URN]).id == "u1"


# --- lists, deletion, capabilities -----------------------------------------------------------


def test_users_are_listed_in_pages_below_the_path_the_service_names(scim):
    settings = ScimSettings(base_url=BASE, token="t", page_size=50)
    asked = ("GET", "/people?startIndex=1&count=50")

    page = replay(scim.list_users(None, settings, {"users": "/people"}), (asked, found()))

    assert page.next_cursor is None


def test_deleting_twice_succeeds(scim):
    assert replay(scim.delete_user(ONE, TOKEN, {}), (("DELETE", "/Users/u1"), NOTHING)) is None


def test_every_mapped_attribute_is_one_of_the_table():
    assert {mapping.target for mapping in CAPABILITIES.mappings} <= CAPABILITIES.attributes.keys()


def test_what_is_matched_on_can_be_filtered():
    assert all(CAPABILITIES.attributes[path].filter for path in CAPABILITIES.match_on)
