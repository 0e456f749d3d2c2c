"""Receives the redirect of an authorization on this machine.

Source: RFC 8252 section 7.3: a loopback literal, a free port, one request. Another local user, or a
web page with a rebound name, may knock first; only the right path and Host are an answer.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from jackfield.errors import CredentialsRefused

_PAGE = b"<!doctype html><meta charset=utf-8><title>Jackfield</title><p>You may close this page."
_LONGEST_REQUEST = 16 * 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """Waits on `redirect_uri` for the browser to come back."""

    redirect_uri: str
    _socket: socket.socket
    _host: str
    _path: str

    def wait(self, timeout_seconds: float = 300.0) -> str:
        """Return the whole URL of the one request that is an answer; others get a 404.

        Raises: CredentialsRefused when the time is over.
        """
        ends_at = time.monotonic() + timeout_seconds
        while True:
            left = ends_at - time.monotonic()
            if left <= 0:
                raise CredentialsRefused(
                    f"nobody came back within {timeout_seconds:.0f} seconds; begin again"
                )
            self._socket.settimeout(left)
            try:
                target = self._serve_one(left)
            except OSError:
                continue
            if target:
                return f"http://{self._host}{target}"

    def _serve_one(self, left: float) -> str:
        connection, _ = self._socket.accept()
        with connection:
            connection.settimeout(min(left, 5.0))
            head = _read_head(connection)
            target = self._target(head)
            connection.sendall(_answer(found=bool(target)))
            return target

    def _target(self, head: str) -> str:
        line, _, headers = head.partition("\r\n")
        method, _, rest = line.partition(" ")
        target = rest.partition(" ")[0]
        hosts = [h.partition(":")[2].strip() for h in headers.split("\r\n") if _is_host(h)]
        if method != "GET" or hosts != [self._host] or target.partition("?")[0] != self._path:
            return ""
        return target


@contextmanager
def listening(port: int = 0, path: str = "/callback") -> Iterator[Listener]:
    """Open a listener on 127.0.0.1; port 0 takes a free one. It is closed with the block."""
    with socket.create_server(("127.0.0.1", port)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        yield Listener(f"http://{host}{path}", server, host, path)


def _is_host(line: str) -> bool:
    return line.partition(":")[0].strip().lower() == "host"


def _read_head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received and len(received) < _LONGEST_REQUEST:
        chunk = connection.recv(4096)
        if not chunk:
            break
        received += chunk
    return received.partition(b"\r\n\r\n")[0].decode("latin-1")


def _answer(*, found: bool) -> bytes:
    status, body = ("200 OK", _PAGE) if found else ("404 Not Found", b"")
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
