"""Functions on one text. Lengths and positions count code points, from 1."""

import base64
import re

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.values import Value, to_values, within

_CULTURE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_TURKIC = ("tr", "az")
_DOTTED, _DOTLESS = "\u0130", "\u0131"


def append(source: str, suffix: str) -> str:
    return source + suffix


def join(separator: str | None, *parts: tuple[str, ...]) -> str | None:
    """Join what is neither null nor empty; nothing left is null."""
    present = [text for part in parts for text in part if text]
    between = separator or ""
    within(sum(map(len, present)) + len(between) * max(0, len(present) - 1))
    return between.join(present) if present else None


def left(text: str | None, count: int) -> str:
    if text is None:
        return ""
    return text if count < 0 else text[:count]


def middle(text: str, start: int, length: int) -> str:
    if start < 1:
        raise Failure("the start is below 1; the first character is number 1")
    if length < 0:
        raise Failure("the length is negative")
    return text[start - 1 : start - 1 + length]


def position(text: str, find: str, start: int | None = None, compare: str | None = None) -> int:
    """Return where `find` begins, or 0."""
    if start is not None and start < 1:
        raise Failure("the start is below 1; the first character is number 1")
    if compare not in (None, "", "vbBinaryCompare", "vbTextCompare"):
        raise Failure("the comparison is neither vbBinaryCompare nor vbTextCompare")
    if compare == "vbTextCompare":
        text, find = lower(text), lower(find)
    return text.find(find, (start or 1) - 1) + 1


def word(text: str | None, number: int, delimiters: str) -> str:
    """Return the n-th word; delimiters side by side part words once."""
    if not text or number < 1:
        return ""
    words = text.translate({ord(sign): "\0" for sign in delimiters}).split("\0")
    present = [found for found in words if found]
    return present[number - 1] if number <= len(present) else ""


def strip_spaces(text: str) -> str:
    return text.replace(" ", "")


def lower(text: str, culture: str | None = None) -> str:
    """Return lower case, character by character, as .NET does: a word-final sigma is no other."""
    if _is_turkic(culture):
        text = text.replace("I", _DOTLESS).replace(_DOTTED, "i")
    return text.lower() if text.isascii() else "".join(_one(c, c.lower()) for c in text)


def upper(text: str, culture: str | None = None) -> str:
    """Return upper case, character by character, as .NET does: sharp s stays."""
    if _is_turkic(culture):
        text = text.replace("i", _DOTTED).replace(_DOTLESS, "I")
    return text.upper() if text.isascii() else "".join(_one(c, c.upper()) for c in text)


def _one(sign: str, changed: str) -> str:
    return sign if sign in (_DOTTED, _DOTLESS) or len(changed) != 1 else changed


def _is_turkic(culture: str | None) -> bool:
    if not culture:
        return False
    if not _CULTURE.fullmatch(culture):
        raise Failure("the culture is no name such as en-US")
    return culture.lower().split("-")[0] in _TURKIC


def to_base64(text: str) -> str:
    return base64.b64encode(_encoded(text, "utf-16-le")).decode()


def to_utf8_hex(text: str) -> str:
    return _encoded(text, "utf-8").hex().upper()


def _encoded(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        raise Failure("the text holds half a character (a lone surrogate)") from None


def is_string(value: Value) -> bool:
    """Tell whether the value can be read as one string."""
    return len(to_values(value)) == 1


def redact(value: Value) -> Value:
    """Return the value: hiding it is the business of whoever writes it down."""
    return value
