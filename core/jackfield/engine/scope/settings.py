"""`[jobs.<name>.scope]`: who is provisioned, as it stands in the configuration file.

Source: Microsoft Entra, "Scoping users or groups to be provisioned with scoping filters" (read
2026-11-20). No message repeats a value of a person.
"""

import re
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from jackfield.engine.scope.patterns import Pattern
from jackfield.sources.base import DEFAULT_ACCESS

NOT_FILTERABLE: Final = frozenset(
    {
        "appRoleAssignments",
        "birthday",
        "createdDateTime",
        "deletedDateTime",
        "employeeHireDate",
        "employeeLeaveDateTime",
        "externalUserStateChangeDateTime",
        "hireDate",
        "isMemberOf",
        "lastPasswordChangeDateTime",
        "manager",
        "memberOf",
        "members",
        "onPremisesLastSyncDateTime",
        "refreshTokensValidFromDateTime",
        "roles",
        "signInSessionsValidFromDateTime",
        "userType",
    }
)
"""Attributes that no filter may read: references, dates, and what an assignment already says."""

MULTI_VALUED: Final = frozenset(
    {
        "businessPhones",
        "imAddresses",
        "interests",
        "otherMails",
        "pastProjects",
        "proxyAddresses",
        "responsibilities",
        "schools",
        "skills",
    }
)
"""Attributes of Microsoft Graph that hold several values, and so need a quantifier."""

_DEFAULT_ROLES: Final = frozenset({"", DEFAULT_ACCESS, "default access"})
_LONGEST_VALUE: Final = 10_000
_INTEGER: Final = re.compile(r"[0-9]{1,19}")


class Operator(StrEnum):
    """How a clause compares; all texts are compared with regard to case."""

    EQUALS = "EQUALS"
    NOT_EQUALS = "NOT EQUALS"
    IS_TRUE = "IS TRUE"
    IS_FALSE = "IS FALSE"
    IS_NULL = "IS NULL"
    IS_NOT_NULL = "IS NOT NULL"
    REGEX_MATCH = "REGEX MATCH"
    NOT_REGEX_MATCH = "NOT REGEX MATCH"
    GREATER_THAN = "GREATER_THAN"
    GREATER_THAN_OR_EQUALS = "GREATER_THAN_OR_EQUALS"
    INCLUDES = "INCLUDES"
    ENDS_WITH = "ENDS_WITH"
    IN_VALUE = "&"
    NOT_IN_VALUE = "!&"


UNARY: Final = frozenset(
    {Operator.IS_TRUE, Operator.IS_FALSE, Operator.IS_NULL, Operator.IS_NOT_NULL}
)
REGULAR: Final = frozenset({Operator.REGEX_MATCH, Operator.NOT_REGEX_MATCH})
NUMERIC: Final = frozenset({Operator.GREATER_THAN, Operator.GREATER_THAN_OR_EQUALS})


def is_named(role: str) -> bool:
    """Say whether a role is another one than that of those who are assigned without any."""
    return role.lower() not in _DEFAULT_ROLES


def as_integer(text: str) -> int | None:
    """Return the integer 0, 1, 2… that a text is, or None."""
    return int(text) if _INTEGER.fullmatch(text) else None


def _operator(given: object) -> Operator:
    """Return the operator meant; spaces and underscores are the same here, and so is case."""
    words = str(given).strip().upper().replace("_", " ")
    for operator in Operator:
        if operator.value.replace("_", " ") == words:
            return operator
    raise ValueError(f"is none of {', '.join(Operator)}")


def _operand(value: object) -> str | int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text or an integer; for true and false, write IS TRUE")  # noqa: TRY004 - pydantic's way
    if not 0 < len(value) <= _LONGEST_VALUE:
        raise ValueError(f"must have 1 to {_LONGEST_VALUE} characters; for empty, write IS NULL")
    return value


def _filterable(name: str) -> str:
    if name.lower() in {each.lower() for each in NOT_FILTERABLE}:
        raise ValueError("cannot be filtered by: it is a reference, a date or an assignment")
    return name


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class ClauseTable(_Table):
    """One comparison. `quantifier` says how many of several values must meet it.

    `anchored`: a regular expression must match the whole value, not a part of it.
    """

    attribute: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_filterable)]
    operator: Annotated[Operator, BeforeValidator(_operator)]
    value: Annotated[Any, AfterValidator(_operand)] = None
    quantifier: Literal["any", "all"] | None = None
    anchored: bool = False

    @property
    def operand(self) -> str:
        """The value as text; empty where the operator takes none."""
        return "" if self.value is None else str(self.value)

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        if self.operator in UNARY and self.value is not None:
            raise ValueError(f"{self.operator} takes no value; remove it")
        if self.operator not in UNARY and self.value is None:
            raise ValueError(f"{self.operator} needs a value")
        if self.operator in NUMERIC and as_integer(self.operand) is None:
            raise ValueError(f"{self.operator} needs an integer 0, 1, 2… of at most 19 digits")
        return self

    @model_validator(mode="after")
    def _check_pattern(self) -> Self:
        if self.operator in REGULAR:
            Pattern(self.operand, anchored=self.anchored)
        elif self.anchored:
            raise ValueError("anchored is for REGEX MATCH and NOT REGEX MATCH alone")
        return self

    @model_validator(mode="after")
    def _check_quantifier(self) -> Self:
        if self.quantifier is None and self.attribute in MULTI_VALUED:
            raise ValueError(
                f'{self.attribute} holds several values; add quantifier = "any" or "all"'
            )
        return self

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value!r}"
        quantifier = f"{self.quantifier} " if self.quantifier else ""
        anchored = " (anchored)" if self.anchored else ""
        return f"{quantifier}{self.attribute} {self.operator}{value}{anchored}"


class FilterTable(_Table):
    """`[[jobs.<name>.scope.filters]]`: passes where every clause does."""

    name: str = Field(default="", max_length=100)
    clauses: Annotated[tuple[ClauseTable, ...], Field(strict=False, min_length=1, max_length=100)]


class ScopeTable(_Table):
    """`[jobs.<name>.scope]`: those assigned, or all; and of these, whom any filter passes.

    Without `who` it is those assigned where the source knows assignments, else all.

    `default_access_role` says what becomes of a person who is assigned without a role.
    """

    who: Literal["assigned", "all"] | None = None
    default_access_role: Literal["include", "skip"] = "include"
    filters: Annotated[tuple[FilterTable, ...], Field(strict=False, max_length=100)] = ()

    @model_validator(mode="after")
    def _check_roles(self) -> Self:
        if self.who == "all" and self.default_access_role == "skip":
            raise ValueError('default_access_role needs who = "assigned": with all, no role counts')
        return self
