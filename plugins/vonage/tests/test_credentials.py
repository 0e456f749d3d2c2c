"""How a Vonage connection gets its token, exchange by exchange."""

import pytest
from pydantic import SecretStr, ValidationError

from jackfield import CredentialsRefused, Grant, Response
from jackfield.testing import ANY_REQUEST, replay
from jackfield_vonage import VonageConnector, VonageSettings

BASE = "https://vonage.example/scim/v2"
TOKEN_URL = "https://api.vonage.com/token"


def settings_of(**given):
    return VonageSettings(base_url=BASE, **given)


READY = settings_of(token="made-up")
APP = settings_of(client_id="c", client_secret="s")
SEED = settings_of(client_id="c", client_secret="s", refresh_token="seed")
PERSON = settings_of(client_id="c", client_secret="s", user_name="jackfield", password="p4ss")
GRANT = Grant(SecretStr("kept"))
RENEWED = Response(200, {"access_token": "at", "refresh_token": "next", "expires_in": 86400})
REFUSED = Response(400, {"error": "invalid_grant"})


@pytest.fixture
def vonage():
    return VonageConnector()


def form_of(request):
    return {
        name: value.get_secret_value() if isinstance(value, SecretStr) else value
        for name, value in request.form.items()
    }


# --- settings --------------------------------------------------------------------------------


def test_the_address_of_the_service_has_no_default():
    with pytest.raises(ValidationError, match="base_url"):
        VonageSettings(token="made-up")


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"client_id": "c"},
        {"client_secret": "s"},
        {"token": "t", "client_id": "c"},
        {"token": "t", "refresh_token": "r"},
    ],
)
def test_half_a_client_is_refused_in_a_sentence(given):
    with pytest.raises(ValidationError, match="client_id and client_secret"):
        settings_of(**given)


@pytest.mark.parametrize(
    "given",
    [{"user_name": "u"}, {"password": "p"}, {"user_name": "u", "password": "p"}],
    ids=["no password", "no name", "a refresh token as well"],
)
def test_half_a_person_is_refused_in_a_sentence(given):
    both = {"refresh_token": "r"} if len(given) == 2 else {}

    with pytest.raises(ValidationError, match="user_name and password"):
        settings_of(client_id="c", client_secret="s", **given, **both)


@pytest.mark.parametrize("name", ["jackfield", "jackfield@vbc.prod"])
def test_a_user_name_ends_with_the_mandatory_suffix_once(name):
    given = settings_of(client_id="c", client_secret="s", user_name=name, password="p")

    assert given.user_name == "jackfield@vbc.prod"


def test_an_administrator_authorises_unless_the_settings_hold_all():
    authorization = APP.authorization()

    assert (READY.authorization(), PERSON.authorization()) == (None, None)
    assert authorization.authorize_url == "https://api.vonage.com/authorize"
    assert (authorization.scope, authorization.client_in) == ("openid", "basic")
    assert SEED.authorization() == authorization


# --- authentication --------------------------------------------------------------------------


def test_a_ready_token_needs_no_request(vonage):
    assert replay(vonage.authenticate(READY, None)).base_url == BASE


def test_an_app_nobody_authorised_sends_nothing(vonage):
    with pytest.raises(CredentialsRefused, match="nobody has authorised"):
        replay(vonage.authenticate(APP, None))


@pytest.mark.parametrize(
    ("given", "grant", "sent"),
    [(APP, GRANT, "kept"), (SEED, None, "seed"), (SEED, GRANT, "kept")],
    ids=["what was kept", "the first time", "what was kept before the seed"],
)
def test_a_refresh_token_is_renewed_and_the_next_one_kept(vonage, given, grant, sent):
    flow = vonage.authenticate(given, grant)

    form = form_of(next(flow))
    with pytest.raises(StopIteration) as done:
        flow.send(RENEWED)

    token = done.value.value
    assert (form["grant_type"], form["refresh_token"]) == ("refresh_token", sent)
    assert (token.access_token, token.lifetime_seconds) == (SecretStr("at"), 86400)
    assert token.grant == Grant(SecretStr("next"))


def test_a_renewal_is_never_repeated_blindly(vonage):
    request = next(vonage.authenticate(APP, GRANT))

    assert request.effect is None
    assert request.method == "POST"


def test_a_grant_whose_access_token_is_good_needs_no_request(vonage):
    good = Grant(SecretStr("kept"), SecretStr("at"))

    assert replay(vonage.authenticate(APP, good)).access_token == SecretStr("at")


def test_a_newer_seed_helps_where_the_grant_is_dead(vonage):
    asked = ("POST", TOKEN_URL)

    token = replay(vonage.authenticate(SEED, GRANT), (asked, REFUSED), (asked, RENEWED))

    assert token.grant == Grant(SecretStr("next"))


def test_a_dead_grant_is_tried_once(vonage):
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(vonage.authenticate(APP, GRANT), (ANY_REQUEST, REFUSED))


def test_a_seed_that_was_kept_is_not_tried_twice(vonage):
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(vonage.authenticate(SEED, Grant(SecretStr("seed"))), (ANY_REQUEST, REFUSED))


@pytest.mark.parametrize(
    ("way", "code", "renewal"),
    [("documented", "basic", False), ("basic", "basic", True), ("form", "body", False)],
)
def test_the_client_shows_itself_as_the_settings_say(vonage, way, code, renewal):
    app = settings_of(client_id="c", client_secret="s", client_authentication=way)

    request = next(vonage.authenticate(app, GRANT))

    assert app.authorization().client_in == code
    assert (request.authorize == ("c", SecretStr("s"))) is renewal
    assert ("client_secret" in request.form) is not renewal


def test_a_password_becomes_a_token(vonage):
    flow = vonage.authenticate(PERSON, None)

    form = form_of(next(flow))
    with pytest.raises(StopIteration) as done:
        flow.send(RENEWED)

    assert form == {
        "grant_type": "password",
        "username": "jackfield@vbc.prod",
        "password": "p4ss",
        "scope": "openid",
        "client_id": "c",
        "client_secret": "s",
    }
    assert (done.value.value.lifetime_seconds, done.value.value.grant) == (86400, None)


def test_a_password_goes_with_basic_where_the_settings_say_so(vonage):
    person = PERSON.model_copy(update={"client_authentication": "basic"})

    request = next(vonage.authenticate(person, None))

    assert request.authorize == ("c", SecretStr("s"))
    assert "client_secret" not in request.form


@pytest.mark.parametrize("answer", [REFUSED, Response(401), Response(400, ["x"])])
def test_a_wrong_password_is_refused(vonage, answer):
    with pytest.raises(CredentialsRefused):
        replay(vonage.authenticate(PERSON, None), (ANY_REQUEST, answer))
