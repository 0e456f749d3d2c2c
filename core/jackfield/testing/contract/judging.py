"""What a scenario demands of an outcome, and how a failure reads."""

from collections.abc import Iterable
from typing import TypeVar

from jackfield.errors import ProvisioningError
from jackfield.testing.contract.case import Broken
from jackfield.testing.contract.vendor import Asked, Told

T = TypeVar("T")
E = TypeVar("E", bound=ProvisioningError)


def fail(expected: str, told: Told, happened: str = "") -> Broken:
    """Return the failure: what was expected, what happened, and what was sent."""
    lines = [f"expected: {expected}", f"happened: {happened or told.happened}", *_sent(told)]
    return Broken("\n".join(lines))


def result(told: Told, kind: type[T], expected: str) -> T:
    """Return the result, which must be of this kind and come without an error."""
    if told.vendor.problem or told.error is not None or not isinstance(told.result, kind):
        raise fail(expected, told)
    return told.result


def error(told: Told, kinds: type[E] | tuple[type[E], ...], expected: str) -> E:
    """Return the error, which must be of one of these kinds."""
    if told.vendor.problem or not isinstance(told.error, kinds):
        raise fail(expected, told)
    return told.error


def no_write(told: Told, expected: str) -> None:
    if told.writes:
        raise fail(expected, told, f"{len(told.writes)} writes were sent")


def all_used(told: Told) -> None:
    """Demand that each answer written by hand was needed."""
    left = told.vendor.left_count
    if left:
        raise fail("every exchange of the evidence is used", told, f"the last {left} were not")


def holds(asked: Iterable[Asked], text: str) -> bool:
    """Say whether a value stands in a request, in its address or its body."""
    return any(
        text in one.wire.url or text in (one.wire.content or b"").decode("utf-8", "replace")
        for one in asked
    )


def _sent(told: Told) -> list[str]:
    if not told.vendor.asked:
        return ["requests: none"]
    return ["requests:", *(f"  {asked}" for asked in told.vendor.asked)]
