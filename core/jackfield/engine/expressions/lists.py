"""Functions on multi-valued attributes."""

from jackfield.engine.expressions.failures import Failure


def count(values: tuple[str, ...]) -> int:
    return len(values)


def item(values: tuple[str, ...], index: int) -> str | None:
    """Return one value, counted from 1; null past the end."""
    if index < 1:
        raise Failure("the index is below 1; the first value is number 1")
    return values[index - 1] if index <= len(values) else None


def remove_duplicates(values: tuple[str, ...]) -> tuple[str, ...] | None:
    return tuple(dict.fromkeys(values)) or None


def split(text: str | None, delimiter: str) -> tuple[str, ...]:
    """Return the parts, trimmed, empty ones kept so that Item finds the others."""
    if not delimiter:
        raise Failure("the delimiter is empty")
    return tuple(part.strip() for part in text.split(delimiter)) if text else ()
