"""SCIM filters: RFC 7644 section 3.4.2.2, as far as the imitated vendors go."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from jackfield.testing.sandbox.exchange import Document, Refusal

_TOKEN = re.compile(r'\s*(?:("(?:[^"\\]|\\.)*")|([\[\]()])|([^\s\[\]()"]+))')
_OPERATORS = frozenset({"eq", "ne", "co", "sw", "ew", "pr", "gt", "ge", "lt", "le"})


def _folded(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def member(document: Document, name: str) -> Any:
    """Return the value of an attribute, ignoring the case of its name; None where absent."""
    if name in document:
        return document[name]
    wanted = name.lower()
    return next((value for key, value in document.items() if key.lower() == wanted), None)


def _inside(value: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(value, list):
        for item in value:
            yield from _inside(item, names)
    elif not names:
        yield value
    elif isinstance(value, dict):
        found = member(value, names[0])
        if found is not None:
            yield from _inside(found, names[1:])


def values_at(document: Document, path: str) -> Iterator[Any]:
    """Return every value at a path; a name unknown to the core is sought in the extensions."""
    if path.lower().startswith("urn:"):
        urn, _, path = path.rpartition(":")
        if not urn.lower().endswith((":core:2.0:user", ":core:2.0:group")):
            document = member(document, urn) or {}
    names = path.split(".")
    if member(document, names[0]) is None:
        for key, extension in document.items():
            if key.startswith("urn:"):
                yield from _inside(extension, names)
        return
    yield from _inside(document, names)


@dataclass(frozen=True, slots=True)
class Comparison:
    """`path operator value`; text is compared ignoring case."""

    path: str
    operator: str
    value: Any = None

    def matches(self, document: Document) -> bool:
        wanted = _folded(self.value)
        found = [_folded(value) for value in values_at(document, self.path)]
        if self.operator == "pr":
            return bool(found)
        if self.operator == "ne":
            return wanted not in found
        return any(self._holds(value, wanted) for value in found)

    def _holds(self, found: Any, wanted: Any) -> bool:
        if self.operator == "eq":
            return bool(found == wanted)
        if not isinstance(found, str) or not isinstance(wanted, str):
            return False
        return {
            "sw": found.startswith(wanted),
            "ew": found.endswith(wanted),
            "co": wanted in found,
            "gt": found > wanted,
            "ge": found >= wanted,
            "lt": found < wanted,
            "le": found <= wanted,
        }[self.operator]


@dataclass(frozen=True, slots=True)
class Joined:
    """Filters joined by `and` or by `or`."""

    word: str
    parts: "tuple[Filter, ...]"

    def matches(self, document: Document) -> bool:
        judged = (part.matches(document) for part in self.parts)
        return all(judged) if self.word == "and" else any(judged)


@dataclass(frozen=True, slots=True)
class Within:
    """`path[filter]`: one element of a multi-valued attribute fits the filter."""

    path: str
    inner: "Filter"

    def matches(self, document: Document) -> bool:
        elements = values_at(document, self.path)
        return any(isinstance(one, dict) and self.inner.matches(one) for one in elements)


@dataclass(frozen=True, slots=True)
class Negated:
    """`not (filter)`."""

    inner: "Filter"

    def matches(self, document: Document) -> bool:
        return not self.inner.matches(document)


Filter: TypeAlias = Comparison | Joined | Within | Negated


def _invalid(detail: str) -> Refusal:
    return Refusal(400, detail, scim_type="invalidFilter")


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens: list[str] = []
        place, text = 0, text.rstrip()
        while place < len(text):
            found = _TOKEN.match(text, place)
            if found is None:
                raise _invalid(f"The filter cannot be read from character {place + 1}.")
            self._tokens.append(found.group().strip())
            place = found.end()
        self._tokens.reverse()

    def parse(self) -> Filter:
        found = self._joined("or")
        if self._tokens:
            raise _invalid(f"The filter has {self._tokens[-1]!r} where it should end.")
        return found

    def _joined(self, word: str) -> Filter:
        parts = [self._joined("and") if word == "or" else self._one()]
        while self._peek().lower() == word:
            self._next()
            parts.append(self._joined("and") if word == "or" else self._one())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _one(self) -> Filter:
        first = self._next()
        if first.lower() == "not" and self._peek() == "(":
            return Negated(self._one())
        if first == "(":
            found = self._joined("or")
            self._expect(")")
            return found
        if self._peek() == "[":
            self._next()
            inner = self._joined("or")
            self._expect("]")
            return Within(first, inner)
        operator = self._next().lower()
        if operator not in _OPERATORS:
            raise _invalid(f"The filter has no operator {operator!r}.")
        value = None if operator == "pr" else self._value()
        return Comparison(first, operator, value)

    def _value(self) -> Any:
        token = self._next()
        try:
            return json.loads(token)
        except ValueError as error:
            raise _invalid(f"The filter's value {token!r} is not quoted.") from error

    def _peek(self) -> str:
        return self._tokens[-1] if self._tokens else ""

    def _next(self) -> str:
        if not self._tokens:
            raise _invalid("The filter ends too early.")
        return self._tokens.pop()

    def _expect(self, mark: str) -> None:
        if self._next() != mark:
            raise _invalid(f"The filter lacks {mark!r}.")


def parse_filter(text: str) -> Filter:
    """Return the filter of a text.

    Raises: Refusal (400 invalidFilter).
    """
    return _Parser(text).parse()


def comparisons(found: Filter, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Return path (lower case, without a URN) and operator of every comparison."""
    if isinstance(found, Comparison):
        yield f"{prefix}{found.path.rpartition(':')[2].lower()}", found.operator
    elif isinstance(found, Within):
        path = found.path.rpartition(":")[2].lower()
        yield from comparisons(found.inner, f"{prefix}{path}.")
    elif isinstance(found, Negated):
        yield from comparisons(found.inner, prefix)
    else:
        for part in found.parts:
            yield from comparisons(part, prefix)


def check_filter(found: Filter, allowed: Mapping[str, frozenset[str]]) -> None:
    """Refuse what the vendor does not document. `allowed`: lower-case path to its operators.

    Raises: Refusal (400 invalidFilter).
    """
    for path, operator in comparisons(found):
        if operator not in allowed.get(path, ()):
            raise _invalid(f"The filter [{path} {operator}] is not supported.")
