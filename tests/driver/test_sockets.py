"""The suite itself: no test may reach anything but this machine, and library logs stay quiet."""

import logging
import socket

import pytest
from pytest_socket import SocketConnectBlockedError
from support.loopback import LoopbackServer, reply

from jackfield.driver.addresses import Reach
from jackfield.driver.transport import Limits, SyncTransport, Wire

CANARY = "canary-7f3a9c"


def test_a_test_cannot_connect_to_another_machine():
    with socket.socket() as outgoing, pytest.raises((SocketConnectBlockedError, UserWarning)):
        outgoing.connect(("192.0.2.1", 443))


def test_no_library_logs_what_it_was_called_with(caplog: pytest.LogCaptureFixture):
    """Whatever library repeats, traces or connects for us, at DEBUG."""
    transport = SyncTransport(Limits(), Reach(loopback=True))
    with caplog.at_level(logging.DEBUG), LoopbackServer(reply(200, {"id": CANARY})) as server:
        headers = {"authorization": f"Bearer {CANARY}", "cookie": CANARY}
        body = f'{{"userName": "{CANARY}"}}'.encode()
        transport.send(Wire("POST", f"{server.origin}/Users?filter={CANARY}", headers, body))
        transport.close()

    assert CANARY not in caplog.text
