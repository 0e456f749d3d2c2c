"""Who is in scope: every row of the published truth tables, and the order of the conditions."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.engine.scope.patterns import LONGEST_TEXT
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import UNARY, ScopeTable
from jackfield.errors import ConfigurationError
from jackfield.sources import SourceObject
from jackfield.sources.base import DEFAULT_ACCESS

TEXT_COLUMNS = (
    "EQUALS",
    "NOT EQUALS",
    "INCLUDES",
    "ENDS_WITH",
    "REGEX MATCH",
    "NOT REGEX MATCH",
    "IS NULL",
    "IS NOT NULL",
    "&",
    "!&",
)


def clause(operator: str, value: object = None, attribute: str = "department", **more: object):
    found = {"attribute": attribute, "operator": operator} | more
    return found if value is None else found | {"value": value}


def scope_of(*filters: list[dict], **settings: object) -> Scope:
    tables = [{"clauses": clauses} for clauses in filters]
    return Scope(ScopeTable.model_validate({"filters": tables} | settings))


def person(roles: tuple[str, ...] = (), *, is_assigned: bool | None = None, **attributes: object):
    return SourceObject("1", attributes, "people.csv:2", roles, is_assigned)  # type: ignore[arg-type]


def passes(filter_clause: dict, **attributes: object) -> bool:
    return scope_of([filter_clause]).decide(person(**attributes)).is_in_scope


def row_of(**attributes: object) -> str:
    found = []
    for operator in TEXT_COLUMNS:
        value = None if operator in UNARY else "Sales"
        found.append("T" if passes(clause(operator, value), **attributes) else "F")
    return " ".join(found)


# --- the truth tables ------------------------------------------------------------------------


def test_an_absent_attribute_passes_is_null_alone():
    assert row_of() == "F F F F F F T F F F"


def test_a_null_attribute_passes_is_null_alone():
    assert row_of(department=None) == "F F F F F F T F F F"


def test_an_empty_attribute_passes_is_null_alone():
    assert row_of(department="") == "F F F F F F T F F F"


def test_an_equal_attribute():
    assert row_of(department="Sales") == "T F T T T F F T T F"


def test_an_attribute_in_other_case_is_another_value():
    assert row_of(department="sales") == "F T F F F T F T F T"


def test_an_attribute_that_ends_with_the_value():
    assert row_of(department="Inside Sales") == "F T T T T F F T F T"


def test_an_attribute_that_is_a_part_of_the_value():
    assert row_of(department="ale") == "F T F F F T F T T F"


BOOLEANS = {
    "absent": ({}, "F F"),
    "null": ({"flag": None}, "F F"),
    "true": ({"flag": True}, "T F"),
    "false": ({"flag": False}, "F T"),
    "the text True": ({"flag": "True"}, "T F"),
    "the text FALSE": ({"flag": "FALSE"}, "F T"),
    "no Boolean": ({"flag": "perhaps"}, "F F"),
}


@pytest.mark.parametrize(("attributes", "expected"), BOOLEANS.values(), ids=BOOLEANS)
def test_a_boolean_attribute(attributes, expected):
    found = [
        passes(clause(operator, attribute="flag"), **attributes)
        for operator in ("IS TRUE", "IS FALSE")
    ]

    assert found == [letter == "T" for letter in expected.split()]


INTEGERS = {
    "absent": ({}, "F F", "level is empty"),
    "null": ({"level": None}, "F F", "level is empty"),
    "abc": ({"level": "abc"}, "F F", "level is no integer"),
    "negative": ({"level": "-11"}, "F F", "level is no integer"),
    "a fraction": ({"level": "11.5"}, "F F", "level is no integer"),
    "digits of another script": ({"level": "\u0661\u0661"}, "F F", "level is no integer"),
    "less": ({"level": "9"}, "F F", ""),
    "10": ({"level": "10"}, "F T", ""),
    "11": ({"level": "11"}, "T T", ""),
    "a number": ({"level": 11}, "T T", ""),
    "leading zeros": ({"level": "0011"}, "T T", ""),
}


@pytest.mark.parametrize(("attributes", "expected", "warning"), INTEGERS.values(), ids=INTEGERS)
def test_an_integer_attribute(attributes, expected, warning):
    decisions = [
        scope_of([clause(operator, 10, "level")]).decide(person(**attributes))
        for operator in ("GREATER_THAN", "GREATER_THAN_OR_EQUALS")
    ]

    assert [d.is_in_scope for d in decisions] == [letter == "T" for letter in expected.split()]
    assert all(bool(decision.warnings) is bool(warning) for decision in decisions)
    assert all(warning in " ".join(decision.warnings) for decision in decisions)


# --- regular expressions ---------------------------------------------------------------------

WORKER_ID = "1[0-9][0-9][0-9][0-9][0-9][0-9]|2000000"


def test_a_regular_expression_searches_as_the_published_sample_does():
    assert passes(clause("REGEX MATCH", WORKER_ID), department="91000000")


def test_an_anchored_regular_expression_matches_the_whole_value():
    anchored = clause("REGEX MATCH", WORKER_ID, anchored=True)

    assert passes(anchored, department="1000000")
    assert not passes(anchored, department="91000000")
    assert passes(clause("NOT REGEX MATCH", "Sales", anchored=True), department="Inside Sales")


@pytest.mark.parametrize("operator", ["REGEX MATCH", "NOT REGEX MATCH"])
def test_a_value_too_long_to_search_passes_neither_way(operator):
    scope = scope_of([clause(operator, "x")])

    decision = scope.decide(person(department="x" * (LONGEST_TEXT + 1)))

    assert not decision.is_in_scope
    assert f"over {LONGEST_TEXT} characters" in decision.warnings[0]


# --- several values --------------------------------------------------------------------------

SEVERAL = {
    "any, one does": ("any", ["Sales", "HR"], True),
    "any, none does": ("any", ["IT", "HR"], False),
    "all, one does": ("all", ["Sales", "HR"], False),
    "all do": ("all", ["Sales", "Sales"], True),
    "all, of none": ("all", [], False),
    "all, of empty ones": ("all", ["", None], False),
    "all, but for empty ones": ("all", ["Sales", ""], True),
    "a single value": ("all", "Sales", True),
}


@pytest.mark.parametrize(("quantifier", "held", "expected"), SEVERAL.values(), ids=SEVERAL)
def test_a_quantifier_says_how_many_values_must_meet_the_clause(quantifier, held, expected):
    asked = clause("EQUALS", "Sales", quantifier=quantifier)

    assert passes(asked, department=held) is expected


@pytest.mark.parametrize("held", [["Sales", "HR"], ("Sales",), {"value": "Sales"}])
def test_several_values_without_a_quantifier_are_a_configuration_error(held):
    with pytest.raises(ConfigurationError, match="department holds several values"):
        passes(clause("EQUALS", "Sales"), department=held)


def test_no_values_at_all_are_null():
    assert passes(clause("IS NULL", quantifier="any"), department=[])
    assert not passes(clause("IS NOT NULL", quantifier="any"), department=[""])


# --- filters and clauses ---------------------------------------------------------------------


def test_clauses_are_all_needed_and_one_filter_is_enough():
    scope = scope_of(
        [clause("EQUALS", "Sales"), clause("EQUALS", "ES", "country")],
        [clause("EQUALS", "HR")],
    )

    assert scope.decide(person(department="Sales", country="ES")).is_in_scope
    assert not scope.decide(person(department="Sales", country="FR")).is_in_scope
    assert scope.decide(person(department="HR", country="FR")).is_in_scope


def test_without_a_filter_everybody_passes():
    assert Scope().decide(person()).is_in_scope
    assert scope_of().decide(person()).is_in_scope


VALUES = st.sampled_from([None, "", "Sales", "HR", "sales"]) | st.text(max_size=5)
OPERATORS = st.sampled_from(["EQUALS", "NOT EQUALS", "INCLUDES", "IS NULL", "IS NOT NULL", "&"])


@st.composite
def clauses(draw):
    operator = draw(OPERATORS)
    value = None if operator.startswith("IS") else draw(st.sampled_from(["Sales", "HR"]))
    return clause(operator, value, draw(st.sampled_from(["department", "team"])))


@given(
    filters=st.lists(st.lists(clauses(), min_size=1, max_size=3), min_size=1, max_size=3),
    department=VALUES,
    team=VALUES,
)
def test_filters_are_any_of_all_clauses(filters, department, team):
    attributes = {"department": department, "team": team}
    expected = any(all(passes(each, **attributes) for each in one) for one in filters)

    assert scope_of(*filters).decide(person(**attributes)).is_in_scope is expected


@given(value=VALUES, operand=st.text(min_size=1, max_size=5))
@pytest.mark.parametrize(
    ("operator", "opposite"),
    [("EQUALS", "NOT EQUALS"), ("&", "!&"), ("REGEX MATCH", "NOT REGEX MATCH")],
)
def test_an_operator_and_its_opposite_share_everybody_but_the_empty(
    operator, opposite, value, operand
):
    escaped = "".join(f"\\{c}" if c.isascii() and not c.isalnum() else c for c in operand)
    operand = escaped if "REGEX" in operator else operand
    found = [passes(clause(each, operand), department=value) for each in (operator, opposite)]

    assert sum(found) == (1 if value else 0)


# --- the order of the conditions -------------------------------------------------------------

ALL = ["IsActive", "ScopeSyncAll", "IsEffectivelyEntitledForProvisioning", "IsInProvisioningScope"]
ASSIGNED = ["IsActive", "Assigned", *ALL[2:]]


@pytest.mark.parametrize(("who", "names"), [("all", ALL), ("assigned", ASSIGNED)])
def test_the_conditions_have_their_published_names_and_order(who, names):
    decision = scope_of(who=who).decide(person(is_assigned=True))

    assert [condition.name for condition in decision.conditions] == names
    assert decision.is_in_scope
    assert (decision.reason, decision.code) == ("", "")


def test_every_condition_is_answered_though_the_first_one_failed():
    scope = scope_of([clause("EQUALS", "Sales")], who="assigned", default_access_role="skip")

    decision = scope.decide(
        person((DEFAULT_ACCESS,), is_assigned=False, accountEnabled="False", department="HR")
    )

    assert not decision.is_in_scope
    assert [condition.passed for condition in decision.conditions] == [False] * 4
    assert decision.reason == "disabled in the source"
    assert decision.conditions[-1].detail == "filter 1: not department EQUALS 'Sales'"


def test_a_person_who_is_not_assigned_is_out_of_scope():
    scope = scope_of(who="assigned")

    assert scope.decide(person(is_assigned=False)).reason == "not assigned"
    assert scope_of(who="all").decide(person(is_assigned=False)).is_in_scope


ROLES = {
    "a role": (("Agent",), "skip", True),
    "a role beside the default one": ((DEFAULT_ACCESS, "Agent"), "skip", True),
    "only the default one": ((DEFAULT_ACCESS,), "skip", False),
    "only the default one by name": (("Default Access",), "skip", False),
    "the default one, included": ((DEFAULT_ACCESS,), "include", True),
    "no roles known": ((), "skip", True),
}


@pytest.mark.parametrize(("roles", "setting", "expected"), ROLES.values(), ids=ROLES)
def test_the_default_access_role_alone_entitles_where_the_job_says_so(roles, setting, expected):
    scope = scope_of(who="assigned", default_access_role=setting)

    decision = scope.decide(person(roles, is_assigned=True))

    assert decision.is_in_scope is expected
    assert decision.code == ("" if expected else "NotEffectivelyEntitled")


def test_the_default_access_role_alone_counts_unless_said_otherwise():
    decision = scope_of(who="assigned").decide(person((DEFAULT_ACCESS,), is_assigned=True))

    assert decision.is_in_scope
    assert decision.conditions[2].detail == "has only the default access role"


def test_a_person_whom_the_source_takes_for_not_entitled_is_skipped():
    someone = replace(person((DEFAULT_ACCESS,), is_assigned=True), is_entitled=False)

    assert scope_of(who="assigned").decide(someone).code == "NotEffectivelyEntitled"
    assert scope_of(who="all").decide(someone).is_in_scope
