"""What differs between the wanted and the actual user."""

import datetime as dt
from typing import Any

import pytest

from jackfield import Attribute, Capabilities, Change, User
from jackfield.engine.expressions import Environment, Expression
from jackfield.engine.plan.differences import changes_of, differences, is_same

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)


def vendor(**attributes: Attribute) -> Capabilities:
    return Capabilities(hosts=frozenset(), match_on=("userName",), attributes=attributes)


def user(**attributes: Any) -> User:
    return User.from_scim({"id": "1", "userName": "ann@example.com", **attributes})


@pytest.mark.parametrize(("case_exact", "count"), [(True, 1), (False, 0)])
@pytest.mark.parametrize("function", ["ToUpper", "ToLower"])
def test_a_change_of_case_alone_counts_where_case_does(function, case_exact, count):
    expression = Expression.parse(f"{function}([jobTitle])")
    wanted = {"title": expression.evaluate({"jobTitle": "Lead"}, Environment(NOW)).value}

    found = differences(wanted, user(title="Lead"), vendor(title=Attribute(case_exact=case_exact)))

    assert len(found) == count


@pytest.mark.parametrize(
    ("wanted", "found", "same"),
    [
        (["a", "b"], ["b", "a"], True),
        (["a"], ["a", "b"], False),
        (["a", "b"], ["a"], False),
        ([{"value": "a"}], [{"value": "a", "$ref": "/Roles/a"}], True),
        ([{"value": "a", "primary": False}], [{"value": "a"}], True),
        ([{"value": "a", "primary": True}], [{"value": "a"}], False),
        ([{"value": "a"}], [{"value": "b"}], False),
        (True, True, True),
        (True, "True", False),
    ],
)
def test_several_values_are_the_same_in_any_order(wanted, found, same):
    assert is_same(wanted, found, case_exact=True) is same


def test_an_addition_sends_only_what_is_new():
    wanted = {"roles": [{"value": "Admin"}, {"value": "Sales"}]}
    held = user(roles=[{"value": "Sales", "display": "Sales people"}])

    (change,) = differences(wanted, held, vendor(), adds_only={"roles"})

    assert changes_of([change]) == (Change("add", "roles", [{"value": "Admin"}]),)
    assert change.new == [{"value": "Sales", "display": "Sales people"}, {"value": "Admin"}]


def test_an_addition_of_what_is_there_is_none():
    held = user(roles=[{"value": "Sales"}, {"value": "Admin"}])

    assert differences({"roles": [{"value": "Admin"}]}, held, vendor(), adds_only={"roles"}) == ()


@pytest.mark.parametrize(("case_exact", "same"), [(True, False), (False, True)])
def test_the_case_of_one_of_several_values_counts_where_case_does(case_exact, same):
    wanted, found = [{"value": "Admin"}], [{"value": "admin"}]

    assert is_same(wanted, found, case_exact=case_exact) is same


def test_the_spelling_of_one_of_several_values_in_unicode_never_counts():
    assert is_same([{"value": "\u00e9"}], [{"value": "e\u0301"}], case_exact=True)
