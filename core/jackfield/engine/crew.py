"""Works through many people with a few threads, in order, and stops early where it must."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def work(items: Iterable[T], act: Callable[[T], R], workers: int) -> Iterator[tuple[T, R]]:
    """Yield each item with what became of it, in order, a few at a time.

    Raises what `act` raises, after those under way have ended. Stopping to iterate begins no more.
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
                yield item, future.result()
                waiting.extend(islice(coming, 1))
        finally:
            for _, future in waiting:
                future.cancel()
