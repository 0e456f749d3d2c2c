"""A server over bare sockets on loopback, for the answers that no HTTP library would give."""

import gzip
import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, Self

Turn = Callable[[socket.socket], None]
"""What the server does once it has read a whole request; the connection is closed afterwards."""

NO_HEADERS: Mapping[str, str] = {"server": "loopback"}


class LoopbackServer:
    """Gives each request the next turn, and the last one for ever; remembers every request."""

    def __init__(self, *turns: Turn) -> None:
        self.requests: list[bytes] = []
        self._turns = list(turns)
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
        for thread in self._threads:
            thread.join(5)

    def targets(self) -> list[str]:
        """Return `METHOD /path` of each request in the order of arrival."""
        return [request.split(b" HTTP/")[0].decode() for request in self.requests]

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            connection.settimeout(5)
            try:
                request = _read_request(connection)
                if not request:
                    return
                self._next_turn(request)(connection)
            except OSError:
                return

    def _next_turn(self, request: bytes) -> Turn:
        with self._lock:
            self.requests.append(request)
            return self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    wanted = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            wanted = int(line.partition(b":")[2])
    while len(body) < wanted:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def http(status: int, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> bytes:
    """Return an answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Word", f"content-length: {len(body)}", "connection: close"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def reply(status: int, document: Any = None, headers: Mapping[str, str] = NO_HEADERS) -> Turn:
    """Answer with JSON, or with nothing."""
    body = b"" if document is None else json.dumps(document).encode()
    given = {"content-type": "application/json", **headers}
    return lambda connection: connection.sendall(http(status, body, given))


def raw(*parts: bytes, pause_seconds: float = 0.0) -> Turn:
    """Send these bytes, part by part."""

    def turn(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(pause_seconds)

    return turn


def reset(connection: socket.socket) -> None:
    """End the connection with RST instead of an answer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stall(connection: socket.socket) -> None:
    """Say nothing until the client gives up."""
    connection.recv(1)


CLOSED = raw()
HALF_BODY = raw(http(200, b'{"id": "1"}')[:-4])
GARBAGE = raw(b"\x16\x03\x01 no status line at all\r\n\r\n")
BAD_CHUNK = raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n")
HUGE_HEADER = raw(http(200, b"{}", {"x-filler": "x" * 200_000}))
LOST_ANSWERS: Mapping[str, Turn] = {
    "reset": reset,
    "closed after the request": CLOSED,
    "half a body": HALF_BODY,
    "no status line": GARBAGE,
    "damaged chunk": BAD_CHUNK,
    "huge header": HUGE_HEADER,
    "silence": stall,
}


def dripping(seconds_between: float = 0.1) -> Turn:
    """Send an answer byte by byte."""
    whole = http(200, b'{"id": "1"}', {"content-type": "application/json"})
    return raw(*(whole[i : i + 1] for i in range(len(whole))), pause_seconds=seconds_between)


def gzip_bomb(unpacked_bytes: int) -> Turn:
    """Send few bytes that unpack to many."""
    body = gzip.compress(b'"' + b" " * unpacked_bytes + b'"')
    given = {"content-type": "application/json", "content-encoding": "gzip"}
    return raw(http(200, body, given))
