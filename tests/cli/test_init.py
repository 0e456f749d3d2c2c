"""`jackfield init`."""

import json
import re
import tomllib

import pytest
from click.testing import CliRunner

from jackfield.cli.app import app
from jackfield.engine.configuration import Configuration
from jackfield.engine.configuration.file import ConfigurationFile


def init(folder, *words: str, answers: str | None = None):
    config = folder / "jackfield.toml"
    return CliRunner().invoke(app, ["--config", str(config), "init", *words], input=answers)


def written(folder) -> dict:
    return tomllib.loads((folder / "jackfield.toml").read_text())


@pytest.mark.parametrize("connector", ["webex", "zoom", "ringcentral", "vonage", "fuze", "scim"])
@pytest.mark.parametrize("source", ["csv", "entra", "scim"])
def test_every_pair_loads_and_is_complete_once_its_variables_are_set(
    tmp_path, monkeypatch, connector, source
):
    done = init(tmp_path, "--source", source, "--connector", connector, "--json")
    document = json.loads(done.stdout)
    for number, name in enumerate(document["variables"]):
        is_url = name.endswith("URL")
        number_id = f"00000000-0000-0000-0000-{number:012}"
        monkeypatch.setenv(name, "https://a.example" if is_url else number_id)
    (tmp_path / "people.csv").write_text("id,userPrincipalName,accountEnabled,givenName,surname\n")

    Configuration.load(tmp_path / "jackfield.toml")
    checked = CliRunner().invoke(app, ["--config", document["file"], "validate", "--json"])

    places = [f["place"] for f in json.loads(checked.stdout)["findings"]]
    assert document["schema"] == "jackfield.init/1"
    assert done.exit_code == 0
    assert [place for place in places if place.startswith(("sources.", "connections."))] == (
        ["sources.people"] if source == "csv" else []  # nobody is in it
    )


def test_secrets_are_references_with_the_connection_s_name(tmp_path):
    init(tmp_path, "--connector", "webex")

    assert written(tmp_path)["connections"]["webex"] == {
        "connector": "webex",
        "token": "env:WEBEX_TOKEN",
    }


def test_next_commands_are_said(tmp_path):
    done = init(tmp_path, "--connector", "webex")

    assert "WEBEX_TOKEN" in done.stdout
    assert f"jackfield --config {tmp_path}/jackfield.toml validate" in done.stdout


def test_existing_file_is_kept(tmp_path):
    (tmp_path / "jackfield.toml").write_text("mine")

    done = init(tmp_path, "--connector", "webex")

    assert done.exit_code == 1
    assert "there is one already, and it is kept" in done.stderr
    assert (tmp_path / "jackfield.toml").read_text() == "mine"


@pytest.mark.parametrize(
    ("connector", "credentials"),
    [
        ("zoom", {"account_id", "client_id", "client_secret"}),
        ("ringcentral", {"client_id", "client_secret", "jwt"}),
        ("webex", {"token"}),
    ],
)
def test_the_usual_way_to_sign_in_is_written_else_that_with_the_fewest_settings(
    tmp_path, connector, credentials
):
    init(tmp_path, "--connector", connector)

    connection = written(tmp_path)["connections"][connector]
    assert set(connection) == {"connector", *credentials}


def test_chosen_settings_replace_the_usual_ones(tmp_path):
    init(tmp_path, "--connector", "zoom", "--use", "token")

    connection = written(tmp_path)["connections"]["zoom"]
    assert set(connection) == {"connector", "token"}


def test_settings_that_do_not_fit_together_are_told_with_those_that_do(tmp_path):
    done = init(tmp_path, "--connector", "webex", "--use", "client_id")

    assert done.exit_code == 2
    assert "token; client_id, client_secret, refresh_token" in done.stderr


def test_secret_on_the_command_line_is_refused_and_not_repeated(tmp_path):
    done = init(tmp_path, "--connector", "webex", "--set", "connection.token=sesame-7")

    assert done.exit_code == 2
    assert "set the environment variable WEBEX_TOKEN" in done.stderr
    assert "sesame" not in done.output
    assert not (tmp_path / "jackfield.toml").exists()


def test_given_settings_are_written(tmp_path):
    init(tmp_path, "--connector", "fuze", "--set", "connection.base_url=https://fuze.example")

    assert written(tmp_path)["connections"]["fuze"]["base_url"] == "https://fuze.example"


def test_questions_are_asked_and_none_is_about_a_secret(tmp_path):
    answers = "entra\nzoom\ncontoso.example\n11111111-1111-1111-1111-111111111111\nsp\ntoken\n"

    done = init(tmp_path, "--ask", answers=answers)

    assert done.exit_code == 0
    assert "client_secret:" not in done.stderr
    assert written(tmp_path)["sources"]["people"]["tenant"] == "contoso.example"
    assert written(tmp_path)["connections"]["zoom"]["token"] == "env:ZOOM_TOKEN"


def test_hostile_path_stays_one_text(tmp_path):
    path = 'a"\n[jobs.x]\nsource = "\x7f\u2028ü'

    init(tmp_path, "--connector", "webex", "--file", path, "--source", "csv")

    assert written(tmp_path)["sources"]["people"]["path"].endswith(path)
    assert list(written(tmp_path)["jobs"]) == ["webex"]


def test_path_is_written_relative_to_the_configuration(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf").mkdir()

    CliRunner().invoke(
        app, ["--config", "conf/j.toml", "init", "--connector", "webex", "--file", "people.csv"]
    )

    text = (tmp_path / "conf" / "j.toml").read_text()
    assert tomllib.loads(text)["sources"]["people"]["path"] == "../people.csv"


ADA = "id,userPrincipalName,accountEnabled,givenName,surname\n1,a@example.com,True,Ada,Strauß\n"


def test_the_encoding_of_the_file_is_found(tmp_path):
    (tmp_path / "people.csv").write_text(ADA, encoding="windows-1252")

    done = init(tmp_path, "--connector", "webex", "--file", str(tmp_path / "people.csv"))

    assert written(tmp_path)["sources"]["people"]["encoding"] == "windows-1252"
    assert "windows-1252" in done.stderr


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(ADA.encode(), id="UTF-8"),
        pytest.param(ADA.encode("utf-16"), id="with a mark"),
        pytest.param(b"PK\x03\x04\x00\x00\x81\xff", id="no text at all"),
        pytest.param(None, id="not there yet"),
    ],
)
def test_no_encoding_is_written_where_none_is_needed_or_known(tmp_path, content):
    if content is not None:
        (tmp_path / "people.csv").write_bytes(content)

    done = init(tmp_path, "--connector", "webex", "--file", str(tmp_path / "people.csv"))

    assert "encoding" not in written(tmp_path)["sources"]["people"]
    assert "is not UTF-8 but" not in done.stderr


def test_schema_is_named_and_written(tmp_path):
    init(tmp_path, "--connector", "webex", "--schema")

    first = (tmp_path / "jackfield.toml").read_text().splitlines()[0]
    assert first == "#:schema ./jackfield.schema.json"
    assert json.loads((tmp_path / "jackfield.schema.json").read_text())["$defs"]


def test_vendor_is_needed_where_nobody_can_be_asked(tmp_path):
    done = init(tmp_path)

    assert done.exit_code == 2
    assert "name the vendor with --connector: fuze, ringcentral" in done.stderr


def test_every_line_that_waits_to_be_wanted_is_right(tmp_path):
    """Taken out of their comments, the lines of the job and after make a good file."""
    init(tmp_path, "--file", "people.csv", "--connector", "webex")
    text = (tmp_path / "jackfield.toml").read_text()
    head, jobs, tail = text.partition("[jobs.webex]")
    wanted = re.sub(r"^# (\[+[a-z].*\]|[a-z_]+ = .*)$", r"\1", jobs + tail, flags=re.MULTILINE)

    file = ConfigurationFile.model_validate(tomllib.loads(head + wanted))

    assert file.jobs["webex"].interval_minutes == 40
    assert file.jobs["webex"].mappings[0].target == "title"
    assert file.notifications.mail is not None
    assert file.log.retention_days == 30


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "people.csv"),
        (b"PK\x03\x04", "this is an Excel workbook"),
        (b"Login,First\na,b\n", "no known directory writes this header"),
    ],
    ids=["no file", "a workbook", "another header"],
)
def test_a_file_that_cannot_be_read_is_told_of_at_once(tmp_path, content, said):
    if content is not None:
        (tmp_path / "people.csv").write_bytes(content)

    done = init(tmp_path, "--connector", "webex", "--file", str(tmp_path / "people.csv"))

    assert done.exit_code == 0
    assert re.search("to be put right first: .*people.csv", done.stderr)
    assert said in done.stderr


def test_nothing_is_said_of_a_file_that_can_be_read(tmp_path):
    (tmp_path / "people.csv").write_text(ADA)

    done = init(tmp_path, "--connector", "webex", "--file", str(tmp_path / "people.csv"))

    assert done.stderr == ""
