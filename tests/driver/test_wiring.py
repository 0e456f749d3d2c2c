"""What leaves, and what an answer becomes."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from support.example import (
    ACCESS_TOKEN,
    BOTH_COLOURS,
    ExampleConnector,
    Played,
    answer,
    connect,
    driver_of,
    operate,
    play,
    token_answer,
    user_document,
    with_rate,
)
from support.loopback import LoopbackServer, reply

from jackfield import (
    ConfigurationError,
    InDoubt,
    PluginFault,
    RejectedUser,
    Request,
    Token,
    User,
    UserId,
    VendorBroken,
)
from jackfield.driver.strict_json import parse_json
from jackfield.driver.transport import Answer
from jackfield.driver.wiring import read_answer, request_id, wire_of
from jackfield.redact import Redactor

FOUND = answer(200, user_document())
BASE = "https://api.example.com/v1"
ORIGINS = frozenset({"https://api.example.com", "https://login.example.com"})
TOKEN = Token(SecretStr("a-token"), BASE)


def get(driver, *answers, **options):
    steps = operate(driver, "get_user", key=UserId("1"))
    return play(steps, *answers, clock=driver._clock, **options)


# --- redirects of reads ------------------------------------------------------------------------


def test_read_follows_one_redirect_on_its_own_origin():
    moved = answer(302, location="/other/1")

    assert get(driver_of(), token_answer(), moved, FOUND).sent[-1] == "GET /other/1"


def test_read_does_not_follow_a_second_redirect():
    moved = answer(302, location="/other/1")

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), moved, moved)


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:9999/users/1",
        "http://127.0.0.1:9998/",
        "//evil.example/x",
        "http://[",
        "http://a:99999/",
        "http://someone:pass@127.0.0.1:9999/users/1",
    ],
)
def test_read_does_not_follow_a_redirect_to_another_place(location):
    """Another scheme, another port, another host, nonsense, a user name."""
    played = Played([], [])

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), answer(302, location=location), played=played)

    assert len(played.wires) == 2


def test_followed_redirect_counts_against_the_rate_limit():
    driver = driver_of(ExampleConnector(with_rate(2, 60.0)))

    played = get(driver, token_answer(), answer(302, location="/b"), FOUND)

    assert sum(played.pauses) >= 60


@BOTH_COLOURS
@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize(
    ("method", "argument"), [("get_user", UserId("1")), ("create_user", User(userName="a"))]
)
def test_no_secret_follows_a_redirect_to_another_place(call, status, method, argument):
    with LoopbackServer(reply(200)) as elsewhere:
        token = reply(200, {"access_token": ACCESS_TOKEN})
        moved = reply(status, headers={"location": f"{elsewhere.origin}/users/1"})
        with LoopbackServer(token, moved) as server, pytest.raises((VendorBroken, InDoubt)):
            call(connect(url=server.origin), method, argument)

    assert elsewhere.requests == []


# --- requests ----------------------------------------------------------------------------------


def wire(*arguments, token=TOKEN, **options):
    return wire_of(Request(*arguments, **options), token, ORIGINS)


def test_path_stands_below_the_base_url_and_carries_the_token():
    sent = wire("GET", "/users/1", {"filter": 'userName eq "a b"'})

    assert sent.url == f"{BASE}/users/1?filter=userName+eq+%22a+b%22"
    assert sent.headers["authorization"] == "Bearer a-token"


def test_basic_credentials_are_encoded_and_form_secrets_are_plain_on_the_wire():
    secret = SecretStr("p&ss")
    sent = wire(
        "POST",
        "https://login.example.com/token",
        form={"secret": secret},
        authorize=("id", secret),
        token=None,
    )

    assert sent.headers["authorization"] == "Basic " + base64.b64encode(b"id:p&ss").decode()
    assert sent.content == b"secret=p%26ss"


def test_credentials_are_left_out_on_request():
    sent = wire("GET", "https://login.example.com/", authorize=False, token=None)

    assert "authorization" not in sent.headers


@pytest.mark.parametrize(
    "path",
    ["/users/..", "/users/../admin", "/users/./1", "/users/%2e%2e/admin", "/%2E./a", "/users/a#b"],
)
def test_path_that_leaves_the_base_url_is_a_plugin_fault(path):
    with pytest.raises(PluginFault):
        wire("GET", path)


def test_path_without_slash_is_a_plugin_fault():
    with pytest.raises(PluginFault, match="slash"):
        wire("GET", "users/1")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/x",
        "http://api.example.com/x",
        "https://api.example.com:8443/x",
        "https://api.example.com@evil.example/x",
        "https://api.example.com.evil.example/x",
    ],
)
def test_link_to_another_origin_is_not_followed(url):
    """A "next page" link is the vendor's word, not ours."""
    with pytest.raises(ConfigurationError, match="not among the hosts"):
        wire("GET", url)


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb"])
def test_half_a_character_rejects_the_user_not_the_plugin(value):
    with pytest.raises(RejectedUser):
        wire("POST", "/users", json={"userName": value})
    with pytest.raises(RejectedUser):
        wire("GET", "/users", {"filter": value})


# --- answers -----------------------------------------------------------------------------------


def read(content, kind="application/json", status=200, effect="read", **headers):
    given_headers = {"content-type": kind, **headers}
    return read_answer(Answer(status, given_headers, content), effect, Redactor(["a-token"]))


def test_login_page_instead_of_json_names_status_type_and_first_characters():
    with pytest.raises(VendorBroken, match=r"200 with text/html.*<p>sign in \[secret\]"):
        read(b"<p>sign in a-token", "text/html")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"<html>", "text/html"),
        (b"{}", "text/html"),
        (b"{}", ""),
        (b"{}", "application/jsonp"),
        (b'{"id": "1"', "application/json"),
        (b"\xff\xfe{", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json"),
        (b'{"a": NaN}', "application/json"),
        (b'{"a": 1e999}', "application/json"),
        (b'{"id": "1", "id": "2"}', "application/json"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_unusable_success_is_broken_after_a_read_and_in_doubt_after_a_write(content, kind):
    with pytest.raises(VendorBroken):
        read(content, kind)
    with pytest.raises(InDoubt):
        read(content, kind, effect="write-once")


@pytest.mark.parametrize(
    "kind", ["application/json", "Application/SCIM+JSON; charset=utf-8", "application/json;a=b"]
)
def test_json_is_taken_by_any_of_its_types(kind):
    assert read(b'{"id": "1"}', kind).document == {"id": "1"}


def test_empty_success_is_no_document():
    for status in (200, 204):
        with pytest.raises(InDoubt, match="nothing"):
            read(b"", status=status, effect="write-once").checked()


def test_error_status_reaches_the_hook_even_without_json():
    assert read(b"<html>", "text/html", 404).status == 404


def test_header_text_is_cut_before_it_becomes_a_request_id():
    assert request_id({"trackingid": "x" * 5000}) == "x" * 100
    assert request_id({}) == ""


def test_first_header_that_says_something_is_the_request_id():
    assert request_id({"trackingid": " ", "x-request-id": " abc-1 "}) == "abc-1"
    assert request_id({"x-correlation-id": "abc-2"}) == "abc-2"


@given(st.binary(max_size=200))
def test_parsing_raises_value_error_or_nothing(content):
    with contextlib.suppress(ValueError):
        parse_json(content)


def test_redirected_write_names_the_place_and_is_in_doubt():
    with pytest.raises(InDoubt, match=r"evil\.example"):
        read(b"", status=302, effect="write-once", location="https://evil.example/?token=a")
