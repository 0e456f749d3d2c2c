"""Managers all the way: from a directory, through a connector as it is installed, to the vendor."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.clock import ScriptedClock

from jackfield import AttributeMapping, Connector, Registry
from jackfield.engine import CycleResult, Job, Store, run_job
from jackfield.scim import ENTERPRISE_URN, read
from jackfield.sources.entra import EntraSettings, EntraSource
from jackfield.testing.sandbox import ScimSandbox, serve
from jackfield.testing.sandbox.entra import EntraSandbox

MANAGER = f"{ENTERPRISE_URN}:manager.value"


@dataclass
class Pairing:
    tenant: EntraSandbox
    vendor: ScimSandbox
    job: Job
    store: Store

    def hire(self, name: str, **attributes: Any) -> str:
        address = f"{name}@example.com"
        known = {"mail": address, "givenName": name, "surname": "Lee", "displayName": name}
        user: dict[str, Any] = self.tenant.directory.hire(address, **known, **attributes)
        return str(user["id"])

    def run(self) -> CycleResult:
        return run_job(self.job, self.store)

    def manager_of(self, name: str) -> object:
        """Return the userName of the account that the vendor shows as this one's manager."""
        names = {user["id"]: user["userName"] for user in self.vendor.store}
        (user,) = self.vendor.store.named(f"{name}@example.com")
        return names.get(read(user, MANAGER))


def job_of(connector: Connector, tenant: EntraSandbox, origin: str, folder: Path) -> Job:
    settings = EntraSettings(
        tenant=tenant.TENANT,
        client_id=tenant.CLIENT.client_id,
        client_secret=tenant.CLIENT.client_secret,
        scope="all",
        select=("manager",),
        graph_url=origin,
        login_url=origin,
        allow_loopback=True,
    )
    source = EntraSource(clock=ScriptedClock().clock())
    line = AttributeMapping(MANAGER, source="manager", reference=True)
    return Job(
        name="managers",
        read_source=lambda since: source.read(settings, folder, since),
        connector=connector,
        mappings=(*connector.capabilities.mappings, line),
        matching="userName",
    )


@pytest.fixture
def pairing(tmp_path: Path) -> Iterator[Pairing]:
    tenant, vendor = EntraSandbox(unlimited=True), ScimSandbox(unlimited=True)
    store = Store.open(tmp_path / "jackfield.db")
    with serve(tenant) as directory, serve(vendor) as origin:
        settings = {
            "base_url": f"{origin}/scim/v2",
            "token": vendor.TOKEN,
            "allow_loopback": True,
        }
        with Registry().connect("scim", settings) as connector:
            job = job_of(connector, tenant, directory, tmp_path)
            yield Pairing(tenant, vendor, job, store)
    store.close()


def test_the_manager_of_the_directory_is_the_manager_at_the_vendor(pairing: Pairing):
    """engine 6.1, 7, 11.3: `manager@delta`."""
    boss = pairing.hire("bea")
    pairing.hire("ada", manager=boss)

    pairing.run()

    assert pairing.manager_of("ada") == "bea@example.com"
    assert pairing.manager_of("bea") is None
    assert pairing.run().entries == ()


def test_another_manager_is_a_change_that_only_the_delta_tells(pairing: Pairing):
    boss = pairing.hire("bea")
    ada = pairing.hire("ada", manager=boss)
    pairing.run()
    pairing.run()
    newer = pairing.hire("cyd")
    pairing.tenant.directory.update(ada, manager=newer)

    pairing.run()

    assert pairing.manager_of("ada") == "cyd@example.com"
