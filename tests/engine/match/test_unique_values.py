"""SelectUniqueValue in a job: new users get a value that nobody at the vendor has."""

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
from jackfield.engine import How
from jackfield.testing.sandbox import Fault

CHOICE = "SelectUniqueValue([givenName], Append([givenName], [surname]))"
OWN_ID = AttributeMapping("externalId", expression=CHOICE, apply="create")
TAKEN = {"userName": "elsewhere@example.com", "externalId": "Given1", "name": {"familyName": "X"}}
TAKEN_TOO = {**TAKEN, "userName": "else2@example.com", "externalId": "Given1Family1"}


class TwoKeysConnector(ExampleConnector):
    """A vendor that finds users by externalId as well, and requires one."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        attributes = {**usual.attributes, "externalId": Attribute(create="required")}
        return replace(usual, attributes=attributes, match_on=("userName", "externalId"))


@pytest.fixture
def firm(firm: Company):
    registry = Registry(connectors={"example": TwoKeysConnector})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def run(firm: Company, **more):
    return firm.run(mappings=(*MAPPINGS, OWN_ID), **more)


def id_of(firm: Company, number: int) -> object:
    return firm.accounts[f"person{number}@example.com"]["externalId"]


def test_the_first_value_is_given_where_nobody_has_it(firm: Company):
    firm.people = [person(1)]
    run(firm)

    assert id_of(firm, 1) == "Given1"


def test_the_next_value_is_given_where_somebody_has_the_first(firm: Company):
    firm.vendor.seed([TAKEN])
    firm.people = [person(1)]
    run(firm)

    assert id_of(firm, 1) == "Given1Family1"


@pytest.mark.parametrize("workers", [1, 8])
def test_two_new_people_never_get_one_value(firm: Company, workers):
    firm.people = [person(number, givenName="Ann") for number in range(1, 5)]

    run(firm, workers=workers)

    wanted = ["Ann", "AnnFamily2", "AnnFamily3", "AnnFamily4"]
    assert [id_of(firm, number) for number in range(1, 5)] == wanted


def test_a_person_for_whom_all_are_taken_waits_and_nobody_else_does(firm: Company):
    _, other = firm.vendor.seed([TAKEN, TAKEN_TOO])
    firm.people = [person(1), person(2)]

    failed, created = run(firm).entries

    assert (failed.status, failed.code) == ("failure", "EntryConflict")
    assert "all 2 candidates are in use" in failed.reason
    assert created.status == "success"
    assert firm.store.escrows.all("example").keys() == {"id-1"}
    firm.vendor.store.remove(other["id"])
    run(firm)
    assert id_of(firm, 1) == "Given1Family1"
    assert firm.store.escrows.all("example") == {}


def test_a_look_up_that_fails_creates_nobody(firm: Company):
    firm.people = [person(1)]
    firm.vendor.faults.add(Fault(method="GET", after=1, status=500, times=99))

    (entry,) = run(firm).entries

    assert (entry.action, entry.code) == ("fail", "InternalServerError")
    assert firm.writes == []


def test_the_value_stays_whatever_changes_later(firm: Company):
    firm.people = [person(1)]
    run(firm)
    firm.people = [person(1, givenName="Ann")]

    (entry,) = run(firm).entries

    assert [change.path for change in entry.changes] == ["name.givenName"]
    assert run(firm).entries == ()


def test_a_plan_tells_the_value_and_another_one_is_not_given_in_its_place(firm: Company):
    firm.people = [person(1)]
    planned = firm.plan(mappings=(*MAPPINGS, OWN_ID))
    firm.vendor.seed([TAKEN])

    (entry,) = run(firm, how=How(planned=planned)).entries

    assert planned.steps[0].attributes["externalId"] == "Given1"
    assert (entry.status, entry.code) == ("skipped", "PlanOutdated")
    assert firm.writes == []


@pytest.mark.parametrize(
    ("target", "words"),
    [("userName", "cannot be chosen by"), ("title", "needs a vendor that can look users up by it")],
)
def test_values_that_cannot_be_chosen_are_refused(firm: Company, target, words):
    line = AttributeMapping(target, expression=CHOICE, apply="create")
    mappings = tuple(line if each.target == target else each for each in MAPPINGS)

    with pytest.raises(ConfigurationError, match=words):
        firm.job(mappings=mappings)


def test_a_required_value_without_any_candidate_is_missing(firm: Company):
    choice = "SelectUniqueValue([jobTitle], StripSpaces([jobTitle]))"
    line = AttributeMapping("externalId", expression=choice, apply="create")
    firm.people = [person(1, jobTitle="")]

    (entry,) = firm.run(mappings=(*MAPPINGS, line)).entries

    assert (entry.status, entry.code) == ("failure", "MandatoryFieldsMissing")
    assert firm.writes == []
