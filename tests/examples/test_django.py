"""The Django example runs as its README says, against an imitated vendor on this machine."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from jackfield.engine.configuration import Configuration
from jackfield.testing.sandbox import serve
from jackfield_webex.sandbox import WebexSandbox

EXAMPLE = Path(__file__).parents[2] / "examples" / "django"
SETTINGS = """
from pathlib import Path
from office.settings import *
JACKFIELD_SETTINGS = {{
    **JACKFIELD_SETTINGS,
    "rest_url": "{origin}/v1",
    "scim_url": "{origin}/identity/scim",
    "allow_loopback": True,
}}
JACKFIELD_FILE = Path(__file__).with_name("jackfield.toml")
"""
HERE = """token = "env:WEBEX_TOKEN"
rest_url = "{origin}/v1"
scim_url = "{origin}/identity/scim"
allow_loopback = true
"""
HEADER = "id,userPrincipalName,accountEnabled,givenName,surname,displayName"
EMAIL = "ada@example.com"


@dataclass
class Project:
    """The example with settings of its own, in a process of its own for each command."""

    folder: Path
    vendor: WebexSandbox

    def connect(self, origin: str) -> None:
        (self.folder / "here.py").write_text(SETTINGS.format(origin=origin))
        text = (EXAMPLE / "jackfield.toml").read_text(encoding="utf-8")
        loopback = text.replace('token = "env:WEBEX_TOKEN"\n', HERE.format(origin=origin))
        (self.folder / "jackfield.toml").write_text(loopback)

    def employ(self, count: int) -> None:
        rows = [f"{n},p{n}@example.com,True,P,{n},P {n}" for n in range(count)]
        (self.folder / "exportUsers.csv").write_text("\n".join([HEADER, *rows, ""]))

    def manage(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        given = {
            "DJANGO_SETTINGS_MODULE": "here",
            "PYTHONPATH": str(self.folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            "WEBEX_TOKEN": self.vendor.TOKEN,
        }
        return subprocess.run(
            [sys.executable, "-W", "error", "manage.py", *words],
            cwd=EXAMPLE,
            env={**os.environ, **given, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    vendor = WebexSandbox(unlimited=True)
    with serve(vendor) as origin:
        project = Project(tmp_path, vendor)
        project.connect(origin)
        yield project


def test_joiner_gets_one_account_however_often_the_command_runs(project: Project):
    names = ("--given-name", "Ada", "--family-name", "Byron")
    first = project.manage("provision_joiner", EMAIL, *names)
    second = project.manage("provision_joiner", EMAIL, *names)

    assert (first.stdout, first.stderr) == (f"{EMAIL} has a new account\n", "")
    assert second.stdout == f"{EMAIL} has an account already\n"
    assert [user["name"]["familyName"] for user in project.vendor.store] == ["Byron"]


def test_leaver_is_disabled_and_gets_the_old_account_back(project: Project):
    project.vendor.seed([{"userName": EMAIL, "userType": "user", "active": True}])

    left = project.manage("offboard", EMAIL)
    (off,) = [user["active"] for user in project.vendor.store]
    back = project.manage("provision_joiner", EMAIL)
    (on,) = [user["active"] for user in project.vendor.store]

    assert (left.stdout, off) == (f"{EMAIL} is disabled\n", False)
    assert (back.stdout, on) == (f"{EMAIL} has the old account back\n", True)


def test_nobody_is_offboarded_twice_or_for_want_of_an_account(project: Project):
    project.vendor.seed([{"userName": EMAIL, "active": False}])

    assert project.manage("offboard", EMAIL).stdout == f"{EMAIL} was disabled already\n"
    assert (
        project.manage("offboard", "bob@example.com").stdout == "bob@example.com has no account\n"
    )


def test_refused_credentials_are_a_matter_of_the_settings(project: Project):
    ended = project.manage("provision_joiner", EMAIL, WEBEX_TOKEN="expired")

    assert ended.returncode == 78
    assert "authorise again" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_missing_secret_is_named_and_stops_no_other_command(project: Project):
    project.folder.joinpath("here.py").write_text(
        'from office.settings import *\nJACKFIELD_SETTINGS = {"token": "env:NO_SUCH_VARIABLE"}\n'
    )

    ended = project.manage("offboard", EMAIL)

    assert ended.returncode == 78
    assert "NO_SUCH_VARIABLE is not set" in ended.stderr
    assert project.manage("check").returncode == 0


def test_vendor_out_of_reach_is_tried_again_later(project: Project):
    with serve(WebexSandbox()) as origin:
        project.connect(origin)  # where nobody listens any more

    ended = project.manage("offboard", EMAIL)

    assert ended.returncode == 75


def test_whole_job_runs_with_progress_and_then_has_nothing_to_do(project: Project):
    project.employ(60)

    first = project.manage("provision_all", "webex")
    second = project.manage("provision_all", "webex")

    assert (first.returncode, first.stdout) == (0, "60 success\n")
    assert "apply: 50 of 60" in first.stderr
    assert (second.returncode, second.stdout) == (0, "nothing to do\n")
    assert len(project.vendor.store) == 60


def test_job_holds_many_leavers_until_a_person_says_the_word(project: Project):
    project.employ(20)
    project.manage("provision_all", "webex")
    project.employ(5)

    held = project.manage("provision_all", "webex")
    word = held.stderr.partition("--approve ")[2].split()[0]
    approved = project.manage("provision_all", "webex", "--approve", word)

    assert (held.returncode, held.stdout) == (70, "15 held\n")
    assert (approved.returncode, approved.stdout) == (0, "15 success\n")
    assert sum(user["active"] for user in project.vendor.store) == 5


def test_configuration_of_the_example_loads():
    assert Configuration.load(EXAMPLE / "jackfield.toml").jobs == ("webex",)
