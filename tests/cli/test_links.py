"""`jackfield links`."""

import json

import pytest

from jackfield.engine.state.store import opened


@pytest.fixture
def linked(office):
    office.call("run")
    return office


def links(office, *words: str) -> list[dict]:
    return json.loads(office.call("links", *words, "--json").stdout)["links"]


def test_links_are_listed(linked):
    header, *rows = linked.call("links").stdout.splitlines()

    assert header.split("  ")[0] == "job"
    assert [row.split()[:3] for row in rows] == [
        ["webex", "ada@example.com", "id-ada"],
        ["webex", "bob@example.com", "id-bob"],
    ]


@pytest.mark.parametrize("user", ["ADA@example.com", "id-ada"])
def test_one_person_is_found_by_any_name(linked, user):
    assert [link["source_id"] for link in links(linked, "webex", user)] == ["id-ada"]


def test_removed_link_is_gone_and_logged_and_the_account_stays(linked):
    done = linked.call("links", "webex", "ada@example.com", "--remove", "--yes")

    entry = json.loads(linked.call("log", "--action", "unlink", "--json").stdout)["entries"][0]
    assert (done.exit_code, done.stderr) == (0, "")
    assert "no longer linked; the next run matches anew" in done.stdout
    assert [link["source_id"] for link in links(linked)] == ["id-bob"]
    assert entry["sourceIdentity"]["id"] == "id-ada"
    assert entry["provisioningStatusInfo"]["reason"].startswith("link removed by hand by ")
    assert len(linked.sandbox.store) == 2


def test_next_run_matches_the_person_anew(linked):
    linked.call("links", "webex", "id-ada", "--remove", "--yes")

    assert linked.call("run").stdout == "webex: 1 linked\n"
    assert len(linked.sandbox.store) == 2


def test_nothing_is_removed_without_a_word(linked):
    done = linked.call("links", "webex", "id-ada", "--remove")

    assert done.exit_code == 1
    assert "add --yes to forget this link" in done.stderr
    assert len(links(linked)) == 2


def test_running_job_keeps_its_links(linked):
    with opened(linked.folder / "jackfield.db") as store, store.lease("webex"):
        done = linked.call("links", "webex", "id-ada", "--remove", "--yes")

    assert done.exit_code == 7
    assert len(links(linked)) == 2


def test_unknown_person_is_an_error(linked):
    done = linked.call("links", "webex", "eve", "--remove", "--yes")

    assert done.exit_code == 1
    assert "nobody linked is known as eve" in done.stderr


def test_removal_needs_job_and_user(linked):
    assert linked.call("links", "webex", "--remove", "--yes").exit_code == 2


def test_before_the_first_run_nobody_is_linked(office):
    done = office.call("links")

    assert (done.exit_code, done.stdout) == (0, "")
    assert not (office.folder / "jackfield.db").exists()
