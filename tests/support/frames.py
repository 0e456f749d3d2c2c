"""What an error reporter shows of an error: the variables of every frame, of the whole chain."""

import traceback
from collections.abc import Iterator

TESTS = "/tests/"


def shown_with_variables(error: BaseException) -> str:
    """Return the error as reporters print it, chained errors included, but for frames of tests.

    What is suppressed is shown, too: reporters differ in whether they honour that.
    """
    return "\n".join(text for each in _chain(error) for text in _shown(each))


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting, seen = [error], set[int]()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]


def _shown(error: BaseException) -> Iterator[str]:
    told = traceback.TracebackException.from_exception(error, capture_locals=True, compact=True)
    yield from told.format_exception_only()
    yield repr(vars(error))
    for frame in told.stack:
        if TESTS not in frame.filename:
            yield f"{frame.filename}:{frame.lineno} {frame.name}: {frame.locals}"
