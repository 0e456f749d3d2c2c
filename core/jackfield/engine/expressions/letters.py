"""Functions on letters: diacritics and proper case."""

import re
import unicodedata
from functools import cache

from jackfield.engine.expressions.text import lower, upper

# Source: Microsoft Entra, "Reference for writing expressions for attribute mappings",
# NormalizeDiacritics (read 2026-11-20). Letter = combining marks, one set for each row's entry:
# g grave, a acute, c circumflex, t tilde, m macron, d diaeresis, r ring, o ogonek, b breve,
# v caron, . dot above, u line below, , comma below, ; cedilla, h double acute, : diaeresis below.
_MARKS = {
    "g": "\u0300",
    "a": "\u0301",
    "c": "\u0302",
    "t": "\u0303",
    "m": "\u0304",
    "b": "\u0306",
    ".": "\u0307",
    "d": "\u0308",
    "r": "\u030a",
    "h": "\u030b",
    "v": "\u030c",
    "q": "\u0323",
    ":": "\u0324",
    ",": "\u0326",
    ";": "\u0327",
    "o": "\u0328",
    "u": "\u0331",
}
_DECOMPOSED = {
    "a": "d g c t r a o b m ma mg mc mt dm md .m u rm",
    "c": "; v a m u",
    "d": "v m u",
    "e": "d g a c o v . m ma mg mc mt cm u dm rm",
    "g": "b m u",
    "i": "d c g a m ma mg mc mt u",
    "l": "v m qm u",
    "n": "t a v m u",
    "o": "d g h t c a m ma mg mc mt dm md om tm .m u",
    "r": "v m u qm",
    "s": "v a , ; m u",
    "t": "v , m u",
    "u": "d g c a r h m ma mg mc mt .m dm md :m u",
    "y": "d a m ma mg mt u",
    "z": "a v . m u",
}
_WHOLE = {
    "\u00e6": "ae",
    "\u01e3": "ae",
    "\u0131": "i",
    "\u0142": "l",
    "\u00f8": "oe",
    "\u00f8\u0304": "oe",
    "\u0153": "oe",  # the table prints it with a macron only
    "\u0153\u0304": "oe",
}
_APOSTROPHE = "'"
# The categories that the page lists.
_PARTS_WORDS = re.compile("Z[slp]|C[cf]|P[cdseifo]|S[mcko]")


@cache
def _table() -> dict[str, str]:
    table = {"\u00df": "ss", "\u0130": "I"}
    for letter, rows in _DECOMPOSED.items():
        for row in rows.split():
            _add(table, letter + "".join(_MARKS[mark] for mark in row), letter)
    for sign, plain in _WHOLE.items():
        _add(table, sign, plain)
    table["\u0131"] = "i"
    return table


def _add(table: dict[str, str], sign: str, plain: str) -> None:
    composed = unicodedata.normalize("NFC", sign)
    table[composed] = plain
    capital = unicodedata.normalize("NFC", sign.upper())
    table.setdefault(capital, plain.upper())


def normalize_diacritics(text: str) -> str:
    """Return the text with the table's letters made plain; all others stay as they are."""
    if text.isascii():
        return text
    table = _table()
    plain = (table.get(unicodedata.normalize("NFC", sign), sign) for sign in _with_marks(text))
    return "".join(plain)


def _with_marks(text: str) -> list[str]:
    """Return the letters, each with the combining marks that follow it (at most four)."""
    signs: list[str] = []
    for sign in text:
        if signs and unicodedata.combining(sign) and len(signs[-1]) <= 4:
            signs[-1] += sign
        else:
            signs.append(sign)
    return signs


def proper_case(text: str, separators: str | None = None) -> str:
    """Return the text in lower case with each word's first letter in upper case.

    Without separators words are .NET's: every separator, punctuation mark or symbol parts them,
    but an apostrophe inside a word does not, and digits before the first letter are passed over.
    Source: .NET, TextInfo.ToTitleCase (read 2026-11-20).
    """
    small, inside, cased = lower(text), False, []
    for sign in small:
        if separators:
            starts = not inside
            inside = sign not in separators
        elif inside:
            starts = False
            inside = sign == _APOSTROPHE or not _PARTS_WORDS.match(unicodedata.category(sign))
        else:
            starts = inside = unicodedata.category(sign).startswith("L")
        cased.append(upper(sign) if starts else sign)
    return "".join(cased)
