"""`jackfield doctor`."""

import datetime as dt
import json
import os
import subprocess
import sys
from email.utils import format_datetime

import pytest
from support.loopback import LoopbackServer, reply
from support.packages import install
from support.states import make_version_1

from jackfield.engine.state.store import opened

QUIET = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"),
    *("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC", "SSLKEYLOGFILE"),
)


@pytest.fixture(autouse=True)
def _quiet(monkeypatch):
    for name in (*QUIET, *map(str.lower, QUIET)):
        monkeypatch.delenv(name, raising=False)


def checks(office, *words: str) -> list[dict[str, str]]:
    return json.loads(office.call("doctor", "--json", *words).stdout)["checks"]


def ill(office, *words: str) -> list[tuple[str, str, str]]:
    found = [one for one in checks(office, *words) if one["health"] != "fine"]
    return [(one["area"], one["health"], one["detail"]) for one in found]


def test_all_is_well_after_a_run(office):
    office.call("run")

    done = office.call("doctor")

    assert (done.exit_code, done.stderr) == (0, "")
    assert "connector: webex: jackfield-webex" in done.stdout
    assert "format " in done.stdout
    assert "answers, and does not tell the time" in done.stdout
    assert not any(line.startswith(("wrong", "warning")) for line in done.stdout.splitlines())


def test_clock_is_asked_without_credentials(office):
    with LoopbackServer(reply(404)) as server:
        office.config.write_text(office.config.read_text().replace(office.origin, server.origin))
        office.call("doctor")

    [sent] = server.requests
    assert sent.startswith(b"HEAD / HTTP/1.1")
    assert b"authorization" not in sent.lower()
    assert office.sandbox.TOKEN.encode() not in sent


def test_offline_asks_nobody(office):
    checks(office, "--offline")

    assert office.sandbox.requests == []


@pytest.mark.parametrize(
    ("seconds", "health", "way"),
    [(-600, "wrong", "ahead of"), (600, "wrong", "behind"), (90, "warning", "behind")],
)
def test_skew_of_the_clock_is_told(office, seconds, health, way):
    theirs = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)
    header = {"date": format_datetime(theirs, usegmt=True)}
    with LoopbackServer(reply(404, headers=header)) as server:
        text = office.config.read_text().replace(office.origin, server.origin)
        office.config.write_text(text)
        [(area, found, detail)] = ill(office)

    assert (area, found) == ("connection", health)
    assert way in detail
    assert "synchronise it" in detail


def test_vendor_that_does_not_answer_is_wrong(office):
    with LoopbackServer(reply(200)) as server:
        gone = server.origin
    office.config.write_text(office.config.read_text().replace(office.origin, gone))

    [(area, health, _)] = ill(office)

    assert (area, health) == ("connection", "wrong")


def test_broken_plugins_are_named_and_block_nothing(office):
    install(office.folder, "jackfield-broken", "broken = jackfield_broken:A", "raise SystemExit(3)")
    command = [sys.executable, "-m", "jackfield", "--config", str(office.config), "doctor"]
    environment = os.environ | {"PYTHONPATH": str(office.folder)}

    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    [line] = [line for line in done.stdout.splitlines() if line.startswith("wrong")]
    assert done.returncode == 1
    assert "connector: broken" in line
    assert "jackfield-broken 1.2" in line
    assert "SystemExit" in line
    assert "secrets: " in done.stdout


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "no_proxy", "REQUESTS_CA_BUNDLE"])
def test_ignored_variable_is_named_without_its_value(office, monkeypatch, name):
    monkeypatch.setenv(name, "http://user:sesame@proxy.example")

    done = office.call("doctor")

    assert done.exit_code == 0
    assert f"environment: {name}: is set and ignored" in done.stdout
    assert "sesame" not in done.output


def test_key_log_is_wrong(office, monkeypatch):
    monkeypatch.setenv("SSLKEYLOGFILE", str(office.folder / "keys"))

    assert ("environment", "wrong") in [found[:2] for found in ill(office, "--offline")]


@pytest.mark.holds_secrets("the file is there to hold it", "token")
def test_readable_secrets_are_wrong(office):
    secret = office.folder / "token"
    secret.write_text(office.sandbox.TOKEN)
    secret.chmod(0o644)
    text = office.config.read_text().replace("env:TEST_WEBEX_TOKEN", "file:token")
    office.config.write_text(text)

    [(area, health, detail)] = ill(office)

    assert (area, health) == ("secrets", "wrong")
    assert f"(mode 0644): chmod 600 {secret}" in detail


@pytest.mark.holds_secrets("the file has it as plain text", "jackfield.toml")
def test_readable_configuration_is_wrong_where_it_holds_a_secret(office):
    office.config.chmod(0o644)
    text = office.config.read_text().replace("env:TEST_WEBEX_TOKEN", office.sandbox.TOKEN)
    office.config.write_text(text)

    assert [found[:2] for found in ill(office)] == [("secrets", "wrong")]


def test_state_that_others_can_read_is_wrong(office):
    office.call("run")
    (office.folder / "jackfield.db").chmod(0o640)

    assert ("state", "wrong") in [found[:2] for found in ill(office)]


def test_older_state_is_told_and_not_migrated(office):
    path = office.folder / "jackfield.db"
    make_version_1(path)
    path.chmod(0o600)
    before = path.read_bytes()

    details = [one["detail"] for one in checks(office, "--offline") if one["area"] == "state"]

    assert "format 1; the next run brings it up to date" in details
    assert path.read_bytes() == before


def test_damaged_state_is_wrong_and_the_rest_goes_on(office):
    (office.folder / "jackfield.db").write_bytes(b"no database at all" * 100)
    (office.folder / "jackfield.db").chmod(0o600)

    found = checks(office)

    assert [one["health"] for one in found if one["area"] == "state"][-1] == "wrong"
    assert found[-1]["area"] == "secrets"


def test_running_job_is_named_with_its_holder(office):
    with opened(office.folder / "jackfield.db") as store, store.lease("webex", holder="here:1"):
        details = [one["detail"] for one in checks(office, "--offline")]

    assert any(detail.startswith("run by here:1") for detail in details)


def test_without_configuration_the_rest_is_looked_at(office):
    office.config.unlink()

    done = office.call("doctor")

    assert done.exit_code == 0
    assert "`jackfield init` writes one" in done.stdout


def test_damaged_configuration_is_wrong(office):
    office.config.write_text("x = ")

    done = office.call("doctor")

    assert done.exit_code == 1
    assert "this is not TOML" in done.stdout
