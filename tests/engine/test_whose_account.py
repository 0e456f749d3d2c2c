"""A link is a fact about one account of one tenant; an id, or one answer, is not."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from support.company import Company, ExampleConnector, person

from jackfield import ConfigurationError, Registry
from jackfield.engine import How
from jackfield.engine.scope.leavers import Leavers
from jackfield.testing.sandbox import Fault, ScimSandbox, serve

DELETED = Leavers(deleted="delete")


@contextmanager
def moved(firm: Company, *accounts: dict) -> Iterator[Company]:
    """Let the connection lead to another tenant, whose ids are of the same kind."""
    vendor = ScimSandbox(unlimited=True)
    vendor.seed(list(accounts))
    with serve(vendor) as origin:
        settings = firm.connector.settings.model_copy(update={"url": origin})
        with Registry(connectors={"example": ExampleConnector}).connect("example", settings) as it:
            yield replace(firm, vendor=vendor, connector=it)


def strangers(count: int) -> list[dict]:
    return [
        {"userName": f"stranger{number}@example.com", "active": True}
        for number in range(1, count + 1)
    ]


def hire(firm: Company, count: int) -> None:
    firm.people = [person(number) for number in range(1, count + 1)]
    firm.run()


# --- another tenant -------------------------------------------------------------------------------


def test_a_connection_to_another_tenant_stops_the_job(firm: Company):
    hire(firm, 4)

    with moved(firm, *strangers(4)) as elsewhere:
        elsewhere.people = [person(1, jobTitle="Lead"), person(4)]
        with pytest.raises(ConfigurationError, match="links example --rebind"):
            elsewhere.run()

        assert elsewhere.writes == []
    assert firm.store.jobs.get("example").status == "active"


def test_an_empty_tenant_makes_nobody_and_calls_nobody_gone(firm: Company):
    hire(firm, 4)

    with moved(firm) as elsewhere:
        elsewhere.people = [person(1, jobTitle="Lead")]
        with pytest.raises(ConfigurationError):
            elsewhere.run()

    assert [link.may_be_on for link in firm.store.links("example").values()] == [True] * 4


def test_links_that_are_bound_anew_are_proven_one_by_one(firm: Company):
    hire(firm, 4)
    firm.store.rebind("example")

    with moved(firm, *strangers(4)) as elsewhere:
        elsewhere.people = [person(1, jobTitle="Lead"), person(2), person(3)]
        with pytest.raises(ConfigurationError, match="another tenant"):
            elsewhere.run()

        assert elsewhere.writes == []


def test_a_link_of_an_earlier_version_is_bound_at_its_first_proven_look(firm: Company):
    hire(firm, 1)
    firm.store.rebind("example")
    firm.people = [person(1, jobTitle="Lead")]

    firm.run()

    assert firm.store.links("example")["id-1"].tenant == firm.connector.identity()


def test_accounts_that_are_all_gone_stop_the_job_before_anybody_is_made(firm: Company):
    hire(firm, 5)
    firm.vendor.store.clear()
    firm.people = [person(1, jobTitle="Lead"), *map(person, (2, 3, 4, 5))]

    with pytest.raises(ConfigurationError, match="restart example --links"):
        firm.run()

    assert len(firm.vendor.store) == 0


# --- another human --------------------------------------------------------------------------------


def test_an_account_that_is_another_humans_by_now_is_not_changed(firm: Company):
    hire(firm, 2)
    target_id = firm.store.links("example")["id-1"].target_id
    firm.vendor.store.replace(target_id, {"userName": "stranger@example.com", "active": True})
    firm.people = [person(1, jobTitle="Lead"), person(2)]

    (entry,) = firm.run().entries

    assert (entry.status, entry.code) == ("failure", "InvalidAnchor")
    assert firm.vendor.store.get(target_id).get("title") is None


@pytest.mark.parametrize("fate", ["disable", "delete"])
def test_a_leaver_whose_id_is_a_strangers_by_now_costs_no_stranger_the_access(firm: Company, fate):
    hire(firm, 2)
    target_id = firm.store.links("example")["id-1"].target_id
    firm.vendor.store.replace(target_id, {"userName": "stranger@example.com", "active": True})
    firm.people = [person(2)]

    (entry,) = firm.run(leavers=Leavers(deleted=fate)).entries

    assert (entry.status, entry.code) == ("failure", "InvalidAnchor")
    assert firm.vendor.store.get(target_id)["active"] is True


def test_an_account_that_was_renamed_by_hand_and_kept_its_address_is_the_same(firm: Company):
    hire(firm, 1)
    target_id = firm.store.links("example")["id-1"].target_id
    account = firm.vendor.store.get(target_id)
    emails = [{"value": "person1@example.com", "type": "work"}]
    changed = {**account, "userName": "byhand@example.com", "emails": emails}
    firm.vendor.store.replace(target_id, changed)
    firm.people = [person(1, jobTitle="Lead")]

    (entry,) = firm.run().entries

    assert entry.status == "success"
    assert firm.accounts["person1@example.com"]["title"] == "Lead"


def test_a_person_renamed_twice_while_answers_are_lost_is_still_known(firm: Company):
    hire(firm, 1)
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    firm.people = [person(1, userPrincipalName="second@example.com")]
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", status=500))
    firm.people = [person(1, userPrincipalName="third@example.com")]
    firm.run()
    firm.people = [person(1, userPrincipalName="fourth@example.com")]

    firm.run()

    assert list(firm.accounts) == ["fourth@example.com"]


# --- not seen is not gone -------------------------------------------------------------------------


@pytest.mark.parametrize("fate", ["disable", "delete"])
def test_a_leaver_who_is_not_seen_once_is_looked_for_again(firm: Company, fate):
    hire(firm, 2)
    firm.vendor.faults.add(Fault(method="GET", status=404))
    nobody = {"Resources": [], "totalResults": 0}
    firm.vendor.faults.add(Fault(method="GET", path="/Users$", status=200, body=nobody))
    firm.people = [person(2)]
    leavers = Leavers(deleted=fate)

    (unseen,) = firm.run(leavers=leavers).entries
    later = How(now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    firm.run(how=later, leavers=leavers)

    assert (unseen.status, unseen.code) == ("warning", "NotSeen")
    assert not firm.accounts.get("person1@example.com", {}).get("active")


def test_a_leaver_who_is_never_seen_is_never_called_removed(firm: Company):
    hire(firm, 2)
    firm.vendor.store.remove(firm.store.links("example")["id-1"].target_id)
    firm.people = [person(2)]
    now = dt.datetime.now(dt.UTC)

    told = [
        entry
        for hours in (0, 1, 2, 30)
        for entry in firm.run(how=How(now=now + dt.timedelta(hours=hours))).entries
    ]

    assert {entry.status for entry in told} <= {"warning", "skipped"}
    assert firm.store.links("example")["id-1"].missing_since is not None


def test_leavers_who_are_not_seen_do_not_count_as_losing_access_for_ever(firm: Company):
    hire(firm, 4)
    for source_id in ("id-1", "id-2"):
        firm.vendor.store.remove(firm.store.links("example")[source_id].target_id)
    firm.people = [person(3), person(4)]
    firm.run()

    plan = firm.plan(How(now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)))

    assert [step.was_on for step in plan.removals] == [False, False]


def test_a_leaver_who_is_not_seen_is_approved_once(firm: Company):
    hire(firm, 2)
    firm.vendor.store.remove(firm.store.links("example")["id-1"].target_id)
    firm.people = []
    held = firm.run().hold
    assert held is not None
    firm.run(held.approval)

    later = firm.run(how=How(now=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)))

    assert later.hold is None
    assert [(e.source_id, e.status, e.code) for e in later.entries] == [
        ("id-1", "warning", "NotSeen")
    ]


def test_a_leaver_who_is_gone_and_whose_name_is_somebody_elses_by_now_is_not_seen(firm: Company):
    hire(firm, 3)
    gone = firm.store.links("example")["id-1"].target_id
    firm.vendor.store.remove(gone)
    firm.people = [replace(person(1), id="new-1"), person(2), person(3)]
    firm.run()

    (entry,) = firm.run().entries

    assert (entry.source_id, entry.status, entry.code) == ("id-1", "warning", "NotSeen")
    assert f"the account {gone} is not shown" in entry.reason
    assert "is the source object new-1's" in entry.reason
    assert firm.accounts["person1@example.com"]["active"] is True


# --- deletions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [403, 409])
def test_a_leaver_whose_deletion_is_refused_is_disabled(firm: Company, status):
    hire(firm, 2)
    firm.vendor.faults.add(Fault(method="DELETE", status=status))
    firm.people = [person(2)]

    (entry,) = firm.run(leavers=DELETED).entries

    assert entry.status == "failure"
    assert "disabled, and not deleted" in entry.reason
    assert firm.accounts["person1@example.com"]["active"] is False
    assert not firm.store.links("example")["id-1"].is_on


def test_an_account_enabled_by_hand_is_held_and_not_deleted(firm: Company):
    hire(firm, 3)
    leavers = Leavers(deleted="delete", delete_after_days=30)
    firm.people = [person(2), person(3)]
    firm.run(leavers=leavers)
    target_id = firm.store.links("example")["id-1"].target_id
    firm.vendor.store.replace(target_id, {**firm.vendor.store.get(target_id), "active": True})
    later = How(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=31))

    held = firm.run(how=later, leavers=leavers).hold
    assert held is not None
    assert "enabled again" in held.reason
    assert target_id in firm.vendor.store.users

    firm.run(held.approval, later, leavers=leavers)

    assert target_id not in firm.vendor.store.users
