"""Serving a sandbox over real HTTP on loopback: in a thread, or as a process of its own."""

import argparse
import contextlib
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from jackfield.testing.sandbox.app import Sandbox

if TYPE_CHECKING:
    import uvicorn

_START_SECONDS = 10
_STOP_SECONDS = 10


@contextlib.contextmanager
def serve(sandbox: Sandbox, *, port: int = 0) -> Iterator[str]:
    """Serve a sandbox in a thread and give its origin, as "http://127.0.0.1:43121".

    Port 0 takes a free one. When the block ends, the server is gone and its port is free.

    Raises: ImportError without the extra `testing`, OSError where the port is taken.
    """
    server = _server(sandbox)
    listener = _listener(port)
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
    )
    thread.start()
    try:
        _await_start(server, thread)
        yield origin
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()


def main(sandbox_factory: Callable[..., Sandbox], argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the first line on standard output is the origin.

    `sandbox_factory` takes `unlimited`, as every sandbox does.
    """
    token = getattr(sandbox_factory, "TOKEN", "")
    parser = argparse.ArgumentParser(
        description="Serve an imitated vendor on loopback; nothing of it outlives the process.",
        epilog=f"It takes the bearer token {token}" if token else None,
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--unlimited", action="store_true", help="no rate limits")
    options = parser.parse_args(argv)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopped.set())
    with serve(sandbox_factory(unlimited=options.unlimited), port=options.port) as origin:
        sys.stdout.write(f"{origin}\n")
        sys.stdout.flush()
        stopped.wait()
    return 0


def _listener(port: int) -> socket.socket:
    # IPPROTO_TCP by name: asyncio sets TCP_NODELAY only on sockets that say it.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        listener.close()
        raise
    return listener


def _server(sandbox: Sandbox) -> "uvicorn.Server":
    try:
        import uvicorn  # noqa: PLC0415 - the extra `testing` may be missing
    except ImportError as error:
        raise ImportError(
            'A sandbox needs uvicorn: install it with pip install "jackfield[testing]".'
        ) from error
    # "critical", for the server logs an error for each connection that a fault drops.
    config = uvicorn.Config(
        sandbox,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


def _await_start(server: "uvicorn.Server", thread: threading.Thread) -> None:
    end = time.monotonic() + _START_SECONDS
    while not server.started:
        if not thread.is_alive() or time.monotonic() > end:
            raise RuntimeError("The sandbox did not start.")
        time.sleep(0.002)
