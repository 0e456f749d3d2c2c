"""Wherever a vendor repeats a secret in its answer, no cut of ours leaves half of it.

Texts are cut for people: a secret that is cut first is found by nobody afterwards.
"""

import base64
import json
from collections.abc import Callable, Mapping
from urllib.parse import quote

import pytest
from support.canaries import canary

from jackfield.driver.transport import Answer
from jackfield.driver.wiring import read_answer, request_id
from jackfield.engine.notification.events import shown
from jackfield.flow import Response
from jackfield.oauth import Authorization, begin, read_redirect
from jackfield.redact import MARK, Redactor
from jackfield.scim import one_line, scim_error

SECRET = canary("cut/this+secret.of=42-characters")
POSITIONS = range(401)
LONGEST_PIECE = 6
"""Characters of the secret that may be left: the mark of canaries alone has seven."""

FORMS: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "in capitals": str.upper,
    "in small letters": str.lower,
    "in a URL": lambda text: quote(text, safe=""),
    "in a URL, small": lambda text: quote(text, safe="").lower(),
    "in a URL, twice": lambda text: quote(quote(text, safe=""), safe=""),
    "in JSON": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "in JSON, in numbers": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
    "in HTML": lambda text: "".join(f"&#x{ord(c):x};" if not c.isalnum() else c for c in text),
}


def filled(position: int, secret: str = SECRET) -> str:
    return ("so it " * 100)[:position] + secret + " and so on" * 20


def remains(text: str, secret: str = SECRET) -> str:
    """Return a piece of the secret that a text holds, in any letter case."""
    text, secret = text.lower(), secret.lower()
    pieces = (secret[at : at + LONGEST_PIECE + 1] for at in range(len(secret) - LONGEST_PIECE))
    return next((piece for piece in pieces if piece in text), "")


def read(content: bytes, kind: str, status: int = 400, **headers: str) -> Response:
    answer = Answer(status, {"content-type": kind, **headers}, content)
    return read_answer(answer, "read", Redactor([SECRET]))


def from_detail(text: str) -> str:
    body = {"detail": text, "scimType": text, "message": text}
    response = read(json.dumps(body).encode(), "application/scim+json")
    parts = (one_line(value) for value in response.body.values())
    return f"{scim_error(response)} {' '.join(parts)}"


def from_text(text: str) -> str:
    response = read(text.encode(), "text/plain")
    return f"{response.text} {scim_error(response)}"


def from_page(text: str) -> str:
    with pytest.raises(Exception, match="which begins") as caught:
        read(f"<html>{text}".encode(), "text/html", 200)
    return str(caught.value)


def from_headers(text: str) -> str:
    headers = {"trackingid": text, "location": text, "www-authenticate": text}
    response = read(b"", "", 401, **headers)
    kept = (one_line(value) for value in response.headers.values())
    return f"{request_id(headers, Redactor([SECRET]))} {' '.join(kept)}"


def from_notification(text: str) -> str:
    return shown(text, Redactor([SECRET]), 200)


WAYS = [from_detail, from_text, from_page, from_headers, from_notification]


@pytest.mark.parametrize("way", WAYS)
def test_no_cut_leaves_half_a_secret_wherever_it_stands(way):
    left = {at: piece for at in POSITIONS if (piece := remains(way(filled(at))))}

    assert left == {}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("way", WAYS)
def test_no_cut_leaves_half_a_secret_in_another_form(way, form):
    written = FORMS[form](SECRET)
    positions = range(0, 401, 7)

    left = {at: p for at in positions if (p := remains(way(filled(at, written)), written))}

    assert left == {}


@pytest.mark.parametrize("kind", ["text/html", "application/json", ""])
def test_a_page_in_wide_characters_hides_no_secret(kind):
    response = read(filled(10).encode("utf-16"), kind)

    assert remains(response.text) == ""
    assert "c a n a r y" not in response.text


@pytest.mark.parametrize("before", ["", "a", "ab", "client-id:"])
def test_a_secret_within_longer_base64_is_found(before):
    encoded = base64.b64encode(f"{before}{SECRET}{before}".encode()).decode()
    inner = base64.b64encode(SECRET.encode()).decode()

    assert remains(Redactor([SECRET]).redact(encoded), encoded[16:-16]) == ""
    assert MARK in Redactor([SECRET]).redact(f"{encoded} {inner}")


def test_a_redirect_that_says_no_quotes_neither_state_nor_code():
    app = Authorization(authorize_url="https://a.example/", token_url="", client_id="app")
    pending = begin(app, "http://127.0.0.1:5000/callback")
    state = pending.state.get_secret_value()

    left = {at for at in POSITIONS if remains(_refused(app, pending, filled(at, state)), state)}

    assert left == set()


def _refused(app: Authorization, pending, text: str) -> str:
    state = pending.state.get_secret_value()
    query = f"error={quote(text)}&error_description={quote(text)}&state={quote(state)}&code=abc"
    with pytest.raises(Exception, match="the vendor refused") as caught:
        read_redirect(app, pending, f"{pending.redirect_uri}?{query}")
    return str(caught.value)


def test_half_a_secret_is_found_by_the_search_of_these_tests():
    cut_first = filled(180)[:200]

    assert remains(Redactor([SECRET]).redact(cut_first)) != ""
    assert remains(filled(180)) != ""
