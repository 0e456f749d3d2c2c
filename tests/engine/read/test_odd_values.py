"""A value that does not fit is one person's failure: everybody else is served, leavers leave."""

from dataclasses import replace
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping
from jackfield.engine import How
from jackfield.sources import SourceObject, SourceRead


def odd(number: int, **attributes: Any) -> SourceObject:
    usual = person(number)
    return replace(usual, attributes={**usual.attributes, **attributes})


def run(firm: Company, *people: SourceObject, title: str = "", **settings: Any):
    read = SourceRead(people, True, ATTRIBUTES)
    line = (AttributeMapping("title", expression=title),) if title else ()
    mappings = (*(each for each in MAPPINGS if not line or each.target != "title"), *line)
    return firm.run(mappings=mappings, read_source=lambda _since: read, **settings)


LEAVERS = {
    "several values": ("", ("A", "B")),
    "no truth": ('IIF(CBool([jobTitle]), "Chief", "Worker")', "oops"),
    "half a character": ("", "x\ud83d"),
}


@pytest.mark.parametrize(("title", "value"), LEAVERS.values(), ids=LEAVERS)
def test_a_leaver_with_an_odd_value_is_disabled(firm: Company, title, value):
    others = [odd(number, jobTitle="True") for number in (2, 3)]
    run(firm, odd(1, jobTitle="True"), *others, title=title)
    leaver = odd(1, jobTitle=value, accountEnabled="False")

    (entry,) = run(firm, leaver, *others, title=title).entries

    assert (entry.action, entry.status) == ("disable", "success")
    assert firm.accounts["person1@example.com"]["active"] is False


@pytest.mark.parametrize(("title", "value"), LEAVERS.values(), ids=LEAVERS)
def test_somebody_new_with_an_odd_value_fails_alone(firm: Company, title, value):
    result = run(firm, odd(1, jobTitle=value), odd(2, jobTitle="True"), title=title)

    assert sorted(entry.status for entry in result.entries) == ["failure", "success"]
    assert firm.accounts.keys() == {"person2@example.com"}


def test_a_status_that_cannot_be_told_of_a_leaver_fails_alone(firm: Company):
    status = AttributeMapping("active", expression='IIF(CBool([jobTitle]), [IsActive], "no")')
    mappings = tuple(status if each.target == "active" else each for each in MAPPINGS)
    everybody = [odd(number, jobTitle="True") for number in (1, 2, 3)]
    firm.people = everybody
    firm.run(mappings=mappings)
    firm.people = [odd(1, jobTitle="x", accountEnabled="False"), *everybody[1:], odd(4)]

    entries = {entry.source_id: entry.status for entry in firm.run(mappings=mappings).entries}

    assert entries.keys() == {"id-1", "id-4"}


@pytest.mark.parametrize(
    ("title", "sent"), [("Count([jobTitle])", "1"), ("CBool([jobTitle])", "True")]
)
def test_a_text_of_the_core_schema_is_sent_as_text(firm: Company, title, sent):
    run(firm, odd(1, jobTitle="1"), title=title)

    assert firm.accounts["person1@example.com"]["title"] == sent
    assert run(firm, odd(1, jobTitle="1"), title=title).entries == ()


def test_a_value_of_another_shape_is_that_persons_failure(firm: Company):
    status = AttributeMapping("active", expression='Append([jobTitle], "-ish")')
    firm.people = [person(1, jobTitle="secretive")]

    (entry,) = firm.run(
        mappings=tuple(status if each.target == "active" else each for each in MAPPINGS)
    ).entries

    assert (entry.status, entry.code) == ("failure", "UnprocessableEntity")
    assert "active: the mapping gives another type" in entry.reason
    assert "secretive" not in entry.reason
    assert firm.writes == []


def test_a_missing_value_that_is_filled_in_makes_the_next_try_due_at_once(firm: Company):
    """Of a creation every attribute counts, also one that is sent then alone."""
    family = AttributeMapping("name.familyName", source="surname", apply="create")
    others = tuple(each for each in MAPPINGS if each.target != "name.familyName")
    scheduled = How(is_scheduled=True)
    for surname, statuses in (("", ["failure"]), ("", []), ("Lee", ["success"])):
        firm.people = [person(1, surname=surname)]
        result = firm.run(mappings=(*others, family), how=scheduled)
        assert [entry.status for entry in result.entries] == statuses
