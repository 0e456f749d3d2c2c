"""`jackfield log`."""

import csv
import datetime as dt
import json
import re
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.states import entry

from jackfield.cli.commands.log import cell
from jackfield.engine.model.plan import AttributeChange
from jackfield.engine.state.store import opened


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


def test_steps_are_shown_when_asked_for(worked):
    shown = worked.call("log", "--steps", "--action", "update", "id-ada").stdout

    account = "5b1c0000-0000-4000-8000-000000000001"
    assert [line.strip() for line in shown.splitlines()[-5:]] == [
        "import: success, read at people.csv:2",
        "scoping: success, in scope",
        f"matching: success, linked to the account {account}",
        "processing: success, update with title",
        "export: success, attributes differ",
    ]
    assert "scoping" not in worked.call("log", "id-ada").stdout


def test_one_entry_is_found_by_its_change_id(worked):
    wanted = json.loads(worked.call("log", "--json").stdout)["entries"][1]

    found = json.loads(worked.call("log", "--json", wanted["changeId"]).stdout)["entries"]

    assert found == [wanted]
    assert [step["name"] for step in wanted["provisioningSteps"]][-1] == "EntryExport"


@pytest.mark.parametrize(
    ("values", "old", "new"),
    [("full", '^"Clerk"$', '^"Lead"$'), ("hashed", "#", "#"), ("names", "Redact", "Redact")],
)
def test_the_log_keeps_as_much_of_the_values_as_the_company_wants(office, values, old, new):
    office.configure(f'[log]\nvalues = "{values}"\n')
    office.call("run")
    office.employ("ada", "bob", title="Lead")
    office.call("run")

    entry = json.loads(office.call("log", "--action", "update", "id-ada", "--json").stdout)
    [change] = entry["entries"][0]["modifiedProperties"]

    assert change["displayName"] == "title"
    assert re.search(old, json.dumps(change["oldValue"]))
    assert re.search(new, json.dumps(change["newValue"]))
    assert (change["oldValue"] == change["newValue"]) == (values == "names")


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


def test_action_cycle_and_time_narrow_the_log(worked):
    entries = json.loads(worked.call("log", "--json").stdout)["entries"]

    def count(*words: str) -> int:
        return len(json.loads(worked.call("log", "--json", *words).stdout)["entries"])

    assert count("--action", "update") == 2
    assert count("--action", "update", "--limit", "1") == 1
    assert count("--cycle", entries[0]["cycleId"]) == 2
    assert count("--since", "1h") == count("--until", "2999-01-01") == 4
    assert count("--until", "1h") == count("--since", "2999-01-01T08:00") == 0
    assert count("--since", min(e["activityDateTime"] for e in entries[2:])) == 2


@pytest.mark.parametrize("word", ["yesterday", "2026-13-01", "0001-01-01T00:00+23:59"])
def test_what_is_no_time_is_a_usage_error(office, word):
    assert office.call("log", "--since", word).exit_code == 2


def tables(folder) -> dict[str, list[dict[str, str]]]:
    def rows(name: str) -> list[dict[str, str]]:
        with (folder / name).open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))

    return {name: rows(name) for name in ("entries.csv", "steps.csv", "modifiedProperties.csv")}


def test_csv_files_are_joined_by_change_and_private(worked):
    folder = worked.folder / "export"

    done = worked.call("log", "--csv", str(folder))

    found = tables(folder)
    ids = {row["changeId"] for row in found["entries.csv"]}
    assert "4 entries are in" in done.stderr
    assert (len(ids), done.stdout) == (4, "")
    assert {row["changeId"] for row in found["modifiedProperties.csv"]} <= ids
    assert {row["changeId"] for row in found["steps.csv"]} == ids
    kinds = [row["provisioningStepType"] for row in found["steps.csv"]]
    assert kinds == ["import", "scoping", "matching", "processing", "export"] * 4
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert len(list(folder.iterdir())) == 3


def test_formula_is_text_in_csv_and_exact_in_json(office):
    office.employ("ada", title="=cmd|' /C calc'!A0")
    office.call("run")

    office.call("log", "--csv", str(office.folder / "out"))

    entry = json.loads(office.call("log", "--json").stdout)["entries"][0]
    new = [row["newValue"] for row in tables(office.folder / "out")["modifiedProperties.csv"]]
    assert "'=cmd|' /C calc'!A0" in new
    assert "=cmd|' /C calc'!A0" in [change["newValue"] for change in entry["modifiedProperties"]]


@pytest.mark.parametrize("first", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"])
def test_cell_that_begins_a_formula_is_neutralised(first):
    assert cell(f"{first}1") == f"'{first}1"


@given(st.text() | st.integers() | st.booleans() | st.none() | st.lists(st.text()))
def test_no_cell_begins_a_formula(value):
    assert not cell(value).startswith(("=", "+", "-", "@", "\t", "\r"))


HARMFUL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def test_escape_sequence_does_nothing_to_a_terminal_that_shows_the_files(worked):
    said = "refused\x1b]0;owned\x07\x1b[2J\u202e"
    with opened(worked.folder / "jackfield.db") as store:
        cycle = store.begin_cycle("webex")
        changes = (AttributeChange("title", "Clerk", said),)
        store.record([entry(cycle, job="webex", reason=said, changes=changes)])

    worked.call("log", "--csv", str(worked.folder / "out"))

    found = tables(worked.folder / "out")
    shown = r"refused\x1b]0;owned\x07\x1b[2J\u202e"
    assert shown in [row["reason"] for row in found["entries.csv"]]
    assert shown in [row["newValue"] for row in found["modifiedProperties.csv"]]
    for path in (worked.folder / "out").iterdir():
        assert not HARMFUL.search(path.read_text(encoding="utf-8-sig"))


@given(st.text() | st.lists(st.text()))
def test_no_cell_holds_a_control_character(value):
    assert not HARMFUL.search(cell(value))
    assert "\r" not in cell(value)[2:].replace("\r\n", "")


def test_line_ends_and_tabs_within_a_cell_stay():
    assert cell("one\ntwo\tthree\r\nfour") == "one\ntwo\tthree\r\nfour"


def test_folder_that_cannot_be_written_is_one_line(worked):
    done = worked.call("log", "--csv", str(worked.config / "below"))

    assert done.exit_code in {1, 2}
    assert "Traceback" not in done.output


def test_files_and_a_document_cannot_be_had_at_once(worked):
    assert worked.call("log", "--csv", str(worked.folder / "out"), "--json").exit_code == 2
