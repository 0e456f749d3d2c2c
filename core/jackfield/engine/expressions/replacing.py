"""Replace, in the modes that its arguments select."""

import re
from collections.abc import Callable, Iterator

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.nodes import Call
from jackfield.engine.expressions.pattern_matching import Regex, Spans, Spend, compiled
from jackfield.engine.expressions.signatures import Evaluation
from jackfield.engine.expressions.values import to_text, within

_NAMES = (
    "source",
    "oldValue",
    "regexPattern",
    "regexGroupName",
    "replacementValue",
    "replacementAttributeName",
    "template",
)
OLD, REGEX, GROUP, NEW, OTHER, TEMPLATE = range(1, 7)
_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|([0-9]+)|(\$)|(&)|([`'+_]))")


def replace(run: Evaluation, call: Call) -> str | None:
    """Return the source with something replaced; null where it or a needed argument is null."""
    arguments = [to_text(run.value(argument)) for argument in call.arguments]
    mode = _given(call)
    source = arguments[0]
    if OTHER in mode and source:
        return source
    needed = [arguments[index] for index in sorted(mode)]
    present = [text for text in needed if text is not None]
    if len(present) < len(needed) or (source is None and OTHER not in mode):
        return None
    run.spend(1 + len(source or "") + sum(map(len, present)))
    return _MODES[mode](source or "", present, run.spend)


def _regex(pattern: str) -> Regex:
    """Compile a pattern that came as a value; what is wrong with it would show the value."""
    try:
        return compiled(pattern)
    except Failure:
        raise Failure("the pattern cannot be used") from None


def _old_with_new(source: str, arguments: list[str], _: Spend) -> str:
    old, new = arguments
    return _exchange(source, old, new)


def _old_in_template(source: str, arguments: list[str], _: Spend) -> str:
    old, template = arguments
    return _exchange(template, old, source)


def _exchange(text: str, old: str, new: str) -> str:
    if not old:
        raise Failure("the text to replace is empty")
    within(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def _matches_with_new(source: str, arguments: list[str], spend: Spend) -> str:
    pattern, new = arguments
    regex = _regex(pattern)
    _check_references(regex, new)
    rebuilt = _Rebuilt(source, spend)
    cost = len(new) // 8 + new.count("$")
    for spans in regex.find(source, spend):
        spend(cost)
        rebuilt.put(spans[0], spans[1], _filled(regex, new, source, spans))
    return rebuilt.text()


def _group_with_new(source: str, arguments: list[str], spend: Spend) -> str:
    pattern, group, new = arguments
    regex = _regex(pattern)
    index = _index(regex, group)
    rebuilt = _Rebuilt(source, spend)
    for spans in regex.find(source, spend):
        start, end = spans[2 * index : 2 * index + 2]
        if start >= rebuilt.at:
            rebuilt.put(start, end, new)
    return rebuilt.text()


def _group_of_other(_: str, arguments: list[str], spend: Spend) -> str | None:
    """Return the group's text in the other attribute; null where nothing matches."""
    pattern, group, other = arguments
    regex = _regex(pattern)
    index = _index(regex, group)
    spend(len(other))
    spans = next(regex.find(other, spend), None)
    if spans is None or spans[2 * index] < 0:
        return None
    return other[spans[2 * index] : spans[2 * index + 1]]


_MODES: dict[frozenset[int], Callable[[str, list[str], Spend], str | None]] = {
    frozenset({OLD, NEW}): _old_with_new,
    frozenset({OLD, TEMPLATE}): _old_in_template,
    frozenset({REGEX, NEW}): _matches_with_new,
    frozenset({REGEX, GROUP, NEW}): _group_with_new,
    frozenset({REGEX, GROUP, OTHER}): _group_of_other,
}


class _Rebuilt:
    """A text put together from the source and replacements, never longer than a value may be."""

    def __init__(self, source: str, spend: Spend) -> None:
        self.at = 0
        self._source = source
        self._spend = spend
        self._pieces: list[str] = []
        self._size = 0

    def put(self, start: int, end: int, new: str) -> None:
        self._add(self._source[self.at : start])
        self._add(new)
        self.at = end

    def text(self) -> str:
        self._add(self._source[self.at :])
        return "".join(self._pieces)

    def _add(self, piece: str) -> None:
        self._size += len(piece)
        within(self._size)
        self._spend(1)
        self._pieces.append(piece)


def _index(regex: Regex, group: str) -> int:
    if group not in regex.groups:
        raise Failure("the pattern has no such group")
    return regex.groups[group]


def _filled(regex: Regex, new: str, source: str, spans: Spans) -> str:
    """Return the replacement with $1, ${name}, $& and $$ filled in."""

    def fill(found: re.Match[str]) -> str:
        if found[3]:
            return "$"
        index = 0 if found[4] else regex.groups[found[1] or found[2]]
        start, end = spans[2 * index : 2 * index + 2]
        return source[start:end] if start >= 0 else ""

    if "$" not in new:
        return new
    within(new.count("$") * (spans[1] - spans[0]))
    return _REFERENCE.sub(fill, new)


def _check_references(regex: Regex, new: str) -> None:
    for found in _REFERENCE.finditer(new):
        if found[5]:
            raise Failure("the replacement uses $`, $', $+ or $_; write $$ for a dollar sign")
        if found[1] or found[2]:
            _index(regex, found[1] or found[2])


def _given(call: Call) -> frozenset[int]:
    return frozenset(index for index in range(1, 7) if call.given(index) is not None)


def check_replace(call: Call) -> Iterator[str]:
    """Refuse combinations that are no mode, and patterns that are known to be wrong."""
    mode = _given(call)
    if mode not in _MODES:
        given = ", ".join(_NAMES[index] for index in sorted(mode)) or "nothing"
        yield (
            f"{given} is no way to replace; give oldValue or regexPattern with replacementValue, "
            "oldValue with template, or regexPattern and regexGroupName with replacementValue or "
            "replacementAttributeName"
        )
        return
    try:
        _check_written(call)
    except Failure as failure:
        yield str(failure)


def _check_written(call: Call) -> None:
    pattern, group, new = call.text(REGEX), call.text(GROUP), call.text(NEW)
    if call.text(OLD) == "":
        raise Failure("the text to replace is empty")
    if pattern is None:
        return
    regex = compiled(pattern)
    if group is not None:
        _index(regex, group)
    elif new is not None and call.given(GROUP) is None:
        _check_references(regex, new)
