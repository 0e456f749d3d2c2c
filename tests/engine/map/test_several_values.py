"""Attributes with several values, and Booleans, on their way from a directory to the vendor."""

from dataclasses import replace
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping
from jackfield.engine.map.mapper import Mapper
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.sources import SourceObject, SourceRead

MAILS = ("a@example.com", "b@example.org")


def with_values(**attributes: Any) -> SourceObject:
    return replace(person(1), attributes={**person(1).attributes, **attributes})


def titled(firm: Company, parts: dict[str, str], **attributes: Any) -> object:
    """Run a cycle in which the title comes from the attributes; return the person's entry."""
    someone = with_values(**attributes)
    names = ATTRIBUTES | set(attributes)
    line = AttributeMapping("title", **parts)
    mappings = tuple(line if each.target == "title" else each for each in MAPPINGS)
    result = firm.run(
        mappings=mappings, read_source=lambda _since: SourceRead((someone,), True, names)
    )
    return result.entries[0]


@pytest.mark.parametrize(
    ("expression", "title"),
    [
        ("CStr(Count([otherMails]))", "2"),
        ("Item([otherMails], 2)", "b@example.org"),
        ('Join("; ", [otherMails])', "a@example.com; b@example.org"),
        ('Switch([accountEnabled], "off", "True", "on")', "on"),
    ],
)
def test_expressions_see_each_value(firm: Company, expression, title):
    titled(firm, {"expression": expression}, otherMails=MAILS, accountEnabled=True)

    assert firm.accounts["person1@example.com"]["title"] == title


def test_a_direct_mapping_of_one_value_sends_it(firm: Company):
    titled(firm, {"source": "otherMails"}, otherMails=MAILS[:1])

    assert firm.accounts["person1@example.com"]["title"] == "a@example.com"


def test_a_direct_mapping_of_several_values_is_that_persons_failure(firm: Company):
    entry = titled(firm, {"source": "otherMails"}, otherMails=MAILS)

    assert (entry.status, entry.code) == ("failure", "InvalidExpression")
    assert "the mapping of title: 2 values where one is wanted" in entry.reason
    assert firm.writes == []


def scope_of(**clause: Any) -> Scope:
    return Scope(ScopeTable.model_validate({"filters": [{"clauses": [clause]}]}))


@pytest.mark.parametrize(
    ("quantifier", "operand", "is_in"),
    [("any", "b@example.org", True), ("all", "b@example.org", False), ("any", "c", False)],
)
def test_a_quantifier_looks_at_each_value(quantifier, operand, is_in):
    clause = {"attribute": "otherMails", "operator": "EQUALS", "value": operand}
    found = scope_of(**clause, quantifier=quantifier).decide(with_values(otherMails=MAILS))

    assert found.is_in_scope is is_in


def test_a_clause_about_several_values_without_a_quantifier_is_told_of_whom_it_cannot_judge(
    firm: Company,
):
    clause = {"attribute": "extensionMails", "operator": "EQUALS", "value": "b@example.org"}
    held = (MAILS, "b@example.org", None)
    people = tuple(person(n, extensionMails=value) for n, value in enumerate(held, start=1))
    read = SourceRead(people, True, ATTRIBUTES | {"extensionMails"})

    entries = firm.run(scope=scope_of(**clause), read_source=lambda _since: read).entries

    told = {entry.source_id: (entry.status, entry.reason) for entry in entries}
    assert told["id-1"][0] == "failure"
    assert 'needs quantifier = "any" or "all"' in told["id-1"][1]
    assert told["id-2"][0] == "success"
    assert [user["userName"] for user in firm.vendor.store.users.values()] == [
        "person2@example.com"
    ]


@pytest.mark.parametrize(("operator", "is_in"), [("IS TRUE", True), ("IS FALSE", False)])
def test_a_boolean_is_true_or_false(operator, is_in):
    scope = scope_of(attribute="accountEnabled", operator=operator)

    assert scope.decide(with_values(accountEnabled=True)).is_in_scope is is_in


@pytest.mark.parametrize(("value", "title"), [("a;b", None), ("a;", "a"), (";", None)])
def test_an_expression_with_several_values_fits_no_single_one(firm: Company, value, title):
    entry = titled(firm, {"expression": 'Split([many], ";")'}, many=value)

    accounts = firm.accounts
    assert entry.status == ("failure" if value == "a;b" else "success")
    assert bool(accounts) is (value != "a;b")
    assert all(account.get("title") == title for account in accounts.values())


def test_empty_values_are_none_of_several():
    line = AttributeMapping("phoneNumbers", expression='Split([phones], ";")')
    mapper = Mapper([line])

    assert dict(mapper.desired(with_values(phones="1;;"))) == {"phoneNumbers": [{"value": "1"}]}
    assert dict(mapper.desired(with_values(phones=";"))) == {}


@pytest.mark.parametrize("spelled", ["true", "True", "TRUE"])
@pytest.mark.parametrize(("operator", "is_in"), [("EQUALS", True), ("NOT EQUALS", False)])
def test_a_boolean_equals_its_word_in_any_spelling(operator, is_in, spelled):
    scope = scope_of(attribute="onPremisesSyncEnabled", operator=operator, value=spelled)

    assert scope.decide(with_values(onPremisesSyncEnabled=True)).is_in_scope is is_in
    assert scope.decide(with_values(onPremisesSyncEnabled=False)).is_in_scope is not is_in
