"""Twice is once: what a run has done, the next does not do again, at any vendor, from any source.

Each run has a connection of its own, as in a fresh process. The directory is a file, an imitated
Entra tenant, or an imitated SCIM service, with the same three people.
"""

import importlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.clock import ScriptedClock

from jackfield import AttributeMapping, Registry
from jackfield.engine import CycleResult, GuardLimits, Job, Store, run_job
from jackfield.grants import FileGrants
from jackfield.sources import SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.entra import EntraSettings, EntraSource
from jackfield.sources.scim import ScimSource, ScimSourceSettings
from jackfield.testing.sandbox import ScimSandbox, serve
from jackfield.testing.sandbox.entra import EntraSandbox
from jackfield.testing.scenario import Suite, settings_at

pytestmark = pytest.mark.holds_secrets("the grant is kept for the next run", "grant.json")

VENDORS = ("fuze", "ringcentral", "scim", "vonage", "webex", "zoom")
NAMES = ("ada", "bob", "cyd")
FUZE_CODES = (("sku", "EXAMPLE-SKU-1"), ("location", "LOC-01"), ("department", "DEP-01"))
OWN_MAPPINGS = {
    "fuze": tuple(
        AttributeMapping(f'entitlements[type eq "{kind}"].value', constant=value)
        for kind, value in FUZE_CODES
    )
}
"""What a company must agree on with a vendor before anybody is made."""

Read = Callable[[str | None], SourceRead]


@dataclass
class Directory:
    """A source under test: how the engine reads it, and what a person in charge does there."""

    read: Read
    marry: Callable[[], object]
    requests: Callable[[], int] = lambda: 0


@contextmanager
def csv_directory(folder: Path) -> Iterator[Directory]:
    path = folder / "people.csv"

    header = "id,userPrincipalName,mail,accountEnabled,givenName,surname,displayName"
    others = ("jobTitle", "department", "streetAddress", "city", "state", "postalCode", "country")
    rows = [
        f"id-{n},{n}@example.com,{n}@example.com,True,{n.title()},Lee,{n.title()} Lee,,,,,,,,"
        for n in NAMES
    ]
    export = "\n".join([",".join([header, *others, "mobilePhone"]), *rows, ""])
    path.write_text(export, newline="")
    settings = CsvSettings(path=str(path))
    yield Directory(
        lambda _since: CsvSource().read(settings, folder),
        lambda: path.write_text(export.replace("Ada,Lee", "Ada,Byron"), newline=""),
    )


@contextmanager
def entra_directory(folder: Path) -> Iterator[Directory]:
    tenant = EntraSandbox(unlimited=True)
    hired = [
        tenant.directory.hire(
            f"{name}@example.com",
            mail=f"{name}@example.com",
            givenName=name.title(),
            surname="Lee",
            displayName=f"{name.title()} Lee",
        )
        for name in NAMES
    ]
    with serve(tenant) as origin:
        settings = EntraSettings(
            tenant=tenant.TENANT,
            client_id=tenant.CLIENT.client_id,
            client_secret=tenant.CLIENT.client_secret,
            scope="all",
            graph_url=origin,
            login_url=origin,
            allow_loopback=True,
        )
        source = EntraSource(clock=ScriptedClock().clock())
        yield Directory(
            lambda since: source.read(settings, folder, since),
            lambda: tenant.directory.update(hired[0]["id"], surname="Byron"),
            lambda: len(tenant.requests),
        )


@contextmanager
def scim_directory(folder: Path) -> Iterator[Directory]:
    service = ScimSandbox(unlimited=True)
    hired = service.seed([scim_person(name) for name in NAMES])
    with serve(service) as origin:
        url = f"{origin}/scim/v2"
        settings = ScimSourceSettings(base_url=url, token=service.TOKEN, allow_loopback=True)

        def marry() -> None:
            ada = service.store.users[hired[0]["id"]]
            name = {**ada["name"], "familyName": "Byron"}
            service.store.replace(ada["id"], {**ada, "name": name})

        yield Directory(
            lambda _since: ScimSource().read(settings, folder),
            marry,
            lambda: len(service.requests),
        )


def scim_person(name: str) -> dict[str, Any]:
    return {
        "userName": f"{name}@example.com",
        "displayName": f"{name.title()} Lee",
        "name": {"givenName": name.title(), "familyName": "Lee"},
        "emails": [{"type": "work", "value": f"{name}@example.com"}],
        "active": True,
    }


DIRECTORIES: dict[str, Callable[[Path], AbstractContextManager[Directory]]] = {
    "csv": csv_directory,
    "entra": entra_directory,
    "scim": scim_directory,
}


@dataclass
class Pairing:
    """One vendor and one directory, and what the engine remembers between runs."""

    suite: Suite
    vendor: Any
    origin: str
    directory: Directory
    store: Store
    grants: Path

    def run(self) -> CycleResult:
        """Run once, as a process does that begins with nothing but its state."""
        name = self.suite.connector
        model = Registry().load(name).settings.model_validate(self.suite.settings)
        served = dict.fromkeys(model.origins(), self.origin)
        settings = {**self.suite.settings, **settings_at(model, served)}
        clock = ScriptedClock().clock()
        self.vendor.requests.clear()
        grants = FileGrants(self.grants, label=name)
        with Registry().connect(name, settings, clock=clock, grants=grants) as connector:
            own = OWN_MAPPINGS.get(name, ())
            job = Job(
                name=name,
                read_source=self.directory.read,
                connector=connector,
                mappings=(*connector.capabilities.mappings, *own),
                matching=connector.capabilities.match_on[0],
                guard=GuardLimits(),
            )
            result = run_job(job, self.store)
        assert [entry.reason for entry in result.failed] == []
        return result

    @property
    def writes(self) -> list[str]:
        """What was sent to change somebody; asking for a token changes nobody."""
        sent = (f"{each.method} {each.path}" for each in self.vendor.requests)
        return [one for one in sent if not one.startswith("GET") and "token" not in one]


@pytest.fixture(params=DIRECTORIES)
def directory(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Directory]:
    with DIRECTORIES[request.param](tmp_path) as directory:
        yield directory


@pytest.fixture(params=VENDORS)
def pairing(
    request: pytest.FixtureRequest, directory: Directory, tmp_path: Path
) -> Iterator[Pairing]:
    suite: Suite = importlib.import_module(f"jackfield_{request.param}.scenarios").SUITE
    vendor = suite.sandbox()
    store = Store.open(tmp_path / "jackfield.db")
    with serve(vendor) as origin:
        yield Pairing(suite, vendor, origin, directory, store, tmp_path / "grant.json")
    store.close()


def test_a_second_run_with_nothing_changed_asks_the_vendor_nothing(pairing: Pairing):
    first = pairing.run()
    assert first.counts == {"success": 3}
    assert len(pairing.writes) >= 3
    read = pairing.directory.requests()

    second = pairing.run()

    assert (second.entries, second.stopped) == ((), None)
    assert [f"{each.method} {each.path}" for each in pairing.vendor.requests] == []
    is_asked = pairing.directory.requests() > read
    assert is_asked == bool(read)


def test_a_run_after_one_change_writes_to_that_person_alone(pairing: Pairing):
    pairing.run()
    pairing.run()
    pairing.directory.marry()

    third = pairing.run()

    assert [entry.user_name for entry in third.entries] == ["ada@example.com"]
    assert len(pairing.writes) == 1
    assert pairing.run().entries == ()
    assert pairing.writes == []
