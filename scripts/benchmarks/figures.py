"""What a benchmark returns: figures, each with its target, and how they are printed."""

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

Run = Callable[[], tuple[float, ...]]
"""Runs one side of a comparison once and returns what it cost."""


@dataclass(frozen=True)
class Figure:
    """One result: `value` must not be over `target`; None where there is no target."""

    name: str
    value: float
    target: float | None = None
    note: str = ""
    digits: int = 2

    @property
    def is_met(self) -> bool:
        return self.target is None or self.value <= self.target

    def cells(self) -> tuple[str, ...]:
        target = "" if self.target is None else f"{self.target:.{self.digits}f}"
        verdict = "" if self.target is None else "met" if self.is_met else "MISSED"
        return self.name, f"{self.value:.{self.digits}f}", target, verdict, self.note


def alternating(ours: Run, theirs: Run, rounds: int) -> Iterator[tuple[float, ...]]:
    """Yield the medians of both sides, cost by cost, as (ours, theirs).

    The sides take turns, and take turns in going first; one round of each warms up, not counted.
    Each begins with a collected heap, so that none pays for what the other left.
    """
    sides: tuple[list[tuple[float, ...]], ...] = ([], [])
    for number in range(rounds + 1):
        order = (0, 1) if number % 2 else (1, 0)
        for side in order:
            gc.collect()
            cost = (ours, theirs)[side]()
            if number:
                sides[side].append(cost)
    medians = [[median(costs) for costs in zip(*side, strict=True)] for side in sides]
    yield from zip(*medians, strict=True)


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the rows below their header, the first column to the left, the others aligned."""
    lines = [tuple(header), *map(tuple, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    lines.insert(1, rule)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def summary(figures: Iterable[Figure]) -> str:
    return table(("figure", "value", "at most", "", ""), (figure.cells() for figure in figures))
