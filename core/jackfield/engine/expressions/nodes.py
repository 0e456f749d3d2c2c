"""What an expression is made of, after parsing."""

from dataclasses import dataclass
from typing import NamedTuple


class Position(NamedTuple):
    """A place in the text of an expression; both count from 1."""

    line: int
    column: int

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}"


@dataclass(frozen=True, slots=True)
class Literal:
    """A string or a number."""

    value: str | int
    at: Position
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Constant:
    """A bare word: vbBinaryCompare or vbTextCompare."""

    value: str
    at: Position
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Attribute:
    """A source attribute."""

    name: str
    at: Position
    depth: int = 1


@dataclass(frozen=True, slots=True)
class Nothing:
    """An argument left empty."""

    depth: int = 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values and the operator between them."""

    operator: str
    left: "Operand"
    right: "Operand"
    at: Position
    depth: int


@dataclass(frozen=True, slots=True)
class Call:
    """A function and its arguments."""

    name: str
    arguments: tuple["Node", ...]
    at: Position
    depth: int

    def given(self, index: int) -> "Node | None":
        """Return the argument, or None where it is left empty or not there."""
        if index >= len(self.arguments) or isinstance(self.arguments[index], Nothing):
            return None
        return self.arguments[index]

    def text(self, index: int) -> str | None:
        """Return the argument where it is a string written into the expression."""
        node = self.given(index)
        return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None


Operand = Call | Attribute | Literal | Constant
Node = Operand | Comparison | Nothing


def calls_in(node: Node) -> tuple[Call, ...]:
    """Return every call, outer ones first."""
    return tuple(found for found in _walk(node) if isinstance(found, Call))


def attributes_in(node: Node) -> tuple[str, ...]:
    """Return the names of all attributes, each once, in the order of their first use."""
    names = (found.name for found in _walk(node) if isinstance(found, Attribute))
    return tuple(dict.fromkeys(names))


def _walk(node: Node) -> list[Node]:
    found: list[Node] = []
    waiting: list[Node] = [node]
    while waiting:
        here = waiting.pop()
        found.append(here)
        if isinstance(here, Call):
            waiting.extend(reversed(here.arguments))
        elif isinstance(here, Comparison):
            waiting.extend((here.right, here.left))
    return found
