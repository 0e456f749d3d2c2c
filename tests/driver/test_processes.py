"""A connection in somebody else's process: after a fork, and in one event loop after another."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from support.company import ExampleConnector

from jackfield import Connector, MatchKey, Registry
from jackfield.testing.sandbox import ScimSandbox, serve

TESTS = Path(__file__).resolve().parents[1]
OPEN_FILES = Path("/proc/self/fd")
PEOPLE = 20

FORKED = """
import os, sys
from jackfield import MatchKey, Registry
from support.company import ExampleConnector

url, token = sys.argv[1:]
settings = {"url": url, "token": token, "allow_loopback": True}
connector = Registry(connectors={"example": ExampleConnector}).connect("example", settings)
names = [f"person{number}@example.com" for number in range(20)]

def look(name):
    return getattr(connector.get_user(MatchKey("userName", name)), "userName", "nobody")

assert look(names[0]) == names[0]
children = []
for child in range(3):
    pid = os.fork()
    if not pid:
        asked = [names[(7 * number + child) % 20] for number in range(60)]
        os._exit(sum(look(name) != name for name in asked))
    children.append(pid)
wrong = sum(look(name) != name for name in names * 3)
print(wrong, *(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children))
"""


@pytest.fixture
def vendor() -> Iterator[tuple[ScimSandbox, str]]:
    sandbox = ScimSandbox()
    sandbox.seed([{"userName": f"person{number}@example.com"} for number in range(PEOPLE)])
    with serve(sandbox) as url:
        yield sandbox, url


@pytest.fixture
def connector(vendor: tuple[ScimSandbox, str]) -> Iterator[Connector]:
    sandbox, url = vendor
    settings = {"url": url, "token": sandbox.TOKEN, "allow_loopback": True}
    registry = Registry(connectors={"example": ExampleConnector})
    with registry.connect("example", settings) as found:
        yield found


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no process")
def test_a_connection_used_before_a_fork_answers_each_process_its_own(
    vendor: tuple[ScimSandbox, str],
):
    sandbox, url = vendor

    done = subprocess.run(
        [sys.executable, "-c", FORKED, url, sandbox.TOKEN],
        env={**os.environ, "PYTHONPATH": str(TESTS)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.stdout.split(), done.stderr) == (["0"] * 4, "")


async def look(connector: Connector, number: int) -> str:
    name = f"person{number % PEOPLE}@example.com"
    found = await connector.aio.get_user(MatchKey("userName", name))
    return str(getattr(found, "userName", "nobody"))


@pytest.mark.skipif(not OPEN_FILES.exists(), reason="this system does not list open files")
@pytest.mark.parametrize("way", ["asyncio.run", "async_to_sync"])
def test_one_event_loop_after_another_keeps_no_connection_open(connector: Connector, way: str):
    def ask(number: int) -> str:
        if way == "asyncio.run":
            return asyncio.run(look(connector, number))
        return async_to_sync(look)(connector, number)

    ask(0)
    before = len(list(OPEN_FILES.iterdir()))

    found = [ask(number) for number in range(40)]

    assert found == [f"person{number % PEOPLE}@example.com" for number in range(40)]
    assert len(list(OPEN_FILES.iterdir())) <= before + 2


def test_a_connection_that_was_closed_in_its_loop_opens_again(connector: Connector):
    async def twice() -> list[str]:
        first = await look(connector, 1)
        await connector.aio.aclose()
        return [first, await look(connector, 2)]

    assert asyncio.run(twice()) == ["person1@example.com", "person2@example.com"]
