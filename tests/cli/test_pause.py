"""`jackfield pause`."""

import json

import pytest


@pytest.fixture
def paused(office):
    """An office whose job a person paused before it ever ran."""
    done = office.call("pause", "webex", "--as", "Grace", "--why", "the vendor moves")
    assert done.exit_code == 0
    assert done.stdout.startswith("webex: paused by Grace: the vendor moves; leavers keep")
    return office


def status(office) -> dict:
    return json.loads(office.call("status", "--json").stdout)["jobs"][0]


def test_no_schedule_runs_a_paused_job(paused):
    done = paused.call("serve", "--once", "--json")

    assert done.exit_code == 0
    assert "the job is disabled: paused by Grace: the vendor moves" in done.stderr
    assert len(paused.sandbox.store) == 0


def test_status_says_who_paused_it_and_why(paused):
    shown = paused.call("status").stdout.splitlines()

    assert shown[0] == "webex: disabled"
    assert shown[1].endswith(": QuarantinedOnDemand")
    assert shown[2] == "  because: paused by Grace: the vendor moves"


def test_a_run_by_hand_does_its_work_and_ends_no_pause(paused):
    done = paused.call("run")

    assert done.stdout == "webex: 2 created\n"
    assert "webex: disabled: paused by Grace: the vendor moves; tried all the same" in done.stderr
    assert status(paused)["quarantine"]["reason"] == "QuarantinedOnDemand"


def test_refused_credentials_do_not_take_the_place_of_a_pause(paused, monkeypatch):
    monkeypatch.setenv("TEST_WEBEX_TOKEN", "stale")

    assert paused.call("run").exit_code == 6
    assert status(paused)["quarantine"]["error"] == "paused by Grace: the vendor moves"


def test_a_restart_ends_the_pause(paused):
    paused.call("restart", "webex", "--quarantine")

    assert paused.call("serve", "--once").exit_code == 0
    assert len(paused.sandbox.store) == 2


def test_unknown_job_is_an_error(office):
    done = office.call("pause", "webx")

    assert done.exit_code == 1
    assert "did you mean webex?" in done.stderr
