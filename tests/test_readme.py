"""The README's first steps and its code run, its table is what the connectors claim."""

import csv
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from jackfield import User
from jackfield.cli.app import app
from jackfield.engine.configuration import Configuration
from jackfield.sources.headers import HEADERS
from jackfield.testing.sandbox import serve
from jackfield_webex.sandbox import WebexSandbox

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GIVEN = '{"token": "env:WEBEX_TOKEN"}'


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language, without the indentation of a list around them."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", README, re.DOTALL | re.MULTILINE)
    return [re.sub(rf"^{indent}", "", code, flags=re.MULTILINE) for indent, code in found]


def run(code: str, vendor: WebexSandbox, monkeypatch: pytest.MonkeyPatch) -> User:
    monkeypatch.setenv("WEBEX_TOKEN", vendor.TOKEN)
    with serve(vendor) as origin:
        here = {
            "token": "env:WEBEX_TOKEN",
            "rest_url": f"{origin}/v1",
            "scim_url": f"{origin}/identity/scim",
            "allow_loopback": True,
        }
        names: dict[str, object] = {}
        exec(code.replace(GIVEN, repr(here)), names)
        names["webex"].close()
        return names["found"]


def test_the_code_of_the_readme_creates_and_then_finds(monkeypatch: pytest.MonkeyPatch):
    (code,) = blocks("python")
    vendor = WebexSandbox()

    created = run(code, vendor, monkeypatch)
    found = run(code, vendor, monkeypatch)

    assert GIVEN in code
    assert created.id == found.id
    assert len(vendor.store) == 1


def export(file: Path, *names: str) -> None:
    """Write what Entra gives for people of these names."""
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, HEADERS[0].columns)
        writer.writeheader()
        for number, name in enumerate(names):
            given, family = name.split()
            address = f"{given}.{family}@example.com".lower()
            known = {
                "department": "Sales",
                "givenName": given,
                "surname": family,
                "displayName": name,
                "mail": address,
            }
            row = {"id": f"id-{number}", "userPrincipalName": address, "accountEnabled": "True"}
            writer.writerow({**known, **row})


def first_steps() -> list[list[str]]:
    """Return the commands of the first steps, without what only the shell needs."""
    block = next(code for code in blocks("console") if "jackfield init" in code)
    lines = re.findall(r"^\$ jackfield (.*)$", block, re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def test_the_first_steps_lead_to_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    vendor = WebexSandbox()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBEX_TOKEN", vendor.TOKEN)
    export(tmp_path / "exportUsers.csv", "Ana Diaz", "Bo Li")
    with serve(vendor) as origin:
        here = f'rest_url = "{origin}/v1"\nscim_url = "{origin}/identity/scim"\n'
        for words in first_steps():
            done = CliRunner().invoke(app, words)
            assert done.exit_code == 0, (words, done.output)
            if words[0] == "init":
                file = tmp_path / "jackfield.toml"
                table = "[connections.webex]\n"
                local = f"{table}allow_loopback = true\n{here}"
                file.write_text(file.read_text().replace(table, local))

    assert {user["userName"] for user in vendor.store} == {
        "ana.diaz@example.com",
        "bo.li@example.com",
    }
    assert "create" in done.output


def test_the_imitated_vendor_of_the_readme_is_reached(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBEX_TOKEN", WebexSandbox.TOKEN)
    export(tmp_path / "exportUsers.csv", "Ana Diaz")
    block = next(code for code in blocks("console") if "jackfield_webex.sandbox" in code)
    (line,) = re.findall(r"^\$ jackfield (.*?)(?<!\\)$", block, re.MULTILINE | re.DOTALL)
    with serve(WebexSandbox()) as origin:
        words = shlex.split(line.replace("\\\n", " ").replace("http://127.0.0.1:8099", origin))
        for command in (words, ["test"], ["run"]):
            done = CliRunner().invoke(app, command)
            assert done.exit_code == 0, (command, done.output)

    assert "1 created" in done.output


def test_the_configuration_of_the_readme_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBEX_TOKEN", WebexSandbox.TOKEN)
    export(tmp_path / "exportUsers.csv", "Ana Diaz", "Bo Li")
    (tmp_path / "staff.csv").write_text("Login,First,Last,Status\nana@x.com,Ana,Diaz,active\n")
    CliRunner().invoke(app, first_steps()[0])
    file = tmp_path / "jackfield.toml"
    file.write_text("\n".join([file.read_text(), *blocks("toml")]))

    checked = CliRunner().invoke(app, ["validate", "--json"])

    job = Configuration.load(file).file.jobs["webex"]
    found = {each["place"]: each["message"] for each in json.loads(checked.stdout)["findings"]}
    assert found.pop("sources.staff") == "no job reads it; name it in a job, or remove it"
    (message,) = found.values()
    assert "manager" in message  # Entra's file does not tell it
    assert len(job.mappings) == 4
    assert len(job.scope.filters) == 2
    assert job.leavers.delete_after_days == 30


def test_the_links_of_the_readme_lead_somewhere():
    targets = [t for t in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in t]

    assert len(targets) > 5
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_the_table_of_vendors_is_what_the_connectors_claim():
    spec = importlib.util.spec_from_file_location("vendors", ROOT / "scripts" / "vendors.py")
    vendors = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(vendors)

    assert vendors.readme_with(README, vendors.table()) == README, (
        "run: .venv/bin/python scripts/vendors.py --write"
    )
