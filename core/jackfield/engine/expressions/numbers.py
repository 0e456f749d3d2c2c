"""Functions on numbers and truth."""

from jackfield.engine.expressions.values import Value, single, to_truth


def bit_and(one: int, other: int) -> int:
    return one & other


def to_boolean(value: Value) -> bool:
    return to_truth(value)


def negate(value: Value) -> bool:
    """Return False for true, in any case, and True for everything else, null included."""
    return str(single(value)).strip().lower() != "true"
