"""The webhook, through a server on this machine."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from pydantic import ValidationError
from support.canaries import find_canary
from support.clock import START
from support.frames import shown_with_variables
from support.loopback import LOST_ANSWERS, LoopbackServer, dripping, gzip_bomb, reply
from support.news import held, quarantined

from jackfield.driver.addresses import Reach
from jackfield.engine.notification.events import NotDelivered, render
from jackfield.engine.notification.webhook import Webhook, WebhookSettings, signature
from jackfield.redact import Redactor

SECRET = "canary-of-the-webhook-7f3a9c"
NEWS = render(quarantined(), None, Redactor())


def settings(url, **changed):
    return WebhookSettings.model_validate({"url": url, "allow_loopback": True} | changed)


def send(server, message=NEWS, path="/hook", **changed):
    Webhook(settings(f"{server.origin}{path}", **changed), now=lambda: START).send(message)


def parts(request):
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return first, headers, body


def test_the_document_is_posted_as_json():
    with LoopbackServer(reply(204)) as server:
        send(server, path="/hook/?token=a%20b")

    first, headers, body = parts(server.requests[0])
    assert first == "POST /hook/?token=a%20b HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == NEWS.id
    assert "webhook-signature" not in headers
    assert json.loads(body) == NEWS.document


def test_the_signature_is_that_of_id_time_and_body():
    with LoopbackServer(reply(200, {})) as server:
        send(server, secret=SECRET)

    _, headers, body = parts(server.requests[0])
    signed = f"{NEWS.id}.{int(START.timestamp())}.".encode() + body
    expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest())
    assert headers["webhook-timestamp"] == str(int(START.timestamp()))
    assert headers["webhook-signature"] == f"v1,{expected.decode()}"
    assert SECRET.encode() not in server.requests[0]


def test_the_signature_is_that_of_the_published_example():
    """Source: the test vector of Standard Webhooks' own libraries (read 2026-11-20)."""
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    found = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}')

    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_encoded_secret_is_decoded_first():
    key = bytes(range(24))
    with LoopbackServer(reply(200, {})) as server:
        send(server, secret=f"whsec_{base64.b64encode(key).decode()}")

    _, headers, body = parts(server.requests[0])
    expected = signature(key, headers["webhook-id"], headers["webhook-timestamp"], body)
    assert headers["webhook-signature"] == expected


def test_nobody_is_named_to_a_webhook():
    with LoopbackServer(reply(200, {})) as server:
        send(server, render(held(), None, Redactor()))

    assert b"@example.com" not in server.requests[0]


@pytest.mark.parametrize("status", [302, 307, 400, 401, 410, 429, 500])
def test_anything_but_a_success_is_not_delivered_and_no_redirect_followed(status):
    with LoopbackServer(reply(200, {})) as other:
        answer = reply(status, {"token": SECRET}, {"location": other.origin})
        with LoopbackServer(answer) as server, pytest.raises(NotDelivered, match=f"{status}$"):
            send(server)

        assert other.requests == []


@pytest.mark.parametrize("turn", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())
def test_an_answer_that_is_lost_is_not_delivered(turn):
    with LoopbackServer(turn) as server, pytest.raises(NotDelivered) as caught:
        send(server, timeout_seconds=0.4)

    assert "/hook" not in str(caught.value)


@pytest.mark.parametrize("turn", [dripping(), gzip_bomb(5_000_000)], ids=["drip", "bomb"])
def test_an_answer_is_bounded_in_time_and_size(turn):
    began_at = time.monotonic()
    with LoopbackServer(turn) as server, pytest.raises(NotDelivered):
        send(server, timeout_seconds=0.4)

    assert time.monotonic() - began_at < 10


def test_a_server_that_is_down_is_not_delivered():
    with LoopbackServer(reply(200)) as server:
        pass

    with pytest.raises(NotDelivered, match="cannot be reached"):
        send(server)


@pytest.mark.parametrize("address", ["10.0.0.9", "127.0.0.1", "169.254.169.254", "::1", "fd00::1"])
def test_a_private_address_is_refused_without_leave(address):
    reach = Reach(resolve=lambda _host, _port: [address])
    webhook = Webhook(WebhookSettings(url="https://hooks.example/a"), reach=reach)

    with pytest.raises(NotDelivered, match="no public address"):
        webhook.send(NEWS)


def test_this_machine_is_refused_without_leave():
    with LoopbackServer(reply(200)) as server:
        address = server.origin.replace("http:", "https:")
        webhook = Webhook(WebhookSettings(url=f"{address}/hook"))
        with pytest.raises(NotDelivered, match="no public"):
            webhook.send(NEWS)

    assert server.requests == []


@pytest.mark.parametrize("is_allowed", [True, False])
def test_leave_for_the_own_network_is_leave_for_nothing_else(is_allowed):
    given = settings(
        "https://hooks.example", allow_loopback=False, allow_private_network=is_allowed
    )
    webhook = Webhook(given)

    assert webhook._reach == Reach(loopback=False, private=is_allowed)


def test_url_and_secret_stand_in_no_repr():
    given = settings("https://hooks.example/services/T0/canary-in-the-path", secret=SECRET)

    assert "canary" not in repr(given)
    assert given.secrets() == {given.url, SECRET}


WRONG = {
    "http": {"url": f"http://hooks.example/{SECRET}"},
    "http to this machine without leave": {"url": "http://127.0.0.1:8080", "allow_loopback": False},
    "user in the URL": {"url": f"https://a:{SECRET}@hooks.example"},
    "fragment": {"url": "https://hooks.example/#a"},
    "line break": {"url": "https://hooks.example/a\r\nb"},
    "line break in the query": {"url": "https://hooks.example/?a\r\nb"},
    "another scheme": {"url": "file:///etc/passwd"},
    "short secret": {"secret": "canary-short"},
    "secret that is no base64": {"secret": f"whsec_{SECRET}!!"},
    "encoded secret too short": {"secret": "whsec_Y2FuYXJ5"},
    "unknown key": {"secrets": SECRET},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_settings_that_cannot_work_are_refused_without_their_values(changed):
    with pytest.raises(ValidationError) as caught:
        settings(**({"url": "https://hooks.example"} | changed))

    assert "canary" not in str(caught.value)


@pytest.mark.parametrize("turn", [reply(500), *LOST_ANSWERS.values()])
def test_no_variable_of_a_failed_delivery_holds_address_or_key(turn):
    with LoopbackServer(turn) as server, pytest.raises(NotDelivered) as caught:
        send(server, path=f"/hook/{SECRET}?token={SECRET}", secret=SECRET, timeout_seconds=0.3)

    assert find_canary(shown_with_variables(caught.value)) == ""
