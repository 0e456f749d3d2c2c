"""`jackfield authorize`, with the test in place of the administrator and the browser."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from click.testing import CliRunner

from jackfield import CredentialsRefused, Registry
from jackfield.cli.app import app
from jackfield.engine.configuration import Configuration
from jackfield.testing.sandbox import serve
from jackfield_vonage.sandbox import VonageAccount, VonageSandbox

pytestmark = pytest.mark.holds_secrets("the grant is kept for the next run", "state/grants/*.json")

CONFIGURATION = """
schema_version = 1
state = "state/jackfield.db"
[connections.phones]
connector = "vonage"
client_id = "sandbox-vonage-client"
client_secret = "env:TEST_VONAGE_SECRET"
base_url = "{origin}/scim/v2"
authorize_url = "{origin}/authorize"
token_url = "{origin}/token"
allow_loopback = true
[connections.webex]
connector = "webex"
token = "env:TEST_VONAGE_SECRET"
"""

KILLED = """
import os, signal, sys
from pathlib import Path
from jackfield import MatchKey, Registry
from jackfield.engine.configuration import Configuration
from jackfield.grants import FileGrants

class Killed(FileGrants):
    def save(self, grant):
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
table = Configuration.load(folder / "jackfield.toml").file.connections["phones"]
grants = Killed(folder / "state" / "grants" / "phones.json", label="phones")
connector = Registry().connect(table.connector, table.settings, grants=grants)
connector.get_user(MatchKey("userName", "ada@example.com"))
"""


@dataclass
class Desk:
    """An administrator's machine, and Vonage."""

    folder: Path
    sandbox: VonageSandbox

    @property
    def config(self) -> Path:
        return self.folder / "jackfield.toml"

    @property
    def grant(self) -> Path:
        return self.folder / "state" / "grants" / "phones.json"

    @property
    def forms(self) -> list[dict[str, str]]:
        """The forms that the token endpoint got."""
        bodies = (r.body for r in self.sandbox.requests if r.path == "/token")
        return [{name: held[0] for name, held in parse_qs(body).items()} for body in bodies]

    def call(self, *words):
        return CliRunner().invoke(app, ["--config", str(self.config), *words])

    @contextmanager
    def authorizing(self, *words):
        """Start the command in a process; give it and the page that it asks to open."""
        command = [sys.executable, "-m", "jackfield", "--config", str(self.config)]
        with subprocess.Popen(
            [*command, "authorize", "phones", "--no-browser", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process, process.stdout.readline().strip()
            finally:
                process.kill()

    def authorize(self):
        with self.authorizing() as (process, page):
            answer = httpx.get(page, follow_redirects=True)
            out, err = process.communicate(timeout=20)
        assert (answer.status_code, process.returncode) == (200, 0), err
        return out + err


@pytest.fixture(scope="module")
def served():
    sandbox = VonageSandbox(unlimited=True)
    with serve(sandbox) as origin:
        yield sandbox, origin


@pytest.fixture
def desk(served, tmp_path, monkeypatch):
    sandbox, origin = served
    sandbox.reset()
    monkeypatch.setenv("TEST_VONAGE_SECRET", sandbox.CLIENT_SECRET)
    desk = Desk(tmp_path, sandbox)
    desk.config.write_text(CONFIGURATION.format(origin=origin))
    return desk


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


# --- the way it goes -------------------------------------------------------------------------


def test_an_administrator_authorises_and_the_connection_works(desk):
    told = desk.authorize()

    done = desk.call("test", "phones")

    assert "phones: authorised" in told
    assert (done.exit_code, done.stderr) == (0, "")
    assert [form["grant_type"] for form in desk.forms] == ["authorization_code", "refresh_token"]


def test_the_code_goes_with_the_verifier_of_its_page(desk):
    with desk.authorizing() as (process, page):
        httpx.get(page, follow_redirects=True)
        process.communicate(timeout=20)

    asked = parse_qs(urlsplit(page).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert len(desk.forms[0]["code_verifier"]) >= 43


def test_the_grant_is_for_its_owner_alone_and_nothing_of_it_is_printed(desk):
    told = desk.authorize()

    kept = json.loads(desk.grant.read_text())
    assert desk.grant.stat().st_mode & 0o777 == 0o600
    assert desk.grant.parent.stat().st_mode & 0o777 == 0o700
    secrets = [kept["refresh_token"], kept["access_token"], desk.sandbox.CLIENT_SECRET]
    assert [secret for secret in secrets if secret in told] == []


def test_each_run_rotates_the_grant_that_the_last_one_kept(desk):
    desk.authorize()
    codes = []
    for _ in range(2):
        desk.sandbox.expire_tokens()
        codes.append(desk.call("test", "phones").exit_code)

    sent = [form["refresh_token"] for form in desk.forms[1:]]
    assert codes == [0, 0]
    assert len(set(sent)) == 3
    assert json.loads(desk.grant.read_text())["refresh_token"] not in sent


def test_the_port_of_a_registered_callback_can_be_named(desk):
    port = free_port()

    with desk.authorizing("--port", str(port)) as (process, page):
        httpx.get(page, follow_redirects=True)
        process.communicate(timeout=20)

    assert parse_qs(urlsplit(page).query)["redirect_uri"] == [f"http://127.0.0.1:{port}/callback"]
    assert process.returncode == 0


def test_a_server_without_a_browser_takes_the_url_from_its_input(desk):
    with desk.authorizing("--paste", "--port", str(free_port())) as (process, page):
        landed = httpx.get(page).headers["location"]
        out, err = process.communicate(f"{landed}\n", timeout=20)

    assert (process.returncode, out) == (0, "phones: authorised\n")
    assert "Paste the URL" in err


# --- what does not go ------------------------------------------------------------------------


def test_a_connection_that_nobody_authorised_names_the_command(desk):
    done = desk.call("test", "phones")

    assert done.exit_code == 6
    assert "nobody has authorised this connection yet" in done.stderr
    assert "jackfield authorize phones" in done.stderr


def test_a_run_killed_before_it_stored_needs_an_administrator(desk):
    """Vonage kills the old token with the renewal; it is tried once."""
    desk.authorize()
    desk.sandbox.expire_tokens()
    script = [sys.executable, "-c", KILLED, str(desk.folder)]
    killed = subprocess.run(script, check=False, env=os.environ, capture_output=True)
    before = len(desk.forms)

    done = desk.call("test", "phones")

    assert killed.returncode == -signal.SIGKILL
    assert (done.exit_code, len(desk.forms) - before) == (6, 1)
    assert "jackfield authorize phones" in done.stderr
    desk.authorize()
    assert desk.call("test", "phones").exit_code == 0


def test_a_code_is_good_once(desk):
    with Configuration.load(desk.config).connect("phones", Registry()) as connector:
        pending = connector.begin_authorization("http://127.0.0.1:9/callback")
        landed = httpx.get(pending.url).headers["location"]
        connector.finish_authorization(pending, landed)

        with pytest.raises(CredentialsRefused, match="jackfield authorize phones"):
            connector.finish_authorization(pending, landed)


def test_a_redirect_with_another_state_is_not_followed_up(desk):
    with desk.authorizing() as (process, page):
        back = parse_qs(urlsplit(page).query)["redirect_uri"][0]
        httpx.get(back, params={"code": desk.sandbox.codes.issue(back), "state": "another"})
        _, err = process.communicate(timeout=20)

    assert process.returncode == 6
    assert "carries another state" in err
    assert (desk.forms, desk.grant.exists()) == ([], False)


def test_an_administrator_who_says_no_is_understood(desk):
    desk.sandbox.account = VonageAccount(consents=False)

    with desk.authorizing() as (process, page):
        httpx.get(page, follow_redirects=True)
        _, err = process.communicate(timeout=20)

    assert process.returncode == 6
    assert "access_denied" in err


def test_a_browser_that_never_comes_back_ends_the_wait(desk):
    done = desk.call("authorize", "phones", "--no-browser", "--timeout", "1")

    assert done.exit_code == 6
    assert "nobody came back within 1 seconds" in done.stderr


def test_an_empty_input_ends_the_wait(desk):
    done = desk.call("authorize", "phones", "--paste", "--port", "8765")

    assert done.exit_code == 6
    assert "no URL was pasted" in done.stderr


def test_a_port_in_use_is_named(desk):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = desk.call("authorize", "phones", "--no-browser", "--port", str(port))

    assert done.exit_code == 1
    assert f"nothing can listen on port {port}" in done.stderr
    assert "--port" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("phone",), 1, "did you mean phones?"),
        (("webex",), 1, "nobody has to authorise it"),
        (("phones", "--paste"), 2, "--paste needs --port"),
        (("phones", "--timeout", "0"), 2, "--timeout"),
    ],
    ids=["an unknown connection", "a ready token", "no port to paste for", "no time"],
)
def test_what_cannot_begin_says_why(desk, words, code, said):
    done = desk.call("authorize", *words)

    assert done.exit_code == code
    assert said in done.stderr


def test_a_folder_that_cannot_be_made_is_named(desk):
    (desk.folder / "state").write_text("a file where a folder belongs")

    done = desk.call("authorize", "phones", "--no-browser")

    assert done.exit_code == 1
    assert "connections.phones: the folder" in done.stderr
