"""A token that arrives is taken in whatever form, and never quoted where it cannot be."""

import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from support.canaries import canary, find_canary
from support.example import CLIENT_SECRET, connect, user_document
from support.frames import shown_with_variables
from support.loopback import LoopbackServer, http, raw, reply

from jackfield import CredentialsRefused, InDoubt, ProvisioningError, VendorBroken, hookimpl
from jackfield.driver.transport import Answer
from jackfield.driver.wire import Wire
from jackfield.driver.wiring import read_answer, redirected
from jackfield.flow import Response
from jackfield.oauth import lifetime_seconds
from jackfield.redact import MARK, Redactor
from jackfield.scim import access_token, token_error

FRESH = canary("fresh-token")
GOOD = json.dumps({"access_token": FRESH, "expires_in": 3600}).encode()
FORM = f"access_token={FRESH}&token_type=bearer&expires_in=3600".encode()
TYPES = (
    "application/json",
    "application/x-www-form-urlencoded",
    "text/html; charset=utf-8",
    "text/plain",
    "application/octet-stream",
    "",
    f"application/{FRESH}",
)
UNREADABLE = {
    "a notice before it": b"<br/>Notice: Undefined index<br/>" + GOOD,
    "a notice behind it": GOOD + b"<br/>Notice: Undefined index<br/>",
    "named twice": b'{"access_token": "x", "access_token": "' + FRESH.encode() + b'"}',
    "cut": GOOD[:-20],
    "a trailing comma": GOOD[:-1] + b",}",
    "single quotes": GOOD.replace(b'"', b"'"),
    "callback": b"callback(" + GOOD + b")",
    "two documents": GOOD + GOOD,
    "guarded": b")]}'," + GOOD,
    "XML": f"<r><access_token>{FRESH}</access_token></r>".encode(),
    "bare": FRESH.encode(),
    "UTF-16, cut": GOOD.decode().encode("utf-16")[:-3],
    "gzip": gzip.compress(GOOD),
    "a form, twice": FORM + b"&" + FORM,
    "NaN": GOOD[:-1] + b', "x": NaN}',
    "another encoding": GOOD[:-1] + b', "x": "\xff"}',
}


def read(content: bytes, kind: str, status: int = 200, **headers: str) -> Response:
    given = {"content-type": kind, **headers}
    return read_answer(Answer(status, given, content), "write", Redactor(), for_token=True)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("form", UNREADABLE)
def test_an_unreadable_answer_with_a_token_is_not_quoted(form, kind):
    with pytest.raises(InDoubt, match="it is not shown") as caught:
        read(UNREADABLE[form], kind).document["access_token"]

    assert find_canary(shown_with_variables(caught.value)) == ""
    assert FRESH[:9] not in str(caught.value)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("content", [GOOD, b"\xef\xbb\xbf" + GOOD, b"\r\n " + GOOD])
def test_a_token_in_json_is_taken_under_any_content_type(content, kind):
    found = access_token(read(content, kind))

    assert found == SecretStr(FRESH)


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain;charset=utf-8", "text/html", ""]
)
def test_a_token_in_a_form_is_taken_with_its_lifetime(kind):
    """RFC 6749 came late for some: golang.org/x/oauth2 reads both types as forms, too."""
    response = read(FORM + b"\n", kind)

    assert access_token(response) == SecretStr(FRESH)
    assert lifetime_seconds(response.document) == 3600


def test_a_form_is_no_answer_of_an_ordinary_operation():
    with pytest.raises(VendorBroken):
        read_answer(Answer(200, {"content-type": "text/plain"}, FORM), "read", Redactor())


def test_a_form_that_says_no_names_its_code_and_nothing_else():
    """GitHub answers 200 to a code that is over."""
    response = read(f"error=invalid_grant&error_description={FRESH}".encode(), "text/plain")

    with pytest.raises(CredentialsRefused, match="invalid_grant") as caught:
        access_token(response)

    assert find_canary(str(caught.value)) == ""


REFUSALS: dict[str, Any] = {
    "the token beside the error": {"error": "invalid_grant", "access_token": FRESH},
    "the token deep inside": {"error": "invalid_grant", "data": [{"refreshToken": FRESH}]},
    "in the description": {"error": "invalid_grant", "error_description": f"{FRESH} is over"},
    "as the error": {"error": FRESH},
    "as a name": {"error": "invalid_grant", FRESH: True},
    "in another text": {"error": "invalid_grant", "reason": f"Bearer {FRESH}"},
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_request_for_a_token_shows_none(refusal):
    response = read(json.dumps(REFUSALS[refusal]).encode(), "application/json", 400)

    assert find_canary(f"{response.body} {response.text} {token_error(response)}") == ""


def test_the_words_of_a_refusal_stay_readable():
    said = (
        "AADSTS7000215: Invalid client secret provided. See https://aka.ms/aadsts "
        "Trace ID: 0f8fad5b-d9cb-469f-a165-70867728950e Timestamp: 2026-11-20 10:00:00Z"
    )
    body = {"error": "invalid_client", "error_description": said, "trackingId": "ROUTER_5F8A01BB27"}

    response = read(json.dumps(body).encode(), "application/json", 401)

    assert str(token_error(response)).endswith(f"401: invalid_client: {said}")
    assert response.body["trackingId"] == "ROUTER_5F8A01BB27"


def test_what_an_answer_calls_a_token_is_redacted_from_then_on():
    redactor = Redactor()
    document = {"data": {"refreshToken": FRESH, "token_type": "Bearer"}}
    answer = Answer(200, {}, json.dumps(document).encode())

    read_answer(answer, "read", redactor, for_token=True)

    assert redactor.redact(f"Bearer {FRESH}") == f"Bearer {MARK}"


@pytest.mark.parametrize("status", [400, 401, 403, 500, 503])
def test_of_an_error_page_nothing_is_left(status):
    response = read(f"<p>{FRESH}</p>".encode(), "text/html", status)

    assert (response.body, response.text) == (None, "")


def test_a_redirect_while_signing_in_names_no_host():
    answer = Answer(302, {"location": f"https://{FRESH}.example/"}, b"")

    with pytest.raises(InDoubt) as caught:
        read_answer(answer, "write", Redactor(), for_token=True)
    with pytest.raises(VendorBroken) as followed:
        redirected(Wire("GET", "https://a.example/", {}), answer, for_token=True)

    assert find_canary(f"{caught.value} {followed.value}") == ""


def told_by(*turns) -> str:
    events: list[object] = []

    class Observer:
        @hookimpl
        def after_operation(self, completed):
            events.append(completed)

    with (
        LoopbackServer(*turns) as server,
        connect(url=server.origin, observers=[Observer()]) as connector,
        pytest.raises(ProvisioningError) as caught,
    ):
        connector.authenticate()
    return f"{caught.value} {shown_with_variables(caught.value)} {events}"


@pytest.mark.parametrize("form", UNREADABLE)
def test_a_connection_that_cannot_read_its_token_tells_nobody(form):
    turn = raw(http(200, UNREADABLE[form], {"content-type": "text/html"}))

    assert find_canary(told_by(turn)) == ""


@pytest.mark.parametrize("escape", [str, lambda text: quote(text, safe=""), str.upper, json.dumps])
def test_a_refusal_that_repeats_the_clients_secret_does_not_show_it(escape):
    turn = reply(400, {"error": "invalid_client", "error_description": escape(CLIENT_SECRET)})

    told = told_by(turn)

    assert find_canary(told) == ""
    assert "HORSE" not in told.upper()


def test_a_token_in_a_form_signs_in():
    turns = (raw(http(200, FORM, {"content-type": "text/plain"})), reply(200, user_document()))

    with LoopbackServer(*turns) as server, connect(url=server.origin) as connector:
        connector.authenticate()
        connector.get_user("1")

    assert f"Bearer {FRESH}".encode() in server.requests[1]
