"""Managers and the like: accounts that name other accounts."""

from dataclasses import replace

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, person

from jackfield import Attribute, AttributeMapping, Capabilities, Registry, hookimpl
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.scim import ENTERPRISE_URN, read
from jackfield.sources import SourceObject, SourceRead
from jackfield.testing.sandbox import Fault

MANAGER = f"{ENTERPRISE_URN}:manager.value"


class ManagedConnector(ExampleConnector):
    """A vendor that knows managers."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        return replace(usual, attributes={**usual.attributes, MANAGER: Attribute()})


@pytest.fixture
def firm(firm: Company):
    registry = Registry(connectors={"example": ManagedConnector})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def run(firm: Company, **how):
    def read_source(_since: str | None) -> SourceRead:
        return SourceRead(firm.people, True, ATTRIBUTES | {"manager"})

    mappings = (*MAPPINGS, AttributeMapping(MANAGER, source="manager", reference=True))
    return firm.run(mappings=mappings, read_source=read_source, **how)


def under(someone: SourceObject, manager: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, "manager": manager})


def manager_of(firm: Company, number: int) -> object:
    return read(firm.accounts[f"person{number}@example.com"], MANAGER)


def id_of(firm: Company, number: int) -> str:
    return firm.accounts[f"person{number}@example.com"]["id"]


@pytest.mark.parametrize("name", ["id-2", "person2@example.com", "Person2@Example.com"])
@pytest.mark.parametrize("workers", [1, 4])
def test_a_manager_made_later_in_the_same_run_is_referred_to(firm: Company, name, workers):
    firm.people = [under(person(1), name), person(2)]

    created, updated, _ = run(firm, workers=workers).entries

    assert f"without the reference to {name}, who has no account yet" in created.reason
    assert (created.status, created.code) == ("warning", "PendingReference")
    assert (updated.action, updated.source_id) == ("update", "id-1")
    assert (updated.status, updated.code) == ("success", "")
    assert manager_of(firm, 1) == id_of(firm, 2)
    assert run(firm).entries == ()


def test_an_account_that_the_vendor_does_not_show_yet_is_not_made_twice(firm: Company):
    firm.people = [under(person(1), "id-2"), person(2)]
    firm.vendor.faults.add(Fault(method="GET", path="/Users/.+", status=404))

    _, entry, _ = run(firm).entries
    run(firm)

    assert (entry.status, entry.code) == ("failure", "InvalidAnchor")
    assert len(firm.vendor.store) == 2
    assert manager_of(firm, 1) == id_of(firm, 2)


def test_two_who_manage_each_other_are_no_puzzle(firm: Company):
    firm.people = [under(person(1), "id-2"), under(person(2), "id-1")]

    run(firm)

    assert (manager_of(firm, 1), manager_of(firm, 2)) == (id_of(firm, 2), id_of(firm, 1))
    assert run(firm).entries == ()


def test_a_manager_out_of_scope_is_left_out_and_told_once(firm: Company):
    firm.people = [under(person(1), "id-2"), person(2, accountEnabled="False")]

    first = [entry for entry in run(firm).entries if entry.source_id == "id-1"]

    assert [(e.action, e.status, e.code) for e in first] == [
        ("create", "warning", "PendingReference")
    ]
    assert manager_of(firm, 1) is None
    assert run(firm).entries == ()


def test_a_manager_who_comes_later_is_repaired_by_itself(firm: Company):
    firm.people = [under(person(1), "id-2")]
    run(firm)
    firm.people.append(person(2))

    run(firm)

    assert manager_of(firm, 1) == id_of(firm, 2)


def test_a_manager_whose_creation_failed_is_repaired_with_it(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", after=1, status=400))
    firm.people = [under(person(1), "id-2"), person(2)]
    run(firm)

    run(firm)

    assert manager_of(firm, 1) == id_of(firm, 2)


def test_another_manager_is_a_change_and_an_unknown_one_changes_nothing(firm: Company):
    firm.people = [under(person(1), "id-2"), person(2), person(3)]
    run(firm)
    firm.people[0] = under(person(1), "id-3")
    run(firm)
    assert manager_of(firm, 1) == id_of(firm, 3)
    firm.people[0] = under(person(1), "nobody-known")

    run(firm)

    assert manager_of(firm, 1) == id_of(firm, 3)


def test_the_account_of_a_manager_made_anew_is_referred_to(firm: Company):
    firm.people = [under(person(1), "id-2"), person(2)]
    run(firm)
    firm.vendor.store.remove(id_of(firm, 2))
    firm.people[1] = person(2, jobTitle="Lead")

    run(firm)
    run(firm)

    assert manager_of(firm, 1) == id_of(firm, 2)


@pytest.mark.parametrize("name", ["id-2", "Person2@Example.com"])
def test_where_only_changes_are_told_who_waited_is_read_again(firm: Company, name: str):
    """The manager comes in a later delta, in which the other person does not appear."""
    waiting = under(person(1), name)
    told: list[str | None] = []
    deltas = [(waiting,), (person(2),), (waiting, person(2))]

    def read_source(since: str | None) -> SourceRead:
        known = ATTRIBUTES | {"manager"}
        is_delta = since is not None
        everybody = deltas[len(told)]
        told.append(since)
        return SourceRead(everybody, not is_delta, known, is_delta=is_delta, watermark="w")

    mappings = (*MAPPINGS, AttributeMapping(MANAGER, source="manager", reference=True))
    for _ in deltas:
        firm.run(mappings=mappings, read_source=read_source)

    assert told == [None, "w", None]
    assert manager_of(firm, 1) == id_of(firm, 2)
    assert firm.store.jobs.get("example").watermark == "w"
    assert firm.store.references.all("example") == []


FEW = QuarantineLimits(failures=5)
FEW_IN_ALL = QuarantineLimits(failures=5, failures_with_references=5)


@pytest.mark.parametrize(
    ("title", "limits", "reason"),
    [
        ("Engineer", FEW, None),
        ("Lead", FEW, "EncounteredEscrowProportionThreshold"),
        ("Engineer", FEW_IN_ALL, "EncounteredTotalEscrowThreshold"),
    ],
    ids=["alone", "beside others", "too many in all"],
)
def test_failures_of_references_alone_count_for_the_last_limit(
    firm: Company, title, limits, reason
):
    firm.people = [person(number) for number in range(1, 8)]
    run(firm)
    firm.vendor.faults.add(Fault(method="PATCH", status=400, times=99))
    news = (person(number, jobTitle=title) for number in range(2, 8))
    firm.people = [person(1), *(under(each, "id-1") for each in news)]

    assert len(run(firm, quarantine=limits).failed) == 6
    quarantine = firm.store.jobs.get("example").quarantine
    assert (quarantine and quarantine.reason) == reason
