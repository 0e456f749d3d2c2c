"""What an evaluation can end with besides a value."""

from jackfield.engine.expressions.nodes import Position
from jackfield.errors import Travelling


class ExpressionError(Travelling, Exception):
    """One source object's values do not fit an expression; its text never shows a value.

    `function` is the function at fault and `position` its place in the expression.
    """

    def __init__(self, function: str, position: Position, sentence: str) -> None:
        super().__init__(f"{function} at {position}: {sentence}")
        self.function = function
        self.position = position
        self.sentence = sentence


class AllTaken(ExpressionError):
    """SelectUniqueValue found every candidate in use: hold the source object and try again."""


class SeveralValues(ExpressionError):
    """A mapping gives several values where its target takes one."""

    def __init__(self, target: str, count: int) -> None:
        sentence = f"{count} values where one is wanted; choose with Item or Join"
        super().__init__(f"the mapping of {target}", Position(1, 1), sentence)

    def __str__(self) -> str:
        return f"{self.function}: {self.sentence}"


class Failure(Exception):
    """What a function raises: the sentence alone; the evaluation adds function and position."""

    error: type[ExpressionError] = ExpressionError


class NoCandidateLeft(Failure):
    """Raised by SelectUniqueValue."""

    error = AllTaken


class FlowIgnored(Exception):
    """The attribute is to be left out of this flow."""
