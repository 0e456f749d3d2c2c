"""An expression, parsed once and evaluated for each source object."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from jackfield.engine.expressions.checks import check, warnings
from jackfield.engine.expressions.evaluation import Run
from jackfield.engine.expressions.failures import FlowIgnored
from jackfield.engine.expressions.nodes import Call, attributes_in, calls_in
from jackfield.engine.expressions.parsing import parse
from jackfield.engine.expressions.table import FUNCTIONS
from jackfield.engine.expressions.values import Environment, Value

REDACTED = "[Redact]"


@dataclass(frozen=True, slots=True, repr=False)
class Result:
    """What an expression gives for one source object.

    `null` is no value; `ignore` leaves the attribute out of this flow whatever else is configured.
    `value` is None for both.
    """

    outcome: Literal["value", "null", "ignore"]
    value: Value = None
    is_redacted: bool = False

    @property
    def logged(self) -> Value:
        """The value as a log may show it."""
        return REDACTED if self.is_redacted and self.value is not None else self.value

    def __repr__(self) -> str:
        return f"Result({self.outcome!r}, {self.logged!r})"


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression. It holds no state and may be shared between threads."""

    text: str
    root: Call
    attributes: tuple[str, ...]
    functions: tuple[str, ...]
    warnings: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Expression":
        """Return the expression of a text.

        Raises: ConfigurationError naming line, column and remedy.
        """
        return _parsed(text)

    @property
    def is_stable(self) -> bool:
        """Whether the same values always give the same result."""
        return all(FUNCTIONS[name].is_stable for name in self.functions)

    @property
    def redacts(self) -> bool:
        """Whether its result is kept out of logs."""
        return "Redact" in self.functions

    @property
    def is_unique(self) -> bool:
        """Whether it can be evaluated only where the target can be asked for values in use."""
        return self.root.name == "SelectUniqueValue"

    @property
    def asserts(self) -> bool:
        """Whether no values at all mean that the target should have none either."""
        return self.root.name == "AssertiveAppRoleAssignmentsComplex"

    @property
    def adds_only(self) -> bool:
        """Whether its values are added to the target's and never removed."""
        return self.root.name == "AppRoleAssignmentsComplex"

    def evaluate(self, values: Mapping[str, Value], environment: Environment) -> Result:
        """Return the result for one source object; attributes that are not there are null.

        Raises: ExpressionError where a value does not fit.
        """
        try:
            value = Run(values, environment).value(self.root)
        except FlowIgnored:
            return Result("ignore")
        if value is None:
            return Result("null")
        return Result("value", value, is_redacted=self.redacts)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Expression:
    root = parse(text)
    check(root)
    functions = dict.fromkeys(call.name for call in calls_in(root))
    return Expression(text, root, attributes_in(root), tuple(functions), tuple(warnings(root)))
