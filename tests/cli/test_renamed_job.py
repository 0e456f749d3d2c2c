"""A job that was renamed in the configuration: who tells, and what helps."""

import json

import pytest

from jackfield.engine.state.store import opened


@pytest.fixture
def renamed(office):
    """An office whose job `webex` got another name after its first run."""
    office.call("run")
    text = office.config.read_text()
    office.config.write_text(text.replace("jobs.webex", "jobs.staff"))
    office.sandbox.requests.clear()
    return office


def links(office) -> list[tuple[str, str]]:
    found = json.loads(office.call("links", "--json").stdout)["links"]
    return [(link["job"], link["source_id"]) for link in found]


@pytest.mark.parametrize("words", [("validate",), ("doctor", "--offline"), ("status",)])
def test_links_of_a_job_that_vanished_are_told_with_the_remedy(renamed, words):
    done = renamed.call(*words)

    assert done.exit_code == 0
    assert "the state holds 2 links of a job webex that the configuration does not name" in (
        done.stdout
    )
    assert "whoever leaves of these people keeps access" in done.stdout
    assert "`jackfield links --rename webex staff`" in done.stdout
    assert renamed.sandbox.requests == []


@pytest.mark.parametrize("words", [("validate",), ("doctor", "--offline"), ("status",)])
def test_job_that_is_there_and_a_state_that_is_not_are_no_matter(office, words):
    before = office.call(*words).stdout
    assert not (office.folder / "jackfield.db").exists()
    office.call("run")

    assert "that the configuration does not name" not in before + office.call(*words).stdout


def test_damaged_state_keeps_validate_from_nothing_else(office):
    (office.folder / "jackfield.db").write_bytes(b"no database at all" * 100)

    done = office.call("validate")

    assert done.exit_code == 0
    assert "whether all its jobs are named here was not looked at" in done.stdout


def test_renamed_job_has_its_people_and_disables_who_leaves(renamed):
    done = renamed.call("links", "--rename", "webex", "staff")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("staff: 2 links and all else")
    assert links(renamed) == [("staff", "id-ada"), ("staff", "id-bob")]
    renamed.employ("ada")
    assert "1 disabled" in renamed.call("run").stdout
    assert len(renamed.sandbox.store) == 2
    assert "does not name" not in renamed.call("status").stdout


def test_links_of_the_vanished_job_are_listed_and_can_be_removed(renamed):
    assert links(renamed) == [("webex", "id-ada"), ("webex", "id-bob")]

    one = renamed.call("links", "webex", "id-ada", "--remove", "--yes")
    rest = renamed.call("restart", "webex", "--links", "--yes")

    assert (one.exit_code, rest.exit_code) == (0, 0)
    assert links(renamed) == []
    assert "does not name" not in renamed.call("status").stdout


def test_names_that_make_no_sense_are_refused(renamed):
    still = renamed.call("links", "--rename", "staff", "staff")
    unknown = renamed.call("links", "--rename", "webex", "stuff")
    both = renamed.call("links", "staff", "--rename", "webex", "staff")

    assert (still.exit_code, unknown.exit_code, both.exit_code) == (1, 1, 2)
    assert "the configuration still has this job" in still.stderr
    assert "stuff" in unknown.stderr
    assert links(renamed) == [("webex", "id-ada"), ("webex", "id-bob")]


def test_running_job_is_not_renamed(renamed):
    with opened(renamed.folder / "jackfield.db") as store, store.lease("staff"):
        done = renamed.call("links", "--rename", "webex", "staff")

    assert done.exit_code == 7
    assert links(renamed) == [("webex", "id-ada"), ("webex", "id-bob")]


def test_rename_as_json(renamed):
    document = json.loads(renamed.call("links", "--rename", "webex", "staff", "--json").stdout)

    assert document["renamed"] == {"from": "webex", "to": "staff", "links": 2}
