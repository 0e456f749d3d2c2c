"""Runs that die by a signal: at every crash point, and by the hand of a person or a supervisor.

The loop itself is `scripts/chaos`, which has more seeds and PostgreSQL.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import pytest
from support.company import Company, person

from jackfield.engine import CycleResult
from jackfield.engine.apply.crash_points import CrashPoint
from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault, serve
from jackfield_webex.sandbox import WebexSandbox

ROOT = Path(__file__).resolve().parents[2]
SEEDS = 2
PATIENCE_SECONDS = 60
CONFIGURATION = """
schema_version = 1
[sources.people]
type = "csv"
path = "people.csv"
[connections.webex]
connector = "webex"
token = "env:TEST_WEBEX_TOKEN"
rest_url = "{origin}/v1"
scim_url = "{origin}/identity/scim"
allow_loopback = true
[jobs.webex]
source = "people"
connection = "webex"
"""
PEOPLE = """\
id,userPrincipalName,accountEnabled,givenName,surname,displayName
id-ada,ada@example.com,True,Ada,Lee,Ada Lee
id-bob,bob@example.com,True,Bob,Lee,Bob Lee
"""


SCENARIOS = ("no-uniqueness", "lying-lists", "stopped-in-a-wait", "two-jobs", "second-tenant")


def chaos(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "scripts/chaos.py", "--store", "sqlite", "--jobs", "1"]
    paths = os.pathsep.join((str(ROOT / "tests"), str(ROOT / "scripts")))
    return subprocess.run(
        [*command, "--seeds", str(SEEDS), *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("point", get_args(CrashPoint))
def test_a_run_killed_at_a_crash_point_is_made_good_by_the_next(point: str):
    done = chaos("--point", point)

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_runs_that_die_in_a_scenario_are_made_good_by_the_next(scenario: str):
    done = chaos("--scenario", scenario)

    assert done.returncode == 0, done.stdout


@dataclass
class Office:
    """A folder with a configuration, and the vendor it names."""

    folder: Path
    vendor: WebexSandbox

    def start(self) -> "subprocess.Popen[str]":
        environment = {**os.environ, "TEST_WEBEX_TOKEN": self.vendor.TOKEN}
        command = [sys.executable, "-m", "jackfield", "run"]
        return subprocess.Popen(command, cwd=self.folder, env=environment, text=True)

    def run_until_the_vendor_has_somebody(self) -> "subprocess.Popen[str]":
        process = self.start()
        end = time.monotonic() + PATIENCE_SECONDS
        while not len(self.vendor.store) and time.monotonic() < end:
            time.sleep(0.02)
        return process


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    vendor = WebexSandbox(unlimited=True)
    with serve(vendor) as origin:
        (tmp_path / "jackfield.toml").write_text(CONFIGURATION.format(origin=origin))
        (tmp_path / "people.csv").write_text(PEOPLE, newline="")
        yield Office(tmp_path, vendor)


def exit_code(process: "subprocess.Popen[str]") -> int:
    """Return the code as a shell tells it: 128 and the signal for a process that died of one."""
    code = process.wait(PATIENCE_SECONDS)
    return code if code >= 0 else 128 - code


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"]
)
def test_a_run_that_was_told_to_stop_is_finished_by_the_next(office: Office, stop: int, code: int):
    """Told while the vendor has the first person and its answer is on the way."""
    office.vendor.faults.add(Fault(method="POST", delay_seconds=3.0))
    process = office.run_until_the_vendor_has_somebody()
    process.send_signal(stop)
    assert exit_code(process) == code
    with opened(office.folder / "jackfield.db") as store:
        assert store.cycles.latest("webex")[0].outcome == "stopped: interrupted"

    assert exit_code(office.start()) == 0

    assert len(office.vendor.store) == 2
    with opened(office.folder / "jackfield.db") as store:
        assert store.open_intents("webex") == []
        ended = [cycle.outcome for cycle in store.cycles.latest("webex")]
    assert ended[0] == "completed"
    assert all(ended)
    posts = [one for one in office.vendor.requests if one.method == "POST"]
    assert len(posts) == 2


# --- creations in doubt ----------------------------------------------------------------------


def lose_the_creation(firm: Company) -> CycleResult:
    """Let the first person's account be made without anybody hearing of it."""
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=2, times=3))
    firm.people = [person(1), person(2)]
    result = firm.run()
    firm.vendor.faults.clear()
    assert "person1@example.com" in firm.accounts
    return result


def test_a_create_whose_answer_and_look_up_are_lost_is_in_doubt(firm: Company):
    assert lose_the_creation(firm).entries[0].status == "in_doubt"


def test_a_person_renamed_while_the_creation_is_in_doubt_has_one_account(firm: Company):
    lose_the_creation(firm)
    firm.people[0] = person(1, userPrincipalName="married@example.com")
    firm.run()

    assert sorted(firm.accounts) == ["married@example.com", "person2@example.com"]


def test_a_person_who_leaves_while_the_creation_is_in_doubt_loses_access(firm: Company):
    lose_the_creation(firm)
    firm.people = [person(2)]
    firm.run()

    assert firm.accounts["person1@example.com"]["active"] is False


def test_a_person_renamed_before_the_vendor_shows_the_account_has_no_second_one(firm: Company):
    """The account is hidden from two look-ups, one of each run."""
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True, lag=2))
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, userPrincipalName="married@example.com")]
    for _ in range(3):
        firm.store.jobs.restart("example", {"escrows"})
        firm.run()

    assert sorted(firm.accounts) == ["married@example.com"]
