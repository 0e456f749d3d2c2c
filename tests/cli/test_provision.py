"""`jackfield provision`."""

import json

import pytest

from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault

SECRET = """
[[jobs.webex.mappings]]
target = "displayName"
expression = 'Redact([displayName])'
"""
ONE_FILTER = """
[jobs.webex.scope]
[[jobs.webex.scope.filters]]
name = "staff"
clauses = [{attribute = "jobTitle", operator = "EQUALS", value = "Clerk"}]
"""


def lines(done) -> list[str]:
    return [line.strip() for line in done.stdout.splitlines()]


def names(office) -> set[str]:
    return {user["userName"] for user in office.sandbox.store}


def writes(office) -> list[str]:
    return [request.method for request in office.sandbox.requests if request.method != "GET"]


@pytest.mark.parametrize("user", ["ada@example.com", "ADA@Example.com", "id-ada"])
def test_one_person_alone_is_provisioned(office, user):
    done = office.call("provision", user)

    assert done.exit_code == 0
    assert lines(done)[0] == "webex: create: nobody has this userName"
    assert lines(done)[-1].startswith("webex: create done, account ")
    assert names(office) == {"ada@example.com"}


def test_every_step_is_explained_in_order(office):
    done = office.call("provision", "ada@example.com", "--explain")

    shown = lines(done)
    steps = [line.split(":")[0] for line in done.stdout.splitlines() if line[2:3] != " "]
    assert steps == ["webex", "  import", "  scope", "  match", "  action", "  result"]
    assert "import: source id id-ada, people.csv:2" in shown
    assert 'givenName: "ada"' in shown
    assert "IsActive: passed: active in the source" in shown
    assert "IsInProvisioningScope: passed: there is no filter" in shown
    assert 'asked for userName eq "ada@example.com": found nobody' in shown
    assert 'title: (none) → "Clerk"' in shown


def test_update_shows_old_and_new(office):
    office.call("run")
    office.employ("ada", "bob", title="Lead")

    shown = lines(office.call("provision", "ada@example.com", "webex", "--explain"))

    account = next(u["id"] for u in office.sandbox.store if u["userName"] == "ada@example.com")
    assert f"match: linked to the account {account}" in shown
    assert 'title: "Clerk" → "Lead"' in shown
    assert [user["title"] for user in office.sandbox.store] == ["Lead", "Clerk"]


def test_dry_run_sends_no_write_and_takes_no_lease(office):
    with opened(office.folder / "jackfield.db") as store, store.lease("webex"):
        done = office.call("provision", "ada@example.com", "--dry-run", "--explain")

    assert done.exit_code == 0
    assert "action: create: nobody has this userName" in lines(done)
    assert writes(office) == []


def test_job_at_work_is_left_alone(office):
    with opened(office.folder / "jackfield.db") as store, store.lease("webex"):
        done = office.call("provision", "ada@example.com")

    assert done.exit_code == 7
    assert writes(office) == []


def test_who_is_out_of_scope_is_told_why_and_not_provisioned(office):
    office.configure(ONE_FILTER)
    office.employ("ada", title="Lead")

    done = office.call("provision", "ada@example.com", "--explain")

    shown = lines(done)
    assert done.exit_code == 0
    assert any(line.startswith("scope: out: filter staff: not ") for line in shown)
    assert any(line.startswith("IsInProvisioningScope: FAILED: ") for line in shown)
    assert "match: not linked; nobody is looked for who is out of scope" in shown
    assert writes(office) == []


def test_who_waits_after_a_failure_is_tried_at_once(office):
    office.sandbox.faults.add(Fault(method="POST", status=400))

    failed = office.call("provision", "ada@example.com")
    done = office.call("provision", "ada@example.com")

    assert (failed.exit_code, done.exit_code) == (4, 0)
    assert "webex: create failed: " in failed.stdout


def test_who_left_the_source_is_disabled(office):
    office.call("run")
    office.employ("ada")

    done = office.call("provision", "bob@example.com", "--explain")

    shown = lines(done)
    assert done.exit_code == 0
    assert "import: source id id-bob, no longer there; the link is all that is known" in shown
    assert "action: disable: no longer in the source" in shown
    assert {u["userName"]: u["active"] for u in office.sandbox.store}["bob@example.com"] is False


def test_nobody_loses_one_by_one_what_the_guard_keeps_for_all(office):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("run")
    office.employ("ada")
    sent = len(writes(office))

    done = office.call("provision", "bob@example.com")

    assert done.exit_code == 5
    assert "HELD: 4 of 5 people would lose access" in done.stdout
    assert len(writes(office)) == sent
    assert office.call("provision", "ada@example.com").exit_code == 0


def test_refused_credentials_are_the_first_step(office, monkeypatch):
    monkeypatch.setenv("TEST_WEBEX_TOKEN", "stale")

    done = office.call("provision", "ada@example.com", "--explain")
    document = json.loads(office.call("provision", "ada@example.com", "--json").stdout)

    assert done.exit_code == 6
    assert lines(done) == ["webex:", "connection: failed, so everything stops here"]
    assert document["jobs"][0]["connection"]["works"] is False


@pytest.mark.parametrize("user", ["zoe@example.com", ""])
def test_unknown_person_is_an_error(office, user):
    done = office.call("provision", user)

    assert done.exit_code == 1
    assert "the source has nobody with the userName, mail or source id" in done.stderr


def test_two_people_of_one_mail_are_not_guessed_between(office):
    file = office.folder / "people.csv"
    header, *rows = file.read_text().splitlines()
    file.write_text("\n".join([f"{header},mail", *(f"{row},desk@example.com" for row in rows), ""]))

    asked = office.call("provision", "desk@example.com")
    named = office.call("provision", "id-bob")

    assert "2 people are known as desk@example.com; name one by source id: id-ada, id-bob" in (
        asked.stderr
    )
    assert named.exit_code == 0
    assert names(office) == {"bob@example.com"}


def test_secrets_are_masked_in_every_step(office):
    office.configure(SECRET)

    done = office.call("provision", "ada@example.com", "--explain")
    document = office.call("provision", "id-bob", "--json").stdout

    assert done.exit_code == 0
    assert "ada Lee" not in done.stdout
    assert "bob Lee" not in document


def test_json_holds_every_step(office):
    document = json.loads(office.call("provision", "ada@example.com", "--json").stdout)

    job = document["jobs"][0]
    assert (document["schema"], document["dryRun"]) == ("jackfield.provision/1", False)
    assert list(job)[:6] == ["job", "sourceId", "import", "scope", "match", "action"]
    assert job["match"]["looks"][0]["found"] == "nobody"
    assert job["entries"][0]["provisioningAction"] == "create"
