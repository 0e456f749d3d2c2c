"""Decides who is provisioned. Pure: reads nothing, writes nothing.

The order of the conditions and their names are those of Microsoft Entra, "On-demand provisioning";
the operators those of "Scoping users or groups to be provisioned with scoping filters" (both read
2026-11-20). Logic has two values: of an empty attribute a clause and its opposite are both false.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import permutations, product
from operator import ge, gt
from typing import Final, Literal, TypeAlias

from jackfield.engine.scope.patterns import LONGEST_TEXT, Pattern
from jackfield.engine.scope.settings import (
    NUMERIC,
    REGULAR,
    ClauseTable,
    FilterTable,
    Operator,
    ScopeTable,
    as_integer,
    is_named,
)
from jackfield.errors import ConfigurationError
from jackfield.sources import SourceObject, SourceRead

ConditionName: TypeAlias = Literal[
    "IsActive",
    "Assigned",
    "ScopeSyncAll",
    "IsEffectivelyEntitledForProvisioning",
    "IsInProvisioningScope",
]

_OPPOSITES: Final = (
    frozenset({Operator.EQUALS, Operator.NOT_EQUALS}),
    frozenset({Operator.REGEX_MATCH, Operator.NOT_REGEX_MATCH}),
    frozenset({Operator.IN_VALUE, Operator.NOT_IN_VALUE}),
    frozenset({Operator.IS_TRUE, Operator.IS_FALSE}),
)
_DEPRECATED: Final = frozenset({Operator.IN_VALUE, Operator.NOT_IN_VALUE})
_ROLE_EXPRESSION: Final = re.compile(r"AppRoleAssignment|\broles\b", re.IGNORECASE)
_Compare: TypeAlias = Callable[[str, str], bool]
_Test: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Condition:
    """One question of the decision, and its answer; `detail` tells a person why."""

    name: ConditionName
    passed: bool
    detail: str


@dataclass(frozen=True, slots=True)
class ScopeDecision:
    """Whether one person is in scope, with every condition in its order."""

    is_in_scope: bool
    conditions: tuple[Condition, ...]
    warnings: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The detail of the first condition that failed; empty for a person in scope."""
        return next((each.detail for each in self.conditions if not each.passed), "")

    @property
    def code(self) -> str:
        """The log's word for it: `NotEffectivelyEntitled`, or another skip; empty in scope."""
        failed = next((each.name for each in self.conditions if not each.passed), "")
        if failed == "IsEffectivelyEntitledForProvisioning":
            return "NotEffectivelyEntitled"
        return "EntrySynchronizationSkipped" if failed else ""


class Scope:
    """The scope of one job, ready to decide. Without a table everybody active is in it."""

    def __init__(self, table: ScopeTable | None = None) -> None:
        self._table = table or ScopeTable()
        self._filters = tuple(
            _Filter(each, number) for number, each in enumerate(self._table.filters, start=1)
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is allowed and seldom meant, one sentence each."""
        return tuple(dict.fromkeys(_doubtful(self._table.filters)))

    @property
    def settings(self) -> str:
        """All that decides, as one text."""
        return self._table.model_dump_json()

    @property
    def attributes(self) -> frozenset[str]:
        """The source attributes that the filters read."""
        return frozenset(c.attribute for each in self._table.filters for c in each.clauses)

    def check_mappings(self, expressions: Iterable[str]) -> None:
        """Refuse role expressions in mappings where all people are in scope.

        Raises: ConfigurationError.
        """
        if self._table.who == "all" and any(map(_ROLE_EXPRESSION.search, expressions)):
            raise ConfigurationError(
                'scope.who: a mapping reads roles, which exist with who = "assigned" alone'
            )

    def check_source(self, read: SourceRead) -> None:
        """Refuse a scope that this source cannot answer.

        Raises: ConfigurationError naming the attribute, or the missing assignments.
        """
        for name in sorted(self.attributes - read.attributes):
            near = get_close_matches(name, read.attributes, n=1)
            known = f"did you mean {near[0]}?" if near else f"it has {_listed(read.attributes)}"
            raise ConfigurationError(
                f"scope.filters: a clause reads {name}, which the source does not have; {known}"
            )
        if self._table.who == "assigned" and any(o.is_assigned is None for o in read.objects):
            raise ConfigurationError(
                'scope.who: the source knows no assignments; give it some, or write who = "all"'
            )

    def decide(self, person: SourceObject) -> ScopeDecision:
        """Return whether this person is in scope; every condition is answered, failed or not.

        Raises: ConfigurationError for an attribute with several values and no quantifier.
        """
        warnings: list[str] = []
        conditions = (
            _is_active(person),
            self._is_assigned(person),
            self._is_entitled(person),
            self._is_passed(person.attributes, warnings),
        )
        passed = all(each.passed for each in conditions)
        return ScopeDecision(passed, conditions, tuple(warnings))

    def _takes_all(self, person: SourceObject) -> bool:
        if self._table.who is None:
            return person.is_assigned is None
        return self._table.who == "all"

    def _is_assigned(self, person: SourceObject) -> Condition:
        if self._takes_all(person):
            return Condition("ScopeSyncAll", passed=True, detail="the job takes all people")
        if person.is_assigned:
            return Condition("Assigned", passed=True, detail="assigned")
        return Condition("Assigned", passed=False, detail="not assigned")

    def _is_entitled(self, person: SourceObject) -> Condition:
        name: ConditionName = "IsEffectivelyEntitledForProvisioning"
        if self._takes_all(person):
            return Condition(name, passed=True, detail="no role counts where all are taken")
        if not person.is_entitled:
            return Condition(name, passed=False, detail="the assignment gives no role that counts")
        if not person.roles:
            return Condition(name, passed=True, detail="the assignment is without roles")
        roles = [role for role in person.roles if is_named(role)]
        if roles:
            return Condition(name, passed=True, detail=f"has the role {', '.join(roles)}")
        passed = self._table.default_access_role == "include"
        return Condition(name, passed=passed, detail="has only the default access role")

    def _is_passed(self, attributes: Mapping[str, object], warnings: list[str]) -> Condition:
        name: ConditionName = "IsInProvisioningScope"
        if not self._filters:
            return Condition(name, passed=True, detail="there is no filter")
        failures = []
        for each in self._filters:
            failed = each.first_failure(attributes, warnings)
            if failed is None:
                return Condition(name, passed=True, detail=f"{each.name} passes")
            failures.append(f"{each.name}: not {failed}")
        return Condition(name, passed=False, detail="; ".join(failures))


class _Filter:
    """One filter: all of its clauses must hold."""

    def __init__(self, table: FilterTable, number: int) -> None:
        self.name = f"filter {table.name or number}"
        self._clauses = tuple(map(_Clause, table.clauses))

    def first_failure(
        self, attributes: Mapping[str, object], warnings: list[str]
    ) -> ClauseTable | None:
        for clause in self._clauses:
            if not clause.holds(attributes, warnings):
                return clause.table
        return None


class _Clause:
    """One comparison, compiled."""

    def __init__(self, table: ClauseTable) -> None:
        self.table = table
        self._holds_for = _test_of(table)

    def holds(self, attributes: Mapping[str, object], warnings: list[str]) -> bool:
        table = self.table
        texts = _texts(attributes.get(table.attribute), table)
        if table.operator is Operator.IS_NULL:
            return not texts
        if table.operator is Operator.IS_NOT_NULL:
            return bool(texts)
        warnings.extend(_unsuitable(table, texts))
        results = map(self._holds_for, texts)
        return bool(texts) and (all(results) if table.quantifier == "all" else any(results))


def _is_active(person: SourceObject) -> Condition:
    detail = "active in the source" if person.is_enabled else "disabled in the source"
    return Condition("IsActive", passed=person.is_enabled, detail=detail)


def _test_of(table: ClauseTable) -> _Test:
    if table.operator in REGULAR:
        pattern = Pattern(table.operand, anchored=table.anchored)
        is_wanted = table.operator is Operator.REGEX_MATCH
        return lambda text: len(text) <= LONGEST_TEXT and pattern.matches(text) is is_wanted
    if table.operator in NUMERIC:
        compare = gt if table.operator is Operator.GREATER_THAN else ge
        bound = int(table.operand)
        return lambda text: (number := as_integer(text)) is not None and compare(number, bound)
    holds = _COMPARISONS.get(table.operator)
    operand = table.operand
    return lambda text: holds is not None and holds(text, operand)


_COMPARISONS: Final[Mapping[Operator, _Compare]] = {
    Operator.EQUALS: lambda text, value: text == value,
    Operator.NOT_EQUALS: lambda text, value: text != value,
    Operator.IS_TRUE: lambda text, _: text.lower() == "true",
    Operator.IS_FALSE: lambda text, _: text.lower() == "false",
    Operator.INCLUDES: lambda text, value: value in text,
    Operator.ENDS_WITH: lambda text, value: text.endswith(value),
    Operator.IN_VALUE: lambda text, value: text in value,
    Operator.NOT_IN_VALUE: lambda text, value: text not in value,
}


def _texts(held: object, table: ClauseTable) -> list[str]:
    """Return the values of an attribute that are not empty, as texts.

    Raises: ConfigurationError for several values where one is expected.
    """
    if isinstance(held, list | tuple) and table.quantifier is not None:
        return [text for value in held for text in _texts(value, table)]
    if isinstance(held, list | tuple | Mapping):
        raise ConfigurationError(
            f"scope.filters: {table.attribute} holds several values; "
            'a clause about it needs quantifier = "any" or "all"'
        )
    if isinstance(held, bool):
        text = str(held).lower()
        return [table.operand if table.operand.lower() == text else text]  # in its own spelling
    return [] if held is None or held == "" else [str(held)]


def _unsuitable(table: ClauseTable, texts: list[str]) -> Iterator[str]:
    if table.operator in NUMERIC and (not texts or None in map(as_integer, texts)):
        found = "is no integer" if texts else "is empty"
        yield f"{table.attribute} {found}, so {table.operator} is false"
    if table.operator in REGULAR and any(len(text) > LONGEST_TEXT for text in texts):
        yield f"{table.attribute} has over {LONGEST_TEXT} characters, so {table.operator} is false"


def _doubtful(filters: tuple[FilterTable, ...]) -> Iterator[str]:
    for each in filters:
        for one, other in permutations(each.clauses, 2):
            if _are_opposite(one, other):
                yield f"scope.filters: one filter wants {one} and {other}: nobody passes it"
    clauses = [clause for each in filters for clause in each.clauses]
    for operator in sorted({each.operator for each in clauses} & _DEPRECATED):
        yield (
            f"scope.filters: {operator} means a bit test elsewhere and is deprecated; write "
            "INCLUDES, EQUALS or REGEX MATCH"
        )
    nulls = {clause.attribute for clause in clauses if clause.operator is Operator.IS_NULL}
    for one, other in _across(filters):
        if _are_opposite(one, other) and one.attribute not in nulls:
            yield (
                f"scope.filters: {one} in one filter and {other} in another do not cover "
                f"everybody: people without {one.attribute} pass neither; add IS NULL"
            )


def _across(filters: tuple[FilterTable, ...]) -> Iterator[tuple[ClauseTable, ClauseTable]]:
    for one, other in permutations(filters, 2):
        yield from product(one.clauses, other.clauses)


def _are_opposite(one: ClauseTable, other: ClauseTable) -> bool:
    """Say whether two clauses are opposites; of the two orders, one counts."""
    same = (one.attribute, one.operand, one.anchored) == (
        other.attribute,
        other.operand,
        other.anchored,
    )
    in_order = one.operator.value in {"EQUALS", "REGEX MATCH", "&", "IS TRUE"}
    return same and in_order and {one.operator, other.operator} in _OPPOSITES


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
