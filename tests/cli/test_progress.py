"""Progress on standard error, also for people with hostile names."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console
from support.clock import ScriptedClock
from support.company import ExampleConnector

from jackfield import Connector, Rate, Registry
from jackfield.cli.progress import Pace, limit_of_writes, lines, reporting
from jackfield.cli.screen import show_table
from jackfield.engine.progress import Progress, nobody

HOSTILE = "\x1b[2J[/red]\u202e{task}"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def connector() -> Iterator[Connector]:
    registry = Registry(connectors={"example": ExampleConnector})
    settings = {"url": "http://127.0.0.1:49152", "token": "t", "allow_loopback": True}
    with registry.connect("example", settings) as connected:
        yield connected


def test_lines_tell_phase_and_numbers(capsys):
    lines("webex", Pace(), seconds=0)(Progress("apply", 3, 10, HOSTILE))

    assert capsys.readouterr().err == "webex: applying: 3 of 10\n"


def test_lines_are_seldom(capsys):
    report = lines("webex", Pace())
    for done in range(100):
        report(Progress("plan", done, 100))

    assert capsys.readouterr().err == ""


def test_lines_tell_the_speed_beside_the_limit_and_what_is_left(capsys):
    clock = ScriptedClock()
    pace = Pace("the vendor takes 10 requests in 1 s", clock.clock().monotonic)
    report = lines("webex", pace, seconds=0)
    report(Progress("apply", 0, 400))
    clock.pass_by(10)

    report(Progress("apply", 80, 400, counts={"success": 79, "in_doubt": 1}))

    assert capsys.readouterr().err.splitlines()[1] == (
        "webex: applying: 80 of 400 (79 success, 1 in doubt), "
        "8.0/s (the vendor takes 10 requests in 1 s), about 40 s left"
    )


def test_a_long_wait_is_told_once(connector: Connector, capsys):
    with reporting("plain", "webex", connector):
        connector._calls.driver.waits.tell(90)
        connector._calls.driver.waits.tell(89.9)
        connector._calls.driver.waits.tell(2)

    assert capsys.readouterr().err == "webex: waiting 90 s for the vendor\n"


def test_a_wait_is_over_when_its_time_has_come():
    clock = ScriptedClock()
    pace = Pace(monotonic=clock.clock().monotonic)
    pace.wait(77)
    clock.pass_by(10)

    assert pace.waiting() == "waiting 67 s for the vendor"
    clock.pass_by(66.5)
    assert pace.waiting() == ""


MINUTE = Rate("a minute", 300, per_seconds=60)
SECOND = Rate("a second", 10)
WRITES = Rate("writes", 4, covers=frozenset({"write"}))
READS = Rate("reads", 1, covers=frozenset({"read"}))


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        pytest.param((), "", id="no limit is published"),
        pytest.param((READS, Rate("parallel", parallel=4)), "", id="none for writes"),
        pytest.param((MINUTE, SECOND), "the vendor takes 10 requests in 1 s", id="soonest met"),
        pytest.param((MINUTE,), "the vendor takes 300 requests in 60 s", id="a longer window"),
        pytest.param((SECOND, WRITES), "the vendor takes 4 requests in 1 s", id="the strictest"),
    ],
)
def test_the_limit_of_writes_is_the_one_met_first(rates, told):
    assert limit_of_writes(rates) == told


def test_no_progress_is_nobody(connector: Connector):
    with reporting("none", "webex", connector) as report:
        assert report is nobody


@pytest.mark.parametrize("kind", ["bar", "auto"])
def test_bar_shows_hostile_names_escaped(kind, connector: Connector, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")

    with reporting(kind, "webex", connector) as report:
        report(Progress("read", 0, 0))
        report(Progress("apply", 1, 2, HOSTILE))

    assert r"\x1b[2J[/red]\u202e{task}" in terminal.getvalue()
    assert "\x1b[2J" not in terminal.getvalue()


@pytest.mark.parametrize("columns", ["20", "200"])
def test_table_on_a_terminal_keeps_hostile_text_escaped(columns, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    assert Console().is_terminal

    show_table(("user",), [(HOSTILE,)])

    assert "\x1b[2J" not in terminal.getvalue()
    assert "[/red]" in terminal.getvalue().replace("\n", "").replace(" ", "")


def test_table_in_a_pipe_is_aligned_lines(capsys):
    show_table(("user", "reason"), [("ada", "x"), ("longest", "\x1b")])

    assert capsys.readouterr().out == "user     reason\nada      x\nlongest  \\x1b\n"
