"""The watch for secrets is watched: whatever gets a planted one out makes the suite fail."""

import base64
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.canaries import canaries_below, canary, find_canary
from support.databases import postgresql, schema

from jackfield import Registry
from jackfield.testing.sandbox import Sandbox
from jackfield.testing.sandbox.entra import EntraSandbox

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.holds_secrets("the secrets that get out here are to be found")

ROOT = Path(__file__).resolve().parents[1]
SECRET = canary("of-this-file")

LEAKS = {
    "stdout": "print(SECRET)",
    "stderr": "print(SECRET, file=sys.stderr)",
    "a process's own output": "os.write(1, SECRET.encode())",
    "a process that is started": "subprocess.run(['echo', SECRET])",
    "a process that is listened to": "subprocess.run(['echo', SECRET], capture_output=True)",
    "output that the test reads": "print(SECRET); capsys.readouterr()",
    "a log record": "logging.getLogger('jackfield').debug('sent %s', SECRET)",
    "a log record's traceback": "log_the_traceback()",
    "a command's output": "invoke('print')",
    "a command's stderr": "invoke('warn')",
    "a command's traceback": "invoke('raise')",
    "a variable of a command's traceback": "invoke('hold')",
    "a variable behind a command's error": "invoke('chain')",
    "a file": "(tmp_path / 'plan.json').write_text(SECRET)",
    "a hidden file in a folder": "hidden(tmp_path)",
    "a file in a folder of the session": "(tmp_path_factory.mktemp('x') / 'f').write_text(SECRET)",
    "a database": "database(tmp_path)",
    "a database's journal": "unfinished(tmp_path)",
}
LEAKING = f"""
import logging, os, sqlite3, subprocess, sys
import click, pytest
from click.testing import CliRunner
SECRET = {SECRET!r}

@click.command()
@click.argument("way")
def command(way):
    if way == "raise":
        raise ValueError(SECRET)
    if way == "hold":
        plain = SECRET
        raise ValueError("nothing to see")
    if way == "chain":
        try:
            invoke_with(SECRET)
        except ValueError:
            raise KeyError("nothing to see") from None
    click.echo(SECRET, err=way == "warn")

def invoke(way):
    CliRunner().invoke(command, [way])

def invoke_with(plain):
    raise ValueError("nothing to see")

def log_the_traceback():
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("jackfield").info("it failed", exc_info=True)

def hidden(folder):
    (folder / ".state").mkdir()
    (folder / ".state" / ".log").write_text("{{}}" + SECRET)

def database(folder):
    connection = sqlite3.connect(folder / "jackfield.db")
    connection.executescript(f"CREATE TABLE t (a); INSERT INTO t VALUES ('{{SECRET}}')")
    connection.close()

def unfinished(folder):
    global kept
    kept = sqlite3.connect(folder / "jackfield.db")
    kept.executescript("PRAGMA journal_mode=WAL; CREATE TABLE t (a);")
    kept.execute("INSERT INTO t VALUES (?)", [SECRET])
    kept.commit()
"""


def run(pytester: pytest.Pytester, body: str, decorator: str = "") -> pytest.RunResult:
    """Run one test that does this, watched as every test of the suite is."""
    pytester.makeini(f"[pytest]\npythonpath = {ROOT / 'tests'}\n")
    test = f"{decorator}\ndef test_it(capsys, tmp_path, tmp_path_factory):\n    {body}\n"
    pytester.makepyfile(LEAKING + test)
    basetemp = pytester.path / "base"
    return pytester.runpytest_subprocess(
        *("-p", "support.canary_scan", "-p", "no:randomly", f"--basetemp={basetemp}")
    )


@pytest.mark.parametrize("leak", LEAKS)
def test_a_secret_that_gets_out_fails_its_test(pytester: pytest.Pytester, leak: str):
    result = run(pytester, LEAKS[leak])

    outcomes = result.parseoutcomes()
    assert outcomes.get("failed", 0) + outcomes.get("errors", 0) >= 1
    assert "planted secret" in result.stdout.str()


def test_a_test_that_keeps_its_secrets_passes(pytester: pytest.Pytester):
    run(pytester, "assert SECRET; print('[secret]')").assert_outcomes(passed=1)


@pytest.mark.parametrize("where", ["", ', "plan.json"'], ids=["anywhere", "in this file"])
def test_a_test_that_says_why_may_hold_secrets(pytester: pytest.Pytester, where: str):
    mark = f'@pytest.mark.holds_secrets("it stores them"{where})'

    run(pytester, LEAKS["a file"], mark).assert_outcomes(passed=1)


def test_the_leave_for_one_file_is_no_leave_for_another(pytester: pytest.Pytester):
    mark = '@pytest.mark.holds_secrets("it stores them", "other.json")'

    run(pytester, LEAKS["a file"], mark).assert_outcomes(passed=1, errors=1)


def test_an_expected_failure_shows_no_secret_either(pytester: pytest.Pytester):
    result = run(pytester, "raise ValueError(SECRET)", "@pytest.mark.xfail")

    assert result.parseoutcomes().get("failed") == 1


def test_every_process_of_a_divided_suite_is_watched(pytester: pytest.Pytester):
    pytester.makeini(f"[pytest]\npythonpath = {ROOT / 'tests'}\n")
    body = "def test_{0}(tmp_path): (tmp_path / 'f').write_text(SECRET if {0} == 3 else '')\n"
    pytester.makepyfile(LEAKING + "".join(body.format(number) for number in range(8)))

    result = pytester.runpytest_subprocess("-p", "support.canary_scan", "-n", "2")

    assert result.parseoutcomes()["errors"] == 1
    assert "test_30/f" in result.stdout.str()


@pytest.mark.parametrize("before", ["", "a", "ab", "jackfield:"])
def test_a_secret_is_found_in_base64(before: str):
    basic = base64.b64encode(f"{before}{SECRET}".encode()).decode()

    assert find_canary(f"Authorization: Basic {basic}")


@pytest.mark.parametrize("form", [SECRET, f"{SECRET}\udc80", json.dumps({"a": SECRET})])
def test_a_secret_is_found_in_text(form: str):
    assert find_canary(form)


def test_a_secret_is_found_in_a_database(tmp_path: Path):
    with closing(sqlite3.connect(tmp_path / "jackfield.db")) as connection:
        connection.executescript(f"CREATE TABLE t (a); INSERT INTO t VALUES ('{SECRET}');")

    assert list(canaries_below(tmp_path)) != []
    assert list(canaries_below(tmp_path, frozenset({tmp_path / "jackfield.db"}))) == []


def test_a_secret_is_found_in_a_row_of_postgresql():
    with postgresql() as server, pytest.raises(AssertionError, match="canary-"):
        plant(server)


def plant(server: str) -> None:
    with schema(server) as place:
        engine = sa.create_engine(sa.make_url(place).set(drivername="postgresql+psycopg"))
        with engine.begin() as connection:
            connection.exec_driver_sql(f"CREATE TABLE t AS SELECT '{SECRET}' AS a")
        engine.dispose()


def test_no_cassette_holds_a_secret():
    assert list(canaries_below(ROOT / "cassettes")) == []


@pytest.mark.parametrize("vendor", [each.name for each in Registry().connectors()])
def test_every_secret_of_the_sandboxes_carries_the_mark(vendor: str):
    module = type(Registry().load(vendor)).__module__.partition(".")[0]
    sandboxes = pytest.importorskip(f"{module}.sandbox")

    found = [each for each in vars(sandboxes).values() if isinstance(each, type)]
    secrets = dict(secret for each in found if issubclass(each, Sandbox) for secret in kept(each))

    assert secrets
    assert [name for name, value in secrets.items() if not find_canary(value)] == []


def test_the_secret_of_the_imitated_directory_carries_the_mark():
    assert find_canary(EntraSandbox.CLIENT.client_secret)


def kept(sandbox: type[Sandbox]) -> list[tuple[str, str]]:
    """Return the constants of a sandbox that are named for a secret."""
    words = ("TOKEN", "SECRET", "PASSWORD", "JWT")
    named = [name for name in dir(sandbox) if name.isupper() and name.endswith(words)]
    return [(name, value) for name in named if isinstance(value := getattr(sandbox, name), str)]
