"""What `jackfield.toml` may say, and what is said where it is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.engine.configuration import Configuration
from jackfield.engine.guard.guard import GuardLimits
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.errors import ConfigurationError, PluginFault, ProvisioningError
from jackfield.registry import Registry

WHOLE = """
schema_version = 1
state = "state/jackfield.db"

[sources.people]
type = "csv"
path = "people.csv"

[connections.webex]
connector = "webex"
token = "file:token.txt"

[jobs.webex]
source = "people"
connection = "webex"
adopt = false
[jobs.webex.guard]
people = 5
[[jobs.webex.mappings]]
target = "title"
source = "jobTitle"
[[jobs.webex.mappings]]
target = "displayName"
constant = "Staff"
apply = "create"
[[jobs.webex.mappings]]
target = "externalId"
omit = true
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token.txt").write_text("made-up-token\n")

    def load_text(text: str | bytes) -> Configuration:
        content = text.encode() if isinstance(text, str) else text
        (tmp_path / "jackfield.toml").write_bytes(content)
        return Configuration.load((tmp_path / "jackfield.toml").relative_to(tmp_path))

    return load_text


def open_all(load, text: str | bytes) -> None:
    configuration = load(text)
    for name in configuration.jobs:
        configuration.job(name, Registry(), dry_run=True)


@pytest.fixture
def refusal(load):
    def refuse(text: str | bytes) -> str:
        with pytest.raises(ProvisioningError) as caught:
            open_all(load, text)
        assert str(caught.value).isprintable()
        return str(caught.value)

    return refuse


def test_whole_file_becomes_a_job(load, tmp_path):
    configuration = load(WHOLE)

    job = configuration.job("webex", Registry(), dry_run=True)

    mapped = {line.target: (line.source or line.constant, line.apply) for line in job.mappings}
    assert configuration.jobs == ("webex",)
    assert configuration.state.resolve() == tmp_path / "state" / "jackfield.db"
    assert (job.matching, job.adopt, job.guard) == ("userName", False, GuardLimits(people=5))
    assert mapped["title"] == ("jobTitle", "always")
    assert mapped["displayName"] == ("Staff", "create")
    assert mapped["userName"] == ("userPrincipalName", "always")
    assert "externalId" not in mapped


def test_source_is_read_beside_the_file(load, tmp_path):
    (tmp_path / "people.csv").write_text("id,userPrincipalName,accountEnabled\n1,a@x.org,True\n")

    read = load(WHOLE).job("webex", Registry(), dry_run=True).read_source(None)

    assert [person.id for person in read.objects] == ["1"]


def test_defaults_are_enough(load):
    short = WHOLE.partition("adopt")[0]

    job = load(short).job("webex", Registry(), dry_run=False)

    assert (job.adopt, job.guard, job.matching) == (True, GuardLimits(), "userName")
    assert load("schema_version = 1").state.name == "jackfield.db"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            'source = "people"',
            'sorce = "people"',
            "jobs.webex.sorce: unknown key; did you mean source?",
        ),
        ("people = 5", "peple = 5", "jobs.webex.guard.peple: unknown key; did you mean people?"),
        (
            "people = 5",
            "people = -1",
            "jobs.webex.guard.people: should be greater than or equal to 0",
        ),
        ("people = 5", 'people = "5"', "jobs.webex.guard.people: should be a valid integer"),
        ("adopt = false", 'adopt = "no"', "jobs.webex.adopt: should be a valid boolean"),
        ("[jobs.webex]", "[jobz.webex]", "jobz: unknown key; did you mean jobs?"),
        ("schema_version = 1", "schema_version = 2", "schema_version: should be 1"),
        ("schema_version = 1", "", "schema_version: this key is missing"),
        (
            '"create"',
            '"once"',
            "jobs.webex.mappings#2.apply: should be 'always', 'create', 'empty' or 'add'",
        ),
        ('"Staff"', "[1]", "jobs.webex.mappings#2.constant: must be text, a number, true or false"),
        ('"Staff"', "nan", "jobs.webex.mappings#2.constant: must be a finite number"),
        (
            "omit = true",
            "",
            "jobs.webex.mappings#3: give exactly one of source, constant, expression and omit",
        ),
        ('"externalId"', '"externalID"', "did you mean externalId?"),
        ('"displayName"', '"title"', "jobs.webex: mappings#2: two lines write title"),
        ('"title"', '"tittle"', "jobs.webex: webex has no attribute tittle"),
        (
            'source = "people"',
            'source = "peple"',
            "jobs.webex.source: there is no source 'peple'; did you mean people?",
        ),
        (
            'connection = "webex"',
            'connection = "webx"',
            "jobs.webex.connection: there is no connection 'webx'; did you mean webex?",
        ),
        (
            'type = "csv"',
            'type = "cvs"',
            "sources.people.type: there is no source of type 'cvs'; did you mean csv?",
        ),
        ("path = ", "pth = ", "sources.people.pth: unknown key; did you mean path?"),
        (
            'connector = "webex"',
            'connector = "webx"',
            "connections.webex: there is no connector 'webx'; did you mean webex?",
        ),
        ("token = ", "tokn = ", "connections.webex: there is no setting tokn; did you mean token?"),
        (
            "file:token.txt",
            "env:NOT_SET_ANYWHERE",
            "connections.webex: token: the environment variable NOT_SET_ANYWHERE is not set",
        ),
        ("adopt = false", 'matching = "title"', "jobs.webex: webex cannot look users up by title"),
    ],
)
def test_mistake_is_named_with_file_place_and_nearest_name(refusal, old, new, said):
    assert old in WHOLE

    text = refusal(WHOLE.replace(old, new, 1))

    assert text.startswith("jackfield.toml: ")
    assert said in text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("schema_version = 1\nstate =\n", "jackfield.toml:2: this is not TOML: Invalid value"),
        ("a = 1\na = 2\n", "jackfield.toml:2: this is not TOML: Cannot overwrite a value"),
        (b"state = '\xff'", "jackfield.toml: is not UTF-8"),
        ("a = " + "[" * 5000, "jackfield.toml"),
        (b"#" * (1024 * 1024 + 1), "jackfield.toml: is over 1 MiB"),
    ],
    ids=["syntax", "duplicate", "bytes", "depth", "size"],
)
def test_broken_file_is_named_with_its_line(refusal, text, said):
    assert refusal(text).startswith(said)


def test_missing_file_says_how_to_name_another(tmp_path):
    with pytest.raises(ConfigurationError, match="no such file; name another with --config"):
        Configuration.load(tmp_path / "jackfield.toml")


def test_folder_in_place_of_a_file_is_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Configuration.load(tmp_path)


def test_byte_order_mark_is_no_mistake(load):
    assert load(b"\xef\xbb\xbf" + WHOLE.encode()).jobs == ("webex",)


@pytest.mark.parametrize(
    "name",
    ["../../x", "/etc", "con", "com1", "", "a" * 300, r"\u0000", "Webex", "-a", "a b", r"a\n", "ä"],
)
@pytest.mark.parametrize("table", ["jobs", "connections", "sources"])
def test_name_that_is_no_file_name_is_refused(refusal, table, name):
    keys = {
        "jobs": 'source="a"\nconnection="a"',
        "connections": 'connector="a"',
        "sources": 'type="a"',
    }

    said = refusal(f'schema_version = 1\n[{table}."{name}"]\n{keys[table]}\n')

    assert "a name is 1 to 41 lower-case letters" in said
    assert len(said) < 250


@given(st.from_regex(r"[a-z][a-z0-9-]{0,40}", fullmatch=True))
def test_good_name_stays_inside_the_folder(tmp_path_factory, name):
    folder = tmp_path_factory.getbasetemp()
    path = folder / "names.toml"
    path.write_text(f'schema_version = 1\n[sources.{name}]\ntype = "csv"\n')
    try:
        found = list(Configuration.load(path).file.sources)
    except ConfigurationError:
        found = []

    assert all((folder / f"{name}.lock").resolve().parent == folder.resolve() for name in found)


def test_plain_secret_is_a_warning_that_does_not_repeat_it(load):
    configuration = load(WHOLE.replace("file:token.txt", "s3cret-in-the-file"))

    configuration.connect("webex", Registry())
    configuration.connect("webex", Registry())

    (warning,) = configuration.warnings
    assert warning == (
        "jackfield.toml: connections.webex.token: the secret stands in the file as plain text; "
        'set WEBEX_TOKEN in the environment and write token = "env:WEBEX_TOKEN"'
    )
    assert "s3cret" not in repr(configuration) + repr(configuration.file) + str(configuration.file)


def test_reference_to_a_secret_is_no_warning(load):
    configuration = load(WHOLE)

    configuration.job("webex", Registry(), dry_run=True)

    assert configuration.warnings == []


def test_mistake_beside_a_plain_secret_does_not_repeat_it(refusal):
    text = WHOLE.replace('"file:token.txt"', '["s3cret"]')

    assert "s3cret" not in refusal(text)


def test_broken_source_is_named_with_package_and_version(refusal, tmp_path, monkeypatch):
    info = tmp_path / "broken_source-3.4.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-source\nVersion: 3.4\n")
    (info / "entry_points.txt").write_text("[jackfield.sources]\nbroken = no_such_module:Source\n")
    monkeypatch.syspath_prepend(tmp_path)

    said = refusal(WHOLE.replace('type = "csv"', 'type = "broken"'))

    assert "the source broken of broken-source 3.4 cannot be imported" in said


def test_source_that_breaks_the_contract_is_a_plugin_fault(load, tmp_path, monkeypatch):
    info = tmp_path / "odd_source-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: odd-source\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[jackfield.sources]\nodd = pathlib:PurePath\n")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(PluginFault, match=r"odd-source 1\.0 names no settings"):
        load(WHOLE.replace('"csv"', '"odd"')).job("webex", Registry(), dry_run=True)


def test_what_becomes_of_leavers_and_lost_accounts_reaches_the_job(load):
    text = WHOLE.replace("adopt = false", 'adopt = false\non_missing_target = "recreate"')
    leavers = '[jobs.webex.leavers]\ndeleted = "delete"\ndelete_after_days = 30\n'
    text = text.replace("[jobs.webex.guard]", f"{leavers}[jobs.webex.guard]")

    job = load(text).job("webex", Registry(), dry_run=True)

    assert job.on_missing_target == "recreate"
    assert (job.leavers.deleted, job.leavers.delete_after_days) == ("delete", 30)


def test_what_a_job_may_fail_at_reaches_the_job(load):
    table = "[jobs.webex.quarantine]\nfailures = 5\npercent = 20.0\n"
    text = WHOLE.replace("[jobs.webex.guard]", f"{table}[jobs.webex.guard]")

    job = load(text).job("webex", Registry(), dry_run=True)

    assert job.quarantine == QuarantineLimits(failures=5, percent=20.0)
    assert load(WHOLE).job("webex", Registry(), dry_run=True).quarantine == QuarantineLimits()


def test_a_line_that_refers_to_people_reaches_the_job(load):
    text = WHOLE.replace('source = "jobTitle"', 'source = "manager"\nreference = true')

    job = load(text).job("webex", Registry(), dry_run=True)

    assert job.mapper.has_references


def test_a_default_for_a_reference_is_refused(load):
    text = WHOLE.replace('source = "jobTitle"', 'source = "m"\nreference = true\ndefault = "x"')

    with pytest.raises(ConfigurationError, match="title refers to a person"):
        load(text).job("webex", Registry(), dry_run=True)
