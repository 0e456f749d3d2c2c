"""Progress on standard error, also for people with hostile names."""

import io

import pytest
from rich.console import Console

from jackfield.cli.progress import lines, reporting
from jackfield.cli.screen import show_table
from jackfield.engine.progress import Progress, nobody

HOSTILE = "\x1b[2J[/red]\u202e{task}"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_lines_tell_phase_and_numbers(capsys):
    lines("webex", seconds=0)(Progress("apply", 3, 10, HOSTILE))

    assert capsys.readouterr().err == "webex: applying: 3 of 10\n"


def test_lines_are_seldom(capsys):
    report = lines("webex")
    for done in range(100):
        report(Progress("plan", done, 100))

    assert capsys.readouterr().err == ""


def test_no_progress_is_nobody():
    with reporting("none", "webex") as report:
        assert report is nobody


@pytest.mark.parametrize("kind", ["bar", "auto"])
def test_bar_shows_hostile_names_escaped(kind, monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "200")

    with reporting(kind, "webex") as report:
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
