"""App roles on their way to the vendor: added to what is there, or put in its place."""

from dataclasses import replace

import pytest
from support.company import MAPPINGS, Company, ExampleConnector, person

from jackfield import (
    Attribute,
    AttributeMapping,
    Capabilities,
    ConfigurationError,
    Registry,
    hookimpl,
)
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.sources import DEFAULT_ACCESS, SourceObject

ADDING = AttributeMapping("roles", expression="AppRoleAssignmentsComplex([appRoleAssignments])")
ASSERTING = AttributeMapping(
    "roles", expression="AssertiveAppRoleAssignmentsComplex([appRoleAssignments])"
)
ASSIGNED = Scope(ScopeTable(who="assigned"))
BY_HAND = {"value": "Auditor", "type": "ByHand"}


class RolesConnector(ExampleConnector):
    """A vendor that knows roles."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        return replace(usual, attributes={**usual.attributes, "roles": Attribute()})


@pytest.fixture
def firm(firm: Company):
    registry = Registry(connectors={"example": RolesConnector})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def with_roles(*roles: str) -> SourceObject:
    return replace(person(1), is_assigned=True, roles=roles)


def run(firm: Company, mapping: AttributeMapping, *roles: str):
    firm.people = [with_roles(*roles)]
    return firm.run(mappings=(*MAPPINGS, mapping), scope=ASSIGNED).entries


def roles_of(firm: Company) -> list[str]:
    return [role["value"] for role in firm.accounts["person1@example.com"].get("roles", [])]


def give_by_hand(firm: Company) -> None:
    """Let somebody give the user one more role at the vendor."""
    user = firm.accounts["person1@example.com"]
    firm.vendor.store.replace(user["id"], {**user, "roles": [*user["roles"], BY_HAND]})


@pytest.mark.parametrize(
    ("mapping", "left"),
    [(ADDING, ["Sales", "Auditor", "Admin"]), (ASSERTING, ["Admin"])],
    ids=["adding", "asserting"],
)
def test_another_role_is_added_or_takes_the_place_of_all(firm: Company, mapping, left):
    run(firm, mapping, "Sales")
    give_by_hand(firm)

    (entry,) = run(firm, mapping, "Admin")

    assert roles_of(firm) == left
    assert [role["value"] for role in entry.changes[0].new] == left
    assert run(firm, mapping, "Admin") == ()


def test_only_what_is_new_is_sent_where_nothing_may_be_removed(firm: Company):
    run(firm, ADDING, "Sales")
    run(firm, ADDING, "Sales", "Admin")

    (operation,) = firm.vendor.requests[-1].body["Operations"]
    assert (operation["op"], operation["path"]) == ("add", "roles")
    assert [role["value"] for role in operation["value"]] == ["Admin"]


@pytest.mark.parametrize(
    ("mapping", "left"), [(ADDING, ["Sales"]), (ASSERTING, [])], ids=["adding", "asserting"]
)
@pytest.mark.parametrize("roles", [(), (DEFAULT_ACCESS,)], ids=["none", "default access"])
def test_the_last_role_stays_or_goes(firm: Company, mapping, left, roles):
    run(firm, mapping, "Sales")

    run(firm, mapping, *roles)

    assert roles_of(firm) == left


def test_the_order_of_roles_is_no_change(firm: Company):
    run(firm, ASSERTING, "Sales", "Admin")
    firm.people = [replace(with_roles("Admin", "Sales"), attributes=person(1).attributes)]

    (entry,) = firm.run(mappings=(*MAPPINGS, ASSERTING), scope=ASSIGNED).entries

    assert (entry.action, entry.code) == ("skip", "RedundantExport")


def test_roles_of_a_source_without_assignments_are_refused(firm: Company):
    """Nobody's roles would be taken for no roles, and be removed at the vendor."""
    firm.people = [person(1)]

    with pytest.raises(ConfigurationError, match="the source knows no assignments"):
        firm.run(mappings=(*MAPPINGS, ASSERTING))
    assert firm.writes == []
