"""`jackfield log`."""

import datetime as dt
import json

import pytest


@pytest.fixture
def worked(office):
    office.call("run")
    office.employ("ada", "bob", title="Lead")
    office.call("run")
    return office


def test_every_entry_is_a_line(worked):
    done = worked.call("log")

    header, *rows = done.stdout.splitlines()
    assert header.split() == ["time", "job", "action", "status", "user", "reason"]
    assert [row.split()[3] for row in rows] == ["create", "create", "update", "update"]


def test_time_is_local_with_its_offset(worked):
    row = worked.call("log").stdout.splitlines()[1]

    assert dt.datetime.fromisoformat(" ".join(row.split()[:2])).tzinfo is not None


@pytest.mark.parametrize(
    "user", ["ADA@example.com", "id-ada", "5b1c0000-0000-4000-8000-000000000001"]
)
def test_one_person_is_shown_with_changes(worked, user):
    shown = [line.strip() for line in worked.call("log", user).stdout.splitlines()]

    assert 'title: "Clerk" → "Lead"' in shown
    assert not any("bob" in line for line in shown)


def test_filters_narrow_the_log(worked):
    newest = json.loads(worked.call("log", "--limit", "1", "--json").stdout)
    none = json.loads(worked.call("log", "--status", "failure", "--json").stdout)
    other = json.loads(worked.call("log", "--job", "other", "--json").stdout)

    assert newest["schema"] == "jackfield.log/1"
    assert [entry["provisioningAction"] for entry in newest["entries"]] == ["update"]
    assert none["entries"] == other["entries"] == []


def test_log_before_the_first_run_is_empty_and_makes_no_state(office):
    done = office.call("log")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing has run yet" in done.stderr
    assert not (office.folder / "jackfield.db").exists()


def test_damaged_state_is_one_line(office):
    (office.folder / "jackfield.db").write_bytes(b"no database at all" * 100)

    done = office.call("log")

    assert done.exit_code == 1
    assert "jackfield.db: the state cannot be used" in done.stderr


def test_unknown_status_is_a_usage_error(office):
    assert office.call("log", "--status", "fine").exit_code == 2
