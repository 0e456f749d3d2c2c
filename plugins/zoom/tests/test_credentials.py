"""The three ways to a Zoom token, one of them retired, and the settings that choose among them."""

import datetime as dt

import jwt
import pytest
from pydantic import SecretStr, ValidationError

from jackfield import CredentialsRefused, Grant, Response
from jackfield.testing import replay
from jackfield_zoom import ZoomConnector, ZoomSettings

SERVER = {"account_id": "a", "client_id": "c", "client_secret": "s"}
API_SECRET = "made-up-secret-of-thirty-six-letters"
NOW = dt.datetime(2023, 9, 1, tzinfo=dt.UTC)
JWT_APP = {"api_key": "k", "api_secret": API_SECRET}
TOKEN_URL = ("POST", "https://zoom.us/oauth/token")
GRANT = {
    "access_token": "fresh",
    "token_type": "bearer",
    "expires_in": 3599,
    "scope": "scim2:admin",
    "api_url": "https://api-eu.zoom.us",
}


@pytest.fixture
def zoom():
    return ZoomConnector()


# --- settings --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "c"},
        {"token": "t", "account_id": "a"},
        {"token": "t", **JWT_APP},
        {**SERVER, **JWT_APP},
        {"api_key": "k"},
    ],
)
def test_other_than_one_whole_set_of_credentials_is_refused(given):
    with pytest.raises(ValidationError, match=r"give one of|is missing"):
        ZoomSettings(**given)


def test_the_plan_brings_its_limits():
    settings = ZoomSettings(token="made-up", plan="pro")

    assert {name: limit.requests for name, limit in settings.rate_limits.items()} == {
        "medium": 20,
        "heavy": 10,
    }


def test_a_granted_limit_goes_before_the_plan():
    granted = {"heavy": {"requests": 3, "per_seconds": 1}}

    settings = ZoomSettings(token="made-up", plan="pro", rate_limits=granted)

    assert (settings.rate_limits["heavy"].requests, settings.rate_limits["medium"].requests) == (
        3,
        20,
    )


@pytest.mark.parametrize("given", [{"plan": "gold"}, {"plan": []}, {"rate_limits": "many"}])
def test_an_unknown_plan_or_limit_is_refused(given):
    with pytest.raises(ValidationError):
        ZoomSettings(**{"token": "made-up", "plan": "pro"} | given)


# --- authentication --------------------------------------------------------------------------


def test_a_ready_token_needs_no_request(zoom):
    token = replay(zoom.authenticate(ZoomSettings(token="made-up"), None, NOW))

    assert token.base_url == "https://api.zoom.us/scim2"


def test_account_credentials_are_exchanged_for_a_token(zoom):
    token = replay(
        zoom.authenticate(ZoomSettings(**SERVER), None, NOW), (TOKEN_URL, Response(200, GRANT))
    )

    assert (token.access_token.get_secret_value(), token.lifetime_seconds) == ("fresh", 3599)
    assert token.base_url == "https://api-eu.zoom.us/scim2"
    known = {"account": "a", "api": token.base_url, "scope": "scim2:admin"}
    assert token.facts == {**known, "tenant": "https://api.zoom.us/scim2 a"}


def test_the_exchange_is_authorized_by_the_client_alone(zoom):
    request = next(zoom.authenticate(ZoomSettings(**SERVER), None, NOW))

    name, secret = request.authorize
    assert (name, secret.get_secret_value()) == ("c", "s")
    assert request.form == {"grant_type": "account_credentials", "account_id": "a"}
    assert request.effect == "read"


@pytest.mark.parametrize(
    "api_url", ["https://api.zoom.us.example.com", "http://api.zoom.us", "https://x.org", None, 7]
)
def test_an_api_url_that_is_not_zooms_is_not_used(zoom, api_url):
    answer = Response(200, GRANT | {"api_url": api_url})

    token = replay(zoom.authenticate(ZoomSettings(**SERVER), None, NOW), (TOKEN_URL, answer))

    assert token.base_url == "https://api.zoom.us/scim2"


def test_a_chosen_base_url_goes_before_the_region(zoom):
    settings = ZoomSettings(**SERVER, base_url="https://api.zoomgov.com/scim2")

    token = replay(zoom.authenticate(settings, None, NOW), (TOKEN_URL, Response(200, GRANT)))

    assert token.base_url == "https://api.zoomgov.com/scim2"


@pytest.mark.parametrize("status", [400, 401])
def test_refused_credentials_name_the_reason(zoom, status):
    answer = Response(status, {"reason": "Invalid client_id", "error": "invalid_client"})

    with pytest.raises(CredentialsRefused, match="invalid_client: Invalid client_id"):
        replay(zoom.authenticate(ZoomSettings(**SERVER), None, NOW), (TOKEN_URL, answer))


def test_a_jwt_app_signs_its_own_token(zoom):
    token = replay(zoom.authenticate(ZoomSettings(**JWT_APP), None, NOW))

    signed = token.access_token.get_secret_value()
    claims = jwt.decode(signed, API_SECRET, ["HS256"], options={"verify_exp": False})
    assert claims == {"iss": "k", "exp": int(NOW.timestamp()) + 3600}
    assert token.lifetime_seconds == 3600
    assert jwt.get_unverified_header(signed) == {"alg": "HS256", "typ": "JWT"}


APP = ZoomSettings(client_id="app", client_secret="app-secret")


def test_an_app_without_an_account_is_authorised_in_the_browser():
    authorization = APP.authorization()

    assert authorization is not None
    assert authorization.authorize_url == "https://zoom.us/oauth/authorize"
    assert authorization.client_secret == APP.client_secret


def test_a_server_to_server_app_needs_no_administrator():
    whole = ZoomSettings(account_id="account", client_id="app", client_secret="app-secret")

    assert whole.authorization() is None


def test_an_app_that_nobody_authorised_is_refused():
    with pytest.raises(CredentialsRefused, match="nobody has authorised"):
        replay(ZoomConnector().authenticate(settings=APP, grant=None, now=NOW))


def test_a_refresh_token_is_renewed_and_the_new_one_kept():
    tokens = {"access_token": "at-2", "refresh_token": "rt-2", "expires_in": 3600}
    flow = ZoomConnector().authenticate(settings=APP, grant=Grant(SecretStr("rt-1")), now=NOW)

    token = replay(flow, (("POST", "https://zoom.us/oauth/token"), Response(200, tokens)))

    assert token.grant == Grant(SecretStr("rt-2"))
    assert token.base_url == "https://api.zoom.us/scim2"


def test_an_access_token_that_is_still_good_is_used():
    grant = Grant(SecretStr("rt-1"), SecretStr("at-1"))

    token = replay(ZoomConnector().authenticate(settings=APP, grant=grant, now=NOW))

    assert token.access_token == SecretStr("at-1")
