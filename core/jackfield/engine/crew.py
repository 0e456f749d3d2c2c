"""Works through many people with a few threads, in order, and stops early where it must."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import islice
from threading import Event
from typing import TypeVar

from jackfield.driver.pauses import given_up_by, look_around

T = TypeVar("T")
R = TypeVar("R")


_SLOW_SECONDS = 0.005
_SLOW_IN_A_ROW = 3
_PATIENCE_SECONDS = 0.5


class GivenUp(BaseException):
    """Ends the pauses of a thread whose result nobody waits for any more."""


def work(
    items: Iterable[T], act: Callable[[T], R], workers: int, wait: Callable[[], object] = int
) -> Generator[tuple[T, R]]:
    """Yield each item with what became of it, in order, a few at a time.

    The items are taken in the thread that iterates, and `wait` is called there now and then while
    nothing comes. Stopping to iterate begins no more. Threads come in once an answer was waited
    for: as long as everything is there at once, handing it over would cost more than it gains.

    Raises what `act` raises, after those under way have ended; pauses among them end at once.
    """
    remaining = iter(items)
    yield from _alone(remaining, act, until_slow=_SLOW_IN_A_ROW if workers > 1 else None)
    if workers > 1:
        yield from _together(remaining, act, workers, wait)


def _alone(
    items: Iterator[T], act: Callable[[T], R], *, until_slow: int | None
) -> Iterator[tuple[T, R]]:
    """Act in this thread until so many in a row took long; None for to the end."""
    slow = 0
    for item in items:
        began = time.monotonic()
        result = act(item)
        slow = slow + 1 if time.monotonic() - began > _SLOW_SECONDS else 0
        yield item, result
        if slow == until_slow:
            return


def _together(
    items: Iterator[T], act: Callable[[T], R], workers: int, wait: Callable[[], object]
) -> Iterator[tuple[T, R]]:
    is_over, look = Event(), look_around()

    def act_until_over(item: T) -> R:
        with given_up_by(look), given_up_by(partial(_give_up, is_over)):
            return act(item)

    def wait_and_look() -> None:
        wait()
        look()

    with ThreadPoolExecutor(workers, thread_name_prefix="jackfield") as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        coming = ((item, pool.submit(act_until_over, item)) for item in items)
        try:
            waiting.extend(islice(coming, 2 * workers))
            while waiting:
                item, future = waiting.popleft()
                yield item, _result(future, wait_and_look)
                waiting.extend(islice(coming, 1))
        finally:
            is_over.set()
            for _, future in waiting:
                future.cancel()


def _give_up(is_over: Event) -> None:
    if is_over.is_set():
        raise GivenUp


def _result(future: Future[R], wait: Callable[[], object]) -> R:
    while True:
        try:
            return future.result(_PATIENCE_SECONDS)
        except TimeoutError:
            if future.done():  # then it was `act` that ran out of time, or it ended just now
                return future.result()
            wait()
