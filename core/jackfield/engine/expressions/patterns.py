"""Reads regular expressions as .NET writes them; refuses what may mean something else here.

The tree is written out for Python's `re` where that is certain to be fast, and run by
`pattern_matching` where it is not.
"""

import re
from dataclasses import dataclass

from jackfield.engine.expressions.failures import Failure

LENGTH_LIMIT = 1000
DEPTH_LIMIT = 20
REPEAT_LIMIT = 1000
GROUP_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Piece:
    """One character (width 1) or an anchor (width 0), as Python writes it."""

    text: str
    width: int


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    items: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True)
class Alternatives:
    """The first that leads to a match."""

    branches: tuple["Pattern", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Again and again; `high` is None where there is no end."""

    body: "Pattern"
    low: int
    high: int | None
    is_lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A capture; `index` counts opening brackets from 1."""

    body: "Pattern"
    index: int


@dataclass(frozen=True, slots=True)
class Look:
    """Looks ahead, or `behind` so many characters back."""

    body: "Pattern"
    behind: int | None
    is_negative: bool


@dataclass(frozen=True, slots=True)
class Again:
    """What a group captured before, by the group's name or .NET number."""

    group: str


Pattern = Piece | Sequence | Alternatives | Repeat | Group | Look | Again


def width(pattern: Pattern) -> tuple[int, int | None]:
    """Return the least and the most characters it matches; None where there is no bound."""
    if isinstance(pattern, Piece):
        return pattern.width, pattern.width
    if isinstance(pattern, Sequence):
        return _sum([width(item) for item in pattern.items])
    if isinstance(pattern, Alternatives):
        every = [width(branch) for branch in pattern.branches]
        mosts = [most for _, most in every if most is not None]
        return min(low for low, _ in every), max(mosts) if len(mosts) == len(every) else None
    if isinstance(pattern, Repeat):
        least, most = width(pattern.body)
        bounded = None if most is None or pattern.high is None else most * pattern.high
        return least * pattern.low, bounded
    if isinstance(pattern, Group):
        return width(pattern.body)
    return (0, 0) if isinstance(pattern, Look) else (0, None)


def _sum(widths: list[tuple[int, int | None]]) -> tuple[int, int | None]:
    mosts = [most for _, most in widths if most is not None]
    return sum(least for least, _ in widths), sum(mosts) if len(mosts) == len(widths) else None


_CHARACTER_CLASSES = "dDwWsS"
_ANCHORS = {"A": r"\A", "z": r"\Z", "Z": r"(?=\n?\Z)", "b": r"\b", "B": r"\B"}
_CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
_QUANTIFIER = re.compile(
    r"(?:(?P<sign>[*+?])|\{(?P<low>[0-9]+)(?P<comma>,)?(?P<high>[0-9]+)?\})(?P<lazy>\?)?"
)
_GROUP_NAME = re.compile(r"\(\?(?:<(?P<angled>[A-Za-z_]\w*)>|'(?P<quoted>[A-Za-z_]\w*)')", re.ASCII)
_FLAGS = re.compile(r"\(\?(?P<flags>[ims]+)\)")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A pattern read; `groups` holds names and .NET numbers, as text, with the group's index."""

    pattern: Pattern
    groups: dict[str, int]
    flags: re.RegexFlag


def parse(text: str) -> Parsed:
    """Return the tree. A Failure says what is refused."""
    if len(text) > LENGTH_LIMIT:
        raise Failure(f"the pattern is longer than {LENGTH_LIMIT} characters")
    reader = _Reader(text)
    flags = reader.flags()
    pattern = reader.alternatives(0)
    if reader.rest:
        raise Failure("the pattern has a ) that closes nothing")
    groups = reader.groups()
    unknown = sorted(reader.wanted - groups.keys())
    if unknown:
        raise Failure(f"the pattern has no group {unknown[0]}")
    return Parsed(pattern, groups, flags)


class _Reader:
    """Reads a pattern from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._names: list[str] = []  # of each group in the order of its bracket; "" for a number
        self.wanted: set[str] = set()

    @property
    def rest(self) -> str:
        return self._text[self._at : self._at + 1]

    def groups(self) -> dict[str, int]:
        """Return the groups by name and by .NET number, which counts those with a name last."""
        indices = range(1, len(self._names) + 1)
        plain = [index for index in indices if not self._names[index - 1]]
        named = [index for index in indices if self._names[index - 1]]
        numbers = {str(number): index for number, index in enumerate(plain + named, 1)}
        return {"0": 0} | numbers | {self._names[index - 1]: index for index in named}

    def flags(self) -> re.RegexFlag:
        found = _FLAGS.match(self._text)
        flags = re.NOFLAG
        if found:
            self._at = found.end()
            for letter in found["flags"]:
                flags |= {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}[letter]
        return flags

    def alternatives(self, depth: int) -> Pattern:
        if depth > DEPTH_LIMIT:
            raise Failure(f"the pattern nests groups more than {DEPTH_LIMIT} deep")
        branches = [self._sequence(depth)]
        while self._take("|"):
            branches.append(self._sequence(depth))
        return branches[0] if len(branches) == 1 else Alternatives(tuple(branches))

    def _sequence(self, depth: int) -> Pattern:
        items: list[Pattern] = []
        while self.rest and self.rest not in "|)":
            items.append(self._quantified(self._item(depth)))
        return items[0] if len(items) == 1 else Sequence(tuple(items))

    def _quantified(self, item: Pattern) -> Pattern:
        found = _QUANTIFIER.match(self._text, self._at)
        if not found:
            return item
        self._at = found.end()
        if _QUANTIFIER.match(self._text, self._at) or self.rest in ("+", "*", "?"):
            raise Failure("the pattern has two quantifiers side by side")
        if isinstance(item, Look) or (isinstance(item, Piece) and not item.width):
            raise Failure("the pattern repeats an anchor")
        low, high = _bounds(found)
        if (high is not None and high < low) or low > REPEAT_LIMIT or (high or 0) > REPEAT_LIMIT:
            raise Failure(f"the pattern repeats from {low} to {high} times")
        if (high is None or high > 1) and width(item)[0] == 0:
            raise Failure("the pattern repeats something that may be empty")
        return Repeat(item, low, high, found["lazy"] is not None)

    def _item(self, depth: int) -> Pattern:
        sign = self._next()
        if sign == "(":
            return self._group(depth)
        if sign == "[":
            return self._set()
        if sign == "\\":
            return self._escape()
        if sign in "*+?":
            raise Failure(f"the pattern has a {sign} that repeats nothing")
        if sign in "^$":
            return Piece(sign, 0)
        return Piece(sign if sign == "." else literal(sign), 1)

    def _group(self, depth: int) -> Pattern:
        start = self._at - 1
        named = _GROUP_NAME.match(self._text, start)
        if named:
            self._at = named.end()
            return self._capture(named["angled"] or named["quoted"], depth)
        if not self._take("?"):
            return self._capture("", depth)
        if self._take(":"):
            return self._closed(depth)
        for opening, is_behind, is_negative in (
            ("=", False, False),
            ("!", False, True),
            ("<=", True, False),
            ("<!", True, True),
        ):
            if self._take(opening):
                return self._look(depth, is_behind=is_behind, is_negative=is_negative)
        shown = self._text[start : start + 4]
        raise Failure(f"the pattern has {shown}…, a construct that is not supported")

    def _capture(self, name: str, depth: int) -> Group:
        if name and name in self._names:
            raise Failure(f"the pattern has two groups {name}")
        self._names.append(name)
        if len(self._names) > GROUP_LIMIT:
            raise Failure(f"the pattern has more than {GROUP_LIMIT} groups")
        index = len(self._names)
        return Group(self._closed(depth), index)

    def _look(self, depth: int, *, is_behind: bool, is_negative: bool) -> Look:
        body = self._closed(depth)
        least, most = width(body)
        if is_behind and least != most:
            raise Failure("the pattern looks behind by a length that varies")
        return Look(body, least if is_behind else None, is_negative)

    def _closed(self, depth: int) -> Pattern:
        body = self.alternatives(depth + 1)
        if not self._take(")"):
            raise Failure("the pattern has a ( that is never closed")
        return body

    def _escape(self) -> Pattern:
        sign = self._next()
        if sign in _ANCHORS:
            return Piece(_ANCHORS[sign], 0)
        if sign in _CHARACTER_CLASSES:
            return Piece("\\" + sign, 1)
        if sign in "123456789" and sign:
            if self.rest.isdigit():
                raise Failure("the pattern refers to a group beyond 9; name the group")
            return self._again(sign)
        if sign == "k":
            found = re.compile(r"<(\w+)>|'(\w+)'").match(self._text, self._at)
            if not found:
                raise Failure(r"the pattern has a \k without a <name>")
            self._at = found.end()
            return self._again(found[1] or found[2])
        return Piece(literal(self._character(sign)), 1)

    def _again(self, group: str) -> Again:
        self.wanted.add(group)
        return Again(group)

    def _character(self, sign: str) -> str:
        """Return the one character that an escape stands for."""
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign in ("x", "u"):
            length = 2 if sign == "x" else 4
            digits = self._text[self._at : self._at + length]
            if not re.fullmatch(f"[0-9A-Fa-f]{{{length}}}", digits):
                raise Failure(f"the pattern has a \\{sign} without {length} hexadecimal digits")
            self._at += length
            return chr(int(digits, 16))
        if sign.isalnum():
            raise Failure(f"the pattern has \\{sign}, which is not supported")
        return sign

    def _set(self) -> Piece:
        parts = ["[^" if self._take("^") else "["]
        first = self._at
        while self._at == first or self.rest != "]":
            if self._at > first and self._text.startswith("-[", self._at):
                raise Failure("the pattern subtracts one set from another, which is not supported")
            low = self._member()
            after = self._text[self._at + 1 : self._at + 2]
            is_range = self.rest == "-" and after not in ("]", "[", "")
            if not is_range:
                parts.append(low)
                continue
            self._next()
            high = self._member()
            if len(low) != len(high) or low > high or low[1] in _CHARACTER_CLASSES:
                raise Failure("the pattern has a range in [ ] that is in no order")
            parts.append(f"{low}-{high}")
        self._next()
        return Piece("".join(parts) + "]", 1)

    def _member(self) -> str:
        sign = self._next()
        if sign != "\\":
            return literal(sign)
        sign = self._next()
        if sign in _CHARACTER_CLASSES:
            return "\\" + sign
        return literal("\b" if sign == "b" else self._character(sign))

    def _take(self, text: str) -> bool:
        found = self._text.startswith(text, self._at)
        self._at += len(text) * found
        return found

    def _next(self) -> str:
        sign = self.rest
        if not sign:
            raise Failure("the pattern ends in the middle")
        self._at += 1
        return sign


def _bounds(found: re.Match[str]) -> tuple[int, int | None]:
    if found["sign"]:
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[found["sign"]]
    low = int(found["low"][:6])
    if not found["comma"]:
        return low, low
    return low, int(found["high"][:6]) if found["high"] else None


def literal(sign: str) -> str:
    """Return the character so written that it stands for itself everywhere in a pattern."""
    return f"\\U{ord(sign):08x}"
