"""An office: a configuration, a CSV export and an imitated vendor on this machine."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from jackfield.cli.app import app
from jackfield.testing.sandbox import serve
from jackfield_webex.sandbox import WebexSandbox

HEADER = "id,userPrincipalName,accountEnabled,givenName,surname,displayName,jobTitle"
CONFIGURATION = """
schema_version = 1
[sources.people]
type = "csv"
path = "people.csv"
[connections.webex]
connector = "webex"
token = "env:TEST_WEBEX_TOKEN"
rest_url = "{origin}/v1"
scim_url = "{origin}/identity/scim"
allow_loopback = true
[jobs.webex]
source = "people"
connection = "webex"
[[jobs.webex.mappings]]
target = "title"
source = "jobTitle"
"""


@dataclass
class Office:
    folder: Path
    sandbox: WebexSandbox
    origin: str

    @property
    def config(self) -> Path:
        return self.folder / "jackfield.toml"

    def configure(self, more: str = "") -> None:
        self.config.write_text(CONFIGURATION.format(origin=self.origin) + more)

    def employ(self, *names: str, title: str = "Clerk") -> None:
        rows = [
            f'id-{name},{name}@example.com,True,{name},Lee,{name} Lee,"{title}"' for name in names
        ]
        (self.folder / "people.csv").write_text("\n".join([HEADER, *rows, ""]), newline="")

    def call(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["--config", str(self.config), *words])


@pytest.fixture(scope="session")
def served():
    sandbox = WebexSandbox(unlimited=True)
    with serve(sandbox) as origin:
        yield sandbox, origin


@pytest.fixture
def office(served, tmp_path, monkeypatch):
    sandbox, origin = served
    sandbox.reset()
    monkeypatch.setenv("TEST_WEBEX_TOKEN", sandbox.TOKEN)
    office = Office(tmp_path, sandbox, origin)
    office.configure()
    office.employ("ada", "bob")
    return office
