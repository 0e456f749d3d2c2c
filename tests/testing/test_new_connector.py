"""What `new-connector` writes is a package: it builds, is found, passes its tests and conforms."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from jackfield import ConfigurationError
from jackfield.testing.new_connector import main, write_connector

NAME = "made-up-voice"
QUIET = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--no-index")
BLOCK_HEAVY = """
import importlib.abc, runpy, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ("click", "rich", "sqlalchemy", "filelock"):
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Absent())
runpy.run_module("{module}", run_name="__main__", alter_sys=True)
"""


def run(*command: str, cwd: Path | None = None, **environment: str):
    return subprocess.run(
        [sys.executable, *command],
        env={**os.environ, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The generated package, after its author has had the evidence written."""
    folder = write_connector(NAME, tmp_path_factory.mktemp("new"))
    played = run("-m", "jackfield.testing.contract", "tests/test_connector.py", cwd=folder)
    assert played.returncode == 0, played.stdout + played.stderr
    assert "MadeUpVoiceConnector: conforms" in played.stdout
    return folder


@pytest.fixture(scope="module")
def installed(project: Path, tmp_path_factory) -> Path:
    """A folder with the generated connector, installed from its own wheel."""
    folder = tmp_path_factory.mktemp("installed")
    wheels, target = folder / "wheels", folder / "target"
    build = ("pip", "wheel", *QUIET, "--no-build-isolation", "--wheel-dir", str(wheels))
    built = run("-m", *build, str(project))
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    done = run("-m", "pip", "install", *QUIET, "--target", str(target), str(wheel))
    assert done.returncode == 0, done.stderr
    return target


def test_it_is_found_with_package_and_version(installed: Path):
    source = (
        "import json; from jackfield import Registry; r = Registry(); "
        f"one = r.inspect({NAME!r}); print(json.dumps([one.package, one.version, one.problem]))"
    )

    found = run("-c", source, PYTHONPATH=str(installed))

    assert json.loads(found.stdout) == ["jackfield-made-up-voice", "0.1.0", ""]


def test_its_own_tests_pass(installed: Path, project: Path, tmp_path: Path):
    """In an environment of the core and the extra `testing` alone, without a socket."""
    done = run(
        *("-c", BLOCK_HEAVY.format(module="pytest"), "-q", "-p", "no:cacheprovider"),
        *("-p", "pytest_socket", "--disable-socket", "-W", "error", "-c", os.devnull),
        *("--rootdir", str(tmp_path), str(project / "tests")),
        PYTHONPATH=str(installed),
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
    )

    assert done.returncode == 0, done.stdout
    assert " failed" not in done.stdout


def test_the_installed_package_ships_its_evidence(installed: Path):
    listed = run("-m", "jackfield.testing.contract", PYTHONPATH=str(installed))

    assert f"{NAME}: conforms" in listed.stdout


def test_a_file_without_a_contract_is_refused(tmp_path: Path):
    (tmp_path / "test_nothing.py").write_text("")

    done = run("-m", "jackfield.testing.contract", str(tmp_path / "test_nothing.py"))

    assert done.returncode == 2
    assert "no subclass of ConnectorContract" in done.stderr


def test_a_connector_that_fails_is_told_and_loses_its_evidence(tmp_path: Path):
    project = write_connector("made-up-failing", tmp_path)
    file = project / "tests" / "test_connector.py"
    file.write_text(file.read_text().replace("Response(409", "Response(418"))

    done = run("-m", "jackfield.testing.contract", str(file))

    assert done.returncode == 1
    assert "create_user: duplicate" in done.stdout
    assert "loads: the package has no evidence.json" in done.stdout


def test_six_modules_and_papers_are_written(project: Path):
    written = {path.relative_to(project).as_posix() for path in project.rglob("*.*")}

    assert {"pyproject.toml", "README.md", "tests/test_connector.py"} <= written
    assert {f"src/jackfield_made_up_voice/{name}.py" for name in ("connector", "settings")} <= (
        written
    )
    assert not [path for path in project.rglob("*.py") if "$" in path.read_text()]


def test_the_connector_is_short(project: Path):
    source = project / "src" / "jackfield_made_up_voice" / "connector.py"

    assert len(source.read_text().splitlines()) <= 120


@pytest.mark.parametrize(
    "name", ["", "Acme", "1acme", "acme_voice", "acme-", "a/b", "..", "acmé", "a" * 40, "acme\n"]
)
def test_a_name_that_is_none_is_refused(name: str, tmp_path: Path):
    with pytest.raises(ConfigurationError, match="is no name for a connector"):
        write_connector(name, tmp_path)

    assert not list(tmp_path.iterdir())


def test_a_name_that_is_taken_is_refused(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"jackfield-webex \S+ has a connector webex"):
        write_connector("webex", tmp_path)


def test_a_folder_that_exists_is_left_alone(tmp_path: Path):
    (tmp_path / "jackfield-acme").mkdir()

    with pytest.raises(ConfigurationError, match="exists already"):
        write_connector("acme", tmp_path)

    assert not list((tmp_path / "jackfield-acme").iterdir())


def test_a_link_to_nowhere_is_left_alone(tmp_path: Path):
    (tmp_path / "jackfield-acme").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigurationError, match="exists already"):
        write_connector("acme", tmp_path)


def test_the_command_needs_the_core_alone(tmp_path: Path):
    done = run(
        "-c",
        BLOCK_HEAVY.format(module="jackfield"),
        "new-connector",
        "acme",
        "--folder",
        str(tmp_path),
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "jackfield-acme" / "pyproject.toml").is_file()


def test_the_command_ends_in_one_line_on_a_mistake(tmp_path: Path, capsys):
    assert main(["Acme", "--folder", str(tmp_path)]) == 1

    assert capsys.readouterr().err.startswith("error: 'Acme' is no name")


def test_the_command_is_also_one_of_jackfields(tmp_path: Path):
    done = run(
        "-c",
        "from jackfield.cli import main; main()",
        *("new-connector", "acme", "--folder", str(tmp_path)),
    )

    assert done.returncode == 0, done.stderr
    assert "tests pass" in done.stdout
