"""Works through many people with a few threads, in order, and stops early where it must."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_PATIENCE_SECONDS = 0.5


def work(
    items: Iterable[T], act: Callable[[T], R], workers: int, wait: Callable[[], object] = int
) -> Generator[tuple[T, R]]:
    """Yield each item with what became of it, in order, a few at a time.

    The items are taken in the thread that iterates, and `wait` is called there now and then while
    nothing comes. Stopping to iterate begins no more.

    Raises what `act` raises, after those under way have ended.
    """
    if workers <= 1:
        for item in items:
            yield item, act(item)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="jackfield") as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        coming = ((item, pool.submit(act, item)) for item in items)
        try:
            waiting.extend(islice(coming, 2 * workers))
            while waiting:
                item, future = waiting.popleft()
                yield item, _result(future, wait)
                waiting.extend(islice(coming, 1))
        finally:
            for _, future in waiting:
                future.cancel()


def _result(future: Future[R], wait: Callable[[], object]) -> R:
    while True:
        try:
            return future.result(_PATIENCE_SECONDS)
        except TimeoutError:
            if future.done():  # then it was `act` that ran out of time, or it ended just now
                return future.result()
            wait()
