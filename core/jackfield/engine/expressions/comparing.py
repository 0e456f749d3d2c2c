"""The comparisons of IIF and CBool."""

from jackfield.engine.expressions.dates import written_instant
from jackfield.engine.expressions.values import Value, number_in, single


def holds(operator: str, left: Value, right: Value) -> bool:
    """Tell whether the comparison holds.

    Null equals the empty string and is neither above nor below anything. A number is compared with
    a text that is a number as numbers; case counts. `<` and its kin compare numbers, then instants
    as CDate writes them, then text by code points.
    """
    one, other = single(left), single(right)
    if operator == "=":
        return _equal(one, other)
    if operator == "<>":
        return not _equal(one, other)
    if one in (None, "") or other in (None, ""):
        return False
    order = _order(one, other)
    if operator in ("<=", ">=") and order == 0:
        return True
    return order < 0 if operator in ("<", "<=") else order > 0


Single = str | bool | int | None


def _equal(one: Single, other: Single) -> bool:
    if _is_number(one) or _is_number(other):
        numbers = _number(one), _number(other)
        if None not in numbers:
            return numbers[0] == numbers[1]
    return _text(one) == _text(other)


def _order(one: Single, other: Single) -> int:
    first, second = _number(one), _number(other)
    if first is not None and second is not None:
        return (first > second) - (first < second)
    early, late = written_instant(_text(one)), written_instant(_text(other))
    if early is not None and late is not None:
        return (early > late) - (early < late)
    return (_text(one) > _text(other)) - (_text(one) < _text(other))


def _is_number(value: Single) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Single) -> int | None:
    if isinstance(value, str):
        return number_in(value)
    return value if value is not None and _is_number(value) else None


def _text(value: Single) -> str:
    return "" if value is None else str(value)
