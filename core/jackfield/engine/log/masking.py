"""Keeps values out of the log: secrets always, the others where a company does not want them.

A hash tells whether two values of one person are the same. Who knows what the value may be can find
it out by trying; where that is too much, keep the names alone.
"""

import hashlib
import json
from collections.abc import Collection
from typing import Any, Literal, TypeAlias

from jackfield.engine.expressions import REDACTED
from jackfield.engine.model.plan import AttributeChange

LogValues: TypeAlias = Literal["full", "hashed", "names"]
"""What the log keeps of the values that were changed."""


def masked(
    changes: tuple[AttributeChange, ...],
    *,
    hidden: Collection[str],
    values: LogValues,
    source_id: str,
) -> tuple[AttributeChange, ...]:
    """Return the changes as the log may show them; those of `hidden` paths never have values."""
    if values == "full" and not hidden:
        return changes

    def shown(path: str, value: Any) -> Any:
        if value is None or (values == "full" and path not in hidden):
            return value
        if values == "hashed" and path not in hidden:
            return _hash(value, source_id)
        return REDACTED

    return tuple(
        AttributeChange(c.path, shown(c.path, c.old), shown(c.path, c.new)) for c in changes
    )


def _hash(value: Any, source_id: str) -> str:
    """Return a short hash that differs from person to person for the same value."""
    parts = json.dumps([source_id, value], sort_keys=True, default=str)
    content = parts.encode("utf-8", "surrogatepass")
    return f"#{hashlib.blake2b(content, digest_size=8).hexdigest()}"
