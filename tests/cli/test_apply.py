"""`jackfield apply`."""

import datetime as dt
import json
import re
from pathlib import Path

import pytest

BROKEN = """
[jobs.broken]
source = "people"
connection = "missing-token"
[connections.missing-token]
connector = "webex"
token = "env:NOWHERE_TO_BE_FOUND"
"""


def planned(office) -> str:
    path = str(office.folder / "plan.json")
    office.call("plan", "--out", path)
    return path


def change(path: str, **members) -> None:
    document = json.loads(Path(path).read_text())
    Path(path).write_text(json.dumps(document | members))


def hours_ago(hours: float) -> str:
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=hours)).isoformat()


def test_what_was_planned_is_done(office):
    done = office.call("apply", planned(office))

    assert (done.exit_code, done.stdout) == (0, "webex: 2 created\n")
    assert len(office.sandbox.store) == 2


def test_who_changed_since_is_skipped_and_told(office):
    path = planned(office)
    office.employ("ada", "bob", "cat")
    text = (office.folder / "people.csv").read_text()
    (office.folder / "people.csv").write_text(text.replace('bob Lee,"Clerk"', 'bob Lee,"Lead"'))

    done = office.call("apply", path)

    assert done.exit_code == 4
    assert {user["userName"] for user in office.sandbox.store} == {"ada@example.com"}
    said = ". bob@example.com: skipped: not as planned any more: the values or the account are"
    assert said in done.stdout
    assert done.stdout.endswith("webex: 1 created, 1 skipped\n")


def test_applying_twice_has_one_effect_and_says_why_each_time(office):
    path = planned(office)
    office.call("apply", path)

    for _ in range(2):
        again = office.call("apply", path)

        assert again.exit_code == 0
        assert again.stdout.count("nothing is left to do of what was planned") == 2
        assert again.stdout.endswith("webex: 2 skipped\n")
    assert len(office.sandbox.store) == 2


@pytest.mark.parametrize(
    ("hours", "options", "code"), [(25, (), 1), (25, ("--max-age", "48"), 0), (-1, (), 1)]
)
def test_plan_has_to_be_of_the_last_day(office, hours, options, code):
    path = planned(office)
    change(path, madeAt=hours_ago(hours))

    done = office.call("apply", path, *options)

    assert done.exit_code == code
    assert len(office.sandbox.store) == (0 if code else 2)


def test_plan_of_another_configuration_is_refused(office):
    path = planned(office)
    office.configure("[jobs.webex.guard]\npeople = 4\n")

    done = office.call("apply", path)

    assert done.exit_code == 1
    assert "the plan was made with another content of " in done.stderr
    assert len(office.sandbox.store) == 0


def test_comment_makes_no_other_configuration(office):
    path = planned(office)
    office.configure("# nothing new\n")

    assert office.call("apply", path).exit_code == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "this is no JSON document"),
        ("[" * 100_000, "this is no JSON document"),
        ("[]", "no plan file of the format jackfield.plan/1"),
        ('{"schema": "jackfield.plan/2"}', "no plan file of the format jackfield.plan/1"),
        ('{"schema": "jackfield.plan/1", "jobs": []}', "the plan is damaged"),
        ('{"schema": "jackfield.plan/1", "jobs": [1], "madeAt": 7}', "the plan is damaged"),
    ],
)
def test_what_is_no_plan_is_refused(office, text, said):
    path = office.folder / "plan.json"
    path.write_text(text)

    done = office.call("apply", str(path))

    assert done.exit_code == 1
    assert said in done.stderr


def test_missing_file_is_one_line(office):
    done = office.call("apply", str(office.folder / "no.json"))

    assert done.exit_code == 1
    assert "no.json: cannot be read (No such file or directory)" in done.stderr


def test_job_that_could_not_be_planned_stops_no_other(office):
    office.configure(BROKEN)

    done = office.call("apply", planned(office))

    assert done.exit_code == 1
    assert "this job could not be planned; make a new plan" in done.stderr
    assert done.stdout == "webex: 2 created\n"


def test_held_removals_pass_with_their_word_alone(office):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")
    path = planned(office)

    held = office.call("apply", path)
    word = re.search(r"apply \S+plan.json --approve (\w+)", held.stdout)[1]
    passed = office.call("apply", path, "--approve", word)

    assert " run webex" not in held.stdout
    assert (held.exit_code, passed.exit_code) == (5, 0)
    assert passed.stdout == "webex: 4 disabled\n"


def test_json_tells_what_was_done_and_what_was_not(office):
    path = planned(office)
    office.employ("ada", "bob", title="Lead")

    done = office.call("apply", path, "--json")

    document = json.loads(done.stdout)
    assert document["schema"] == "jackfield.apply/1"
    outdated = document["jobs"][0]["outdated"]
    assert [step["code"] for step in outdated] == ["PlanOutdated"] * 2


@pytest.mark.parametrize(
    "damage",
    [{"attributes": 5}, {"attributes": "x"}, {"source_id": []}, {"action": "dance"}],
    ids=str,
)
def test_a_damaged_step_is_one_line(office, damage):
    path = planned(office)
    document = json.loads(Path(path).read_text())
    document["jobs"][0]["steps"][0] |= damage
    Path(path).write_text(json.dumps(document))

    done = office.call("apply", path)

    assert done.exit_code == 1
    assert "no plan that Jackfield wrote" in done.stderr
    assert len(office.sandbox.store) == 0
