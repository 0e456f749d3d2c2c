"""From text to a tree; whatever is wrong with the text is a ConfigurationError with its place."""

import re
from difflib import get_close_matches
from functools import cache
from importlib import resources
from typing import NoReturn

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from jackfield.engine.expressions.nodes import (
    Attribute,
    Call,
    Comparison,
    Constant,
    Literal,
    Node,
    Nothing,
    Operand,
    Position,
)
from jackfield.engine.expressions.values import NUMBER_LIMIT
from jackfield.errors import ConfigurationError

LENGTH_LIMIT = 10_000
DEPTH_LIMIT = 64
CONSTANTS = ("vbBinaryCompare", "vbTextCompare")

_TERMINALS = {
    "NAME": "a function",
    "ATTRIBUTE": "an [attribute]",
    "STRING": 'a "string"',
    "NUMBER": "a number",
    "HEXADECIMAL": "a number",
    "OPERATOR": "a comparison",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "$END": "the end",
}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> Call:
    """Return the tree of an expression. Names and counts of arguments are not checked here."""
    if len(text) > LENGTH_LIMIT:
        raise ConfigurationError(
            f"the expression has {len(text)} characters and may have {LENGTH_LIMIT}; shorten it"
        )
    try:
        found: object = _parser().parse(text)
    except UnexpectedInput as problem:
        refuse(_place(problem, text), _complaint(problem, text))
    if not isinstance(found, Call):  # the grammar lets nothing else through
        raise TypeError
    return found


def refuse(at: Position, sentence: str) -> NoReturn:
    """Raise the error for a place in an expression."""
    raise ConfigurationError(f"the expression is wrong at {at}: {sentence}")


def closest(word: str, known: list[str]) -> str:
    """Return a hint at the name that was meant, or nothing."""
    by_lower = {name.lower(): name for name in known}
    near = get_close_matches(word.lower(), by_lower, n=1)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""


@cache
def _parser() -> Lark:
    grammar = resources.files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_Builder())


class _Builder(Transformer[Token, Call]):
    """Builds the tree bottom-up while the text is read, so that depth costs no recursion."""

    def start(self, children: list[Call]) -> Call:
        return children[0]

    def nothing(self, _: list[Token]) -> Nothing:
        return Nothing()

    def attribute(self, children: list[Token]) -> Attribute:
        at = _position(children[0])
        name = children[0][1:-1].strip()
        if not name:
            refuse(at, "the brackets name no attribute")
        return Attribute(name, at)

    def string(self, children: list[Token]) -> Literal:
        at = _position(children[0])
        body = children[0][1:-1]
        for escape in _ESCAPE.finditer(body):
            if escape[1] not in '"\\':
                refuse(at, f"a backslash in a string is written twice: \\\\{escape[1]}")
        return Literal(_ESCAPE.sub(r"\1", body), at)

    def number(self, children: list[Token]) -> Literal:
        token = children[0]
        number = _hexadecimal(token) if token.type == "HEXADECIMAL" else _decimal(token)
        if not -NUMBER_LIMIT <= number < NUMBER_LIMIT:
            refuse(_position(token), "the number does not fit into 64 bits")
        return Literal(number, _position(token))

    def constant(self, children: list[Token]) -> Constant:
        word, at = str(children[0]), _position(children[0])
        if word not in CONSTANTS:
            hint = closest(word, list(CONSTANTS))
            refuse(
                at, f'{word} is no value; write [{word}] for an attribute, "{word}" for text{hint}'
            )
        return Constant(word, at)

    def comparison(self, children: list[Operand | Token]) -> Comparison:
        left, operator, right = children
        if isinstance(left, Token) or isinstance(right, Token) or not isinstance(operator, Token):
            raise TypeError
        depth = max(left.depth, right.depth)
        return Comparison(str(operator), left, right, _position(operator), depth)

    def call(self, children: list[Node | Token]) -> Call:
        token = children[0]
        arguments = tuple(child for child in children[1:] if not isinstance(child, Token))
        if not isinstance(token, Token):
            raise TypeError
        if arguments == (Nothing(),):
            arguments = ()
        depth = 1 + max((argument.depth for argument in arguments), default=0)
        if depth > DEPTH_LIMIT:
            refuse(_position(token), f"functions are nested more than {DEPTH_LIMIT} deep")
        return Call(str(token), arguments, _position(token), depth)


def _hexadecimal(token: Token) -> int:
    return int(token.upper().removeprefix("&H"), base=16)


def _decimal(token: Token) -> int:
    if len(token) > 20:
        refuse(_position(token), "the number does not fit into 64 bits")
    return int(token)


def _position(token: Token) -> Position:
    return Position(token.line or 1, token.column or 1)


def _place(problem: UnexpectedInput, text: str) -> Position:
    if isinstance(problem, UnexpectedToken) and problem.token.type == "$END":
        lines = text.rstrip().split("\n")
        return Position(len(lines), len(lines[-1]) + 1)
    return Position(problem.line, problem.column)


def _complaint(problem: UnexpectedInput, text: str) -> str:
    if not text.strip():
        return 'it is empty; write a function call such as Append([mail], ".test")'
    if isinstance(problem, UnexpectedCharacters):
        return _stray_character(text[problem.pos_in_stream or 0 :], problem.allowed or set())
    if not isinstance(problem, UnexpectedToken):
        return "it cannot be read"
    expected = problem.accepts or problem.expected
    if expected <= {"NAME"}:
        return (
            "a whole expression is a function call, such as Coalesce([mail], [userPrincipalName])"
        )
    found = "the end" if problem.token.type == "$END" else str(problem.token)[:30]
    if expected == {"$END"}:
        return f"{found} stands after the end of the function call"
    return f"found {found}, expected {_list(expected)}"


def _stray_character(rest: str, allowed: set[str]) -> str:
    if rest.startswith('"'):
        return "the string is never closed"
    if rest.startswith("["):
        return "the attribute is never closed, or has no name"
    if rest[0] in "'‘’“”":  # noqa: RUF001 - what word processors make of quotation marks
        return f'found {rest[0]}; strings stand between " and "'
    if re.match(r"-?[0-9]|&[Hh]", rest):
        return "numbers are whole, such as 10, -3 or &HFF"
    return f"found {rest[0]}, expected {_list(allowed)}"


def _list(terminals: set[str]) -> str:
    words = sorted({_TERMINALS[name] for name in terminals if name in _TERMINALS})
    return " or ".join(words) or "something else"
