"""Text of others, made safe to show. Everything that is printed goes through `printable`."""

import json
import unicodedata
from typing import Any

LONGEST_VALUE = 300


def printable(text: object) -> str:
    """Return text in which control, format and line-break characters are visible as escapes.

    Terminal sequences, changes of direction and invisible characters do nothing any more; letters
    of every script stay.
    """
    text = str(text)
    if text.isprintable():
        return text
    return "".join(character if _is_shown(character) else _escaped(character) for character in text)


def value(given: Any) -> str:
    """Return an attribute's value for people: text in quotes, nothing as `(none)`."""
    text = "(none)" if given is None else json.dumps(given, ensure_ascii=False, default=str)
    return printable(text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE] + "…")


def _is_shown(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    number = ord(character)
    if number > 0xFFFF:
        return f"\\U{number:08x}"
    return named.get(character, f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}")
