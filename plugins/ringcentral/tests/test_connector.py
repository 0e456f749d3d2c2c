"""The RingCentral flows, exchange by exchange; bodies after the vendor's specification."""

import pytest
from pydantic import SecretStr, ValidationError

from jackfield import (
    AlreadyExists,
    AmbiguousMatch,
    Change,
    ConfigurationError,
    CredentialsRefused,
    Difference,
    Grant,
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
from jackfield.scim import CORE_URN, ENTERPRISE_URN
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay
from jackfield_ringcentral import RingCentralConnector, RingCentralSettings
from jackfield_ringcentral.capabilities import CAPABILITIES, WORK_EMAIL

APP = RingCentralSettings(client_id="c", client_secret="s")
GRANT = Grant(SecretStr("old"))
TOKEN_URL = "https://platform.ringcentral.com/restapi/oauth/token"
JWT = RingCentralSettings(client_id="c", client_secret="s", jwt="j.w.t")
EMAILS = [{"type": "work", "value": "ada@example.com", "primary": False}]
NAME = {"givenName": "Ada", "familyName": "Lovelace"}
SHORT = {"id": "42", "userName": "ada@example.com", "name": NAME, "emails": EMAILS, "active": True}
FULL = SHORT | {"addresses": [{"type": "work", "region": "CA", "country": "United States"}]}
KEY = MatchKey("userName", "ada@example.com")
ONE = UserId("42")
USER = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Lovelace"),
    emails=(MultiValue(type="work", value="ada@example.com"),),
)
DISABLE = (Change("replace", "active", False),)


@pytest.fixture
def ringcentral():
    return RingCentralConnector()


def found(*users):
    return Response(200, {"totalResults": len(users), "startIndex": 1, "Resources": list(users)})


def refusal(status, detail, scim_type=None):
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": str(status)}
    return Response(status, body | {"detail": detail, "scimType": scim_type})


# --- settings and authentication -------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"jwt": "j"},
        {"client_secret": "s"},
        {"client_id": "c", "jwt": "j"},
        {"token": "t", "jwt": "j"},
        {"token": "t", "client_id": "c"},
    ],
)
def test_half_the_credentials_are_refused_in_a_sentence(given):
    with pytest.raises(ValidationError, match="client_id, client_secret and jwt"):
        RingCentralSettings(**given)


def test_a_ready_token_needs_no_request(ringcentral):
    token = replay(ringcentral.authenticate(RingCentralSettings(token="made-up"), None))

    assert token.base_url == "https://platform.ringcentral.com/scim/v2"


def test_a_jwt_is_exchanged_for_a_token(ringcentral):
    asked = ("POST", "https://platform.ringcentral.com/restapi/oauth/token")
    answer = Response(200, {"access_token": "fresh", "expires_in": 3600})

    token = replay(ringcentral.authenticate(JWT, None), (asked, answer))

    assert (token.access_token.get_secret_value(), token.lifetime_seconds) == ("fresh", 3600)


def test_the_exchange_is_authorized_by_the_client_alone(ringcentral):
    request = next(ringcentral.authenticate(JWT, None))

    name, secret = request.authorize
    assert (name, secret.get_secret_value()) == ("c", "s")
    assert (request.effect, request.rate) == ("read", "auth")


def test_a_refused_jwt_names_the_code(ringcentral):
    body = {"error": "invalid_grant", "errors": [{"errorCode": "OAU-140", "message": "Invalid"}]}

    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(ringcentral.authenticate(JWT, None), (ANY_REQUEST, Response(400, body)))


def test_only_an_app_without_jwt_is_authorised_in_the_browser():
    authorization = APP.authorization()

    assert (RingCentralSettings(token="t").authorization(), JWT.authorization()) == (None, None)
    assert authorization.authorize_url == (
        "https://platform.ringcentral.com/restapi/oauth/authorize"
    )
    assert (authorization.token_url, authorization.client_in) == (TOKEN_URL, "basic")


def test_an_app_nobody_authorised_sends_nothing(ringcentral):
    with pytest.raises(CredentialsRefused, match="nobody has authorised"):
        replay(ringcentral.authenticate(APP, None))


def test_a_grant_is_renewed_and_the_next_one_kept(ringcentral):
    answer = Response(200, {"access_token": "at", "refresh_token": "new", "expires_in": 3600})

    token = replay(ringcentral.authenticate(APP, GRANT), (("POST", TOKEN_URL), answer))

    assert (token.access_token, token.lifetime_seconds) == (SecretStr("at"), 3600)
    assert token.grant == Grant(SecretStr("new"))


def test_a_grant_whose_access_token_is_good_needs_no_request(ringcentral):
    good = Grant(SecretStr("old"), SecretStr("at"))

    assert replay(ringcentral.authenticate(APP, good)).access_token == SecretStr("at")


@pytest.mark.parametrize(
    ("app", "shown"),
    [(APP, ("c", SecretStr("s"))), (RingCentralSettings(client_id="c"), False)],
    ids=["a confidential app by Basic", "a public app in the form"],
)
def test_an_app_shows_itself_to_renew(ringcentral, app, shown):
    request = next(ringcentral.authenticate(app, GRANT))

    assert request.authorize == shown
    assert request.form.get("client_id") == (None if shown else "c")


def test_a_dead_grant_is_refused(ringcentral):
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(
            ringcentral.authenticate(APP, GRANT),
            (ANY_REQUEST, Response(400, {"error": "invalid_grant"})),
        )


# --- look-ups --------------------------------------------------------------------------------


def test_a_user_is_found_and_read_whole(ringcentral):
    user = replay(
        ringcentral.get_user(KEY),
        (("GET", '/Users?filter=userName eq "ada@example.com"'), found(SHORT)),
        (("GET", "/Users/42"), Response(200, FULL)),
    )

    assert user.addresses[0].region == "CA"


def test_the_email_filter_has_a_name_of_its_own(ringcentral):
    key = MatchKey(WORK_EMAIL, "ada@example.com")

    user = replay(
        ringcentral.get_user(key),
        (("GET", '/Users?filter=email eq "ada@example.com"'), found(SHORT)),
        (ANY_REQUEST, Response(200, FULL)),
    )

    assert user.id == "42"


def test_a_user_that_vanishes_between_two_reads_is_not_found(ringcentral):
    assert replay(
        ringcentral.get_user(KEY), (ANY_REQUEST, found(SHORT)), (ANY_REQUEST, Response(404))
    ) == NotFound(KEY)


def test_nobody_is_found(ringcentral):
    assert replay(ringcentral.get_user(KEY), (ANY_REQUEST, found())) == NotFound(KEY)


def test_two_users_are_ambiguous(ringcentral):
    with pytest.raises(AmbiguousMatch, match="42, 43"):
        replay(ringcentral.get_user(KEY), (ANY_REQUEST, found(SHORT, SHORT | {"id": "43"})))


def test_an_ignored_filter_links_nobody(ringcentral):
    other = SHORT | {"id": "43", "userName": "bob@example.com"}

    # Nobody follows the other user, so it is no cut list of everybody.
    assert replay(
        ringcentral.get_user(KEY), (ANY_REQUEST, found(other)), (ANY_REQUEST, found())
    ) == NotFound(KEY)


def test_an_ignored_filter_proves_nobodys_absence_where_more_users_follow(ringcentral):
    other = SHORT | {"id": "43", "userName": "bob@example.com"}

    with pytest.raises(VendorBroken, match="from number 2 on"):
        replay(
            ringcentral.get_user(KEY),
            (ANY_REQUEST, found(other)),
            (ANY_REQUEST, found(other | {"id": "44"})),
        )


def test_the_external_id_cannot_be_searched_by(ringcentral):
    with pytest.raises(ConfigurationError, match="externalId"):
        replay(ringcentral.get_user(MatchKey("externalId", "E-1")))


# --- writes ----------------------------------------------------------------------------------


def test_a_user_is_created(ringcentral):
    sent = {
        "schemas": [CORE_URN],
        "userName": "ada@example.com",
        "name": NAME,
        "emails": [{"type": "work", "value": "ada@example.com"}],
    }

    user = replay(ringcentral.create_user(USER), (("POST", "/Users", sent), Response(201, FULL)))

    assert user.id == "42"


def test_a_department_brings_its_schema(ringcentral):
    flow = ringcentral.create_user(
        User.from_scim(USER.to_scim() | {ENTERPRISE_URN: {"department": "Research"}})
    )

    assert next(flow).json["schemas"] == [CORE_URN, ENTERPRISE_URN]


@pytest.mark.parametrize(
    ("missing", "attribute"),
    [("name", "name.givenName"), ("emails", WORK_EMAIL), ("userName", "userName")],
)
def test_what_ringcentral_requires_is_asked_for_by_name(ringcentral, missing, attribute):
    document = USER.to_scim()
    del document[missing]

    with pytest.raises(RejectedUser) as error:
        replay(ringcentral.create_user(User.from_scim(document)))

    assert error.value.attribute == attribute


def test_a_work_email_other_than_the_name_is_refused_unsent(ringcentral):
    user = USER.model_copy(update={"userName": "countess@example.com"})

    with pytest.raises(RejectedUser, match="equal to userName"):
        replay(ringcentral.create_user(user))


def test_disabling_is_one_boolean(ringcentral):
    operation = {"op": "replace", "path": "active", "value": False}
    asked = ("PATCH", "/Users/42", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})

    applied = replay(
        ringcentral.patch_user(ONE, DISABLE), (asked, Response(200, FULL | {"active": False}))
    )

    assert applied.not_taken == ()


def test_a_country_that_comes_back_longer_is_told(ringcentral):
    path = 'addresses[type eq "work"].country'

    applied = replay(
        ringcentral.patch_user(ONE, (Change("replace", path, "US"),)),
        (ANY_REQUEST, Response(200, FULL)),
    )

    assert applied.not_taken == (Difference(path, "US", "United States"),)


def test_an_unknown_id_is_told(ringcentral):
    with pytest.raises(UnknownUser):
        replay(ringcentral.patch_user(ONE, DISABLE), (ANY_REQUEST, Response(404)))


def test_deleting_twice_succeeds(ringcentral):
    assert replay(ringcentral.delete_user(ONE), (("DELETE", "/Users/42"), Response(404))) is None


def test_a_failed_deletion_is_in_doubt(ringcentral):
    answer = refusal(500, "null, Internal Server Error. Consult RC Support.")

    with pytest.raises(InDoubt, match="Consult RC Support"):
        replay(ringcentral.delete_user(ONE), (ANY_REQUEST, answer))


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("detail", "remedy"),
    [
        ("License limit has been reached.", "no unassigned extension"),
        ("Feature [Bulk Assign] is not available", "SCIM is not switched on"),
    ],
)
def test_two_kinds_of_403_have_two_remedies(ringcentral, detail, remedy):
    with pytest.raises(NotAllowed, match=remedy):
        replay(ringcentral.create_user(USER), (ANY_REQUEST, refusal(403, detail)))


def test_an_unknown_403_is_told_in_the_vendors_words(ringcentral):
    with pytest.raises(NotAllowed, match="Not today"):
        replay(ringcentral.create_user(USER), (ANY_REQUEST, refusal(403, "Not today")))


def test_a_native_attribute_is_told_by_its_scim_path(ringcentral):
    detail = "Parameter [extension.contact.businessAddress.state] value is invalid."

    with pytest.raises(RejectedUser) as error:
        replay(ringcentral.create_user(USER), (ANY_REQUEST, refusal(400, detail, "invalidValue")))

    assert error.value.attribute == 'addresses[type eq "work"].region'


@pytest.mark.parametrize("scim_type", ["uniqueness", None])
def test_a_duplicate_exists_already(ringcentral, scim_type):
    with pytest.raises(AlreadyExists):
        replay(
            ringcentral.create_user(USER), (ANY_REQUEST, refusal(409, "duplicate email", scim_type))
        )


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "OAU-128", CredentialsRefused),
        (400, "OAU-149", CredentialsRefused),
        (403, "CMN-401", NotAllowed),
        (403, "CMN-408", NotAllowed),
        (400, "CMN-101", RejectedUser),
        (503, "CMN-203", VendorBroken),
    ],
)
def test_the_gateways_envelope_is_read(ringcentral, status, code, expected):
    body = {"errors": [{"errorCode": code, "message": "Something"}]}

    with pytest.raises(expected, match=f"{code} Something"):
        replay(ringcentral.get_user(ONE), (ANY_REQUEST, Response(status, body)))


@pytest.mark.parametrize("body", [None, {}, [], {"errors": ["x"]}, {"errorCode": "CMN-201"}])
def test_an_error_of_unknown_shape_is_an_error(ringcentral, body):
    with pytest.raises(VendorBroken, match="500"):
        replay(ringcentral.get_user(ONE), (ANY_REQUEST, Response(500, body)))


# --- capabilities ----------------------------------------------------------------------------


def test_every_mapped_attribute_is_one_that_ringcentral_takes():
    assert {mapping.target for mapping in CAPABILITIES.mappings} == CAPABILITIES.attributes.keys()


def test_each_effect_has_its_own_limit():
    limits = {effect: rate.requests for rate in CAPABILITIES.rates for effect in rate.covers}

    assert limits == {"read": 50, "write": 10, "auth": 5}
