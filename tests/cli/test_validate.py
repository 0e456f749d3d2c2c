"""`jackfield validate`."""

import json

import pytest


def findings(office) -> list[dict]:
    return json.loads(office.call("validate", "--json").stdout)["findings"]


def test_sound_file_is_told_in_numbers_and_no_vendor_is_asked(office):
    done = office.call("validate")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "sources.people: 2 people could be read" in done.stdout
    assert done.stdout.endswith("jackfield.toml: no errors, no warnings\n")
    assert office.sandbox.requests == []
    assert {path.name for path in office.folder.iterdir()} == {"jackfield.toml", "people.csv"}


def test_every_misshapen_key_is_found_at_once(office):
    office.config.write_text(
        "schema_version = 1\nstat = 'x'\n[jobs.a]\nsource = 'p'\nconection = 'q'\nworkers = 99\n"
        "[jobs.a.guard]\npercentage = 3\n"
    )

    found = {one["place"]: one["message"] for one in findings(office)}

    assert found["stat"] == "unknown key; did you mean state?"
    assert found["jobs.a.conection"] == "unknown key; did you mean connection?"
    assert found["jobs.a.connection"] == "this key is missing"
    assert found["jobs.a.guard.percentage"] == "unknown key; did you mean percent?"
    assert "jobs.a.workers" in found


@pytest.mark.parametrize(
    ("text", "said"),
    [("a = \nb = 1", "jackfield.toml:1: this is not TOML"), (None, "there is no such file")],
    ids=["no TOML", "no file"],
)
def test_unreadable_file_is_a_finding(office, text, said):
    office.config.unlink()
    if text is not None:
        office.config.write_text(text)

    done = office.call("validate")

    assert done.exit_code == 1
    assert said in done.stdout


BROKEN = """
[[jobs.webex.mappings]]
target = "displayName"
source = "departmnt"
[[jobs.webex.mappings]]
target = "nickName"
expression = 'ToUper([displayName])'
[jobs.second]
source = "people"
connection = "webx"
[connections.spare]
connector = "webx"
[sources.other]
type = "csv"
path = "nowhere.csv"
"""


def test_flaws_of_all_tables_are_found_together(office):
    office.configure(BROKEN)

    found = {one["place"]: one for one in findings(office) if one["severity"] == "error"}

    assert "nowhere.csv" in found["sources.other"]["message"]
    assert "did you mean webex?" in found["connections.spare"]["message"]
    assert "did you mean webex?" in found["jobs.second.connection"]["message"]
    assert "did you mean ToUpper?" in found["jobs.webex.mappings#3.expression"]["message"]
    assert len(found) == 4


def test_mapping_is_checked_against_the_source_s_columns(office):
    office.configure(BROKEN.partition('[[jobs.webex.mappings]]\ntarget = "nick')[0])

    [found] = findings(office)

    assert found["place"] == "jobs.webex.mappings#2"
    assert "reads departmnt, which the source people does not have" in found["message"]


def test_mapping_is_checked_against_the_vendor(office):
    office.configure('[[jobs.webex.mappings]]\ntarget = "shoeSize"\nconstant = "44"\n')

    [found] = findings(office)

    assert "webex has no attribute shoeSize" in found["message"]


NOBODY = """
[[jobs.webex.scope.filters]]
[[jobs.webex.scope.filters.clauses]]
attribute = "jobTitle"
operator = "EQUALS"
value = "Boss"
"""
DOUBTFUL = """
[[jobs.webex.mappings]]
target = "nickName"
expression = 'IIF(IsNullOrEmpty([givenName]), "a", [givenName])'
"""


@pytest.mark.parametrize(
    ("more", "place", "said"),
    [
        ("[jobs.webex.guard]\nat_most = 0", "jobs.webex.guard", "every removal waits"),
        ("[jobs.webex.guard]\npercent = 100.0", "jobs.webex.guard", "at_most decides alone"),
        ("[jobs.webex.guard]\npeople = 900", "jobs.webex.guard", "people = 900 is no smaller"),
        ('[sources.x]\ntype = "csv"\npath = "people.csv"', "sources.x", "no job reads it"),
        (NOBODY, "jobs.webex.scope", "none of the 2 people of people is in scope"),
        (DOUBTFUL, "jobs.webex.mappings#2.expression", "Entra fails such a condition"),
    ],
    ids=["guard holds all", "no share", "at_most alone", "idle", "nobody in scope", "expression"],
)
def test_doubts_are_warnings_and_the_exit_code_stays_fine(office, more, place, said):
    office.configure(more)

    done = office.call("validate", "--json")

    found = json.loads(done.stdout)["findings"]
    assert done.exit_code == 0
    assert [(one["severity"], one["place"]) for one in found if said in one["message"]] == [
        ("warning", place)
    ]


def test_plain_secret_is_found_and_not_repeated(office):
    text = office.config.read_text()
    office.config.write_text(text.replace("env:TEST_WEBEX_TOKEN", "sesame-open-7"))

    done = office.call("validate")

    assert done.exit_code == 0
    assert 'write token = "env:WEBEX_TOKEN"' in done.stdout
    assert "sesame" not in done.output


def test_missing_variable_is_an_error_of_its_connection(office, monkeypatch):
    monkeypatch.delenv("TEST_WEBEX_TOKEN")

    [found] = findings(office)

    assert (found["severity"], found["place"]) == ("error", "connections.webex")


def test_damaged_export_is_an_error_of_its_source(office):
    (office.folder / "people.csv").write_text("first,second\n1,2\n")

    done = office.call("validate")

    assert done.exit_code == 1
    assert "sources.people: " in done.stdout
    assert "people.csv:1" in done.stdout
