"""Finds a pattern in a text in bounded time.

Python's `re` has no time-out and may take exponential time. It is used where the shape of the
pattern and the length of the text leave it few ways to try. Everything else runs on the matcher
here, which never tries the same place of the pattern at the same place of the text twice and counts
its steps. Both find the same; a property test compares them.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from math import inf, prod
from typing import NamedTuple

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.patterns import (
    Again,
    Alternatives,
    Group,
    Look,
    Pattern,
    Piece,
    Repeat,
    Sequence,
    parse,
)

TRIES_LIMIT = 1_000_000
"""Steps at worst up to which `re` is trusted; it takes about 10 ns for each."""
TRIES_FOR_ONE = 50
"""So many of those count as one character handled elsewhere."""
PROGRAM_LIMIT = 4000
STEP_COST = 5
"""Work for one step of the matcher, against one for a character elsewhere."""

Spend = Callable[[int], None]
Spans = tuple[int, ...]
"""Start and end of the match, then of each group; -1 where it took no part."""


class Instruction(NamedTuple):
    """A step of a program."""

    does: str
    first: int = 0
    second: int = 0
    piece: re.Pattern[str] | None = None
    program: "tuple[Instruction, ...]" = ()


@dataclass(frozen=True, slots=True)
class Regex:
    """A compiled pattern. `groups` has names and numbers as .NET counts them."""

    groups: dict[str, int]
    pattern: Pattern
    program: tuple[Instruction, ...]
    fast: re.Pattern[str]
    slots: int
    folds_case: bool

    def find(self, text: str, spend: Spend) -> Iterator[Spans]:
        """Yield the matches from left to right; after an empty one, go on one character later."""
        tries = self.tries(len(text))
        search = self._with_re if tries <= TRIES_LIMIT else self._with_steps
        spend(int(min(tries, TRIES_LIMIT)) // TRIES_FOR_ONE)
        at = 0
        while at <= len(text):
            spans = search(text, at, spend)
            if spans is None:
                return
            yield spans
            at = spans[1] + (spans[0] == spans[1])

    def tries(self, length: int) -> float:
        """Return how often `re` would try at worst in a text of this length."""
        weight = len(self.program) + len(self.fast.pattern) // 10  # long sets cost more
        return (length + 1) * _ways(self.pattern, length) * weight

    def _with_re(self, text: str, at: int, _: Spend) -> Spans | None:
        found = self.fast.search(text, at)
        if found is None:
            return None
        return tuple(place for span in found.regs for place in span)

    def _with_steps(self, text: str, at: int, spend: Spend) -> Spans | None:
        matcher = _Matcher(text, spend, folds_case=self.folds_case)
        refers_back = any(step.does == "again" for step in self.program)
        seen: set[tuple[int, int]] | None = None if refers_back else set()
        for start in range(at, len(text) + 1):
            spans = matcher.run(self.program, start, (-1,) * self.slots, seen)
            if spans is not None:
                return spans
        return None


@lru_cache(maxsize=256)
def compiled(text: str) -> Regex:
    """Return the pattern ready for use. A Failure says what is refused."""
    parsed = parse(text)
    program = _Compiler(parsed.groups, parsed.flags).program(Group(parsed.pattern, 0))
    try:
        fast = re.compile(_python(parsed.pattern, parsed.groups), parsed.flags)
    except (re.error, OverflowError, RecursionError):
        raise Failure("the pattern cannot be read") from None
    slots = 2 * (1 + max(parsed.groups.values()))
    folds = bool(parsed.flags & re.IGNORECASE)
    return Regex(parsed.groups, parsed.pattern, program, fast, slots, folds)


def _ways(pattern: Pattern, length: int) -> float:
    """Return an upper bound of the ways to match from one place on."""
    while isinstance(pattern, Group):
        pattern = pattern.body
    if isinstance(pattern, Piece):
        return 1.0
    if isinstance(pattern, Sequence):
        return prod((_ways(item, length) for item in pattern.items), start=1.0)
    if isinstance(pattern, Alternatives):
        return sum((_ways(branch, length) for branch in pattern.branches), start=0.0)
    return _ways_to_repeat(pattern, length) if isinstance(pattern, Repeat) else inf


def _ways_to_repeat(repeat: Repeat, length: int) -> float:
    inside = _ways(repeat.body, length)
    if repeat.high == 1:
        return inside + (1 - repeat.low)
    if inside > 1:
        return inf
    longest = length if repeat.high is None else min(repeat.high, length)
    return float(max(1, longest - repeat.low + 1))


def _python(pattern: Pattern, groups: dict[str, int]) -> str:
    """Write the pattern for `re`."""
    if isinstance(pattern, Piece):
        return pattern.text
    if isinstance(pattern, Sequence):
        return "".join(_python(item, groups) for item in pattern.items)
    if isinstance(pattern, Alternatives):
        return "(?:" + "|".join(_python(branch, groups) for branch in pattern.branches) + ")"
    if isinstance(pattern, Again):
        return f"(?:\\{groups[pattern.group]})"
    return _around(pattern, _python(pattern.body, groups))


def _around(pattern: Group | Look | Repeat, body: str) -> str:
    if isinstance(pattern, Group):
        return f"({body})"
    if isinstance(pattern, Look):
        behind = "" if pattern.behind is None else "<"
        return f"(?{behind}{'!' if pattern.is_negative else '='}{body})"
    high = "" if pattern.high is None else str(pattern.high)
    return f"(?:{body}){{{pattern.low},{high}}}{'?' if pattern.is_lazy else ''}"


class _Compiler:
    """Writes a tree as a program."""

    def __init__(
        self, groups: dict[str, int], flags: re.RegexFlag, left: list[int] | None = None
    ) -> None:
        self._groups = groups
        self._flags = flags
        # How many steps may still be written: one number for a program and those inside it.
        self._left = [PROGRAM_LIMIT] if left is None else left
        self._steps: list[Instruction] = []

    def program(self, pattern: Pattern) -> tuple[Instruction, ...]:
        self._add(pattern)
        self._emit(Instruction("done"))
        return tuple(self._steps)

    def _emit(self, step: Instruction) -> int:
        self._left[0] -= 1
        if self._left[0] < 0:
            raise Failure("the pattern is too large once its repetitions are counted out")
        self._steps.append(step)
        return len(self._steps) - 1

    def _add(self, pattern: Pattern) -> None:
        if isinstance(pattern, Piece):
            self._emit(
                Instruction("piece", pattern.width, piece=re.compile(pattern.text, self._flags))
            )
        elif isinstance(pattern, Sequence):
            for item in pattern.items:
                self._add(item)
        elif isinstance(pattern, Alternatives):
            self._add_alternatives(pattern.branches)
        elif isinstance(pattern, Group):
            self._emit(Instruction("save", 2 * pattern.index))
            self._add(pattern.body)
            self._emit(Instruction("save", 2 * pattern.index + 1))
        elif isinstance(pattern, Look):
            inner = _Compiler(self._groups, self._flags, self._left).program(pattern.body)
            behind = pattern.behind or 0
            self._emit(Instruction("look", behind, int(pattern.is_negative), program=inner))
        elif isinstance(pattern, Again):
            self._emit(Instruction("again", 2 * self._groups[pattern.group]))
        else:
            self._add_repeat(pattern)

    def _add_alternatives(self, branches: tuple[Pattern, ...]) -> None:
        ends = []
        for branch in branches[:-1]:
            fork = self._emit(Instruction("fork"))
            self._add(branch)
            ends.append(self._emit(Instruction("jump")))
            self._steps[fork] = Instruction("fork", fork + 1, len(self._steps))
        self._add(branches[-1])
        for end in ends:
            self._steps[end] = Instruction("jump", len(self._steps))

    def _add_repeat(self, repeat: Repeat) -> None:
        for _ in range(repeat.low):
            self._add(repeat.body)
        if repeat.high is None:
            fork = self._emit(Instruction("fork"))
            self._add(repeat.body)
            self._emit(Instruction("jump", fork))
            self._steps[fork] = self._fork(fork, is_lazy=repeat.is_lazy)
            return
        forks = []
        for _ in range(repeat.high - repeat.low):
            forks.append(self._emit(Instruction("fork")))
            self._add(repeat.body)
        for fork in forks:
            self._steps[fork] = self._fork(fork, is_lazy=repeat.is_lazy)

    def _fork(self, at: int, *, is_lazy: bool) -> Instruction:
        inside, after = at + 1, len(self._steps)
        return Instruction("fork", after, inside) if is_lazy else Instruction("fork", inside, after)


class _Matcher:
    """Runs programs on one text by backtracking, in the order in which `re` would."""

    def __init__(self, text: str, spend: Spend, *, folds_case: bool) -> None:
        self._text = text
        self._spend = spend
        self._folds_case = folds_case

    def run(
        self,
        program: tuple[Instruction, ...],
        start: int,
        spans: Spans,
        seen: set[tuple[int, int]] | None,
    ) -> Spans | None:
        """Return the spans of a match that begins here. What is `seen` is known to fail."""
        waiting = [(0, start, spans)]
        while waiting:
            at, place, spans = waiting.pop()
            if seen is not None:
                if (at, place) in seen:
                    continue
                seen.add((at, place))
            self._spend(STEP_COST)
            step = program[at]
            if step.does == "done":
                return spans
            if step.does == "fork":
                waiting.append((step.second, place, spans))
                waiting.append((step.first, place, spans))
                continue
            after = self._one(step, place, spans, remembers=seen is not None)
            if after is not None:
                target = step.first if step.does == "jump" else at + 1
                waiting.append((target, *after))
        return None

    def _one(
        self, step: Instruction, place: int, spans: Spans, *, remembers: bool
    ) -> tuple[int, Spans] | None:
        """Return where the step leads in the text, and the spans then; None where it fails."""
        if step.piece is not None:
            found = step.piece.match(self._text, place)
            return (place + step.first, spans) if found else None
        if step.does == "save":
            return place, (*spans[: step.first], place, *spans[step.first + 1 :])
        if step.does == "look":
            return self._look(step, place, spans, remembers=remembers)
        if step.does == "again":
            return self._again(spans[step.first : step.first + 2], place, spans)
        return place, spans

    def _look(
        self, step: Instruction, place: int, spans: Spans, *, remembers: bool
    ) -> tuple[int, Spans] | None:
        found = None
        if place >= step.first:
            seen: set[tuple[int, int]] | None = set() if remembers else None
            found = self.run(step.program, place - step.first, spans, seen)
        if step.second:
            return (place, spans) if found is None else None
        return None if found is None else (place, found)

    def _again(self, span: Spans, place: int, spans: Spans) -> tuple[int, Spans] | None:
        if span[0] < 0 or span[1] < 0:
            return None
        wanted = self._text[span[0] : span[1]]
        here = self._text[place : place + len(wanted)]
        if wanted == here or (self._folds_case and wanted.lower() == here.lower()):
            return place + len(wanted), spans
        return None
