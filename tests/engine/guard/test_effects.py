"""The guard weighs what accounts lose, whatever the steps are called that take it."""

from dataclasses import replace

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping
from jackfield.engine import GuardLimits
from jackfield.sources import SourceRead
from jackfield.testing.sandbox import Fault

STRICT = GuardLimits(people=3, percent=10)
NOBODY = {"totalResults": 0, "Resources": []}
BY_EXPRESSION = 'Switch([jobTitle], "True", "Gone", "False")'


def with_active(**line) -> tuple[AttributeMapping, ...]:
    others = (mapping for mapping in MAPPINGS if mapping.target != "active")
    return (*others, AttributeMapping("active", **line))


def hire(firm: Company, count: int, **changes) -> None:
    firm.people = [person(number) for number in range(1, count + 1)]
    firm.run(**changes)


def active(firm: Company) -> int:
    return sum(bool(user["active"]) for user in firm.vendor.store)


def test_access_that_an_expression_takes_from_everybody_is_held(firm: Company):
    lines = with_active(expression=BY_EXPRESSION)
    hire(firm, 20, mappings=lines)
    firm.people = [person(number, jobTitle="Gone") for number in range(1, 21)]

    result = firm.run(mappings=lines, guard=STRICT)

    assert active(firm) == 20
    assert result.hold is not None
    assert "everybody would lose access" in result.hold.reason


def test_access_that_a_constant_takes_from_everybody_is_held(firm: Company):
    hire(firm, 20)

    result = firm.run(mappings=with_active(constant=False), guard=STRICT)

    assert active(firm) == 20
    assert result.hold is not None


def test_a_few_who_lose_access_by_an_expression_lose_it_and_count(firm: Company):
    lines = with_active(expression=BY_EXPRESSION)
    hire(firm, 40, mappings=lines)
    firm.people = [
        person(number, jobTitle="Gone" if number <= 3 else "Engineer") for number in range(1, 41)
    ]
    first = firm.run(mappings=lines, guard=STRICT)
    firm.people = [
        person(number, jobTitle="Gone" if number <= 6 else "Engineer") for number in range(1, 41)
    ]

    second = firm.run(mappings=lines, guard=STRICT)

    assert first.hold is None
    assert active(firm) == 37
    assert second.hold is not None
    assert "within 24 hours" in second.hold.reason


def test_accounts_that_turn_up_after_the_guard_has_counted_keep_their_access_till_it_has(
    firm: Company,
):
    """The vendor's list and filter show nobody, and its creation refuses who is there."""
    lines = with_active(expression=BY_EXPRESSION)
    names = [f"person{number}@example.com" for number in range(1, 6)]
    firm.vendor.seed([{"userName": name, "active": True} for name in names])
    firm.vendor.faults.add(Fault(method="GET", status=200, body=NOBODY, times=5))
    firm.people = [person(number, jobTitle="Gone") for number in range(1, 6)]

    first = firm.run(mappings=lines, guard=STRICT)
    kept = active(firm)
    second = firm.run(mappings=lines, guard=STRICT)

    late = [entry.code for entry in first.entries if entry.action == "skip"]
    assert late == ["NextCycle"] * 5
    assert kept == active(firm) == 5
    assert second.hold is not None
    assert len(second.hold.steps) == 5


def test_a_source_that_tells_changes_is_read_again_while_somebody_is_put_off(firm: Company):
    lines = with_active(expression=BY_EXPRESSION)
    firm.vendor.seed([{"userName": "person1@example.com", "active": True}])
    firm.vendor.faults.add(Fault(method="GET", status=200, body=NOBODY, times=1))
    people = (person(1, jobTitle="Gone"),)

    def read(_: str | None) -> SourceRead:
        return SourceRead(people, is_complete=True, attributes=ATTRIBUTES, watermark="w-1")

    (_, late) = firm.run(mappings=lines, read_source=read).entries

    assert late.code == "NextCycle"
    assert firm.store.jobs.get("example").watermark == ""


def test_whoever_is_protected_keeps_access_from_an_expression(firm: Company):
    lines = with_active(expression=BY_EXPRESSION)
    hire(firm, 1, mappings=lines)
    firm.people = [person(1, jobTitle="Gone")]

    (entry,) = firm.run(mappings=lines, protected=frozenset({"person1@example.com"})).entries

    assert active(firm) == 1
    assert "protected" in entry.reason
    assert firm.accounts["person1@example.com"]["title"] == "Gone"


def test_sign_in_names_that_all_move_to_a_wrong_domain_are_held(firm: Company):
    hire(firm, 20)
    firm.people = [
        person(number, userPrincipalName=f"person{number}@wrong.example", jobTitle="Lead")
        for number in range(1, 21)
    ]

    result = firm.run(guard=STRICT)

    assert result.hold is not None
    assert "20 of 20 accounts would get another user name" in result.hold.reason
    assert all(name.endswith("@example.com") for name in firm.accounts)


def test_other_changes_go_on_while_names_are_held(firm: Company):
    hire(firm, 20)
    renamed = [
        person(number, userPrincipalName=f"person{number}@wrong.example") for number in range(1, 11)
    ]
    others = [person(number, jobTitle="Lead") for number in range(11, 21)]
    firm.people = [*renamed, *others, person(21)]

    result = firm.run(guard=STRICT)

    assert result.counts == {"held": 10, "success": 11}


def test_rows_that_have_moved_give_nobody_a_neighbours_account(firm: Company):
    hire(firm, 20)
    before = {user["id"]: user["userName"] for user in firm.vendor.store}
    newcomer = person(1, userPrincipalName="new@example.com")
    moved = [replace(person(number), id=f"id-{number + 1}") for number in range(1, 21)]
    firm.people = [newcomer, *moved]

    result = firm.run(guard=GuardLimits(people=1000, percent=100, at_most=1000))

    assert result.hold is not None
    assert "row numbers" in result.hold.reason
    assert {one: firm.vendor.store.get(one)["userName"] for one in before} == before


def test_two_people_who_swap_names_are_not_taken_for_rows_that_moved(firm: Company):
    hire(firm, 4)
    firm.people = [
        person(1, userPrincipalName="person2@example.com"),
        person(2, userPrincipalName="person1@example.com"),
        person(3),
        person(4),
    ]

    assert firm.run(guard=GuardLimits(people=1000, percent=100, at_most=1000)).hold is None


@pytest.mark.parametrize("count", [2, 3])
def test_an_approval_is_good_once(firm: Company, count: int):
    limits = GuardLimits(people=0, percent=0, window_hours=0)
    hire(firm, 8)
    word = ""
    for _ in range(count):
        firm.people = [person(number) for number in range(2, 9)]
        hold = firm.run(word, guard=limits).hold
        assert hold is not None
        assert hold.approval != word
        word = hold.approval
        assert firm.run(word, guard=limits).hold is None
        firm.people = [person(number) for number in range(1, 9)]
        firm.run(guard=limits)

    assert active(firm) == 8
