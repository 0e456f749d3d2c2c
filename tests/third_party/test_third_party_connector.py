"""Somebody else's connector: built, installed from its wheel, found by entry point, used."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from jackfield.testing.sandbox import ScimSandbox, serve

HERE = Path(__file__).parent

CONFIGURATION = """
schema_version = 1
[sources.people]
type = "csv"
path = "people.csv"
[connections.acme]
connector = "acme"
url = "{origin}"
token = "env:ACME_TOKEN"
allow_loopback = true
[jobs.acme]
source = "people"
connection = "acme"
"""

PEOPLE = """\
id,userPrincipalName,displayName,accountEnabled
1,ada@example.com,Ada Byron,True
2,grace@example.com,Grace Hopper,True
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the connector installed from its own wheel."""
    folder = tmp_path_factory.mktemp("acme")
    shutil.copytree(HERE / "acme", folder / "project")
    wheels, target = folder / "wheels", folder / "installed"
    quiet = ("--quiet", "--no-input", "--disable-pip-version-check", "--no-deps", "--no-index")
    project = str(folder / "project")
    built = run("pip", "wheel", *quiet, "--no-build-isolation", "--wheel-dir", str(wheels), project)
    assert built.returncode == 0, built.stderr
    (wheel,) = wheels.glob("*.whl")
    done = run("pip", "install", *quiet, "--target", str(target), str(wheel))
    assert done.returncode == 0, done.stderr
    return target


def test_it_is_listed_with_package_and_version(installed: Path):
    listed = run("jackfield", "connectors", "--check", "--json", PYTHONPATH=str(installed))

    (acme,) = [c for c in json.loads(listed.stdout)["connectors"] if c["name"] == "acme"]
    assert acme["package"] == "acme-telephones-for-jackfield"
    assert acme["version"] == "3.2.1"
    assert not acme["problem"]


def test_a_run_uses_it(installed: Path, tmp_path: Path):
    vendor = ScimSandbox()
    (tmp_path / "people.csv").write_text(PEOPLE)
    with serve(vendor) as origin:
        configuration = tmp_path / "jackfield.toml"
        configuration.write_text(CONFIGURATION.format(origin=origin))

        ended = run(
            "jackfield",
            f"--config={configuration}",
            "run",
            PYTHONPATH=str(installed),
            ACME_TOKEN=vendor.TOKEN,
        )

    assert ended.returncode == 0, ended.stderr
    assert sorted(user["displayName"] for user in vendor.store) == ["Ada Byron", "Grace Hopper"]
