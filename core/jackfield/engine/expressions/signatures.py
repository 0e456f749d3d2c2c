"""How a function is declared: its parameters, and what it needs of an evaluation."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from jackfield.engine.expressions.nodes import Call, Node
from jackfield.engine.expressions.values import (
    Environment,
    Value,
    to_number,
    to_text,
    to_values,
)


class Evaluation(Protocol):
    """One evaluation under way, as functions see it."""

    @property
    def environment(self) -> Environment:
        """The clock, chance, and the target."""
        ...

    def value(self, node: Node) -> Value:
        """Evaluate an argument."""
        ...

    def spend(self, steps: int) -> None:
        """Count work; refuses when the whole evaluation has done too much."""
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """How an argument is read. Null makes the whole call null, unless `takes_null`."""

    read: Callable[[Value], object]
    takes_null: bool = False


def _as_it_is(value: Value) -> Value:
    return value


TEXT = Kind(to_text)
NUMBER = Kind(to_number)
TEXT_OR_NULL = Kind(to_text, takes_null=True)
ANY = Kind(_as_it_is, takes_null=True)
VALUES = Kind(to_values, takes_null=True)

Check = Callable[[Call], Iterator[str]]
"""Yields what is wrong with the arguments as written, each as a sentence."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language.

    `run` gets the arguments read by their kinds, None for an optional one that is left empty.
    With `in_evaluation` the evaluation comes first; with `lazy` it gets the evaluation and the
    call, and evaluates what it needs. `most` is None where the last parameter repeats.
    """

    name: str
    run: Callable[..., Value]
    required: tuple[Kind, ...] = ()
    optional: tuple[Kind, ...] = ()
    repeats: bool = False
    lazy: bool = False
    in_evaluation: bool = False
    may_be_empty: tuple[int, ...] = ()
    stands_alone: bool = False
    is_stable: bool = True
    check: Check | None = None

    @property
    def least(self) -> int:
        return len(self.required)

    @property
    def most(self) -> int | None:
        return None if self.repeats else len(self.required) + len(self.optional)

    def kind(self, index: int) -> Kind:
        kinds = self.required + self.optional
        return kinds[min(index, len(kinds) - 1)]

    def may_omit(self, index: int) -> bool:
        return index in self.may_be_empty or (index >= self.least and not self.repeats)
