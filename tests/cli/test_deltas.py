"""A source that tells changes alone: no sentence takes them for the whole source."""

from pathlib import Path

import pytest

from jackfield.cli.app import Options
from jackfield.cli.results import document_of
from jackfield.cli.steps import show_plan
from jackfield.engine import CycleResult, Plan, Step

LEAVER = Step(
    action="disable",
    source_id="1",
    user_name="ada@example.com",
    place="",
    reason="soft-deleted in the source",
    target_id="t-1",
)


def plan_of(*steps: Step, count: int = 0, is_delta: bool = True) -> Plan:
    return Plan("example", steps, count, 50, is_complete=False, is_delta=is_delta)


def shown(plan: Plan, capsys: pytest.CaptureFixture[str]) -> str:
    show_plan(plan, None, Options(Path("jackfield.toml"), debug=False))
    return capsys.readouterr().out


def test_leaver_of_a_delta_stands_below_no_denial(capsys):
    said = shown(plan_of(LEAVER), capsys)

    assert said.startswith("example: 0 people changed in the source since the last read, 50 linked")
    assert "who is gone is told by the source" in said
    assert "- disable ada@example.com" in said
    assert "people in the source" not in said
    assert "nobody leaves" not in said


@pytest.mark.parametrize(("count", "people"), [(1, "1 person"), (3, "3 people")])
def test_delta_counts_changes(capsys, count, people):
    said = shown(plan_of(count=count), capsys)

    assert f"{people} changed in the source since the last read" in said


def test_delta_without_changes_is_no_empty_source(capsys):
    said = shown(plan_of(), capsys)

    assert said.endswith("example: nothing has changed\n")
    assert "nobody in the source" not in said


def test_read_in_part_still_says_that_nobody_leaves(capsys):
    said = shown(plan_of(count=3, is_delta=False), capsys)

    assert "example: 3 people in the source, 50 linked" in said
    assert "the source was not read completely, so nobody leaves" in said


@pytest.mark.parametrize(("is_delta", "known"), [(True, True), (False, False)])
def test_documents_say_whether_leavers_are_known(is_delta, known):
    plan = plan_of(LEAVER, is_delta=is_delta)

    for document in (plan.to_json(), document_of("example", CycleResult("c", plan, ()))):
        assert document["sourceDelta"] is is_delta
        assert document["leaversKnown"] is known
        assert document["sourceCount"] == 0
