"""The custom date and time formats of .NET, invariant culture.

Source: .NET, "Custom date and time format strings" (read 2026-11-20).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType

from jackfield.engine.expressions.failures import Failure

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
# Formats of one letter, as the invariant culture spells them out.
_STANDARD = MappingProxyType(
    {
        "d": "MM/dd/yyyy",
        "o": "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "O": "yyyy-MM-ddTHH:mm:ss.fffffffK",
        "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "R": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
        "s": "yyyy-MM-ddTHH:mm:ss",
        "u": "yyyy-MM-dd HH:mm:ss'Z'",
    }
)
_STYLES = frozenset(
    {
        "None",
        "AllowLeadingWhite",
        "AllowTrailingWhite",
        "AllowInnerWhite",
        "AllowWhiteSpaces",
        "AdjustToUniversal",
        "AssumeUniversal",
        "RoundtripKind",
    }
)
_DEFAULT_STYLES = "AllowLeadingWhite,AllowTrailingWhite"
_TOKEN = re.compile(
    r"(?P<field>d+|f+|F+|h+|H+|K|m+|M+|s+|t+|y+|z+)"
    r"|'(?P<single>[^']*)'"
    r'|"(?P<double>[^"]*)"'
    r"|\\(?P<escaped>.)"
    r"|%(?=[dfFhHKmMstyz])"
    r"|(?P<refused>['\"\\%g])"
    r"|(?P<literal>.)",
    re.DOTALL,
)
_LONGEST = MappingProxyType(
    {"d": 4, "f": 7, "F": 7, "h": 2, "H": 2, "K": 1, "m": 2, "M": 4, "s": 2, "t": 2, "y": 4, "z": 3}
)
_LENGTH_LIMIT = 200
_MORE_BLANKS = 8
_MISMATCH = "the date does not have the input format"


def offset(zone: str | None) -> timedelta:
    """Return how far `Z`, `+08:00`, `-0700` or `+8` is ahead of UTC.

    Raises: ValueError beyond 14 hours, as in .NET.
    """
    if not zone or zone in "Zz":
        return timedelta()
    digits = zone[1:].replace(":", "")
    hours, minutes = (digits[:-2], digits[-2:]) if len(digits) > 2 else (digits, "0")
    ahead = timedelta(hours=int(hours), minutes=int(minutes))
    if ahead > timedelta(hours=14) or int(minutes) > 59:
        raise ValueError
    return -ahead if zone[0] == "-" else ahead


def styles_problem(styles: str) -> str:
    """Return what is wrong with DateTimeStyles, or nothing."""
    unknown = _named(styles) - _STYLES
    if not unknown:
        return ""
    return f"{min(unknown)} is none of the styles {', '.join(sorted(_STYLES))}"


def _named(styles: str) -> frozenset[str]:
    names = (name.strip().removeprefix("DateTimeStyles.") for name in re.split(r"[,|]", styles))
    return frozenset(name for name in names if name)


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format, split into its fields and the text between them."""

    parts: tuple[tuple[str, str], ...]
    """(letter of a field or nothing, the text itself)."""

    @staticmethod
    def of(text: str) -> "DateFormat":
        """Return the format of a text; a Failure says what cannot be read."""
        return _split(text)

    def check(self, *, reading: bool) -> None:
        """Refuse an input format that no one date can be read from."""
        letters = [field for field, _ in self.parts if field]
        if not reading:
            return
        if "y" not in letters:
            raise Failure("the input format names no year")
        twice = {field for field in letters if letters.count(field) > 1} - {"d"}
        if twice:
            raise Failure(f"the input format names {min(twice)} twice")
        if len([1 for field, text in self.parts if field == "d" and len(text) < 3]) > 1:
            raise Failure("the input format names d twice")

    def read(self, text: str, styles: str) -> tuple[datetime, bool]:
        """Return the instant in UTC and whether the text named a zone."""
        self.check(reading=True)
        found = _pattern(self, _named(styles or _DEFAULT_STYLES)).fullmatch(text)
        if not found:
            raise Failure(_MISMATCH)
        try:
            return _instant(found.groupdict())
        except (ValueError, OverflowError):
            raise Failure(_MISMATCH) from None

    def write(self, instant: datetime, *, has_zone: bool) -> str:
        """Return the text; K is empty where the input named no zone."""
        written: list[str] = []
        for field, text in self.parts:
            piece = _write(field, len(text), instant) if field else text
            if field == "K":
                piece = "Z" if has_zone else ""
            if field == "F" and not piece and written and written[-1].endswith("."):
                written[-1] = written[-1][:-1]
            written.append(piece)
        return "".join(written)


@lru_cache(maxsize=256)
def _split(text: str) -> DateFormat:
    if not text or len(text) > _LENGTH_LIMIT:
        raise Failure(f"a date format has 1 to {_LENGTH_LIMIT} characters")
    if len(text) == 1:
        if text not in _STANDARD:
            raise Failure(f"the one-letter format is none of {', '.join(sorted(_STANDARD))}")
        text = _STANDARD[text]
    parts = []
    for token in _TOKEN.finditer(text):
        field = token["field"]
        if token["refused"]:
            raise Failure("the date format has a quote, backslash, % or g that stands for nothing")
        if field and len(field) > _LONGEST[field[0]]:
            raise Failure(f"the date format has more than {_LONGEST[field[0]]} of {field[0]}")
        literal = next(
            (token[name] for name in ("single", "double", "escaped", "literal") if token[name]), ""
        )
        parts.append((field[0], field) if field else ("", literal))
    return DateFormat(tuple(parts))


def _write(field: str, length: int, instant: datetime) -> str:
    if field in "fF":
        digits = f"{instant.microsecond:06}0"[:length]
        return digits if field == "f" else digits.rstrip("0")
    if field == "t":
        return ("AM" if instant.hour < 12 else "PM")[:length]
    if field == "z":
        return ("+0", "+00", "+00:00")[length - 1]
    if field in "dM" and length > 2:
        name = _DAYS[instant.weekday()] if field == "d" else _MONTHS[instant.month - 1]
        return name[:3] if length == 3 else name
    numbers = {
        "d": instant.day,
        "h": (instant.hour - 1) % 12 + 1,
        "H": instant.hour,
        "m": instant.minute,
        "M": instant.month,
        "s": instant.second,
        "y": instant.year % 100 if length < 3 else instant.year,
    }
    return f"{numbers[field]:0{length}}" if field in numbers else ""


@lru_cache(maxsize=256)
def _pattern(date_format: DateFormat, styles: frozenset[str]) -> re.Pattern[str]:
    white = styles & {"AllowWhiteSpaces"}
    before = r"\s*" if white or "AllowLeadingWhite" in styles else ""
    after = r"\s*" if white or "AllowTrailingWhite" in styles else ""
    if white or "AllowInnerWhite" in styles:
        pieces = _spaced(date_format)
    else:
        pieces = (_piece(field, text) for field, text in date_format.parts)
    return re.compile(before + "".join(pieces) + after)


def _spaced(date_format: DateFormat) -> Iterator[str]:
    """Yield the pieces and, between any two, as many blanks as the format has, and some more.

    Each run of blanks is one piece: two side by side would be divided in every way there is.
    """
    blanks, is_first = 0, True
    for field, text in date_format.parts:
        if not field and text.isspace():
            blanks += len(text)
            continue
        if blanks or not is_first:
            yield rf"\s{{{blanks},{blanks + _MORE_BLANKS}}}"
        yield _piece(field, text)
        blanks, is_first = 0, False
    if blanks:
        yield rf"\s{{{blanks},{blanks + _MORE_BLANKS}}}"


def _piece(field: str, text: str) -> str:
    return _field_pattern(field, len(text)) if field else re.escape(text)


def _field_pattern(field: str, length: int) -> str:
    if field in "dM" and length > 2:
        names = _DAYS if field == "d" else _MONTHS
        shown = "|".join(name[:3] if length == 3 else name for name in names)
        return f"(?i:{shown})" if field == "d" else f"(?P<month_name>(?i:{shown}))"
    if field == "t":
        return r"(?P<t>(?i:[AP]M))" if length == 2 else r"(?P<t>(?i:[AP]))"
    if field == "z":
        return r"(?P<z>[+-][0-9]{1,2}%s)" % (":?[0-9]{2}" if length == 3 else "")
    if field == "K":
        return r"(?P<K>Z|[+-][0-9]{2}:[0-9]{2})?"
    low = {"f": length, "F": 0}.get(field, 1 if length == 1 else length)
    high = length if field in "fF" else max(length, 2)
    if field == "y" and length == 3:
        high = 4
    return f"(?P<{field}>[0-9]{{{low},{high}}})"


def _instant(parts: Mapping[str, str | None]) -> tuple[datetime, bool]:
    fraction = (parts.get("f") or "") + (parts.get("F") or "")
    local = datetime(
        _year(parts["y"] or ""),
        _month(parts),
        int(parts.get("d") or 1),
        _hour(parts),
        int(parts.get("m") or 0),
        int(parts.get("s") or 0),
        int(fraction.ljust(6, "0")[:6]),
        tzinfo=UTC,
    )
    zone = parts.get("z") or parts.get("K")
    return local - offset(zone), bool(zone)


def _year(digits: str) -> int:
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (2000 if year < 50 else 1900)  # .NET: two-digit years end with 2049


def _month(parts: Mapping[str, str | None]) -> int:
    name = parts.get("month_name")
    if name:
        return next(
            i for i, month in enumerate(_MONTHS, 1) if month[:3].lower() == name[:3].lower()
        )
    return int(parts.get("M") or 1)


def _hour(parts: Mapping[str, str | None]) -> int:
    if parts.get("H"):
        return int(parts["H"] or 0)
    hour, half = int(parts.get("h") or 0), parts.get("t")
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError
    return hour % 12 + 12 * half.upper().startswith("P")
