"""A match is linked when it is known, whatever becomes of the change; so is a creation."""

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from support.company import Company, ExampleConnector, person

from jackfield import Flow, Registry, Request, User, hookimpl
from jackfield.engine import How
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.scope.leavers import Leavers
from jackfield.scim import ScimService
from jackfield.testing.sandbox import Fault

ACCOUNT = {"userName": "person1@example.com", "name": {"familyName": "Old"}, "active": True}
DELETED = Leavers(deleted="delete")


def test_a_leaver_whose_first_update_was_refused_loses_the_account(firm: Company):
    firm.vendor.seed([ACCOUNT])
    firm.vendor.faults.add(Fault(method="PATCH", status=400))
    firm.people = [person(1), person(2)]
    (refused, _) = firm.run().entries
    firm.people = [person(2)]

    firm.run()

    assert (refused.action, refused.status) == ("update", "failure")
    assert firm.accounts["person1@example.com"]["active"] is False


class TwoSteps(ExampleConnector):
    """A vendor that wants a licence in a second request."""

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        created = yield from ScimService().create_user(user)
        (yield Request("PUT", f"/Licences/{created.id}", json={})).checked()
        return created


@pytest.fixture
def licensed(firm: Company) -> Iterator[Company]:
    registry = Registry(connectors={"example": TwoSteps})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def test_an_account_whose_second_step_is_refused_is_linked_and_told(licensed: Company):
    licensed.people = [person(1), person(2)]

    entries = licensed.run().entries

    links = licensed.store.links("example")
    assert [entry.status for entry in entries].count("failure") == 2
    assert any("made and linked" in entry.reason for entry in entries)
    assert {link.target_id for link in links.values()} == set(licensed.vendor.store.users)


def test_an_account_whose_second_step_is_refused_is_closed_when_its_person_leaves(
    licensed: Company,
):
    licensed.people = [person(1), person(2)]
    licensed.run()
    licensed.people = [person(2)]

    licensed.run()

    assert licensed.accounts["person1@example.com"]["active"] is False


# --- answers to writes ----------------------------------------------------------------------------


def someone_else(firm: Company):
    (stranger,) = firm.vendor.seed([{"userName": "stranger@example.com", "active": True}])
    return stranger["id"], firm.vendor.shown(firm.vendor.store.get(stranger["id"]))


def test_a_creation_answered_with_somebody_elses_account_links_no_stranger(firm: Company):
    stranger_id, shown = someone_else(firm)
    firm.vendor.faults.add(Fault(method="POST", rewrite=lambda _: shown))
    firm.people = [person(1)]

    firm.run()

    link = firm.store.links("example")["id-1"]
    assert link.target_id == firm.accounts["person1@example.com"]["id"] != stranger_id


def test_a_creation_answered_with_the_right_name_and_a_strangers_id_links_no_stranger(
    firm: Company,
):
    stranger_id, _ = someone_else(firm)
    firm.vendor.faults.add(Fault(method="POST", rewrite={"id": stranger_id}))
    firm.people = [person(1)]

    firm.run()

    link = firm.store.links("example")["id-1"]
    assert link.target_id == firm.accounts["person1@example.com"]["id"] != stranger_id


def test_a_change_answered_with_another_id_moves_no_link(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    stranger_id, shown = someone_else(firm)
    firm.vendor.faults.add(Fault(method="PATCH", rewrite=lambda _: shown))
    firm.people = [person(1, jobTitle="Lead"), person(2)]

    (entry,) = firm.run().entries
    firm.people = [person(2)]
    firm.run()

    assert entry.status == "in_doubt"
    assert firm.vendor.store.get(stranger_id)["active"] is True
    assert firm.accounts["person1@example.com"]["active"] is False


def test_access_kept_as_a_word_is_not_called_disabled(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", rewrite={"active": "False"}))
    firm.people = [person(2)]

    (entry,) = firm.run().entries

    assert (entry.action, entry.status, entry.code) == ("disable", "failure", "NotApplied")


def test_a_deletion_without_effect_is_told(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.faults.add(Fault(method="DELETE", status=204))
    firm.people = [person(2)]

    (entry,) = firm.run(leavers=DELETED).entries

    assert (entry.status, entry.code) == ("failure", "NotDeleted")
    assert firm.accounts["person1@example.com"]["active"] is False


def test_the_log_has_the_vendors_own_id_of_a_write(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", status=400, headers={"x-request-id": "trace-7"}))
    firm.people = [person(1)]
    firm.run()

    (entry,) = firm.store.log(LogFilter(user="person1@example.com"))

    assert entry.request_id == "trace-7"


# --- nothing poisons a job ------------------------------------------------------------------------


def with_id_of_third(bad: str, document: dict[str, Any]) -> dict[str, Any]:
    """Give the third person, alone or in a list, a bad id."""
    if "Resources" in document:
        users = [with_id_of_third(bad, user) for user in document["Resources"]]
        return {**document, "Resources": users}
    return {**document, "id": bad} if document["userName"] == "person3@example.com" else document


@pytest.mark.parametrize("bad", ["\ud800", "\x00", ".", "..", "x" * 200_000], ids=ascii)
def test_an_id_that_cannot_be_kept_fails_one_person_and_keeps_no_leaver_on(firm: Company, bad):
    firm.people = [person(1), person(2)]
    firm.run()
    shown = partial(with_id_of_third, bad)
    for method in ("POST", "GET"):
        firm.vendor.faults.add(Fault(method=method, rewrite=shown, times=99))
    firm.people = [person(2), person(3)]

    result = firm.run()

    assert result.stopped is None
    assert {entry.source_id for entry in result.entries if entry.status != "success"} == {"id-3"}
    assert firm.accounts["person1@example.com"]["active"] is False


class Crashing(ExampleConnector):
    """A plugin that falls over one person."""

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        if user.userName == "person3@example.com":
            raise KeyError("odd")
        return (yield from ScimService().create_user(user))


def test_a_plugin_that_falls_over_one_person_keeps_no_leaver_on(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    registry = Registry(connectors={"example": Crashing})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        firm.people = [person(2), person(3), person(4)]
        result = firm.run(how=How())

    assert result.stopped is None
    assert [entry.code for entry in result.failed] == ["InternalError"]
    assert firm.accounts["person1@example.com"]["active"] is False
