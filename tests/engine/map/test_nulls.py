"""Null and empty: one test for each cell of the specification's table."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from support.company import MAPPINGS, Company, person

from jackfield import AttributeMapping, ConfigurationError
from jackfield.sources import SourceObject

DIRECT = {"source": "jobTitle"}

VALUES = {
    "a value of the source": (DIRECT, "Lead"),
    "a value of an expression": (
        {"expression": 'Replace([jobTitle], "Dev", , , "Lead", , )'},
        "Dev",
    ),
    "a constant": ({"constant": "Lead"}, None),
}
NOTHING = {
    "null: the attribute is absent": (DIRECT, None),
    "null: an expression gives none": ({"expression": "Coalesce([jobTitle], [userType])"}, None),
    "empty: the attribute is empty": (DIRECT, ""),
    "empty: an expression gives nothing": ({"expression": "StripSpaces([jobTitle])"}, "  "),
}


def title(parts: Mapping[str, Any], **more: Any) -> tuple[AttributeMapping, ...]:
    """Return the usual mappings with this one for the title."""
    made = AttributeMapping("title", **parts, **more)
    return tuple(made if each.target == "title" else each for each in MAPPINGS)


def titled(value: str | None, **more: str) -> SourceObject:
    """Return a person with this job title, which may be empty or absent."""
    found = person(1, jobTitle="", **more)
    filled = dict(found.attributes) if value is None else {**found.attributes, "jobTitle": value}
    return replace(found, attributes=filled)


def sent(firm: Company) -> list[dict[str, Any]]:
    """Return the bodies of all writes."""
    return [request.body for request in firm.vendor.requests if request.method != "GET"]


def hired(firm: Company) -> int:
    """Give person 1 an account as Engineer; return how many writes that took."""
    firm.people = [titled("Engineer")]
    firm.run()
    return len(firm.writes)


# --- create --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("parts", "value"), VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("default", [None, "Staff"], ids=["without a default", "with a default"])
def test_create_sends_a_value(firm: Company, parts, value, default):
    firm.people = [titled(value)]

    firm.run(mappings=title(parts, default=default))

    (body,) = sent(firm)
    assert body["title"] == "Lead"


@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_create_sends_the_default_where_there_is_nothing(firm: Company, parts, value):
    firm.people = [titled(value)]

    firm.run(mappings=title(parts, default="Staff"))

    (body,) = sent(firm)
    assert body["title"] == "Staff"


@pytest.mark.parametrize("default", [None, ""], ids=["without a default", "with an empty default"])
@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_create_omits_what_has_neither_value_nor_default(firm: Company, parts, value, default):
    """The attribute is left out of the request: a null in it might be taken for a value."""
    firm.people = [titled(value)]

    (entry,) = firm.run(mappings=title(parts, default=default)).entries

    (body,) = sent(firm)
    assert "title" not in body
    assert "title" not in [change.path for change in entry.changes]


# --- update --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("parts", "value"), VALUES.values(), ids=VALUES)
def test_update_sends_a_value_that_differs(firm: Company, parts, value):
    hired(firm)
    firm.people = [titled(value)]

    (entry,) = firm.run(mappings=title(parts)).entries

    assert [(c.path, c.old, c.new) for c in entry.changes] == [("title", "Engineer", "Lead")]
    assert firm.accounts["person1@example.com"]["title"] == "Lead"


@pytest.mark.parametrize(("parts", "value"), VALUES.values(), ids=VALUES)
def test_update_sends_no_value_that_is_there_already(firm: Company, parts, value):
    writes = hired(firm)
    firm.vendor.store.replace(
        firm.accounts["person1@example.com"]["id"],
        {**firm.accounts["person1@example.com"], "title": "Lead"},
    )
    firm.people = [titled(value)]

    (entry,) = firm.run(mappings=title(parts)).entries

    assert (entry.status, entry.code) == ("skipped", "RedundantExport")
    assert len(firm.writes) == writes


@pytest.mark.parametrize("default", [None, "Staff"], ids=["without a default", "with a default"])
@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_update_omits_nothing_and_the_target_keeps_its_value(firm: Company, parts, value, default):
    writes = hired(firm)
    firm.people = [titled(value)]

    firm.run(mappings=title(parts, default=default))

    assert len(firm.writes) == writes
    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_update_of_something_else_leaves_the_omitted_alone(firm: Company, parts, value):
    hired(firm)
    firm.people = [titled(value, surname="Married")]

    (entry,) = firm.run(mappings=title(parts, default="Staff")).entries

    assert [change.path for change in entry.changes] == ["name.familyName"]
    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_the_first_update_of_a_matched_account_is_no_create(firm: Company, parts, value):
    """A default would overwrite what the vendor's administrator has filled in."""
    firm.vendor.seed([{"userName": "person1@example.com", "title": "Chief"}])
    firm.people = [titled(value)]

    firm.run(mappings=title(parts, default="Staff"))

    assert firm.accounts["person1@example.com"]["title"] == "Chief"


# --- update with clearing ------------------------------------------------------------------------

CLEARING = frozenset({"jobTitle", "userType"})


def test_update_with_clearing_sends_a_value_that_differs(firm: Company):
    before = hired(firm)
    firm.people = [titled("Lead")]

    firm.run(mappings=title(DIRECT, clear=True), clearing=CLEARING)

    assert len(firm.writes) == before + 1
    assert firm.accounts["person1@example.com"]["title"] == "Lead"


@pytest.mark.parametrize("default", [None, "Staff"])
@pytest.mark.parametrize(("parts", "value"), NOTHING.values(), ids=NOTHING)
def test_update_with_clearing_clears_the_target_and_ignores_the_default(
    firm: Company, parts, value, default
):
    hired(firm)
    firm.people = [titled(value)]
    how = {"mappings": title(parts, clear=True, default=default), "clearing": CLEARING}

    (entry,) = firm.run(**how).entries

    assert (entry.action, entry.status) == ("update", "success")
    assert [(c.path, c.old, c.new) for c in entry.changes] == [("title", "Engineer", None)]
    assert "title" not in firm.accounts["person1@example.com"]
    assert firm.run(**how).entries == ()


def test_create_with_clearing_sends_the_default_all_the_same(firm: Company):
    firm.people = [titled(None)]

    firm.run(mappings=title(DIRECT, clear=True, default="Staff"), clearing=CLEARING)

    assert firm.accounts["person1@example.com"]["title"] == "Staff"


@pytest.mark.parametrize(
    ("mapping", "clearing", "words"),
    [
        (AttributeMapping("title", source="jobTitle", clear=True), frozenset(), "names jobTitle"),
        (
            AttributeMapping("userName", source="userPrincipalName", clear=True),
            frozenset({"userPrincipalName"}),
            "userName cannot be cleared",
        ),
    ],
    ids=["one switch of two", "a required attribute"],
)
def test_clearing_by_mistake_is_refused(firm: Company, mapping, clearing, words):
    mappings = tuple(mapping if each.target == mapping.target else each for each in MAPPINGS)

    with pytest.raises(ConfigurationError, match=words):
        firm.run(mappings=mappings, clearing=clearing)


def test_clearing_of_several_values_is_refused():
    with pytest.raises(ConfigurationError, match="holds several values"):
        AttributeMapping("emails", source="mail", clear=True)


# --- what the table implies ----------------------------------------------------------------------


def test_false_is_a_value_and_no_null(firm: Company):
    mappings = (*MAPPINGS[:-1], AttributeMapping("active", constant=False))
    firm.people = [person(1)]

    firm.run(mappings=mappings)

    (body,) = sent(firm)
    assert body["active"] is False


def test_an_attribute_that_a_create_requires_is_never_omitted(firm: Company):
    firm.people = [person(1, surname="")]

    (entry,) = firm.run().entries

    assert (entry.status, entry.code) == ("failure", "MandatoryFieldsMissing")
    assert firm.writes == []


BLANKS = {
    "absent": None,
    "empty": "",
    "a space": " ",
    "a tab": "\t",
    "no-break spaces": "\u00a0\u00a0",
}


def blank(value: str | None) -> SourceObject:
    """Return a person with this matching value, which may be absent."""
    found = person(99, userPrincipalName="")
    named = {} if value is None else {"userPrincipalName": value}
    return replace(found, attributes={**found.attributes, **named})


@pytest.mark.parametrize("value", BLANKS.values(), ids=BLANKS)
def test_a_matching_value_that_is_nothing_is_never_searched_for(firm: Company, value):
    """An empty filter may find everybody."""
    firm.people = [blank(value)]

    (entry,) = firm.run().entries

    assert entry.status == "failure"
    assert firm.vendor.requests == []


@pytest.mark.parametrize("value", BLANKS.values(), ids=BLANKS)
def test_a_matching_value_that_is_nothing_makes_no_account_beside_a_listing(firm: Company, value):
    """Enough people are unknown for one listing to take the place of the look-ups."""
    firm.people = [blank(value), *(person(number) for number in range(60))]

    failed, *others = firm.run().entries

    assert (failed.source_id, failed.status) == ("id-99", "failure")
    assert [entry.status for entry in others] == ["success"] * 60
    assert len(firm.vendor.store) == 60


# --- dropped from the flow -----------------------------------------------------------------------

IGNORING = {"expression": "IgnoreFlowIfNullOrEmpty([jobTitle])"}


@pytest.mark.parametrize("value", [None, ""], ids=["null", "empty"])
def test_an_ignored_flow_clears_nothing(firm: Company, value):
    before = hired(firm)
    firm.people = [titled(value)]

    firm.run(mappings=title(IGNORING, clear=True), clearing=frozenset({"jobTitle"}))

    assert len(firm.writes) == before
    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


def test_an_ignored_flow_sends_no_default(firm: Company):
    firm.people = [titled(None)]

    firm.run(mappings=title(IGNORING, default="Staff"))

    (body,) = sent(firm)
    assert "title" not in body


def test_a_flow_that_is_not_ignored_is_sent(firm: Company):
    firm.people = [titled("Lead")]

    firm.run(mappings=title(IGNORING))

    (body,) = sent(firm)
    assert body["title"] == "Lead"
