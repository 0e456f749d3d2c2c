"""Writes whose outcome is unknown: look first, never twice."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.company import Company, ExampleConnector, person

from jackfield import NotSent, Registry, VendorBroken
from jackfield.engine.model.entry import LogFilter
from jackfield.testing.sandbox import Fault

LOST_ANSWERS = {
    "the connection drops": {"commit_then_drop": True},
    "the answer is cut short": {"truncate": True},
    "the answer is a server error": {"commit_then_status": 500},
    "the answer is empty": {"empty": True},
}


@pytest.mark.parametrize("fault", LOST_ANSWERS.values(), ids=LOST_ANSWERS.keys())
def test_a_create_whose_answer_is_lost_leads_to_one_account(firm: Company, fault):
    firm.vendor.faults.add(Fault(method="POST", **fault))
    firm.people = [person(1)]

    result = firm.run()

    assert len(firm.vendor.store) == 1
    assert "no answer said that it was made" in result.entries[0].reason
    assert firm.run().entries == ()
    assert [w for w in firm.writes if w.startswith("POST")] == ["POST /scim/v2/Users"]


def test_a_create_stays_in_doubt_until_a_look_up_succeeds(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=1, times=3))
    firm.people = [person(1)]

    (entry,) = firm.run().entries
    (again,) = firm.run().entries

    assert entry.status in {"in_doubt", "failure"}
    assert again.code == "RedundantExport"
    assert len(firm.vendor.store) == 1


def test_a_patch_whose_answer_is_lost_is_compared_anew(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    firm.people = [person(1, jobTitle="Lead")]

    (lost,) = firm.run().entries
    (compared,) = firm.run().entries

    assert lost.status == "in_doubt"
    assert compared.code == "RedundantExport"
    assert firm.accounts["person1@example.com"]["title"] == "Lead"


def test_a_patch_lost_and_then_reverted_in_the_source_is_still_compared(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    firm.people = [person(1, jobTitle="Lead")]
    firm.run()
    firm.people = [person(1)]

    firm.run()

    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


KILLED_RUN = """
import sys
from pathlib import Path
from support.company import ExampleConnector, Company, person
from jackfield import Registry
from jackfield.engine import Store
folder, origin, token = sys.argv[1:]
registry = Registry(connectors={"example": ExampleConnector})
settings = {"url": origin, "token": token, "allow_loopback": True}
connector = registry.connect("example", settings)
store = Store.open(Path(folder) / "jackfield.db")
company = Company(None, connector, store, [person(n) for n in range(1, 4)])
company.run()
"""


def _run_and_kill(firm: Company, folder: Path, origin: str) -> None:
    tests = Path(__file__).parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED_RUN, str(folder), origin, firm.vendor.TOKEN],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    deadline = time.monotonic() + 20
    while len(firm.vendor.store) < 2 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_run_killed_between_request_and_outcome_leads_to_one_account(
    firm: Company, tmp_path: Path
):
    """The vendor has stored the second person and the process dies before it hears so."""
    firm.vendor.faults.add(Fault(method="POST", after=1, delay_seconds=3.0))
    _run_and_kill(firm, tmp_path, firm.connector.settings.url)
    firm.people = [person(n) for n in range(1, 4)]
    assert "id-2" in {intent.source_id for intent in firm.store.open_intents("example")}

    result = firm.run()

    assert sorted(firm.accounts) == [f"person{n}@example.com" for n in range(1, 4)]
    assert len(firm.vendor.store) == 3
    assert firm.store.open_intents("example") == []
    assert [(e.action, e.status) for e in result.entries] == [
        ("skip", "skipped"),
        ("create", "success"),
    ]
    assert firm.run().entries == ()


def test_the_log_tells_of_the_write_that_was_cut_off(firm: Company, tmp_path: Path):
    firm.vendor.faults.add(Fault(method="POST", after=1, delay_seconds=3.0))
    _run_and_kill(firm, tmp_path, firm.connector.settings.url)
    firm.people = [person(n) for n in range(1, 4)]
    firm.run()

    story = firm.store.log(LogFilter(user="person2@example.com"))

    assert [(e.action, e.status) for e in story][:2] == [
        ("create", "in_doubt"),
        ("link", "success"),
    ]


def test_a_vendor_that_is_down_stops_the_cycle_before_anything_is_written(firm: Company):
    registry = Registry(connectors={"example": ExampleConnector})
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    nowhere = {"url": f"http://127.0.0.1:{port}", "token": "t", "allow_loopback": True}
    firm.people = [person(1)]
    with registry.connect("example", nowhere) as firm.connector, pytest.raises(NotSent):
        firm.run()

    assert firm.store.open_intents("example") == []


def test_a_vendor_that_breaks_in_the_middle_is_left_in_peace(firm: Company):
    firm.people = [person(n) for n in range(1, 21)]
    firm.vendor.faults.add(Fault(method="POST", after=2, status=500, times=99))

    result = firm.run()

    assert "the vendor is down" in str(result.stopped)
    assert result.counts == {"success": 2, "in_doubt": 5}


def test_a_vendor_that_cannot_be_read_ends_the_cycle_before_anything_is_written(firm: Company):
    firm.people = [person(n) for n in range(1, 21)]
    firm.vendor.faults.add(Fault(method="GET", status=503, times=999))

    with pytest.raises(VendorBroken, match="the vendor is down"):
        firm.run()

    assert firm.writes == []


def test_an_id_that_the_vendor_gives_out_again_is_no_second_owner(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.vendor.reset()
    firm.people = [person(1), person(2)]

    result = firm.run()

    assert (result.failed[0].source_id, result.failed[0].code) == ("id-2", "DuplicateSourceEntries")
    assert "remove its link" in result.failed[0].reason


def test_who_leaves_while_the_creation_is_in_doubt_loses_the_account(firm: Company):
    """Nobody is linked to the account yet, and it must not stay open."""
    others = [person(number) for number in range(2, 6)]
    firm.people = others
    firm.run()
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=1, times=3))
    firm.people = [person(1), *others]
    (lost,) = firm.run().entries
    firm.people = others

    firm.run()

    assert lost.status == "in_doubt"
    assert firm.accounts["person1@example.com"]["active"] is False


def test_who_leaves_while_the_account_made_anew_is_in_doubt_loses_it(firm: Company):
    """The old link is to an account that is gone; it must not stand for the new one."""
    others = [person(number) for number in range(2, 6)]
    firm.people = [person(1), *others]
    firm.run()
    firm.vendor.store.remove(firm.accounts["person1@example.com"]["id"])
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True, lag=3))
    firm.people = [person(1, jobTitle="Lead"), *others]
    (lost,) = firm.run().entries
    firm.people = others
    (gone,) = firm.run().entries

    firm.run()

    assert (lost.status, gone.action, gone.status) == ("in_doubt", "disable", "warning")
    assert firm.accounts["person1@example.com"]["active"] is False


def test_who_is_renamed_while_the_creation_is_in_doubt_gets_one_account(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=1, times=3))
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, userPrincipalName="married@example.com")]

    firm.run()

    assert list(firm.accounts) == ["married@example.com"]
