"""`jackfield schema`."""

import json
import tomllib

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from jackfield.cli.app import app


@pytest.fixture(scope="module")
def validator():
    document = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    Draft202012Validator.check_schema(document)
    return Draft202012Validator(document)


def problems(validator, text: str) -> str:
    return "\n".join(error.message for error in validator.iter_errors(tomllib.loads(text)))


@pytest.mark.parametrize("connector", ["webex", "zoom", "vonage"])
def test_written_configuration_fits(validator, tmp_path, connector):
    path = tmp_path / "jackfield.toml"
    CliRunner().invoke(app, ["--config", str(path), "init", "--connector", connector])

    assert problems(validator, path.read_text()) == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[connections.a]\nconnector = "webex"\ntokn = "env:A"', "'tokn' was unexpected"),
        ('[connections.a]\nconnector = "fuze"', "'base_url' is a required property"),
        ('[sources.a]\ntype = "csv"\npath = "a"\nminimum_rows = -1', "is not valid under any"),
        ('[sources.a]\ntype = "csv"', "'path' is a required property"),
        ("[jobs.a]\nworkers = 99", "99 is greater than the maximum"),
        ('[sources."A b"]\ntype = "csv"\npath = "a"', "does not match"),
    ],
    ids=["unknown", "missing", "range", "source", "job", "name"],
)
def test_wrong_keys_are_seen_by_an_editor(validator, text, said):
    assert said in problems(validator, f"schema_version = 1\n{text}")


def test_reference_stands_for_any_setting(validator):
    text = '[sources.a]\ntype = "csv"\npath = "a"\nminimum_rows = "env:LEAST"'

    assert problems(validator, f"schema_version = 1\n{text}") == ""


def test_connector_that_is_not_installed_is_no_problem(validator):
    text = 'schema_version = 1\n[connections.a]\nconnector = "nowhere"\nanything = 1'

    assert problems(validator, text) == ""


def test_json_is_a_versioned_document():
    document = json.loads(CliRunner().invoke(app, ["schema", "--json"]).stdout)

    assert (document["schema"], document["problems"]) == ("jackfield.schema/1", [])
    assert document["document"]["$schema"].startswith("https://json-schema.org/")
