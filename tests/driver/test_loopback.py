import socket
import threading

import pytest

from jackfield.driver.loopback import Listener, listening
from jackfield.errors import CredentialsRefused


def ask(listener: Listener, target: str, host: str | None = None, method: str = "GET") -> str:
    """Send one request and return the status line."""
    address = listener.redirect_uri.removeprefix("http://").partition("/")[0]
    name, _, port = address.partition(":")
    with socket.create_connection((name, int(port)), timeout=5) as connection:
        head = f"{method} {target} HTTP/1.1\r\nHost: {host or address}\r\n\r\n"
        connection.sendall(head.encode())
        return connection.recv(4096).decode().partition("\r\n")[0]


def answers(listener: Listener, *requests: dict[str, str]) -> tuple[str, list[str]]:
    """Wait in this thread while another sends the requests, in order."""
    statuses: list[str] = []
    asker = threading.Thread(
        target=lambda: statuses.extend(ask(listener, **request) for request in requests)
    )
    asker.start()
    url = listener.wait(timeout_seconds=10)
    asker.join()
    return url, statuses


def test_the_redirect_is_returned_whole():
    with listening() as listener:
        url, statuses = answers(listener, {"target": "/callback?code=abc&state=s"})

    assert url == f"{listener.redirect_uri}?code=abc&state=s"
    assert statuses == ["HTTP/1.1 200 OK"]


def test_the_listener_is_on_a_loopback_literal_and_a_free_port():
    with listening() as first, listening() as second:
        assert first.redirect_uri.startswith("http://127.0.0.1:")
        assert first.redirect_uri != second.redirect_uri


@pytest.mark.parametrize(
    "knock",
    [
        pytest.param({"target": "/elsewhere?code=x"}, id="wrong path"),
        pytest.param({"target": "/callback?code=x", "host": "evil.example"}, id="rebound name"),
        pytest.param({"target": "/callback?code=x", "method": "POST"}, id="wrong method"),
    ],
)
def test_a_knock_that_is_no_answer_is_turned_away_and_waiting_goes_on(knock):
    with listening() as listener:
        url, statuses = answers(listener, knock, {"target": "/callback?code=right"})

    assert url.endswith("code=right")
    assert statuses == ["HTTP/1.1 404 Not Found", "HTTP/1.1 200 OK"]


def test_nobody_coming_back_ends_with_advice():
    with listening() as listener, pytest.raises(CredentialsRefused, match="begin again"):
        listener.wait(timeout_seconds=0.05)


def test_the_port_is_closed_afterwards():
    with listening() as listener:
        port = int(listener.redirect_uri.split(":")[2].partition("/")[0])

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
