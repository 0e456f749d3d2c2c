"""The Webex flows, exchange by exchange; bodies after the shapes Webex documents."""

import base64
from urllib.parse import urlsplit

import pytest
from pydantic import ValidationError

from jackfield import (
    AlreadyExists,
    AmbiguousMatch,
    Applied,
    Change,
    ConfigurationError,
    CredentialsRefused,
    Difference,
    InDoubt,
    MatchKey,
    MultiValue,
    Name,
    NotAllowed,
    NotFound,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
)
from jackfield.scim import CORE_URN
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay
from jackfield_webex import WebexConnector, WebexSettings
from jackfield_webex.capabilities import CAPABILITIES, WORK_EMAIL
from jackfield_webex.settings import decode_id

UUID = "96abc2aa-3dcc-11e5-a152-fe34819cdc9a"
# The id of Webex's own documentation, without padding.
ENCODED = "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi85NmFiYzJhYS0zZGNjLTExZTUtYTE1Mi1mZTM0ODE5Y2RjOWE"
PERSON = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS8wMDAwMDAwMC0wMDAwLTQwMDAtODAwMC0wMDAwMDAwMDAwMDE"
ME = ("GET", "https://webexapis.com/v1/people/me")
TOKEN = WebexSettings(token="made-up")
ADA = {"id": "u1", "userName": "ada@example.com", "userType": "user", "active": True}
KEY = MatchKey("userName", "ada@example.com")
ONE = UserId("u1")
ERROR_URN = "urn:scim:schemas:extension:cisco:webexidentity:api:messages:2.0:Error"


@pytest.fixture
def webex():
    return WebexConnector()


def found(*users):
    return Response(200, {"totalResults": len(users), "Resources": list(users)})


def encoded(text):
    return base64.b64encode(text.encode()).decode()


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "c"},
        {"client_id": "c", "client_secret": "s"},
        {"token": "t", "client_id": "c"},
    ],
)
def test_half_the_credentials_are_refused_in_a_sentence(given):
    with pytest.raises(ValidationError, match="client_id, client_secret and refresh_token"):
        WebexSettings(**given)


@pytest.mark.parametrize("given", [UUID, UUID.upper(), ENCODED, ENCODED + "=", f" {ENCODED} "])
def test_an_organization_is_kept_as_its_uuid(given):
    assert WebexSettings(token="made-up", organization=given).organization == UUID


@pytest.mark.parametrize(
    "text",
    [
        encoded(f"ciscospark://eu/ORGANIZATION/{UUID}"),
        encoded(f"ciscospark://urn:TEAM:eu-central-1_k/ORGANIZATION/{UUID}"),
        base64.urlsafe_b64encode(f"ciscospark://~~?/{UUID}".encode()).decode(),
    ],
    ids=["another region", "a region with colons", "URL-safe alphabet"],
)
def test_only_the_last_segment_of_an_id_counts(text):
    assert decode_id(text) == UUID


@pytest.mark.parametrize("given", ["x", "not an id", encoded("ciscospark://us/PEOPLE/7"), "é" * 8])
def test_an_organization_that_is_no_id_is_refused(given):
    with pytest.raises(ValidationError, match="neither a UUID nor a Webex id"):
        WebexSettings(token="made-up", organization=given)


# --- authentication --------------------------------------------------------------------------


def test_the_organization_is_found_with_the_token(webex):
    answer = Response(200, {"id": PERSON, "orgId": ENCODED})

    token = replay(webex.authenticate(TOKEN), (ME, answer))

    assert token.base_url == f"https://webexapis.com/identity/scim/{UUID}/v2"
    assert token.lifetime_seconds is None
    assert token.facts == {
        "organization": UUID,
        "administrator": "00000000-0000-4000-8000-000000000001",
    }


def test_a_refresh_token_gives_a_token(webex):
    settings = WebexSettings(client_id="c", client_secret="s", refresh_token="r")
    answer = Response(200, {"access_token": "fresh", "expires_in": 1209599})

    token = replay(
        webex.authenticate(settings),
        (("POST", "https://webexapis.com/v1/access_token"), answer),
        (ME, Response(200, {"id": PERSON, "orgId": ENCODED})),
    )

    assert (token.access_token.get_secret_value(), token.lifetime_seconds) == ("fresh", 1209599)


def test_no_request_for_a_token_uses_the_connections_own(webex):
    settings = WebexSettings(client_id="c", client_secret="s", refresh_token="r")
    flow = webex.authenticate(settings)

    renewal = next(flow)
    me = flow.send(Response(200, {"access_token": "fresh"}))

    assert (renewal.authorize, me.authorize.get_secret_value()) == (False, "fresh")
    assert renewal.effect == "read"


def test_a_refused_refresh_token_names_the_code(webex):
    settings = WebexSettings(client_id="c", client_secret="s", refresh_token="r")

    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(
            webex.authenticate(settings), (ANY_REQUEST, Response(400, {"error": "invalid_grant"}))
        )


def test_a_refused_token_says_so_with_the_tracking_id(webex):
    body = {"message": "The request requires a valid access token.", "trackingId": "ROUTER_5E"}

    with pytest.raises(CredentialsRefused, match=r"valid access token.*ROUTER_5E") as error:
        replay(webex.authenticate(TOKEN), (ME, Response(401, body)))

    assert error.value.request_id == "ROUTER_5E"


def test_a_token_of_another_organization_is_refused(webex):
    other = "0ae87ade-8c8a-4952-af08-318798958d0c"
    settings = WebexSettings(token="made-up", organization=other)

    with pytest.raises(ConfigurationError, match=f"{UUID}.*{other}"):
        replay(webex.authenticate(settings), (ME, Response(200, {"id": "x", "orgId": ENCODED})))


@pytest.mark.parametrize("organization", [None, "", 7, "%%%", encoded("ciscospark://us/X/7")])
def test_an_organization_that_cannot_be_decoded_is_broken(webex, organization):
    with pytest.raises(VendorBroken, match="orgId"):
        replay(webex.authenticate(TOKEN), (ME, Response(200, {"orgId": organization})))


# --- look-ups --------------------------------------------------------------------------------


def test_a_user_is_found_by_name(webex):
    asked = ("GET", '/Users?filter=userName eq "ada@example.com"')

    assert replay(webex.get_user(KEY), (asked, found(ADA))).id == "u1"


def test_a_user_is_found_by_work_email(webex):
    asked = ("GET", '/Users?filter=emails.value eq "ada@example.com"')
    kept = ADA | {"emails": [{"type": "work", "value": "ada@example.com"}]}

    user = replay(webex.get_user(MatchKey(WORK_EMAIL, "ada@example.com")), (asked, found(kept)))

    assert user.id == "u1"


def test_nobody_is_found(webex):
    assert replay(webex.get_user(KEY), (ANY_REQUEST, found())) == NotFound(KEY)


def test_two_users_are_ambiguous(webex):
    with pytest.raises(AmbiguousMatch):
        replay(webex.get_user(KEY), (ANY_REQUEST, found(ADA, ADA | {"id": "u2"})))


def test_an_ignored_filter_links_nobody(webex):
    bob = {"id": "u2", "userName": "bob@example.com"}

    # Nobody follows the other user, so it is no cut list of everybody.
    assert replay(
        webex.get_user(KEY), (ANY_REQUEST, found(bob)), (ANY_REQUEST, found())
    ) == NotFound(KEY)


def test_an_ignored_filter_proves_nobodys_absence_where_more_users_follow(webex):
    bob = {"id": "u2", "userName": "bob@example.com"}

    with pytest.raises(VendorBroken, match="other users"):
        replay(
            webex.get_user(KEY), (ANY_REQUEST, found(bob)), (ANY_REQUEST, found(bob | {"id": "u3"}))
        )


def test_the_external_id_cannot_be_searched_by(webex):
    with pytest.raises(ConfigurationError, match="externalId"):
        replay(webex.get_user(MatchKey("externalId", "hr-1")))


# --- writes ----------------------------------------------------------------------------------


def test_a_person_is_created_with_a_user_type(webex):
    user = User(
        userName="ada@example.com",
        name=Name(givenName="Ada", familyName="Byron"),
        emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
    )
    sent = {
        "schemas": [CORE_URN],
        "userName": "ada@example.com",
        "userType": "user",
        "name": {"givenName": "Ada", "familyName": "Byron"},
        "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
    }

    assert (
        replay(webex.create_user(user), (("POST", "/Users", sent), Response(201, ADA))).id == "u1"
    )


def test_a_work_email_other_than_the_name_is_refused_unsent(webex):
    user = User(userName="ada@example.com", emails=(MultiValue(type="work", value="ada@x.org"),))

    with pytest.raises(RejectedUser) as error:
        replay(webex.create_user(user))

    assert error.value.attribute == WORK_EMAIL


def test_a_user_without_a_name_is_refused_unsent(webex):
    with pytest.raises(RejectedUser, match="userName"):
        replay(webex.create_user(User(displayName="Ada")))


def test_a_name_taken_in_any_organization_exists_already(webex):
    body = {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error", ERROR_URN],
        "status": "409",
        ERROR_URN: {"trackingId": "T-1", "errorCode": 409001, "details": "User exists"},
    }

    with pytest.raises(AlreadyExists, match="code 409001, User exists, tracking id T-1") as error:
        replay(webex.create_user(User(userName="ada")), (ANY_REQUEST, Response(409, body)))

    assert error.value.request_id == "T-1"


def test_the_tracking_id_of_the_headers_serves_as_well(webex):
    answer = Response(403, {"errors": [{"description": "Missing scope"}]}, {"trackingid": "T-2"})

    with pytest.raises(NotAllowed, match="Missing scope, tracking id T-2"):
        replay(webex.create_user(User(userName="ada")), (ANY_REQUEST, answer))


@pytest.mark.parametrize("body", [None, {"errors": "x"}, {ERROR_URN: "x"}, [], {"message": {}}])
def test_an_error_of_unknown_shape_is_an_error(webex, body):
    with pytest.raises(InDoubt, match="500"):
        replay(webex.create_user(User(userName="ada")), (ANY_REQUEST, Response(500, body)))


def test_disabling_is_one_boolean(webex):
    operation = {"op": "replace", "path": "active", "value": False}
    asked = ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})
    kept = ADA | {"active": False}

    applied = replay(
        webex.patch_user(ONE, (Change("replace", "active", False),)), (asked, Response(200, kept))
    )

    assert applied == Applied(ONE, User.from_scim(kept))


def test_another_value_than_asked_for_is_told(webex):
    change = Change("replace", "preferredLanguage", "en-US")
    kept = ADA | {"preferredLanguage": "en_US"}

    applied = replay(webex.patch_user(ONE, (change,)), (ANY_REQUEST, Response(200, kept)))

    assert applied.not_taken == (Difference("preferredLanguage", "en-US", "en_US"),)


def test_an_unknown_id_is_told(webex):
    with pytest.raises(UnknownUser):
        replay(
            webex.patch_user(ONE, (Change("replace", "title", "Lead"),)),
            (ANY_REQUEST, Response(404)),
        )


def test_deleting_twice_succeeds(webex):
    assert replay(webex.delete_user(ONE), (("DELETE", "/Users/u1"), Response(404))) is None


def test_a_list_is_paged(webex):
    asked = ("GET", "/Users?startIndex=1&count=100")
    answer = Response(200, {"totalResults": 2, "startIndex": 1, "Resources": [ADA]})

    assert replay(webex.list_users(None), (asked, answer)).next_cursor == "2 of 2"


# --- capabilities ----------------------------------------------------------------------------


def test_every_mapped_attribute_is_one_that_webex_takes():
    assert {mapping.target for mapping in CAPABILITIES.mappings} <= CAPABILITIES.attributes.keys()


def test_what_is_matched_on_can_be_filtered():
    assert all(CAPABILITIES.attributes[path].filter for path in CAPABILITIES.match_on)


def test_the_default_urls_are_among_the_hosts():
    urls = (TOKEN.rest_url, TOKEN.scim_url)

    assert {"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls} == CAPABILITIES.hosts
