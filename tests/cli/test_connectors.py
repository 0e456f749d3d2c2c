"""`jackfield connectors`."""

import json
import os
import subprocess
import sys

import pytest
from click.testing import CliRunner

from jackfield.cli.app import app


def call(*words: str):
    return CliRunner().invoke(app, ["connectors", *words])


def call_process(*words: str, **environment: str):
    command = [sys.executable, "-m", "jackfield", "connectors", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | environment
    )


@pytest.fixture
def broken(tmp_path):
    """Install a connector that ends the program when it is imported."""
    info = tmp_path / "jackfield_broken-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jackfield-broken\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[jackfield.connectors]\nbroken = jf_broken:Broken\n")
    (tmp_path / "jf_broken.py").write_text("raise SystemExit('imported')\n")
    return {"PYTHONPATH": str(tmp_path)}


def test_list_names_package_and_version():
    done = call()

    assert done.exit_code == 0
    assert ["webex", "jackfield-webex", "0.1.0"] in [
        line.split() for line in done.stdout.split("\n")
    ]


def test_list_imports_no_connector(broken):
    done = call_process("--json", **broken)

    names = {one["name"]: one["problem"] for one in json.loads(done.stdout)["connectors"]}
    assert done.returncode == 0
    assert names["broken"] == ""


def test_check_names_a_broken_connector_and_goes_on(broken):
    done = call_process("--check", "--json", **broken)

    found = {one["name"]: one["problem"] for one in json.loads(done.stdout)["connectors"]}
    assert done.returncode == 1
    assert "jackfield-broken 1.2" in found["broken"]
    assert "SystemExit: imported" in found["broken"]
    assert found["webex"] == ""


def test_one_connector_shows_what_it_can_do():
    done = call("webex")

    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["userName", "required", "yes", "yes", "ignored"] in lines
    assert ["active", "IsActive", "always"] in lines
    assert any("matches by: userName" in line for line in done.stdout.splitlines())


def test_one_connector_as_json_is_complete():
    document = json.loads(call("webex", "--json").stdout)

    capabilities = document["connectors"][0]["capabilities"]
    assert document["schema"] == "jackfield.connectors/1"
    assert capabilities["attributes"]["userName"]["create"] == "required"
    assert {"target": "active", "source": "IsActive"}.items() <= capabilities["mappings"][3].items()


def test_unknown_connector_is_named_with_the_nearest():
    done = call("webx")

    assert done.exit_code == 1
    assert "did you mean webex?" in done.stderr
