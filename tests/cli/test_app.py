"""The command as a whole: help, start-up, streams, errors."""

import json
import os
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner

from jackfield.cli.app import COMMANDS, app

# Imports of the package itself are not the command's choice; these are.
HEAVY = (
    "sqlalchemy",
    "filelock",
    "jackfield.engine",
    "jackfield.sources",
    "jackfield.cli.commands",
)
BASE = "import sys, jackfield, click; before = set(sys.modules)\n"


def python(code: str, *, cwd=None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | environment,
    )


def jackfield(*words: str, cwd, **options) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "jackfield", *words]
    return subprocess.run(command, text=True, check=False, cwd=cwd, **options)


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_imports_neither_engine_nor_tables(option):
    ending = (
        f"sys.argv = ['jackfield', {option!r}]\n"
        "from jackfield.cli import main\n"
        "try: main()\n"
        "finally: print(*sorted(set(sys.modules) - before), file=sys.stderr)\n"
    )

    done = python(BASE + ending)

    loaded = done.stderr.split()
    assert done.returncode == 0
    assert "jackfield.cli.app" in loaded
    assert [name for name in loaded if name.startswith((*HEAVY, "rich"))] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_command_has_the_help_that_the_list_promises(name):
    done = CliRunner().invoke(app, [name, "--help"])

    assert done.exit_code == 0
    first = re.sub(r"\W", "", COMMANDS[name].rstrip("."))
    assert re.sub(r"\W", "", done.stdout.split("\n\n")[1]).startswith(first)


def test_missing_extra_is_named_in_one_line():
    code = "import sys; sys.modules['sqlalchemy'] = None\nfrom jackfield.cli import main; main()"

    done = python(code)

    assert done.returncode == 1
    assert done.stderr == (
        "error: the command needs sqlalchemy: install the extra with "
        'pip install "jackfield[engine]"\n'
    )


def test_unknown_command_is_a_usage_error():
    assert CliRunner().invoke(app, ["plann"]).exit_code == 2


def test_missing_configuration_is_one_line_with_a_remedy(tmp_path):
    done = jackfield("plan", cwd=tmp_path, capture_output=True)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: jackfield.toml: there is no such file; name another with --config or "
        "JACKFIELD_CONFIG\n"
    )


def test_traceback_is_shown_with_debug_alone(tmp_path):
    done = jackfield("--debug", "plan", cwd=tmp_path, capture_output=True)

    assert "Traceback" in done.stderr
    assert "error: jackfield.toml" in done.stderr.splitlines()[-1]


def test_configuration_path_comes_from_the_environment(tmp_path):
    done = CliRunner().invoke(app, ["plan"], env={"JACKFIELD_CONFIG": str(tmp_path / "other.toml")})

    assert "other.toml: there is no such file" in done.stderr


def test_reader_that_goes_away_meets_no_traceback(office):
    read_end, write_end = os.pipe()
    os.close(read_end)

    done = jackfield("connectors", "webex", cwd=office.folder, stdout=write_end, stderr=-1)

    os.close(write_end)
    assert done.returncode != 0
    assert done.stderr == ""


def test_closed_output_meets_no_traceback(office):
    line = [f"exec {sys.executable} -m jackfield plan >&-"]

    done = subprocess.run(
        ["/bin/sh", "-c", *line], cwd=office.folder, capture_output=True, text=True, check=False
    )

    assert "Traceback" not in done.stderr


def test_pipe_gets_no_escape_sequences_and_c_locale_works(office):
    office.employ("zoë")
    environment = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}

    done = jackfield("plan", cwd=office.folder, capture_output=True, env=environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "zo" in done.stdout


def test_json_is_the_only_thing_on_standard_output(office):
    done = jackfield("plan", "--json", cwd=office.folder, capture_output=True)

    assert json.loads(done.stdout)["schema"] == "jackfield.plan/1"


def test_no_option_takes_a_secret():
    names = [
        option
        for name in COMMANDS
        for parameter in app.get_command(None, name).params
        for option in parameter.opts
    ]

    assert [name for name in names if re.search("token|secret|password|key", name)] == []
