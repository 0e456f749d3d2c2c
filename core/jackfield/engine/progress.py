"""How far a cycle is, for whoever shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` people in one phase. `subject` is who was just done."""

    phase: Literal["read", "plan", "apply"]
    done: int
    total: int
    subject: str = ""


Report: TypeAlias = Callable[[Progress], None]


def nobody(_: Progress) -> None:
    """Report to nobody."""
