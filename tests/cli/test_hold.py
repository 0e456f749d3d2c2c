"""`jackfield hold`."""

import json
import re

import pytest

from jackfield.engine.state.store import opened


@pytest.fixture
def held(office):
    """An office in which four of five people would lose access."""
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")
    office.call("run")
    return office


def word_of(office) -> str:
    return re.search(r"hold approve (\w+)", office.call("hold", "list").stdout)[1]


def staged(office):
    with opened(office.folder / "jackfield.db") as store:
        return store.holds.all("webex")


def on(office) -> int:
    return sum(user["active"] for user in office.sandbox.store)


def test_list_says_who_why_and_since_when(held):
    shown = held.call("hold", "list").stdout

    assert shown.startswith(
        "webex: 4 removals held until a person approves: 4 of 5 people would lose access, "
        "more than 3 and more than 10 %\n"
    )
    assert re.search(
        r"- disable bob@example.com \(source id id-bob\): no longer in the source; since \d{4}-",
        shown,
    )


def test_list_of_nothing_is_one_line(office):
    done = office.call("hold", "list")

    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "nothing is held\n")


def test_approved_removals_are_done_by_the_next_run(held):
    done = held.call("hold", "approve", word_of(held), "--as", "Grace")

    assert done.stdout.startswith("webex: 4 removals approved by Grace\n")
    assert on(held) == 5
    assert "approved by Grace at " in held.call("hold", "list").stdout
    assert held.call("run").stdout == "webex: 4 disabled\n"
    assert staged(held) == []


def test_approval_runs_at_once_where_that_is_asked_for(held):
    done = held.call("hold", "approve", word_of(held), "--run")

    assert done.exit_code == 0
    assert done.stdout.endswith("webex: 4 disabled\n")


def test_approving_twice_has_one_effect(held):
    word = word_of(held)
    held.call("hold", "approve", word, "--as", "Grace")

    again = held.call("hold", "approve", word, "--as", "Mallory")

    assert again.exit_code == 0
    assert "approved by Grace at " in again.stderr
    assert {removal.approved_by for removal in staged(held)} == {"Grace"}


def test_one_leaver_more_is_not_covered(held):
    held.call("hold", "approve", word_of(held))
    held.employ()

    done = held.call("run")

    assert done.exit_code == 5
    assert on(held) == 5
    assert not any(removal.approved_by for removal in staged(held))


def test_word_of_another_list_is_refused(held):
    done = held.call("hold", "approve", "0" * 12)

    assert done.exit_code == 1
    assert "no list of held people has the word 000000000000" in done.stderr


def test_rejecting_forgets_the_list_and_says_what_to_repair(held):
    held.call("hold", "approve", word_of(held))

    done = held.call("hold", "reject")

    assert done.stdout.startswith(
        "webex: 4 removals rejected\n  4 of them: no longer in the source"
    )
    assert "bring them back into the source" in done.stdout
    assert staged(held) == []
    assert held.call("run").exit_code == 5


def test_json_holds_everybody(held):
    listed = json.loads(held.call("hold", "list", "--json").stdout)["jobs"][0]
    approved = json.loads(
        held.call("hold", "approve", listed["approval"], "--as", "Grace", "--run", "--json").stdout
    )

    assert {removal["source_id"] for removal in listed["removals"]} == {
        f"id-{name}" for name in ("bob", "cat", "dan", "eve")
    }
    assert approved["jobs"][0]["removals"][0]["approved_by"] == "Grace"
    assert approved["runs"][0]["counts"] == {"success": 4}


def test_json_of_a_rejection_holds_the_advice(held):
    document = json.loads(held.call("hold", "reject", "webex", "--json").stdout)

    assert len(document["jobs"][0]["removals"]) == 4
    assert "repair" in document["advice"]
