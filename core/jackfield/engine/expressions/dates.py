"""Functions on dates. Instants are UTC; a text without a zone is read as UTC."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType

from jackfield.engine.expressions.date_formats import DateFormat, offset, styles_problem
from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.nodes import Call
from jackfield.engine.expressions.signatures import Evaluation

_ZONE = r"\s?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
_SECOND = r"(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]{1,7}))?"
_CLOCK = rf"(?P<hour>[0-9]{{1,2}}):(?P<minute>[0-9]{{2}})(?::{_SECOND})?"
_ISO = re.compile(
    rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})(?:[T ]{_CLOCK})?{_ZONE}",
    re.ASCII,
)
_AMERICAN = re.compile(
    r"(?P<month>[0-9]{1,2})/(?P<day>[0-9]{1,2})/(?P<year>[0-9]{4})"
    rf"(?: {_CLOCK}(?:\s?(?P<half>[AaPp][Mm]))?)?{_ZONE}",
    re.ASCII,
)
_WRITTEN = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4} [0-9]{1,2}:[0-9]{2}:[0-9]{2} [AP]M")
_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_NO_DATE = "the value is no date that can be read; name its format with FormatDateTime"


def written(instant: datetime) -> str:
    """Return `M/d/yyyy h:mm:ss tt`."""
    clock = f"{(instant.hour - 1) % 12 + 1}:{instant.minute:02}:{instant.second:02}"
    half = "AM" if instant.hour < 12 else "PM"
    return f"{instant.month}/{instant.day}/{instant.year:04} {clock} {half}"


def written_instant(text: str) -> datetime | None:
    """Return the instant of a text that CDate wrote, None for any other text."""
    if not _WRITTEN.fullmatch(text):
        return None
    try:
        return instant_of(text)
    except Failure:
        return None


def instant_of(text: str, *patterns: re.Pattern[str]) -> datetime:
    """Read ISO 8601, or month/day/year with or without a time."""
    for pattern in patterns or (_ISO, _AMERICAN):
        found = pattern.fullmatch(text.strip())
        if found:
            return _instant(found.groupdict())
    raise Failure(_NO_DATE)


def _instant(parts: dict[str, str | None]) -> datetime:
    hour = int(parts["hour"] or 0)
    if parts.get("half"):
        if not 1 <= hour <= 12:
            raise Failure(_NO_DATE)
        hour = hour % 12 + 12 * (str(parts["half"]).upper() == "PM")
    fraction = (parts["fraction"] or "0").ljust(6, "0")[:6]
    try:
        local = datetime(
            int(parts["year"] or 0),
            int(parts["month"] or 0),
            int(parts["day"] or 0),
            hour,
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int(fraction),
            tzinfo=UTC,
        )
        return local - offset(parts["zone"])
    except (ValueError, OverflowError):
        raise Failure(_NO_DATE) from None


def to_date(text: str) -> str:
    return written(instant_of(text))


def now(run: Evaluation) -> str:
    return written(run.environment.now)


def add(interval: str, count: int, text: str) -> str:
    """Add to a date; months and years end on the last day of a shorter month."""
    instant = instant_of(text)
    try:
        if interval in ("yyyy", "m"):
            return written(_add_months(instant, count * (12 if interval == "yyyy" else 1)))
        return written(instant + count * _length(interval))
    except (ValueError, OverflowError):
        raise Failure("the result lies outside the years 1 to 9999") from None


def _add_months(instant: datetime, count: int) -> datetime:
    year, month = divmod(instant.year * 12 + instant.month - 1 + count, 12)
    for day in range(instant.day, 27, -1):
        try:
            return instant.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
    return instant.replace(year=year, month=month + 1)


_LENGTHS = MappingProxyType(
    {
        "d": timedelta(days=1),
        "ww": timedelta(weeks=1),
        "h": timedelta(hours=1),
        "n": timedelta(minutes=1),
        "s": timedelta(seconds=1),
    }
)
_BOUNDARIES: MappingProxyType[str, Callable[[date], int]] = MappingProxyType(
    {
        "yyyy": lambda day: day.year,
        "m": lambda day: day.year * 12 + day.month,
        "ww": lambda day: day.toordinal() // 7,  # the ordinals of Sundays divide by 7
    }
)
_INTERVALS = "yyyy, m, d, ww, h, n or s"


def _length(interval: str) -> timedelta:
    if interval not in _LENGTHS:
        raise Failure(f"the interval is none of {_INTERVALS}")
    return _LENGTHS[interval]


def difference(interval: str, first: str, second: str) -> int:
    """Count boundaries of years, months and weeks, and whole days, hours, minutes and seconds."""
    start, end = instant_of(first), instant_of(second)
    boundary = _BOUNDARIES.get(interval)
    if boundary:
        return boundary(end.date()) - boundary(start.date())
    length = _length(interval)
    return (end - start) // length if end >= start else -((start - end) // length)


def check_interval(call: Call) -> Iterator[str]:
    interval = call.text(0)
    if interval is not None and interval not in (*_LENGTHS, *_BOUNDARIES):
        yield f"the interval {interval} is none of {_INTERVALS}"


def from_ticks(ticks: int) -> str:
    """Read 100-nanosecond steps since 1601."""
    try:
        return written(_EPOCH + timedelta(microseconds=ticks // 10))
    except OverflowError:
        raise Failure("the number is no date before the year 10000") from None


def to_ticks(text: str) -> int:
    """Return 100-nanosecond steps since 1601; digits past the microsecond are dropped."""
    return (instant_of(text, _ISO) - _EPOCH) // timedelta(microseconds=1) * 10


def reformat(text: str, styles: str | None, wanted: str, output: str) -> str:
    """Read a date in one .NET format and write it in another; the zone becomes UTC."""
    if styles_problem(styles or ""):
        raise Failure("the styles are none that are known")
    instant, has_zone = DateFormat.of(wanted).read(text, styles or "")
    return DateFormat.of(output).write(instant, has_zone=has_zone)


def check_formats(call: Call) -> Iterator[str]:
    problem = styles_problem(call.text(1) or "")
    if problem:
        yield problem
    for index, is_input in ((2, True), (3, False)):
        text = call.text(index)
        try:
            if text is not None:
                DateFormat.of(text).check(reading=is_input)
        except Failure as failure:
            yield str(failure)
