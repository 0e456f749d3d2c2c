"""Many people, a few threads, in order."""

import threading
import time
from contextlib import closing

import pytest

from jackfield.driver.pauses import given_up_by, pause
from jackfield.engine.crew import work


class Enough(BaseException):
    pass


def slowly(item: int) -> int:
    """Take long enough for threads to come in."""
    time.sleep(0.01)
    return 2 * item


def test_results_come_in_order_whatever_thread_had_them():
    assert list(work(range(20), slowly, 4)) == [(number, 2 * number) for number in range(20)]


def test_threads_come_in_for_slow_answers_alone():
    def thread(item: int, seconds: float) -> str:
        time.sleep(seconds)
        return threading.current_thread().name

    quick = {name for _, name in work(range(50), lambda item: thread(item, 0), 4)}
    slow = {name for _, name in work(range(20), lambda item: thread(item, 0.01), 4)}

    assert quick == {threading.current_thread().name}
    assert len(slow) > 1


def waiting_from(first: int, seconds: float = 60):
    """Return work that from the so-manieth item on waits for a vendor."""

    def act(item: int) -> int:
        if item >= first:
            pause(seconds)
        return slowly(item)

    return act


def test_who_stops_to_iterate_waits_for_no_pause():
    began = time.monotonic()

    with closing(work(range(100), waiting_from(5), 4)) as going:
        done = [next(going)[0] for _ in range(5)]

    assert done == [0, 1, 2, 3, 4]
    assert time.monotonic() - began < 10


def test_an_error_of_one_waits_for_no_pause_of_the_others():
    def act(item: int) -> int:
        if item == 4:
            raise ValueError(item)
        return waiting_from(5)(item)

    began = time.monotonic()

    with pytest.raises(ValueError, match="4"):
        list(work(range(100), act, 4))

    assert time.monotonic() - began < 10


@pytest.mark.parametrize("workers", [1, 4])
def test_work_that_is_given_up_ends_its_pauses(workers: int):
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()

    def look() -> None:
        if stop.is_set():
            raise Enough

    began = time.monotonic()

    with given_up_by(look), pytest.raises(Enough):
        list(work(range(100), waiting_from(3), workers))

    assert time.monotonic() - began < 10


def test_who_iterates_is_given_up_while_nothing_comes():
    """Also where the threads do not pause, as in a request under way."""
    stop = threading.Event()

    def act(item: int) -> int:
        if item == 5:
            stop.set()
            time.sleep(1.5)
        return slowly(item)

    def look() -> None:
        if stop.is_set():
            raise Enough

    with given_up_by(look), pytest.raises(Enough):
        list(work(range(100), act, 4))
