"""Watches the suite for planted secrets: a pytest plugin, at work in every test.

A test fails where a secret shows in what it printed or logged (at DEBUG), in a traceback that a
command printed or a variable of its frames, in what a process it started said, or in a file of its
`tmp_path`. At the end every file below the base folder of the session is read. Whoever must write a
secret says why, and where below `tmp_path`:
`@pytest.mark.holds_secrets("the grant is kept", "state/grants/*.json")`. Without a place nothing of
that test is looked at.
"""

import logging
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from support.canaries import canaries_below, find_canary
from support.frames import shown_with_variables

HOLDS = "holds_secrets(why, *files): the test writes a planted secret where others must not"
_EXEMPT = pytest.StashKey[set[Path]]()
_HEARD = pytest.StashKey["Heard"]()


class Heard:
    """What came out of the test that is running and pytest does not see."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def listen(self, where: str, said: Any) -> None:
        if isinstance(said, bytes | str) and (found := find_canary(said)):
            self.found.append(f"{where}: {found}")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", HOLDS)
    config.stash[_EXEMPT] = set()
    config.stash[_HEARD] = Heard()


@pytest.fixture(scope="session", autouse=True)
def every_word_is_heard(pytestconfig: pytest.Config) -> Iterator[None]:
    """Listen where pytest itself does not: to commands, to processes, and to `capsys`."""
    heard = pytestconfig.stash[_HEARD]
    invoke, communicate = CliRunner.invoke, subprocess.Popen.communicate
    readouterr = pytest.CaptureFixture.readouterr

    def invoke_and_listen(self: CliRunner, *args: Any, **more: Any) -> Result:
        result = invoke(self, *args, **more)
        heard.listen("the command's output", result.output)
        heard.listen("the command's stderr", result.stderr)
        if result.exc_info:
            told = "".join(traceback.format_exception(*result.exc_info))
            heard.listen("the command's traceback", told)
            shown = shown_with_variables(result.exc_info[1])
            heard.listen("a variable of the command's traceback", shown)
        return result

    def communicate_and_listen(self: Any, *args: Any, **more: Any) -> Any:
        said = communicate(self, *args, **more)
        for each in said:
            heard.listen("a process's output", each)
        return said

    def read_and_listen(self: pytest.CaptureFixture[Any]) -> Any:
        captured = readouterr(self)
        heard.listen("stdout", captured.out)
        heard.listen("stderr", captured.err)
        return captured

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CliRunner, "invoke", invoke_and_listen)
        patch.setattr(subprocess.Popen, "communicate", communicate_and_listen)
        patch.setattr(pytest.CaptureFixture, "readouterr", read_and_listen)
        yield


@pytest.fixture(scope="session", autouse=True)
def no_file_holds_a_secret(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[None]:
    """Read every file of the session at its end."""
    base = tmp_path_factory.getbasetemp()
    yield
    found = list(canaries_below(base, frozenset(pytestconfig.stash[_EXEMPT])))
    assert not found, "planted secrets stand in files:\n" + "\n".join(found)


@pytest.fixture(autouse=True)
def every_record_is_heard(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let loggers say everything they would say at DEBUG."""
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(before)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report: pytest.TestReport = yield
    heard = item.config.stash[_HEARD]
    for name, text in report.sections:
        heard.listen(name, text)
    if report.skipped:
        heard.listen("the traceback of an expected failure", report.longreprtext)
    if _is_free_to_tell(item):
        heard.found.clear()
    if heard.found and not report.failed:
        report.outcome = "failed"
        report.longrepr = "a planted secret shows in\n" + "\n".join(heard.found)
        heard.found.clear()
    return report


def _is_free_to_tell(item: pytest.Item) -> bool:
    """Note which files of a test may hold secrets; say whether all it tells may."""
    marks = list(item.iter_markers("holds_secrets"))
    exempt = item.config.stash[_EXEMPT]
    for folder in _folders(item):
        for mark in marks:
            files = mark.args[1:]
            exempt.update(found for each in files for found in folder.glob(each))
            exempt.update(() if files else [folder])
    return any(len(mark.args) == 1 for mark in marks)


def _folders(item: pytest.Item) -> list[Path]:
    given = getattr(item, "funcargs", {})
    pytester = given.get("pytester")
    found = [given.get("tmp_path"), pytester.path if pytester else None]
    return [folder for folder in found if folder is not None]
