"""Ten of the twelve points of acceptance, each under its number; 1 and 2 are in test_every_row."""

import datetime as dt
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from support.clock import ScriptedClock
from support.company import ATTRIBUTES, Company, ExampleConnector, person
from support.mail_server import MailServer
from support.news import Memory

from jackfield import AttributeMapping, Capabilities, CredentialsRefused, Registry, hookimpl
from jackfield.engine import GuardLimits
from jackfield.engine.configuration.inspection import inspect_file
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.engine.notification.events import QuarantineEntered
from jackfield.engine.notification.notifier import Notifier, notification_settings
from jackfield.engine.scope.leavers import Leavers
from jackfield.errors import VendorBroken
from jackfield.sources import SourceRead
from jackfield.sources.base import Removal
from jackfield.sources.entra import EntraSettings, EntraSource
from jackfield.testing.sandbox import Fault, serve
from jackfield.testing.sandbox.entra import EntraSandbox

TESTS = Path(__file__).parent

# --- 3: a crash between effect and watermark -----------------------------------------------------

CRASHING_RUN = """
import sys
from pathlib import Path
from support.company import ATTRIBUTES, Company, ExampleConnector, person
from jackfield import Registry
from jackfield.engine import Store
from jackfield.sources import SourceRead
folder, origin, token = sys.argv[1:]
registry = Registry(connectors={"example": ExampleConnector})
connector = registry.connect("example", {"url": origin, "token": token, "allow_loopback": True})
company = Company(None, connector, Store.open(Path(folder) / "jackfield.db"))
people = tuple(person(number) for number in (1, 2, 3))
company.run(read_source=lambda _since: SourceRead(people, True, ATTRIBUTES, watermark="w-1"))
"""


@pytest.mark.parametrize("point", ["after-intent:2", "after-answer:2", "before-watermark:1"])
def test_03_a_crash_between_effect_and_watermark_leads_to_no_duplicate(
    firm: Company, tmp_path: Path, point: str
):
    origin = firm.connector.settings.url
    environment = {**os.environ, "PYTHONPATH": str(TESTS.parent), "JACKFIELD_CRASH_AT": point}
    command = [sys.executable, "-c", CRASHING_RUN, str(tmp_path), origin, firm.vendor.TOKEN]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    people = tuple(person(number) for number in (1, 2, 3))
    assert firm.store.jobs.get("example").watermark == ""
    read = SourceRead(people, is_complete=True, attributes=ATTRIBUTES, watermark="w-1")

    firm.run(read_source=lambda _since: read)

    assert sorted(firm.accounts) == [f"person{number}@example.com" for number in (1, 2, 3)]
    assert len(firm.vendor.store) == 3
    assert firm.store.jobs.get("example").watermark == "w-1"
    assert firm.run(read_source=lambda _since: read).entries == ()


# --- 4, 5 and 11: a source that breaks, and one that sends parts ---------------------------------

SWITCH = 'Switch([department], "Staff", "Sales", "Seller")'
ENTRA_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("title", expression=SWITCH),
    AttributeMapping("active", source="IsActive"),
)


@dataclass
class Tenant:
    """A tenant of nine people in Sales, and the job that reads them."""

    sandbox: EntraSandbox
    job: Mapping[str, Any]
    ids: tuple[str, ...]


@pytest.fixture
def tenant() -> Iterator[Tenant]:
    sandbox = EntraSandbox(unlimited=True)
    sandbox.page_size = 1
    hire = sandbox.directory.hire
    ids = [hire(f"p{n}", surname=f"F{n}", department="Sales")["id"] for n in range(9)]
    with serve(sandbox) as origin:
        settings = EntraSettings(
            tenant=sandbox.TENANT,
            client_id=sandbox.CLIENT.client_id,
            client_secret=sandbox.CLIENT.client_secret,
            scope="all",
            graph_url=origin,
            login_url=origin,
            allow_loopback=True,
        )
        source = EntraSource(clock=ScriptedClock().clock())

        def read(since: str | None) -> SourceRead:
            return source.read(settings, Path(), since)

        yield Tenant(sandbox, {"read_source": read, "mappings": ENTRA_MAPPINGS}, tuple(ids))


def active(firm: Company) -> int:
    return sum(account["active"] for account in firm.accounts.values())


def test_04_a_410_in_mid_feed_leads_to_a_full_read_and_no_removal_before_its_end(
    firm: Company, tenant: Tenant
):
    firm.run(**tenant.job)
    tenant.sandbox.directory.purge(tenant.ids[0])
    for user_id in tenant.ids[1:4]:
        tenant.sandbox.directory.update(user_id, givenName="New")
    tenant.sandbox.faults.add(Fault(path="delta", after=1, status=410))
    tenant.sandbox.faults.add(Fault(path="delta", after=5, times=9, status=503))

    with pytest.raises(VendorBroken):
        firm.run(**tenant.job)
    assert active(firm) == 9

    tenant.sandbox.faults.clear()
    tenant.sandbox.lose_states()
    result = firm.run(**tenant.job)
    assert (result.plan.is_complete, result.plan.counts()["disable"]) == (True, 1)
    assert active(firm) == 8


def test_05_a_503_on_page_3_of_9_fails_the_cycle_and_disables_nobody(firm: Company, tenant: Tenant):
    firm.run(**tenant.job)
    tenant.sandbox.lose_states()
    tenant.sandbox.faults.add(Fault(path="delta", after=3, times=9, status=503))
    writes = len(firm.writes)

    with pytest.raises(VendorBroken, match="503"):
        firm.run(**tenant.job)

    assert len(firm.writes) == writes
    assert active(firm) == 9


def test_11_a_partial_delta_with_a_switch_leaves_the_target_untouched(
    firm: Company, tenant: Tenant
):
    firm.run(**tenant.job)
    tenant.sandbox.directory.update(tenant.ids[0], displayName="Another")
    writes = len(firm.writes)

    result = firm.run(**tenant.job)

    assert result.plan.is_delta
    assert result.plan.counts() == {"unchanged": 1}
    assert len(firm.writes) == writes
    assert firm.accounts["p0@contoso.example"]["title"] == "Seller"


# --- 6 to 10 -------------------------------------------------------------------------------------


def test_06_a_lost_answer_to_a_post_is_matched_again_and_leads_to_one_account(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.people = [person(1)]

    firm.run()

    assert firm.store.links("example")["id-1"].target_id == next(iter(firm.vendor.store.users))
    assert len(firm.vendor.store) == 1


def test_07_beyond_the_threshold_no_removal_is_executed_and_creates_are(firm: Company):
    firm.people = [person(number) for number in range(10)]
    firm.run()
    firm.people = [person(0), person(99)]

    result = firm.run(guard=GuardLimits())

    assert result.counts == {"held": 9, "success": 1}
    assert active(firm) == 11


def test_07_deleting_one_disabled_account_is_not_everybody_losing_access(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1), person(2, accountEnabled="False")]
    firm.run()
    firm.people = [person(1)]

    assert firm.run(leavers=Leavers(deleted="delete"), guard=GuardLimits()).hold is None


def test_08_of_two_source_objects_with_one_mail_the_second_fails(firm: Company):
    """The second one comes alone, in a delta; read together, neither is touched (F3)."""
    firm.people = [person(1)]
    firm.run()
    before = dict(firm.accounts["person1@example.com"])
    second = person(2, userPrincipalName="Person1@example.com")
    delta = SourceRead((second,), is_complete=False, attributes=ATTRIBUTES, is_delta=True)

    (entry,) = firm.run(read_source=lambda _since: delta).entries

    assert (entry.source_id, entry.code) == ("id-2", "DuplicateSourceEntries")
    assert firm.store.links("example").keys() == {"id-1"}
    assert firm.accounts["person1@example.com"] == before


def test_08_somebody_hired_again_keeps_the_account(firm: Company):
    """The old record is gone and a new one has its mail, in the same read."""
    others = [person(number) for number in (2, 3, 4)]
    firm.people = [person(1), *others]
    firm.run()
    before = firm.accounts["person1@example.com"]["id"]
    firm.people = [person(9, userPrincipalName="person1@example.com"), *others]

    for _ in range(2):
        firm.run(leavers=Leavers(deleted="delete"))
    assert firm.accounts["person1@example.com"]["id"] == before
    (entry,) = firm.run(leavers=Leavers(deleted="delete", hired_again="relink")).entries

    account = firm.accounts["person1@example.com"]
    assert (entry.action, entry.source_id, entry.status) == ("update", "id-9", "success")
    assert (account["id"], account["active"]) == (before, True)
    assert "id-1" not in firm.store.links("example")
    assert firm.run(leavers=Leavers(deleted="delete")).entries == ()


class NoUpdates(ExampleConnector):
    """A vendor that takes no updates at all."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        return replace(ExampleConnector().capabilities(), patch=False)


def test_09_a_disable_where_there_are_no_updates_sends_nothing(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1), person(2, accountEnabled="False")]
    writes = len(firm.writes)
    registry = Registry(connectors={"example": NoUpdates})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        (entry,) = firm.run().entries

    assert len(firm.writes) == writes
    assert (entry.status, entry.code) == ("skipped", "NotOffered")
    assert "the vendor offers no update of active" in entry.reason


NO_UPDATES_FILE = """
schema_version = 1
[sources.people]
type = "csv"
path = "people.csv"
[connections.example]
connector = "example"
url = "https://vendor.example.com"
token = "env:TEST_TOKEN"
[jobs.example]
source = "people"
connection = "example"
"""


def test_09_a_disable_where_there_are_no_updates_is_warned_of(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("TEST_TOKEN", "t")
    header = "id,userPrincipalName,givenName,surname,jobTitle,userType,accountEnabled"
    (tmp_path / "people.csv").write_text(f"{header}\n1,ann@example.com,Ann,Lee,Boss,Member,True\n")
    file = tmp_path / "jackfield.toml"
    file.write_text(NO_UPDATES_FILE)

    found = inspect_file(file, Registry(connectors={"example": NoUpdates})).findings

    said = "example takes no update of active"
    assert [(each.severity, each.place) for each in found if said in each.message] == [
        ("warning", f"jobs.example.leavers.{event}")
        for event in ("unassigned", "disabled", "soft_deleted", "deleted")
    ]


@pytest.mark.parametrize(
    ("fate", "left"),
    [("keep", False), ("disable", False), ("delete", None)],
    ids=["keep", "disable", "delete"],
)
def test_10_for_the_unassigned_and_then_purged_the_policy_is_obeyed(firm: Company, fate, left):
    others = [person(number) for number in (2, 3, 4)]
    firm.people = [person(1), *others]
    firm.run()
    firm.people = [replace(person(1), is_assigned=False), *others]
    firm.run()
    purged = SourceRead(
        tuple(others), is_complete=True, attributes=ATTRIBUTES, removed=(Removal("id-1", "hard"),)
    )

    firm.run(read_source=lambda _since: purged, leavers=Leavers(deleted=fate))

    assert firm.accounts.get("person1@example.com", {}).get("active") is left


# --- 12 ------------------------------------------------------


def refused(firm: Company) -> None:
    """Run a cycle whose credentials are refused."""
    firm.vendor.faults.add(Fault(status=401, times=2))
    with pytest.raises(CredentialsRefused):
        firm.run()


def failing(firm: Company) -> None:
    """Run a cycle in which everybody fails."""
    firm.vendor.faults.add(Fault(method="POST", status=400, times=10))
    firm.people = [person(number) for number in range(10)]
    firm.run(quarantine=QuarantineLimits(failures=5))


def news_of(firm: Company) -> QuarantineEntered:
    """Return what the stored state of the job says."""
    found = firm.store.jobs.get("example").quarantine
    assert found is not None
    return QuarantineEntered(
        job="example",
        at=dt.datetime.now(dt.UTC),
        reason=found.reason,
        error=found.error,
        series_began_at=found.series_began_at,
        next_attempt_at=found.next_attempt_at,
    )


def test_12_a_change_of_the_reason_in_quarantine_is_exactly_two_mails(
    firm: Company, tmp_path: Path
):
    mail = {"host": "127.0.0.1", "security": "none", "sender": "a@example.com"}
    firm.people = [person(1)]
    with MailServer() as server:
        table = mail | {"port": server.port, "recipients": ["b@example.com"]}
        memory = Memory(Notifier.open(notification_settings(table, None, tmp_path)))
        for cycle in (refused, refused, failing, failing):
            cycle(firm)
            memory.cycle(news_of(firm))

    first, second = (mailing.mail["Subject"] for mailing in server.mails)
    assert first.endswith("in quarantine")
    assert second.endswith("in quarantine for another reason")
