"""Every cassette of this repository is safe to publish and says where it comes from.

`record` refuses what is not; here is looked again, for files that were edited or added by hand.
"""

import importlib
from pathlib import Path

import pytest

from jackfield import Registry
from jackfield.testing.exchange import read_cassette
from jackfield.testing.scanning import findings

CASSETTES = Path(__file__).resolve().parents[2] / "cassettes"
FILES = sorted(path for path in CASSETTES.rglob("*") if path.is_file())


def suite_of(name):
    package = type(Registry().load(name)).__module__.partition(".")[0]
    return importlib.import_module(f"{package}.scenarios").SUITE


def secrets_of(suite):
    model = Registry().load(suite.connector).settings
    ways = [suite.settings_of(scenario) for scenario in suite.scenarios]
    return {secret for given in ways for secret in model.model_validate(given).secrets()}


def complaints(path):
    """Return what keeps a cassette of a connector from being published."""
    suite = suite_of(path.parent.name)
    return findings(path.read_text(encoding="utf-8"), secrets_of(suite), suite.allowed)


def named(path):
    return path.relative_to(CASSETTES).as_posix()


@pytest.mark.parametrize("path", FILES, ids=named)
def test_cassette_is_safe_to_publish(path):
    assert complaints(path) == []


@pytest.mark.parametrize("path", FILES, ids=named)
def test_cassette_says_where_it_comes_from(path):
    origin, scenario, client, version = path.read_text(encoding="utf-8").splitlines()[:4]

    assert origin.startswith(("# origin: sandbox (", "# origin: recorded (live vendor, "))
    assert scenario == f"# scenario: {path.stem}"
    assert (client.startswith("# client: httpx "), version) == (True, "version: 1")


def test_there_are_cassettes_and_each_has_a_request():
    assert FILES != []
    assert all(path.suffix == ".yaml" and read_cassette(path) for path in FILES)


@pytest.mark.holds_secrets("the slip is a secret in a cassette", "webex/found.yaml")
@pytest.mark.parametrize(
    "slip",
    ["ada@gmail.com", "canary-webex-secret", "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJrIn0.c2lnbmF0dXJl"],
    ids=["a person's address", "a secret of the settings", "a token"],
)
def test_a_slip_in_a_cassette_is_noticed(tmp_path, slip):
    text = (CASSETTES / "webex" / "found.yaml").read_text(encoding="utf-8")
    path = tmp_path / "webex" / "found.yaml"
    path.parent.mkdir()

    path.write_text(text.replace("Ada Byron", slip), encoding="utf-8")

    assert complaints(path) != []
