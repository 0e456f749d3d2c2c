"""The wire itself, against a server that does what servers should not do."""

import asyncio
import gzip
import logging
import ssl
import time
import traceback

import pytest
from support.loopback import (
    LOST_ANSWERS,
    LoopbackServer,
    dripping,
    gzip_bomb,
    http,
    raw,
    reply,
)

from jackfield import ConfigurationError, InDoubt, NotSent, VendorBroken
from jackfield.driver.addresses import Reach
from jackfield.driver.transport import AsyncTransport, Limits, SyncTransport, Wire

SHORT = Limits(deadline_seconds=0.3, connect_seconds=0.2, body_bytes=100_000, connections=1)


HERE = Reach(loopback=True)


def send_sync(wire, limits=SHORT, reach=HERE):
    transport = SyncTransport(limits, reach)
    try:
        return transport.send(wire)
    finally:
        transport.close()


def send_async(wire, limits=SHORT, reach=HERE):
    async def send():
        transport = AsyncTransport(limits, reach)
        try:
            return await transport.send(wire)
        finally:
            await transport.aclose()

    return asyncio.run(send())


both = pytest.mark.parametrize("send", [send_sync, send_async], ids=["sync", "async"])


def get(origin, **headers):
    return Wire("GET", f"{origin}/users?filter=ann%40example.com", headers)


@both
def test_answer_comes_with_lower_case_headers_and_its_body(send):
    with LoopbackServer(reply(200, {"id": "1"}, {"X-Thing": "a"})) as server:
        answer = send(get(server.origin))

    assert (answer.status, answer.content, answer.headers["x-thing"]) == (200, b'{"id": "1"}', "a")


@both
@pytest.mark.parametrize("shape", LOST_ANSWERS)
def test_lost_answer_is_in_doubt(send, shape):
    with LoopbackServer(LOST_ANSWERS[shape]) as server, pytest.raises(InDoubt):
        send(Wire("POST", f"{server.origin}/users", {}, b"{}"))

    assert len(server.requests) == 1


@both
def test_refused_connection_was_never_sent(send):
    with LoopbackServer(reply(200)) as server:
        origin = server.origin

    with pytest.raises(NotSent):
        send(get(origin))


def seconds_until_given_up(send, url):
    began = time.monotonic()
    with pytest.raises(InDoubt):
        send(url)
    return time.monotonic() - began


@both
def test_dripped_answer_is_given_up_at_the_deadline_not_after_each_byte(send):
    with LoopbackServer(dripping()) as server:
        assert 0.25 < seconds_until_given_up(send, get(server.origin)) < 1.5


@both
def test_gzip_bomb_is_refused_at_the_cap(send):
    with (
        LoopbackServer(gzip_bomb(50_000_000)) as server,
        pytest.raises(VendorBroken, match="larger than 100000 bytes"),
    ):
        send(get(server.origin), Limits(deadline_seconds=5.0, body_bytes=100_000))


@both
def test_long_answer_is_refused_at_the_cap(send):
    with LoopbackServer(reply(200, "x" * 200_000)) as server, pytest.raises(VendorBroken):
        send(get(server.origin), Limits(deadline_seconds=5.0, body_bytes=100_000))


@both
def test_packed_answer_is_unpacked(send):
    packed = http(200, gzip.compress(b"{}"), {"content-encoding": "gzip"})

    with LoopbackServer(raw(packed)) as server:
        assert send(get(server.origin)).content == b"{}"


@both
@pytest.mark.parametrize("length", [10, 15])
def test_packed_answer_cut_short_is_not_an_empty_answer(send, length):
    cut = http(200, gzip.compress(b'{"id": "1"}')[:length], {"content-encoding": "gzip"})

    with LoopbackServer(raw(cut)) as server, pytest.raises(InDoubt):
        send(get(server.origin))


STRANGE = raw(http(200, b"{}", {"content-encoding": "br"}))


def test_unreadable_answer_gives_its_only_connection_back():
    transport = SyncTransport(SHORT, Reach(loopback=True))

    with LoopbackServer(STRANGE, reply(200)) as server:
        with pytest.raises(VendorBroken, match="br"):
            transport.send(get(server.origin))
        status = transport.send(get(server.origin)).status
    transport.close()

    assert status == 200


def test_unreadable_answer_gives_its_only_connection_back_to_a_task():
    async def main(origin):
        transport = AsyncTransport(SHORT, Reach(loopback=True))
        with pytest.raises(VendorBroken, match="br"):
            await transport.send(get(origin))
        answer = await transport.send(get(origin))
        await transport.aclose()
        return answer.status

    with LoopbackServer(STRANGE, reply(200)) as server:
        assert asyncio.run(main(server.origin)) == 200


@both
def test_redirect_is_an_answer_like_any_other(send):
    with (
        LoopbackServer(reply(200)) as elsewhere,
        LoopbackServer(reply(302, headers={"location": elsewhere.origin})) as server,
    ):
        assert send(get(server.origin)).status == 302

    assert elsewhere.requests == []


@both
@pytest.mark.parametrize("value", ["a\nx: y", "a\0", "a ", "caf\u00e9", "\u2019"])
def test_header_that_http_forbids_is_a_configuration_error_without_its_value(send, value):
    token = f"Bearer tok-12345{value}"

    with LoopbackServer(reply(200)) as server, pytest.raises(ConfigurationError) as caught:
        send(get(server.origin, authorization=token))

    assert "tok-12345" not in "".join(traceback.format_exception(caught.value))


@both
def test_debug_logs_hold_no_query_no_token_and_no_cookie(send, caplog):
    caplog.set_level(logging.DEBUG)
    secret = {"set-cookie": "sid=cookie-secret", "location": "/a?code=query-secret"}

    with LoopbackServer(reply(200, {}, secret)) as server:
        send(get(server.origin, authorization="Bearer token-secret"))

    for word in ("cookie-secret", "query-secret", "token-secret", "ann%40"):
        assert word not in caplog.text


def test_logs_of_other_users_of_the_client_are_left_alone(caplog):
    SyncTransport(SHORT, Reach(loopback=True)).close()
    caplog.set_level(logging.DEBUG)

    logging.getLogger("httpcore.http11").debug("somebody else's request")

    assert "somebody else's request" in caplog.text


@pytest.mark.parametrize("variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_proxy_of_the_environment_is_ignored(variable, monkeypatch):
    monkeypatch.setenv(variable, "http://127.0.0.1:9")

    with LoopbackServer(reply(200)) as server:
        assert send_sync(get(server.origin)).status == 200


def test_tls_is_verified_and_old_versions_are_refused():
    transport = SyncTransport(SHORT, Reach(loopback=True))
    context = transport._http._pool._ssl_context
    transport.close()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@both
def test_server_that_speaks_no_tls_never_saw_the_request(send):
    with LoopbackServer(reply(200)) as server, pytest.raises(NotSent):
        send(get(server.origin.replace("http://", "https://")))

    assert not any(b"filter" in request for request in server.requests)


@both
def test_an_address_that_is_not_allowed_is_never_connected_to(send):
    with LoopbackServer(reply(200, {})) as server:
        with pytest.raises(ConfigurationError, match="no public address"):
            send(get(server.origin), reach=Reach())

        assert server.requests == []


@both
def test_the_name_is_resolved_by_us_and_the_host_header_keeps_it(send):
    reach = Reach(loopback=True, resolve=lambda _host, _port: ["127.0.0.1"])
    with LoopbackServer(reply(200, {})) as server:
        port = server.origin.rpartition(":")[2]
        answer = send(get(f"http://vendor.example:{port}"), reach=reach)

        assert answer.status == 200
        assert f"vendor.example:{port}".encode() in server.requests[0]


@both
def test_the_next_address_is_tried_where_the_first_refuses(send):
    reach = Reach(loopback=True, resolve=lambda _host, _port: ["::1", "127.0.0.1"])
    with LoopbackServer(reply(200, {})) as server:
        port = server.origin.rpartition(":")[2]

        assert send(get(f"http://vendor.example:{port}"), reach=reach).status == 200


@both
def test_an_unknown_name_was_never_sent(send):
    def unknown(_host, _port):
        raise OSError(-2, "Name or service not known")

    with pytest.raises(NotSent, match="cannot be reached"):
        send(get("http://vendor.example"), reach=Reach(resolve=unknown))
