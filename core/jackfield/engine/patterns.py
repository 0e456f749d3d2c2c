"""Regular expressions that always end: a pattern becomes an automaton and never backtracks.

Python's own engine may take years over `(a+)+$`. Here a search takes time in proportion to the
text, whatever the pattern. Back-references and look-around, which no automaton can do, are refused.
"""

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, NoReturn, TypeAlias, TypeVar

LONGEST_PATTERN: Final = 256
"""Characters that a pattern may have."""
LONGEST_TEXT: Final = 1024
"""Characters of a text that is searched; a longer one matches nothing."""

_MOST_STATES: Final = 2000
_MOST_REMEMBERED: Final = 5000
_DEEPEST: Final = 20
_COUNT: Final = re.compile(r"\{(\d{0,4})(,?)(\d{0,4})\}")
_ESCAPES: Final = "dDwWsStnrfv"
_ASSERTIONS: Final = {"^": "start", "$": "end", r"\b": "edge", r"\B": "no edge"}
_SIMPLE_COUNTS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}

T = TypeVar("T")

_ACCEPTED: Final = 0
States: TypeAlias = frozenset[int]
Place: TypeAlias = frozenset[str]


@dataclass(frozen=True, slots=True)
class _Split:
    """Goes on at any of these states."""

    following: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Consume:
    """Goes on where the next character is one of these."""

    is_one: Callable[[str], object]
    following: int


@dataclass(frozen=True, slots=True)
class _Assert:
    """Goes on where the place in the text is of this kind."""

    kind: str
    following: int


_State: TypeAlias = _Split | _Consume | _Assert


@dataclass(slots=True)
class _Automaton:
    states: list[_State] = field(default_factory=lambda: [_Split(())])

    def add(self, state: _State) -> int:
        if len(self.states) >= _MOST_STATES:
            raise ValueError("the pattern is too large: its counts repeat too much")
        self.states.append(state)
        return len(self.states) - 1


_Build: TypeAlias = Callable[[_Automaton, int], int]
"""Adds a part of the pattern before a state, and returns the state where the part begins."""


class Pattern:
    """One pattern, ready to search with.

    Without `anchored` it may match anywhere in the text, else only the whole of it.

    Raises: ValueError in one sentence where the pattern is wrong, too large, or no automaton's.
    """

    def __init__(self, text: str, *, anchored: bool = False) -> None:
        _check_syntax(text)
        automaton = _Automaton()
        self._start = _Parser(text).parse()(automaton, _ACCEPTED)
        self._states = tuple(automaton.states)
        self._anchored = anchored
        asserted = frozenset(s.kind for s in self._states if isinstance(s, _Assert))
        self._has_places = bool(asserted)
        self._has_edges = bool(asserted & {"edge", "no edge"})
        self._reached: dict[tuple[States, Place], States] = {}
        self._stepped: dict[tuple[States, str], States] = {}

    def matches(self, text: str) -> bool:
        """Say whether the pattern is found; never in a text over LONGEST_TEXT characters."""
        if len(text) > LONGEST_TEXT:
            return False
        current: States = frozenset()
        for index in range(len(text) + 1):
            if index == 0 or not self._anchored:
                current |= {self._start}
            reached = self._reach(current, self._place(text, index))
            is_over = index == len(text)
            if _ACCEPTED in reached and (is_over or not self._anchored):
                return True
            if is_over or (self._anchored and not reached):
                return False
            current = self._step(reached, text[index])
        return False

    def _place(self, text: str, index: int) -> Place:
        is_inside = 0 < index < len(text) - 1
        if not self._has_places or (is_inside and not self._has_edges):
            return frozenset()
        return frozenset(_kinds(text, index))

    def _reach(self, current: States, place: Place) -> States:
        """Return every state that is reached without a further character."""
        found = self._reached.get((current, place))
        if found is None:
            found = self._closure(current, place)
            _remember(self._reached, (current, place), found)
        return found

    def _closure(self, current: States, place: Place) -> States:
        seen: set[int] = set()
        waiting = list(current)
        while waiting:
            number = waiting.pop()
            if number in seen:
                continue
            seen.add(number)
            state = self._states[number]
            if isinstance(state, _Split):
                waiting.extend(state.following)
            elif isinstance(state, _Assert) and state.kind in place:
                waiting.append(state.following)
        return frozenset(seen)

    def _step(self, reached: States, character: str) -> States:
        found = self._stepped.get((reached, character))
        if found is None:
            states = (self._states[number] for number in reached)
            found = frozenset(
                state.following
                for state in states
                if isinstance(state, _Consume) and state.is_one(character)
            )
            _remember(self._stepped, (reached, character), found)
        return found


def _check_syntax(text: str) -> None:
    if len(text) > LONGEST_PATTERN:
        raise ValueError(f"the pattern has {len(text)} characters, at most {LONGEST_PATTERN}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", FutureWarning)
            re.compile(text)
    except (re.error, FutureWarning, OverflowError, RecursionError) as error:
        raise ValueError(f"the pattern is wrong: {error}") from None


def _remember(memory: dict[tuple[States, T], States], key: tuple[States, T], found: States) -> None:
    if len(memory) >= _MOST_REMEMBERED:
        memory.clear()
    memory[key] = found


def _kinds(text: str, index: int) -> Iterator[str]:
    if index == 0:
        yield "start"
    if index == len(text) or (index == len(text) - 1 and text[index] == "\n"):
        yield "end"
    before, after = text[max(index - 1, 0) : index], text[index : index + 1]
    yield "edge" if _is_word(before) != _is_word(after) else "no edge"


def _is_word(character: str) -> bool:
    return character == "_" or character.isalnum()


class _Parser:
    """Reads a pattern that Python's own parser has found right."""

    def __init__(self, text: str) -> None:
        self._flags = re.IGNORECASE if text.startswith("(?i)") else re.NOFLAG
        self._text = text.removeprefix("(?i)")
        self._at = 0
        self._depth = 0

    def parse(self) -> _Build:
        return self._alternatives()

    def _next(self, length: int = 1) -> str:
        return self._text[self._at : self._at + length]

    def _take(self, length: int = 1) -> str:
        taken = self._next(length)
        self._at += length
        return taken

    def _alternatives(self) -> _Build:
        found = [self._sequence()]
        while self._next() == "|":
            self._take()
            found.append(self._sequence())
        return _either(tuple(found)) if len(found) > 1 else found[0]

    def _sequence(self) -> _Build:
        parts: list[_Build] = []
        while self._next() not in {"", "|", ")"}:
            part = self._part()
            counts = self._counts()
            parts.append(_repeated(part, *counts) if counts else part)
        return _in_order(tuple(parts))

    def _part(self) -> _Build:
        character = self._take()
        if character == "(":
            return self._group()
        if character == "[":
            return self._one("[" + self._rest_of_class())
        if character == "\\":
            character += self._escape()
        if character in _ASSERTIONS:
            return _asserted(_ASSERTIONS[character])
        is_special = character == "." or len(character) > 1
        return self._one(character if is_special else re.escape(character))

    def _one(self, pattern: str) -> _Build:
        is_one = re.compile(pattern, self._flags).fullmatch
        return lambda automaton, following: automaton.add(_Consume(is_one, following))

    def _group(self) -> _Build:
        if self._next() == "?" and self._take(2) != "?:":
            _refuse(f"the group (?{self._next()}…; write (?:…), or (?i) at the beginning alone")
        self._depth += 1
        if self._depth > _DEEPEST:
            _refuse(f"groups more than {_DEEPEST} deep")
        inside = self._alternatives()
        self._take()
        self._depth -= 1
        return inside

    def _rest_of_class(self) -> str:
        taken = self._take() if self._next() == "^" else ""
        taken += self._take() if self._next() == "]" else ""
        while self._next() != "]":
            taken += self._take(2 if self._next() == "\\" else 1)
        return taken + self._take()

    def _escape(self) -> str:
        following = self._take()
        if following in {"x", "u"}:
            return following + self._take(2 if following == "x" else 4)
        if following.isalnum() and following not in _ESCAPES + "bB":
            _refuse(f"\\{following}")
        return following

    def _counts(self) -> tuple[int, int | None] | None:
        counts: tuple[int, int | None]
        if self._next() in _SIMPLE_COUNTS and self._next():
            counts = _SIMPLE_COUNTS[self._take()]
        elif (found := _COUNT.match(self._text, self._at)) and any(found.groups()):
            self._take(len(found[0]))
            least = int(found[1] or 0)
            counts = (least, (int(found[3]) if found[3] else None) if found[2] else least)
        else:
            return None
        if self._next() == "+":
            _refuse("the possessive count")
        if self._next() == "?":
            self._take()  # how little is taken does not change whether anything is found
        return counts


def _refuse(what: str) -> NoReturn:
    raise ValueError(f"the pattern has what is not supported here: {what}")


def _either(parts: tuple[_Build, ...]) -> _Build:
    return lambda automaton, following: automaton.add(
        _Split(tuple(part(automaton, following) for part in parts))
    )


def _in_order(parts: tuple[_Build, ...]) -> _Build:
    def build(automaton: _Automaton, following: int) -> int:
        for part in reversed(parts):
            following = part(automaton, following)
        return following

    return build


def _asserted(kind: str) -> _Build:
    return lambda automaton, following: automaton.add(_Assert(kind, following))


def _repeated(part: _Build, least: int, most: int | None) -> _Build:
    def build(automaton: _Automaton, following: int) -> int:
        start = following
        if most is None:
            start = automaton.add(_Split((following,)))
            automaton.states[start] = _Split((part(automaton, start), following))
        for _ in range(0 if most is None else most - least):
            start = automaton.add(_Split((part(automaton, start), following)))
        for _ in range(least):
            start = part(automaton, start)
        return start

    return build
