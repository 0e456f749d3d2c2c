"""A person has a user name, matching values and an id: none stands for another."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, WORK_EMAIL, Company, ExampleConnector, person

from jackfield import (
    Attribute,
    AttributeMapping,
    Capabilities,
    ConfigurationError,
    Flow,
    MatchKey,
    NotFound,
    Registry,
    User,
    UserId,
    hookimpl,
)
from jackfield.engine import CycleResult
from jackfield.engine.model.entry import LogFilter
from jackfield.scim import ENTERPRISE_URN, ScimService
from jackfield.sources import SourceRead
from jackfield.testing.sandbox import Fault

MANAGER = f"{ENTERPRISE_URN}:manager.value"
LINES = (
    *MAPPINGS,
    AttributeMapping("externalId", source="employeeId"),
    AttributeMapping(WORK_EMAIL, source="mail"),
    AttributeMapping(MANAGER, source="manager", reference=True),
)
FILTERS = {"userName": "userName", "externalId": "externalId", WORK_EMAIL: "emails.value"}


class ManyNames(ExampleConnector):
    """A vendor that finds users by name, number and address."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        more = {"externalId": Attribute(), WORK_EMAIL: Attribute(), MANAGER: Attribute()}
        return replace(usual, match_on=tuple(FILTERS), attributes={**usual.attributes, **more})

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from ScimService(filters=FILTERS).get_user(key))


@pytest.fixture
def firm(firm: Company) -> Iterator[Company]:
    registry = Registry(connectors={"example": ManyNames})
    filters = {name: frozenset({"eq"}) for name in ("username", "externalid", "emails.value")}
    type(firm.vendor).filters, before = filters, type(firm.vendor).filters
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm
    type(firm.vendor).filters = before


def run(firm: Company, matching: Any = "externalId", **changes: Any) -> CycleResult:
    known = ATTRIBUTES | {"employeeId", "mail", "manager"}
    return firm.run(
        matching=matching,
        mappings=LINES,
        read_source=lambda _: SourceRead(tuple(firm.people), is_complete=True, attributes=known),
        **changes,
    )


def numbered(number: int, **attributes: str):
    return person(number, employeeId=f"guid-{number}", **attributes)


def hire(firm: Company) -> None:
    firm.people = [numbered(1), numbered(2, manager="person1@example.com")]
    run(firm)


def test_a_protected_user_name_protects_whoever_is_matched_by_number(firm: Company):
    hire(firm)
    firm.people = [numbered(2)]

    *_, entry = run(firm, protected=frozenset({"person1@example.com"})).entries

    assert (entry.status, entry.code) == ("skipped", "Protected")
    assert firm.accounts["person1@example.com"]["active"] is True


def test_the_log_knows_people_by_user_name_whatever_finds_them(firm: Company):
    hire(firm)

    told = firm.store.log(LogFilter(user="person1@example.com"))

    assert [entry.user_name for entry in told] == ["person1@example.com"]


def test_a_leaver_is_held_by_user_name(firm: Company):
    from jackfield.engine import GuardLimits  # noqa: PLC0415 - of this test alone

    hire(firm)
    firm.people = [numbered(2)]

    hold = run(firm, guard=GuardLimits(people=0, percent=0)).hold

    assert hold is not None
    assert [step.user_name for step in hold.steps] == ["person1@example.com"]


def test_a_manager_named_by_user_name_is_found_whatever_finds_them(firm: Company):
    hire(firm)

    manager = firm.accounts["person2@example.com"][ENTERPRISE_URN]["manager"]["value"]

    assert manager == firm.accounts["person1@example.com"]["id"]


def test_a_link_has_user_name_and_matching_value(firm: Company):
    hire(firm)

    link = firm.store.links("example")["id-1"]

    assert (link.user_name, link.match_value) == ("person1@example.com", "guid-1")


# --- several matching attributes ------------------------------------------------------------------

BOTH = ("userName", WORK_EMAIL)


def seed(firm: Company, *accounts: tuple[str, str]) -> list[str]:
    documents = [
        {
            "userName": name,
            "active": True,
            "name": {"familyName": "Old"},
            "emails": [{"type": "work", "value": mail}],
        }
        for name, mail in accounts
    ]
    return [user["id"] for user in firm.vendor.seed(documents)]


def test_an_account_of_another_name_and_the_same_address_is_not_made_twice(firm: Company):
    (known,) = seed(firm, ("ana.old@example.com", "ana@example.com"))
    firm.people = [person(1, mail="ana@example.com")]

    (entry,) = run(firm, BOTH).entries

    assert entry.target_id == known
    assert len(firm.vendor.store) == 1
    assert WORK_EMAIL in entry.reason


def test_two_accounts_found_by_two_attributes_stop_that_person(firm: Company):
    ids = seed(
        firm,
        ("person1@example.com", "other@example.com"),
        ("ana.old@example.com", "ana@example.com"),
    )
    firm.people = [person(1, mail="ana@example.com"), person(2)]

    first, second = run(firm, BOTH).entries

    assert (first.status, first.code) == ("failure", "DuplicateTargetEntries")
    assert all(user_id in first.reason for user_id in ids)
    assert second.status == "success"


def test_who_has_no_value_of_the_first_attribute_is_found_by_the_second(firm: Company):
    (known,) = seed(firm, ("person1@example.com", "ana@example.com"))
    firm.people = [person(1, mail="ana@example.com")]

    (entry,) = run(firm, ("externalId", WORK_EMAIL)).entries

    assert entry.target_id == known


def test_a_lost_creation_is_looked_for_by_the_value_that_there_was(firm: Company):
    matching = ("externalId", "userName")
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=2, times=3))
    firm.people = [person(1), person(2)]
    assert run(firm, matching).doubt_count == 1
    firm.vendor.faults.clear()
    firm.people = [person(2)]

    run(firm, matching)

    assert firm.accounts["person1@example.com"]["active"] is False


def test_a_conflict_is_resolved_by_every_matching_attribute(firm: Company):
    (known,) = seed(firm, ("ana.old@example.com", "ana@example.com"))
    nobody = {"Resources": [], "totalResults": 0}
    firm.vendor.faults.add(Fault(method="GET", status=200, body=nobody, times=2))
    firm.vendor.faults.add(Fault(method="POST", status=409))
    firm.people = [person(1, mail="ana@example.com")]

    linked, *_ = run(firm, BOTH).entries

    assert (linked.action, linked.status, linked.target_id) == ("link", "success", known)


def test_an_attribute_the_vendor_does_not_find_by_is_refused(firm: Company):
    with pytest.raises(ConfigurationError, match="cannot look users up by title"):
        run(firm, ("userName", "title"))
