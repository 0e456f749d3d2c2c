import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from jackfield import CredentialsRefused, Response, VendorBroken
from jackfield.oauth import Authorization, Pending, begin, exchange, read_redirect, renew
from jackfield.testing import ANY_REQUEST, replay

ZOOM = Authorization(
    authorize_url="https://vendor.example/authorize",
    token_url="https://vendor.example/token",
    client_id="app",
    client_secret=SecretStr("s3cret"),
    scope="users",
    issuer="https://vendor.example",
)
REDIRECT = "http://127.0.0.1:5000/callback"
TOKENS = {"access_token": "at", "refresh_token": "rt", "expires_in": 3600}


def pending() -> Pending:
    return begin(ZOOM, REDIRECT)


def back(query: str, base: str = REDIRECT) -> str:
    return f"{base}?{query}"


def test_the_page_to_open_carries_state_and_an_s256_challenge():
    waiting = pending()
    asked = {name: v[0] for name, v in parse_qs(urlsplit(waiting.url).query).items()}

    digest = hashlib.sha256(waiting.verifier.get_secret_value().encode()).digest()
    assert asked["code_challenge"] == base64.urlsafe_b64encode(digest).decode().rstrip("=")
    assert asked["code_challenge_method"] == "S256"
    assert asked["state"] == waiting.state.get_secret_value()
    assert (asked["response_type"], asked["redirect_uri"]) == ("code", REDIRECT)


def test_every_authorization_has_its_own_state_and_verifier():
    first, second = pending(), pending()

    assert first.state != second.state
    assert first.verifier != second.verifier


def test_the_code_of_the_right_redirect_is_taken():
    waiting = pending()
    state = waiting.state.get_secret_value()

    code = read_redirect(ZOOM, waiting, back(f"code=abc&state={state}&iss={ZOOM.issuer}"))

    assert code.get_secret_value() == "abc"


@pytest.mark.parametrize(
    ("query", "base", "said"),
    [
        pytest.param("code=abc", REDIRECT, "another state", id="no state"),
        pytest.param("code=abc&state=wrong", REDIRECT, "another state", id="wrong state"),
        pytest.param("code=abc&state=é", REDIRECT, "another state", id="state that is not ASCII"),
        pytest.param("code=a&state=STATE&iss=https://evil", REDIRECT, "another server", id="iss"),
        pytest.param("error=access_denied&state=STATE", REDIRECT, "access_denied", id="refused"),
        pytest.param("state=STATE", REDIRECT, "no code", id="no code"),
        pytest.param("code=a&state=STATE", "http://127.0.0.1:5000/x", "another address", id="path"),
        pytest.param("code=a&state=STATE", "http://127.0.0.1:1/callback", "another", id="port"),
    ],
)
def test_a_redirect_that_is_not_ours_gives_no_code(query, base, said):
    waiting = pending()
    query = query.replace("STATE", waiting.state.get_secret_value())

    with pytest.raises(CredentialsRefused, match=said):
        read_redirect(ZOOM, waiting, back(query, base))


def test_a_code_becomes_tokens_with_the_verifier_and_basic_credentials():
    flow = exchange(ZOOM, pending(), SecretStr("abc"))
    request = next(flow)

    assert request.authorize == ("app", SecretStr("s3cret"))
    assert request.form["grant_type"] == "authorization_code"
    assert request.form["redirect_uri"] == REDIRECT
    assert len(request.form["code_verifier"].get_secret_value()) >= 43
    with pytest.raises(StopIteration) as done:
        flow.send(Response(200, TOKENS))
    assert done.value.value.refresh_token == SecretStr("rt")


def test_an_app_without_refresh_tokens_is_told_how_to_get_one():
    answer = Response(200, {"access_token": "at"})

    with pytest.raises(Exception, match="switch refresh tokens on"):
        replay(exchange(ZOOM, pending(), SecretStr("abc")), (ANY_REQUEST, answer))


def test_credentials_go_into_the_body_where_the_vendor_wants_them_there():
    vonage = Authorization(
        authorize_url=ZOOM.authorize_url,
        token_url=ZOOM.token_url,
        client_id="app",
        client_secret=SecretStr("s3cret"),
        client_in="body",
    )

    request = next(renew(vonage, SecretStr("old")))

    assert request.authorize is False
    assert request.form["client_id"] == "app"
    assert request.form["client_secret"] == SecretStr("s3cret")


def test_a_public_client_sends_its_id_and_no_secret():
    public = Authorization(
        authorize_url=ZOOM.authorize_url, token_url=ZOOM.token_url, client_id="app"
    )

    request = next(renew(public, SecretStr("old")))

    assert (request.authorize, request.form["client_id"]) == (False, "app")
    assert "client_secret" not in request.form


def test_a_dead_refresh_token_means_authorise_again():
    answer = Response(400, {"error": "invalid_grant"})

    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        replay(renew(ZOOM, SecretStr("old")), (ANY_REQUEST, answer))


def test_a_renewal_without_a_new_refresh_token_keeps_the_old_one():
    answer = Response(200, {"access_token": "at", "expires_in": 60})

    tokens = replay(renew(ZOOM, SecretStr("old")), (ANY_REQUEST, answer))

    assert tokens.refresh_token is None
    assert tokens.lifetime_seconds == 60


def test_an_answer_without_an_access_token_is_no_success():
    with pytest.raises((VendorBroken, Exception), match="without an access token"):
        replay(renew(ZOOM, SecretStr("old")), (ANY_REQUEST, Response(200, {"token": "x"})))
