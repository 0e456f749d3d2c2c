"""Functions whose result differs each time."""

import string
import uuid
from collections.abc import Iterator

from jackfield.engine.expressions.failures import Failure
from jackfield.engine.expressions.nodes import Call, Literal
from jackfield.engine.expressions.signatures import Evaluation

LENGTH_LIMIT = 256
# Source: Windows, "Password must meet complexity requirements" (read 2026-11-20).
_SPECIAL = "~!@#$%^&*_-+=`|\\(){}[]:;\"'<>,.?/"
_CLASSES = (string.digits, _SPECIAL, string.ascii_uppercase, string.ascii_lowercase)


def guid(run: Evaluation) -> str:
    return str(uuid.UUID(int=run.environment.random.getrandbits(128), version=4))


def random_string(run: Evaluation, length: int, *asked: int | str | None) -> str:
    """Return characters of the classes asked for; letters and digits where none is."""
    minima = [number for number in asked[:4] if isinstance(number, int)]
    avoid = asked[4] if len(asked) > 4 else None
    _possible(length, minima)
    avoided = frozenset(str(avoid or ""))
    classes = ["".join(sign for sign in signs if sign not in avoided) for signs in _CLASSES]
    if any(least and not signs for least, signs in zip(minima, classes, strict=True)):
        raise Failure("every character of a class asked for is to be avoided")
    asked_for = [signs for least, signs in zip(minima, classes, strict=True) if least]
    every = "".join(asked_for or [classes[0], classes[2], classes[3]])
    chance = run.environment.random
    chosen = [
        chance.choice(signs)
        for least, signs in zip(minima, classes, strict=True)
        for _ in range(least)
    ]
    if len(chosen) < length and not every:
        raise Failure("every character is to be avoided")
    chosen += [chance.choice(every) for _ in range(length - len(chosen))]
    chance.shuffle(chosen)
    return "".join(chosen)


def _possible(length: int, minima: list[int]) -> None:
    if not 1 <= length <= LENGTH_LIMIT:
        raise Failure(f"the length is not between 1 and {LENGTH_LIMIT}")
    if min(minima) < 0:
        raise Failure("a minimum is negative")
    if sum(minima) > length:
        raise Failure("the minima add up to more than the length")


def check_random_string(call: Call) -> Iterator[str]:
    written = [node.value for node in call.arguments[:5] if isinstance(node, Literal)]
    numbers = [value for value in written if isinstance(value, int)]
    if len(numbers) < 5:
        return
    try:
        _possible(numbers[0], numbers[1:])
    except Failure as failure:
        yield str(failure)
