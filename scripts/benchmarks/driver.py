"""What the driver adds to a request: our `get_user` and `create_user` beside bare httpx.

Ours does all that a connector gets: it validates and checks, watches limits and the deadline,
redacts, and returns a `User`. Bare httpx sends the same request with the same bearer token over as
many connections and parses the JSON, no more. Both talk to `server.py`, in a process of its own;
its own requests/s are printed, so that one sees that it was not what they waited for.

Wall is the time per request; CPU the process time of this process, the client's, per request.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from benchmarks.figures import Figure, Run, alternating, table
from benchmarks.server import ANSWER, BODY, USER, USER_ID
from pydantic import SecretStr

from jackfield import (
    BaseUrl,
    Capabilities,
    Connector,
    ConnectorSettings,
    Flow,
    Registry,
    Request,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.driver.steps import Policy
from jackfield.driver.transport import Limits

TARGET = 1.3
ROUNDS = 9
TOKEN = "a-token-of-a-usual-length-" + "x" * 174
HEADERS = {"authorization": f"Bearer {TOKEN}"}
MODES = {"sync, 1 thread": 1, "sync, 16 threads": 16, "async, 50 in flight": 50}
DOCUMENT = {name: value for name, value in USER.items() if name not in {"id", "meta"}}
PERSON = User.from_scim(DOCUMENT)
REQUESTS = {"sync, 1 thread": 1500, "sync, 16 threads": 1600, "async, 50 in flight": 1000}


class BenchSettings(ConnectorSettings):
    """Where the vendor of the benchmark is."""

    url: BaseUrl


class BenchConnector:
    """The smallest connector: one request a hook."""

    settings = BenchSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(
            hosts=frozenset(),
            match_on=("userName",),
            patch=False,
            disable="unsupported",
            enable=False,
        )

    @hookimpl
    def authenticate(self, settings: BenchSettings) -> Flow[Token]:
        yield from ()
        return Token(SecretStr(TOKEN), settings.url)

    @hookimpl
    def get_user(self, key: UserId) -> Flow[User]:
        answer = yield Request("GET", f"/Users/{key}")
        return User.from_scim(answer.checked())

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        answer = yield Request("POST", "/Users", json=user.to_scim())
        return User.from_scim(answer.checked())


def measure() -> list[Figure]:
    """Run every case and print the table; return the ratios."""
    with served() as (url, port):
        print(f"server alone: {capacity(port):,.0f} requests/s, answers of {len(BODY)} bytes\n")
        rows, figures = [], []
        for mode in MODES:
            for verb, ours, theirs in sides(mode, url):
                costs = list(alternating(ours, theirs, ROUNDS))
                rows.append(_row(f"{mode}, {verb}", costs))
                figures += _figures(f"{mode}, {verb}", costs)
    print(table(("per request", "wall us", "bare", "ratio", "CPU us", "bare", "ratio"), rows))
    return figures


def _row(name: str, costs: list[tuple[float, ...]]) -> list[str]:
    row = [name]
    for ours, theirs in costs:
        row += [f"{ours * 1e6:.0f}", f"{theirs * 1e6:.0f}", f"{ours / theirs:.2f}"]
    return row


def _figures(name: str, costs: list[tuple[float, ...]]) -> Iterator[Figure]:
    for kind, (ours, theirs) in zip(("wall", "CPU"), costs, strict=True):
        yield Figure(f"driver, {name}, {kind}", ours / theirs, TARGET, "times bare httpx")


# --- the two sides -----------------------------------------------------------------------------


def sides(mode: str, url: str) -> Iterator[tuple[str, Run, Run]]:
    """Yield (method, ours, theirs) for the GET and the POST, in one way of calling."""
    in_flight, count = MODES[mode], REQUESTS[mode]
    if mode.startswith("async"):
        with asyncio.Runner() as runner:
            yield from _async_sides(runner, url, in_flight, count)
        return
    http = httpx.Client(**_options(in_flight))
    with ThreadPoolExecutor(in_flight) as pool, connect(url, in_flight) as connector, http:
        for verb, ours, theirs in _calls(connector, http, url):
            run = partial(_in_threads, pool if in_flight > 1 else None, in_flight, count)
            yield verb, partial(run, ours), partial(run, theirs)


def _async_sides(
    runner: asyncio.Runner, url: str, in_flight: int, count: int
) -> Iterator[tuple[str, Run, Run]]:
    connector, http = connect(url, in_flight), httpx.AsyncClient(**_options(in_flight))

    async def bare_get() -> None:
        (await http.get(f"{url}/Users/{USER_ID}")).json()

    async def bare_post() -> None:
        (await http.post(f"{url}/Users", json=DOCUMENT)).json()

    aio = connector.aio
    run = partial(_in_tasks, runner, in_flight, count)
    yield "GET", partial(run, lambda: aio.get_user(UserId(USER_ID))), partial(run, bare_get)
    yield "POST", partial(run, lambda: aio.create_user(PERSON)), partial(run, bare_post)
    runner.run(aio.aclose())
    runner.run(http.aclose())
    connector.close()


def _calls(
    connector: Connector, http: httpx.Client, url: str
) -> Iterator[tuple[str, Callable[[], object], Callable[[], object]]]:
    yield (
        "GET",
        lambda: connector.get_user(UserId(USER_ID)),
        lambda: http.get(f"{url}/Users/{USER_ID}").json(),
    )
    yield (
        "POST",
        lambda: connector.create_user(PERSON),
        lambda: http.post(f"{url}/Users", json=DOCUMENT).json(),
    )


def connect(url: str, in_flight: int) -> Connector:
    registry = Registry(connectors={"bench": BenchConnector})
    policy = Policy(limits=Limits(connections=in_flight))
    return registry.connect("bench", {"url": url, "allow_loopback": True}, policy=policy)


def _options(in_flight: int) -> dict[str, Any]:
    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    return {"headers": HEADERS, "limits": limits, "trust_env": False, "timeout": 30.0}


# --- carrying them out -------------------------------------------------------------------------


def _in_threads(
    pool: ThreadPoolExecutor | None, threads: int, count: int, call: Callable[[], object]
) -> tuple[float, ...]:
    def share() -> None:
        for _ in range(count // threads):
            call()

    began = _instants()
    if pool is None:
        share()
    else:
        for done in [pool.submit(share) for _ in range(threads)]:
            done.result()
    return _spent(began, count)


def _in_tasks(
    runner: asyncio.Runner, tasks: int, count: int, call: Callable[[], Awaitable[object]]
) -> tuple[float, ...]:
    async def share() -> None:
        for _ in range(count // tasks):
            await call()

    async def everything() -> None:
        await asyncio.gather(*(share() for _ in range(tasks)))

    began = _instants()
    runner.run(everything())
    return _spent(began, count)


def _instants() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _spent(began: tuple[float, float], count: int) -> tuple[float, ...]:
    return tuple((end - start) / count for start, end in zip(began, _instants(), strict=True))


# --- the server --------------------------------------------------------------------------------


@contextlib.contextmanager
def served() -> Iterator[tuple[str, int]]:
    """Run the vendor in a process of its own; yield its URL and port."""
    command = [sys.executable, str(Path(__file__).with_name("server.py"))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            port = int(process.stdout.readline())
            yield f"http://127.0.0.1:{port}", port
        finally:
            process.terminate()


def capacity(port: int, *, connections: int = 16, turns: int = 2000) -> float:
    """Return the requests/s that the server answers, one at a time on each connection.

    The client sends bytes and counts bytes; a client of any more would be measured itself.
    """
    request = f"GET /Users/{USER_ID} HTTP/1.1\r\nhost: a\r\nauthorization: {TOKEN}\r\n\r\n".encode()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    with contextlib.ExitStack() as stack:
        for each in sockets:
            stack.enter_context(each)
        began = time.perf_counter()
        for _ in range(turns):
            for each in sockets:
                each.sendall(request)
            for each in sockets:
                each.recv(len(ANSWER), socket.MSG_WAITALL)
        return connections * turns / (time.perf_counter() - began)
