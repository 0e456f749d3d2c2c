"""`jackfield prune`."""

import datetime as dt
import json
import sqlite3
from contextlib import closing

import pytest


@pytest.fixture
def aged(office):
    """Leave four entries of long ago, one of them in doubt."""
    office.call("run")
    office.employ("ada", "bob", title="Lead")
    office.call("run")
    with closing(sqlite3.connect(office.folder / "jackfield.db")) as state, state:
        state.execute("UPDATE log SET at = '2020-01-01 12:00:00.000000'")
        state.execute("UPDATE log SET status = 'in_doubt' WHERE number = 1")
    return office


def test_old_entries_go_and_doubt_stays(aged):
    done = aged.call("prune", "--older-than", "30d", "--json")

    left = json.loads(aged.call("log", "--json").stdout)["entries"]
    assert (done.exit_code, json.loads(done.stdout)["removed"]) == (0, 3)
    assert [entry["provisioningStatusInfo"]["status"] for entry in left] == ["in_doubt"]


def test_newer_entries_stay(office):
    office.call("run")

    assert office.call("prune", "--older-than", "1h").stdout.startswith("0 log entries removed")


@pytest.mark.parametrize("age", ["30", "0d", "-1d", "d", "123456d"])
def test_what_is_no_age_is_a_usage_error(office, age):
    assert office.call("prune", f"--older-than={age}").exit_code == 2


def test_without_an_age_the_configuration_says_it(aged):
    assert aged.call("prune").stdout.startswith("3 log entries removed")


def test_where_the_log_is_kept_for_ever_an_age_is_needed(aged):
    aged.configure("[log]\nretention_days = 0\n")

    assert aged.call("prune").exit_code == 2
    assert aged.call("prune", "--older-than", "30d").stdout.startswith("3 log entries removed")


@pytest.mark.parametrize(("days", "left"), [(30, 1), (0, 4), (36_500, 4)])
def test_a_run_removes_what_need_not_be_kept(aged, days, left):
    aged.configure(f"[log]\nretention_days = {days}\n")

    aged.call("run")

    assert len(json.loads(aged.call("log", "--json").stdout)["entries"]) == left


def test_before_the_first_run_nothing_is_made(office):
    assert office.call("prune", "--older-than", "1d").exit_code == 0
    assert not (office.folder / "jackfield.db").exists()


def test_a_run_whose_log_cannot_be_pruned_has_run_all_the_same(aged):
    with closing(sqlite3.connect(aged.folder / "jackfield.db")) as state, state:
        state.execute(
            "CREATE TRIGGER kept BEFORE DELETE ON log BEGIN INSERT INTO nowhere VALUES (1); END"
        )

    done = aged.call("run")

    assert done.exit_code == 0
    assert "old log entries stay" in done.stderr
    assert len(json.loads(aged.call("log", "--json").stdout)["entries"]) == 4


def test_one_person_is_erased_and_nobody_else(aged):
    done = aged.call("prune", "--user", "BOB@example.com")

    left = json.loads(aged.call("log", "--json").stdout)["entries"]
    assert done.stdout.startswith("2 log entries about BOB@example.com removed")
    assert len(left) == 2
    assert "bob" not in json.dumps(left).lower()


def test_what_the_guard_counts_is_not_erased_yet(office):
    office.call("run")

    assert office.call("prune", "--user", "bob@example.com").stdout.startswith("0 log entries")


def test_nothing_of_an_erased_person_is_left_in_the_log_of_the_file(aged):
    """SQLite would keep what it deleted."""
    title = b"Cellist of the house"
    aged.employ("ada", "bob", title=title.decode())
    aged.call("run")
    file = aged.folder / "jackfield.db"
    with closing(sqlite3.connect(file)) as state, state:
        state.execute("UPDATE log SET at = '2020-01-01 12:00:00.000000'")
    assert title in file.read_bytes()

    for name in ("ada@example.com", "bob@example.com"):
        aged.call("prune", "--user", name)

    assert title not in file.read_bytes()
    assert not file.with_name("jackfield.db-wal").exists()


def test_what_the_guard_counts_is_kept_however_young_it_may_be(office):
    names = [f"p{number}" for number in range(20)]
    for left in (0, 3):
        office.employ(*names[left:])
        assert office.call("run").exit_code == 0
    with closing(sqlite3.connect(office.folder / "jackfield.db")) as state, state:
        at = dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)
        state.execute("UPDATE log SET at = ?", (at.strftime("%Y-%m-%d %H:%M:%S.%f"),))

    assert office.call("prune", "--older-than", "1h").stdout.startswith("0 log entries removed")

    office.employ(*names[6:])
    assert office.call("run").exit_code == 5


def test_the_log_of_one_is_erased_under_any_letter(office):
    header = "id,userPrincipalName,accountEnabled,givenName,surname,displayName,jobTitle"
    text = f"{header}\n1,Ärne@example.com,True,Arne,Lee,Arne,Clerk\n"
    (office.folder / "people.csv").write_text(text, encoding="utf-8")
    office.configure("[jobs.webex.guard]\nwindow_hours = 0\n")
    office.call("run")
    assert "ärne@example.com" in office.call("log", "ÄRNE@example.com").stdout.lower()

    done = office.call("prune", "--user", "ärne@example.com", "--json")

    assert json.loads(done.stdout)["removed"] == 1
