"""Whoever has left stays without access, whatever else happens in the meantime."""

from dataclasses import replace
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, ExampleSettings, person

from jackfield import (
    Attribute,
    AttributeMapping,
    Capabilities,
    ConfigurationError,
    Flow,
    Registry,
    Token,
    hookimpl,
)
from jackfield.engine.scope.leavers import Leavers
from jackfield.scim import ENTERPRISE_URN
from jackfield.sources import SourceObject, SourceRead
from jackfield.testing.sandbox import Fault

MANAGER = f"{ENTERPRISE_URN}:manager.value"
SUSPENDED = f"{ENTERPRISE_URN}:suspended"
OTHERS = tuple(person(number) for number in (3, 4, 5))
OFF = person(1, accountEnabled="False")


class ManyAttributes(ExampleConnector):
    """A vendor that knows managers, and of suspended users."""

    claims: dict[str, Any] = {}  # noqa: RUF012 - a claim of one test

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        more = {MANAGER: Attribute(), SUSPENDED: Attribute()}
        return replace(usual, attributes={**usual.attributes, **more}, **self.claims)


@pytest.fixture
def firm(firm: Company):
    registry = Registry(connectors={"example": ManyAttributes})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def claiming(firm: Company, **claims: Any):
    """Return the same vendor with other capabilities."""
    vendor = type("Claiming", (ManyAttributes,), {"claims": claims})
    return Registry(connectors={"example": vendor}).connect("example", firm.connector.settings)


def is_on(firm: Company, number: int = 1) -> object:
    return firm.accounts[f"person{number}@example.com"]["active"]


# --- an enable of unknown end --------------------------------------------------------------------


@pytest.mark.parametrize("news", [[OFF], []], ids=["disabled again", "gone"])
def test_who_leaves_after_an_enable_in_doubt_is_disabled(firm: Company, news):
    for people in ([person(1)], [OFF]):
        firm.people = [*people, *OTHERS]
        firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    firm.people = [person(1), *OTHERS]
    (entry,) = firm.run().entries
    assert (entry.action, entry.status, is_on(firm)) == ("enable", "in_doubt", True)

    firm.people = [*news, *OTHERS]
    (entry,) = firm.run().entries

    assert (entry.action, entry.status) == ("disable", "success")
    assert is_on(firm) is False
    assert firm.run().entries == ()


def test_an_account_taken_over_in_doubt_is_disabled_once_its_new_owner_is_gone(firm: Company):
    heir = person(9, userPrincipalName="person1@example.com")
    for people in ([person(1)], []):
        firm.people = [*people, *OTHERS]
        firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    firm.people = [heir, *OTHERS]
    firm.run(leavers=Leavers(hired_again="relink"))
    assert is_on(firm) is True

    firm.people = list(OTHERS)
    firm.run()

    assert is_on(firm) is False


def test_an_account_that_cannot_be_enabled_is_off_for_its_new_owner_too(firm: Company):
    for people in ([person(1)], []):
        firm.people = [*people, *OTHERS]
        firm.run()
    firm.people = [person(9, userPrincipalName="person1@example.com"), *OTHERS]
    with claiming(firm, enable=False) as firm.connector:
        firm.run(leavers=Leavers(hired_again="relink"))

        assert firm.store.links("example")["id-9"].is_on is False
        assert is_on(firm) is False


# --- a manager who comes later -------------------------------------------------------------------


def under(someone: SourceObject, manager: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, "manager": manager})


def managed(firm: Company, *people: SourceObject, **settings: Any):
    read = SourceRead(people, True, ATTRIBUTES | {"manager"})
    mappings = (*MAPPINGS, AttributeMapping(MANAGER, source="manager", reference=True))
    return firm.run(mappings=mappings, read_source=lambda _since: read, **settings)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_leaver_whose_manager_gets_an_account_stays_off(firm: Company, workers):
    managed(firm, person(1), *OTHERS)
    managed(firm, under(OFF, "id-2"), *OTHERS)

    managed(firm, under(OFF, "id-2"), *OTHERS, person(2), workers=workers)

    assert is_on(firm) is False
    assert firm.store.links("example")["id-1"].is_on is False


def test_people_with_one_name_are_left_alone_whoever_their_manager_is(firm: Company):
    managed(firm, person(1), *OTHERS)
    changed = under(person(1, jobTitle="Lead"), "id-2")
    double = person(7, userPrincipalName="person1@example.com")

    managed(firm, changed, double, person(2), *OTHERS)

    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


@pytest.mark.parametrize("policy", ["rematch", "fail"])
def test_who_failed_is_not_tried_twice_in_one_cycle(firm: Company, policy):
    managed(firm, person(1), *OTHERS)
    id_ = firm.accounts["person1@example.com"]["id"]
    firm.vendor.faults.add(Fault(method="GET", path=id_, status=403, times=99))
    changed = under(person(1, jobTitle="Lead"), "id-2")

    result = managed(firm, changed, person(2), *OTHERS[1:], on_missing_target=policy)

    assert [entry.source_id for entry in result.failed] == ["id-1"]
    assert is_on(firm, 3) is False


# --- how somebody is gone ------------------------------------------------------------------------


def test_who_is_merely_absent_from_a_full_read_of_changes_is_not_deleted(firm: Company):
    """The source may have told before that the person can be restored there."""

    def read(*people: SourceObject) -> SourceRead:
        return SourceRead(people, True, ATTRIBUTES, watermark="w")

    leavers = Leavers(deleted="delete")
    firm.run(leavers=leavers, read_source=lambda _since: read(person(1), *OTHERS))
    (entry,) = firm.run(leavers=leavers, read_source=lambda _since: read(*OTHERS)).entries

    assert (entry.action, entry.reason) == ("disable", "no longer in the source")
    assert is_on(firm) is False


@pytest.mark.parametrize("claims", [{"disable": "delete"}, {"patch": False}], ids=str)
def test_a_deletion_cannot_wait_where_nobody_can_be_disabled_meanwhile(firm: Company, claims):
    leavers = Leavers(deleted="delete", delete_after_days=30)
    with (
        claiming(firm, **claims) as firm.connector,
        pytest.raises(ConfigurationError, match="cannot disable anybody meanwhile"),
    ):
        firm.job(leavers=leavers)


# --- access that is given by a value that is false -----------------------------------------------


def test_who_is_enabled_is_no_longer_suspended(firm: Company):
    mappings = (*MAPPINGS, AttributeMapping(SUSPENDED, source="IsSoftDeleted"))
    seen = []
    for people in ([person(1)], [OFF], [person(1)]):
        firm.people = [*people, *OTHERS]
        firm.run(mappings=mappings)
        user = firm.accounts["person1@example.com"]
        seen.append((user["active"], user[ENTERPRISE_URN]["suspended"]))

    assert seen == [(True, False), (False, True), (True, False)]


# --- the account that the connection signs in with -----------------------------------------------


def test_the_connection_s_own_account_is_kept_and_told_of_once(firm: Company):
    firm.people = [person(1), *OTHERS]
    firm.run()
    own = firm.accounts["person1@example.com"]["id"]

    class SigningIn(ManyAttributes):
        @hookimpl
        def authenticate(self, settings: ExampleSettings) -> Flow[Token]:
            facts = {"administrator": own}
            return Token(settings.token, f"{settings.url}/scim/v2", facts=facts)
            yield

    registry = Registry(connectors={"example": SigningIn})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        firm.people = list(OTHERS)
        told = [[entry.code for entry in firm.run().entries] for _ in range(3)]

    assert told == [["Protected"], [], []]
    assert is_on(firm) is True
    assert firm.store.links("example")["id-1"].wanted != "off"
