"""Pauses that end early where their work is given up."""

import threading
import time

import pytest

from jackfield.driver.pauses import given_up_by, look_around, pause


class Enough(BaseException):
    pass


def enough() -> None:
    raise Enough


def test_a_pause_lasts_as_long_as_it_is_told():
    began = time.monotonic()

    pause(0.05)

    assert time.monotonic() - began >= 0.05


def test_a_pause_that_nobody_gives_up_lasts_as_long():
    began = time.monotonic()

    with given_up_by(lambda: None):
        pause(0.25)

    assert time.monotonic() - began >= 0.25


def test_work_that_is_given_up_begins_no_pause():
    began = time.monotonic()

    with given_up_by(enough), pytest.raises(Enough):
        pause(60)

    assert time.monotonic() - began < 5


def test_a_pause_under_way_ends_soon():
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()

    with given_up_by(lambda: enough() if stop.is_set() else None), pytest.raises(Enough):
        pause(60)

    assert time.monotonic() - began < 5


def test_the_outer_reason_counts_within_an_inner_one():
    with given_up_by(enough), given_up_by(lambda: None), pytest.raises(Enough):
        pause(60)


def test_nothing_is_given_up_after_the_block():
    with given_up_by(enough):
        pass

    pause(0)
    assert look_around()() is None
