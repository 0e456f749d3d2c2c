"""`jackfield status`."""

import datetime as dt
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.service import wait_for

from jackfield.engine.model.cycle import CycleProgress
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.hold import StagedRemoval
from jackfield.engine.model.job_state import Quarantine
from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


@pytest.fixture
def store(office):
    office.call("run")
    office.sandbox.requests.clear()
    with opened(office.folder / "jackfield.db") as store:
        yield store


def lines(office) -> list[str]:
    done = office.call("status")
    assert (done.exit_code, done.stderr) == (0, "")
    return [line.strip() for line in done.stdout.splitlines()]


def document(office) -> dict:
    return json.loads(office.call("status", "--json").stdout)["jobs"][0]


def test_job_that_never_ran_is_active(office):
    done = office.call("status", "webex")

    assert done.stdout.splitlines()[:2] == ["webex: active", "  last cycle: none yet"]
    assert not (office.folder / "jackfield.db").exists()


def test_last_cycle_is_told_with_counts_and_no_vendor_is_asked(office, store):
    shown = lines(office)

    assert shown[0] == "webex: active"
    assert shown[1].startswith("last cycle: ")
    assert shown[1].endswith("completed: 2 success")
    assert "linked: 2 with access, 0 without" in shown
    assert office.sandbox.requests == []


def test_quarantine_says_why_and_when_it_tries_again(office, store):
    later = NOON + dt.timedelta(hours=6)
    store.jobs.quarantine(
        "webex",
        Quarantine(
            reason="EncounteredQuarantineException",
            error="the vendor refuses\x1b[2J",
            began_at=NOON,
            series_began_at=NOON,
            series_count=2,
            next_attempt_at=later,
        ),
    )

    shown = "\n".join(lines(office))

    assert "webex: quarantined" in shown
    assert r"because: the vendor refuses\x1b[2J" in shown
    assert "next attempt: " in shown
    assert document(office)["quarantine"]["series_count"] == 2


def test_running_cycle_shows_how_far_it_is_and_what_it_waits_for(office, store):
    now = dt.datetime.now(dt.UTC)
    progress = CycleProgress(
        "apply",
        3,
        9,
        now + dt.timedelta(minutes=5),
        counts={"success": 2, "in_doubt": 1},
        phase_began_at=now - dt.timedelta(minutes=1),
    )
    with store.lease("webex") as lease:
        cycle_id = store.under(lease).begin_cycle("webex")
        store.under(lease).cycles.report(cycle_id, progress)
        shown = lines(office)
        running = document(office)["running"]

    begun = next(number for number, line in enumerate(shown) if line.endswith(": applying"))
    ends_at = dt.datetime.fromisoformat(running["ends_at"])
    assert shown[begun + 1] == "3 of 9: 2 success, 1 in doubt"
    assert shown[begun + 2].startswith("waiting for the vendor until ")
    assert shown[begun + 3].startswith("at this speed until ")
    assert (running["progress"]["done"], running["progress"]["counts"]["success"]) == (3, 2)
    assert dt.timedelta(minutes=6) < ends_at - now < dt.timedelta(minutes=8)


def test_a_run_elsewhere_is_seen_on_its_way(office):
    office.employ(*(f"p{number}" for number in range(9)))
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=1.5, times=99))
    command = [sys.executable, "-m", "jackfield", "run", "--progress", "none"]
    seen: set[str] = set()
    with subprocess.Popen(command, cwd=office.folder, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            seen.update(line.strip() for line in office.call("status").stdout.splitlines())

    assert process.returncode == 0
    assert any(line.endswith(": applying") for line in seen)
    assert any(re.fullmatch(r"[1-8] of 9: \d success", line) for line in seen)
    assert any(line.startswith("at this speed until ") for line in seen)
    assert any(line.endswith("completed: 9 success") for line in lines(office))


def test_wait_that_is_over_and_a_phase_without_numbers_are_not_shown(office, store):
    with store.lease("webex") as lease:
        cycle_id = store.under(lease).begin_cycle("webex")
        store.cycles.report(cycle_id, CycleProgress("read", 0, 0, NOON))
        shown = lines(office)

    begun = next(
        number for number, line in enumerate(shown) if line.endswith(": reading the source")
    )
    assert shown[begun + 1].startswith("last cycle: ")


def test_cycle_without_its_process_is_interrupted(office, store):
    store.begin_cycle("webex")

    assert any(line.startswith("interrupted: ") for line in lines(office))
    assert document(office)["interrupted"] is True


KILLED = """
import os, signal, sys, time
from pathlib import Path
from jackfield.engine.state.cycles import CycleProgress
from jackfield.engine.state.store import Store
store = Store.connect(Path(sys.argv[1]))
with store.lease("webex") as lease:
    cycle = store.under(lease).begin_cycle("webex")
    progress = CycleProgress("apply", 0, 50)
    store.under(lease).cycles.report(cycle, progress)
    print("begun", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("is_reaped", [True, False])
def test_killed_run_is_told_as_dead_at_once(office, store, is_reaped):
    command = [sys.executable, "-c", KILLED, str(office.folder / "jackfield.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "begun\n"
        process.kill()
        if is_reaped:
            process.wait()
        else:  # as in a container whose first process asks nobody how it ended
            wait_for(lambda: " Z " in Path(f"/proc/{process.pid}/stat").read_text())
        shown, found = lines(office), document(office)

    assert not any(line.startswith("running since") for line in shown)
    begun = next(number for number, line in enumerate(shown) if "ended without a word at" in line)
    assert shown[begun].startswith("interrupted: the run of ")
    assert shown[begun + 1 : begun + 3] == [
        "it was applying: 0 of 50",
        "the next run looks first at what it left open",
    ]
    assert (found["running"], found["interrupted"]) == (None, True)
    assert found["interrupted_run"]["progress"]["total"] == 50
    assert found["interrupted_run"]["last_heard_at"] >= found["interrupted_run"]["began_at"]


def test_attempts_that_a_clock_ahead_put_off_are_told_as_due(office, store):
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    failure = Escrow(
        source_id="id-ada",
        action="update",
        code="x",
        reason="no",
        attempts=1,
        first_failed_at=ahead,
        next_attempt_at=ahead,
    )
    store.escrows.put("webex", [failure])

    (told,) = document(office)["failures"]

    assert dt.datetime.fromisoformat(told["next_attempt_at"]) < ahead - dt.timedelta(days=29)


def test_failures_wait_with_name_reason_and_time(office, store):
    times = {"first_failed_at": NOON, "next_attempt_at": NOON}
    failures = [
        Escrow(source_id=f"id-{name}", action="update", code="x", reason="no", attempts=1, **times)
        for name in ("ada", *map(str, range(11)))
    ]
    store.escrows.put("webex", failures)

    shown = "\n".join(lines(office))

    assert "failures: 12 people wait for another attempt" in shown
    assert "and 2 more; --json has all" in shown
    assert len(document(office)["failures"]) == 12


def test_held_removals_are_named_with_the_command(office, store):
    removal = StagedRemoval(
        source_id="id-ada",
        target_id="u-1",
        user_name="ada@example.com",
        action="disable",
        reason="no longer in the source",
        approval="abc123abc123",
        staged_at=NOON,
    )
    store.holds.stage("webex", [removal])

    shown = "\n".join(lines(office))

    assert "held: 1 removal since" in shown
    assert "disable ada@example.com: no longer in the source" in shown
    assert f"jackfield --config {office.config} run webex --approve abc123abc123" in shown


def test_held_removals_are_a_quarantine_that_slows_nothing(office, store):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada", "fay")
    run = office.call("run")

    shown, told = lines(office), document(office)["quarantine"]

    assert run.stdout.startswith("webex: 1 created, 4 held")
    assert shown[0] == "webex: quarantined"
    assert shown[1].endswith(": TooManyDeletes")
    assert shown[2].startswith("because: 4 removals held until a person approves; all else")
    assert (told["reason"], told["next_attempt_at"]) == ("TooManyDeletes", None)
    assert store.jobs.get("webex").quarantine is None


def test_approved_removals_are_no_quarantine_any_more(office, store):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")
    office.call("run")
    store.holds.approve("webex", store.holds.all("webex")[0].approval, "Grace")

    assert lines(office)[0] == "webex: active"
    assert document(office)["quarantine"] is None


def test_job_that_left_the_configuration_is_still_shown(office, store):
    store.jobs.set_watermark("former", "w")

    assert "former: active, and no longer in the configuration" in lines(office)


def test_unknown_job_is_an_error(office):
    done = office.call("status", "webx")

    assert done.exit_code == 1
    assert "did you mean webex?" in done.stderr
