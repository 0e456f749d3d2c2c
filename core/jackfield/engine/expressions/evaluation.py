"""Evaluates a tree. Every value and the work as a whole are bounded."""

from collections.abc import Mapping

from jackfield.engine.expressions.comparing import holds
from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.nodes import Attribute, Call, Comparison, Node, Nothing
from jackfield.engine.expressions.signatures import Function
from jackfield.engine.expressions.table import FUNCTIONS
from jackfield.engine.expressions.values import Environment, Value, bounded, read, size_of

WORK_LIMIT = 1_000_000
"""Steps of one evaluation: about one for each character that a function handles."""


class Run:
    """One evaluation of one expression for one source object."""

    def __init__(self, values: Mapping[str, Value], environment: Environment) -> None:
        self._values = values
        self._environment = environment
        self._work = WORK_LIMIT

    @property
    def environment(self) -> Environment:
        return self._environment

    def spend(self, steps: int) -> None:
        self._work -= steps
        if self._work < 0:
            raise Failure("the values are too long for this expression")

    def value(self, node: Node) -> Value:
        if isinstance(node, Call):
            return self._call(node)
        if isinstance(node, Attribute):
            return read(self._values, node.name)
        if isinstance(node, Comparison):
            return holds(node.operator, self.value(node.left), self.value(node.right))
        return None if isinstance(node, Nothing) else node.value

    def _call(self, call: Call) -> Value:
        function = FUNCTIONS[call.name]
        try:
            if function.lazy:
                return bounded(function.run(self, call))
            arguments = self._arguments(function, call)
            if arguments is None:
                return None
            self.spend(1 + sum(map(size_of, arguments)))
            if function.in_evaluation:
                return bounded(function.run(self, *arguments))
            return bounded(function.run(*arguments))
        except Failure as failure:
            raise failure.error(call.name, call.at, str(failure)) from None

    def _arguments(self, function: Function, call: Call) -> list[object] | None:
        """Return the arguments as the function reads them, or None where null makes it null."""
        arguments: list[object] = []
        for index, node in enumerate(call.arguments):
            kind = function.kind(index)
            argument = kind.read(self.value(node))
            if argument is None and not kind.takes_null and not function.may_omit(index):
                return None
            arguments.append(argument)
        return arguments
