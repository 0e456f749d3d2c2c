"""The README's code runs, its configuration loads, its table is what the connectors claim."""

import importlib.util
import re
from pathlib import Path

import pytest

from jackfield import User
from jackfield.engine.configuration import Configuration
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


def test_the_configuration_of_the_readme_loads(tmp_path: Path):
    first, lines = blocks("toml")
    file = tmp_path / "jackfield.toml"
    file.write_text(f"{first}\n{lines}", encoding="utf-8")

    configuration = Configuration.load(file)

    assert configuration.jobs == ("webex",)
    assert [line.target for line in configuration.file.jobs["webex"].mappings] == [
        "title",
        "externalId",
    ]


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
