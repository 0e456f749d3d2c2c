"""What a scope's table may say, what is refused, and what is warned of."""

import pytest
from pydantic import ValidationError

from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import UNARY, Operator, ScopeTable
from jackfield.errors import ConfigurationError
from jackfield.sources import SourceObject, SourceRead


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


# --- what is refused -------------------------------------------------------------------------

WRONG = {
    "no clauses": ({"filters": [{"clauses": []}]}, "at least 1 item"),
    "an unknown operator": ({"filters": [{"clauses": [clause("LIKE", "x")]}]}, "is none of EQUALS"),
    "no value": ({"filters": [{"clauses": [clause("EQUALS")]}]}, "EQUALS needs a value"),
    "an empty value": (
        {"filters": [{"clauses": [clause("INCLUDES", "")]}]},
        "must have 1 to 10000 char",
    ),
    "a needless value": ({"filters": [{"clauses": [clause("IS NULL", "x")]}]}, "takes no value"),
    "a truth value": ({"filters": [{"clauses": [clause("EQUALS", True)]}]}, "write IS TRUE"),
    "no integer": ({"filters": [{"clauses": [clause("GREATER_THAN", "x")]}]}, "needs an integer"),
    "a wrong pattern": (
        {"filters": [{"clauses": [clause("REGEX MATCH", "(")]}]},
        "is never closed",
    ),
    "a back-reference": (
        {"filters": [{"clauses": [clause("REGEX MATCH", r"(a)\1")]}]},
        "refers back to a group",
    ),
    "anchored without a pattern": (
        {"filters": [{"clauses": [clause("EQUALS", "x", anchored=True)]}]},
        "anchored is for REGEX",
    ),
    "several values": (
        {"filters": [{"clauses": [clause("INCLUDES", "x", "proxyAddresses")]}]},
        "proxyAddresses holds several values",
    ),
    "roles with all": ({"who": "all", "default_access_role": "skip"}, 'needs who = "assigned"'),
    "an unknown key": ({"whom": "all"}, "Extra inputs"),
}


@pytest.mark.parametrize(("table", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_scope_is_refused(table, words):
    with pytest.raises(ValidationError) as caught:
        ScopeTable.model_validate(table)

    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["appRoleAssignments", "userType", "manager", "CREATEDDATETIME"])
def test_an_attribute_that_cannot_be_filtered_by_is_refused(name):
    with pytest.raises(ValidationError, match="cannot be filtered by"):
        scope_of([clause("IS NULL", attribute=name)])


@pytest.mark.parametrize("written", ["not equals", "NOT_EQUALS", "Not Equals"])
def test_operators_may_be_written_in_any_case_with_underscores(written):
    assert passes(clause(written, "x"), department="y")


def test_every_operator_is_known_to_the_evaluation():
    for operator in Operator:
        value = None if operator in UNARY else "1"
        assert passes(clause(operator.value, value), department="1") in {True, False}


@pytest.mark.parametrize("expression", ["appRoleAssignments", "SingleAppRoleAssignment([x])"])
def test_role_expressions_need_assigned_people(expression):
    scope_of(who="assigned").check_mappings([expression])
    scope_of().check_mappings(["department"])

    with pytest.raises(ConfigurationError, match='who = "assigned"'):
        scope_of(who="all").check_mappings(["department", expression])


def test_a_filter_on_what_the_source_never_has_is_refused():
    scope = scope_of([clause("EQUALS", "x", "departmnt")])

    with pytest.raises(ConfigurationError, match="did you mean department"):
        scope.check_source(SourceRead((), True, frozenset({"department", "id"})))


def test_assigned_people_need_a_source_that_knows_assignments():
    scope = scope_of(who="assigned")
    scope.check_source(SourceRead((person(is_assigned=False),), True, frozenset()))

    with pytest.raises(ConfigurationError, match="knows no assignments"):
        scope.check_source(SourceRead((person(),), True, frozenset()))


# --- what is warned of -----------------------------------------------------------------------

EQUAL, UNEQUAL = clause("EQUALS", "Sales"), clause("NOT EQUALS", "Sales")
MISSING = clause("IS NULL")


@pytest.mark.parametrize("filters", [([EQUAL], [UNEQUAL]), ([UNEQUAL], [EQUAL])])
def test_an_operator_beside_its_opposite_does_not_cover_everybody(filters):
    (warning,) = scope_of(*filters).warnings

    assert "people without department pass neither; add IS NULL" in warning


def test_is_null_beside_them_covers_everybody():
    assert scope_of([EQUAL], [UNEQUAL], [MISSING]).warnings == ()


def test_opposites_in_one_filter_pass_nobody():
    (warning,) = scope_of([EQUAL, UNEQUAL]).warnings

    assert "nobody passes it" in warning


def test_the_reversed_operators_are_deprecated():
    (warning,) = scope_of([clause("&", "Sales, HR")]).warnings

    assert "deprecated" in warning
