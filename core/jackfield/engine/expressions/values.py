"""The values that expressions read and give, and how one is read as another."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random, SystemRandom

from jackfield.engine.expressions.failures import Failure

SIZE_LIMIT = 64 * 1024
"""Characters in one value, all values of a multi-valued one together."""
NUMBER_LIMIT = 2**63

_NUMBER = re.compile(r"\s*([+-]?[0-9]{1,19})\s*")


@dataclass(frozen=True, slots=True)
class Role:
    """An app role of a user, as a source gives it and as the SCIM attribute `roles` has it."""

    value: str
    display: str = ""
    primary: bool = False

    def to_scim(self) -> dict[str, str | bool]:
        """Return the element of `roles` that Microsoft Entra sends."""
        return {
            "primary": self.primary,
            "type": "WindowsAzureActiveDirectoryRole",
            "display": self.display or self.value,
            "value": self.value,
        }


Value = str | bool | int | tuple[str | Role, ...] | None
"""A tuple is a multi-valued attribute; None is no value."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What an evaluation may know besides the values: the clock, chance, and the target.

    `now` is aware. `is_taken` tells whether a target user has a value already; what it raises
    passes through.
    """

    now: datetime
    random: Random = field(default_factory=SystemRandom)
    is_taken: Callable[[str], bool] | None = None

    def __post_init__(self) -> None:
        if self.now.utcoffset() != timedelta(0):
            raise ValueError("now has to be an aware instant in UTC")


def read(values: Mapping[str, Value], name: str) -> Value:
    """Return an attribute's value, checked, for a source is not typed at run time."""
    value: object = values.get(name)
    if value is None or isinstance(value, str | int):
        return bounded(value)
    if isinstance(value, tuple) and all(isinstance(item, str | Role) for item in value):
        return bounded(value)
    raise Failure(f"[{name}] has a value of a kind that no expression can read")


def bounded(value: Value) -> Value:
    """Return the value unless it is too large."""
    if isinstance(value, int) and not -NUMBER_LIMIT <= value < NUMBER_LIMIT:
        raise Failure("a number does not fit into 64 bits")
    within(size_of(value))
    return value


def within(size: int) -> None:
    """Refuse a size before the value is built."""
    if size > SIZE_LIMIT:
        raise Failure(f"a value is longer than {SIZE_LIMIT} characters")


def size_of(value: object) -> int:
    """Return about how many characters the value has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple):
        return sum(1 + len(_item(item)) for item in value)
    return 1


def _item(value: str | Role) -> str:
    return value.value if isinstance(value, Role) else value


def is_null(value: Value) -> bool:
    """Tell whether there is no value; a multi-valued attribute without values is none."""
    return value is None or value == ()


def single(value: Value) -> str | bool | int | None:
    """Return the one value; several are refused."""
    if not isinstance(value, tuple):
        return value
    if len(value) > 1:
        raise Failure(f"{len(value)} values stand where one is wanted; choose with Item or Join")
    return _item(value[0]) if value else None


def to_text(value: Value) -> str | None:
    """Return the value as text; a Boolean is `True` or `False`."""
    one = single(value)
    return None if one is None else str(one)


def to_values(value: Value) -> tuple[str, ...]:
    """Return all values as text; none for null."""
    if isinstance(value, tuple):
        return tuple(_item(item) for item in value)
    return () if value is None else (str(value),)


def to_number(value: Value) -> int | None:
    """Return the value as a whole number; True is 1."""
    one = single(value)
    if one is None or isinstance(one, int):
        return None if one is None else int(one)
    number = number_in(one)
    if number is None:
        raise Failure("a value that has to be a whole number is none")
    return number


def number_in(text: str) -> int | None:
    """Return the whole number that the text is, or None."""
    found = _NUMBER.fullmatch(text)
    return int(found[1]) if found else None


def to_truth(value: Value) -> bool:
    """Return whether the value is true: True in any case, or a number other than 0."""
    one = single(value)
    if one is None or isinstance(one, int):
        return bool(one)
    word = one.strip().lower()
    if word in ("true", "false", ""):
        return word == "true"
    number = number_in(word)
    if number is None:
        raise Failure("a value that has to be true or false is neither")
    return number != 0
