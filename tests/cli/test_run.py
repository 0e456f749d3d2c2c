"""`jackfield run`."""

import json
import re
import signal
import subprocess
import sys
import time

from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault

PATIENCE_SECONDS = 20


def test_people_are_created_and_counted(office):
    done = office.call("run")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "webex: 2 created\n"
    assert {user["title"] for user in office.sandbox.store} == {"Clerk"}


def test_second_run_has_nothing_to_do(office):
    office.call("run")

    assert office.call("run").stdout == "webex: nothing to do\n"


def test_refused_user_is_named_and_the_others_go_on(office):
    office.sandbox.faults.add(Fault(method="POST", status=400))

    done = office.call("run")

    assert done.exit_code == 4
    assert "! ada@example.com (people.csv:2): create failed: " in done.stdout
    assert done.stdout.endswith("webex: 1 created, 1 failed\n")


def test_held_people_are_named_and_pass_with_their_word_alone(office):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")

    held = office.call("run")
    word = re.search(r"--approve (\w+)", held.stdout)[1]
    wrong = office.call("run", "--approve", "0" * 12)
    passed = office.call("run", "--approve", word)

    assert (held.exit_code, wrong.exit_code, passed.exit_code) == (5, 5, 0)
    assert "- bob@example.com (source id id-bob): no longer in the source" in held.stdout
    assert "is for other people than these" in wrong.stderr
    assert passed.stdout == "webex: 4 disabled\n"


def test_job_that_runs_elsewhere_is_left_alone(office):
    with opened(office.folder / "jackfield.db") as store, store.lease("webex"):
        done = office.call("run")

    assert done.exit_code == 7
    assert done.stderr.startswith("error: webex: another run holds this job: ")
    assert len(office.sandbox.store) == 0


def test_refused_credentials_need_authorisation(office, monkeypatch):
    monkeypatch.setenv("TEST_WEBEX_TOKEN", "stale")

    done = office.call("run")

    assert done.exit_code == 6
    assert "stale" not in done.output


def test_json_holds_every_entry(office):
    done = office.call("run", "--json", "--progress", "bar")

    job = json.loads(done.stdout)["jobs"][0]
    assert (job["job"], job["counts"], job["hold"]) == ("webex", {"success": 2}, None)
    assert job["entries"][0]["targetIdentity"]["displayName"] == "ada@example.com"


def test_json_holds_the_people_of_a_hold(office):
    office.call("run")
    office.employ()

    done = office.call("run", "--json")

    hold = json.loads(done.stdout)["jobs"][0]["hold"]
    assert done.exit_code == 5
    assert {step["user_name"] for step in hold["steps"]} == {"ada@example.com", "bob@example.com"}


def test_interrupted_run_ends_with_its_code_and_the_next_one_finishes(office):
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=6.0))
    command = [sys.executable, "-m", "jackfield", "run"]
    process = subprocess.Popen(command, cwd=office.folder, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE_SECONDS
    while not len(office.sandbox.store) and time.monotonic() < end:
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    assert said == "interrupted; the next run looks at whatever was under way\n"
    assert office.call("run").exit_code == 0
    assert len(office.sandbox.store) == 2


def test_interrupted_run_does_not_wait_for_the_vendor(office):
    office.employ(*(f"p{number}" for number in range(12)))
    office.sandbox.faults.add(
        Fault(method="POST", status=429, headers={"Retry-After": "600"}, after=4, times=99)
    )
    command = [sys.executable, "-m", "jackfield", "run"]
    process = subprocess.Popen(command, cwd=office.folder, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + PATIENCE_SECONDS
    while len(office.sandbox.store) < 4 and time.monotonic() < end:
        time.sleep(0.02)

    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 130
    office.sandbox.faults.clear()
    assert office.call("run").exit_code == 0
    assert len(office.sandbox.store) == 12
