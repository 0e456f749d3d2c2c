"""`jackfield plan`."""

import json
import stat

import pytest

SECOND = """
[jobs.broken]
source = "people"
connection = "missing-token"
[connections.missing-token]
connector = "webex"
token = "env:NOWHERE_TO_BE_FOUND"
"""


def lines(done) -> list[str]:
    return [line.strip() for line in done.stdout.splitlines()]


def test_new_people_are_shown_with_their_attributes(office):
    done = office.call("plan")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "+ create ada@example.com (people.csv:2): nobody has this userName" in lines(done)
    assert 'title: "Clerk"' in lines(done)
    assert lines(done)[-1] == "webex: 2 to create"


def test_nothing_is_written(office):
    office.call("plan")

    assert {request.method for request in office.sandbox.requests} == {"GET"}
    assert len(office.sandbox.store) == 0


def test_detailed_exit_code_tells_changes_from_none(office):
    assert office.call("plan", "--detailed-exitcode").exit_code == 3

    office.call("run")

    assert office.call("plan", "--detailed-exitcode").exit_code == 0


def test_removals_come_before_changes_and_failures_last(office):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("bob", "eve", title="Lead")
    with (office.folder / "people.csv").open("a") as people:
        people.write("id-new,,True,No,Name,No Name,Clerk\n")

    shown = lines(office.call("plan"))

    signs = [line[0] for line in shown if line[:2] in {"- ", "~ ", "! "}]
    assert signs == ["-"] * 3 + ["~"] * 2 + ["!"]
    assert 'title: "Clerk" → "Lead"' in shown


def test_hold_is_shown_with_the_command_that_approves_it(office):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")

    done = office.call("plan")

    assert done.exit_code == 0
    assert "HELD: 4 of 5 people would lose access" in done.stdout
    assert f"jackfield --config {office.config} run webex --approve " in done.stdout


def test_one_failing_job_stops_no_other(office):
    office.configure(SECOND)

    done = office.call("plan", "broken", "webex")

    assert done.exit_code == 1
    assert "connections.missing-token: token: the environment variable NOWHERE" in done.stderr
    assert lines(done)[-1] == "webex: 2 to create"


def test_json_holds_every_job_and_its_error(office):
    office.configure(SECOND)

    document = json.loads(office.call("plan", "--json").stdout)

    good, bad = document["jobs"]
    assert document["schema"] == "jackfield.plan/1"
    assert [step["action"] for step in good["steps"]] == ["create", "create"]
    assert (bad["job"], bad["error"]["kind"]) == ("broken", "ConfigurationError")


def test_file_holds_the_same_document_for_its_owner_alone(office):
    path = office.folder / "plan.json"

    done = office.call("plan", "--json", "--out", str(path))

    assert json.loads(path.read_text()) == json.loads(done.stdout)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {entry.name for entry in office.folder.iterdir()} >= {"plan.json"}


def test_file_that_cannot_be_written_is_one_line(office):
    done = office.call("plan", "--out", str(office.folder / "no" / "plan.json"))

    assert done.exit_code == 1
    assert "plan.json: cannot be written (No such file or directory)" in done.stderr


def test_hostile_values_are_shown_escaped(office):
    office.employ("ada", title="\u202e[/red]\u200b")

    shown = office.call("plan").stdout

    assert r'title: "\u202e[/red]\u200b"' in shown


def test_unknown_job_is_named_with_the_nearest(office):
    done = office.call("plan", "webx")

    assert done.exit_code == 1
    assert "there is no job 'webx'; did you mean webex?" in done.stderr


@pytest.mark.holds_secrets("the file has it as plain text", "jackfield.toml")
def test_plain_secret_is_warned_of_once(office):
    text = office.config.read_text()
    office.config.write_text(text.replace("env:TEST_WEBEX_TOKEN", office.sandbox.TOKEN))

    done = office.call("plan", "--json")

    assert done.stderr.count("warning:") == 1
    assert 'write token = "env:WEBEX_TOKEN"' in done.stderr
    assert office.sandbox.TOKEN not in done.output


@pytest.mark.parametrize("name", ["jackfield.toml", "jackfield.db", "people.csv"])
def test_no_other_file_is_overwritten(office, name):
    office.call("run")
    before = (office.folder / name).read_bytes()

    done = office.call("plan", "--out", str(office.folder / name))

    assert done.exit_code == 1
    assert "this is no plan, and it is kept" in done.stderr
    assert (office.folder / name).read_bytes() == before


def test_a_plan_is_overwritten_by_another_and_by_no_error(office):
    out = office.folder / "plan.json"
    for count in (2, 3):
        office.employ(*("ada", "bob", "cat")[:count])
        assert office.call("plan", "--out", str(out)).exit_code == 0
        assert json.loads(out.read_text())["jobs"][0]["counts"] == {"create": count}
    before = out.read_text()
    (office.folder / "people.csv").unlink()

    done = office.call("plan", "--out", str(out))

    assert done.exit_code == 1
    assert "is not written, for no job could be planned" in done.stderr
    assert out.read_text() == before


REDACTED = """
[[jobs.webex.mappings]]
target = "nickName"
expression = 'Redact(Append([givenName], "-{}"))'
"""


def test_redacted_values_are_neither_shown_nor_kept_and_are_applied(office):
    out = office.folder / "plan.json"
    for word in ("first", "second"):
        office.configure(REDACTED.format(word))
        done = office.call("plan", "--out", str(out))
        for said in (done.stdout, office.call("plan", "--json").stdout, out.read_text()):
            assert "[Redact]" in said
            assert "-first" not in said
            assert "-second" not in said

        assert office.call("apply", str(out)).exit_code == 0
        assert {user["nickName"] for user in office.sandbox.store} == {f"ada-{word}", f"bob-{word}"}
