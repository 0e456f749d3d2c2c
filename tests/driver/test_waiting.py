"""`Retry-After` in all its forms, and the pauses where there is none."""

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.driver.waiting import TRANSIENT, Backoff, Waits, growing_seconds, retry_after_seconds

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
WEEK = 7 * 24 * 3600


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        (" 7 ", 7.0),
        ("0.5", 0.5),
        ("0", 0.1),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 12:00:30 -0000", 30.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.1),
        ("2026-11-20T12:01:00Z", 60.0),
        ("2026-11-20T12:01:00", 60.0),
        ("2026-11-20T13:00:00+01:00", 0.1),
    ],
)
def test_retry_after_is_read_in_each_of_its_forms(text, seconds):
    assert retry_after_seconds({"retry-after": text}, NOW) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "-5", "1e9", "inf", "nan", "soon", "99999999999", "999999999", "9" * 500, "7 s"],
)
def test_nonsense_is_no_retry_after(text):
    assert retry_after_seconds({"retry-after": text}, NOW) is None


def test_date_is_read_against_the_clock_of_the_answer():
    """Our clock is ten minutes ahead."""
    headers = {
        "retry-after": "Fri, 20 Nov 2026 11:50:07 GMT",
        "date": "Fri, 20 Nov 2026 11:50:00 GMT",
    }

    assert retry_after_seconds(headers, NOW) == 7.0


INSTANTS = st.datetimes().map(lambda instant: instant.isoformat())
HEADERS = st.one_of(st.text(max_size=40), INSTANTS, st.integers().map(str), st.floats().map(str))


@given(HEADERS, HEADERS)
def test_any_header_gives_a_bounded_wait_or_none(text, date):
    seconds = retry_after_seconds({"retry-after": text, "date": date}, NOW)

    assert seconds is None or 0.1 <= seconds <= WEEK


@given(st.integers(1, 10_000), st.integers())
def test_pauses_stay_below_the_longest(attempt, seed):
    backoff = Backoff(base_seconds=0.2, longest_seconds=20.0)

    assert 0 <= backoff.seconds(attempt, random.Random(seed)) <= 20.0


def test_pauses_grow_and_differ_between_callers():
    first = [TRANSIENT.seconds(1, random.Random(seed)) for seed in range(100)]
    third = [TRANSIENT.seconds(3, random.Random(seed)) for seed in range(100)]

    assert max(first) <= 0.2 < max(third) <= 0.8
    assert len(set(first)) == 100


@given(st.integers(1, 10_000))
def test_least_wait_after_refusals_grows_to_a_bound(attempt):
    assert growing_seconds(1) == 0.1
    assert growing_seconds(attempt) <= growing_seconds(attempt + 1) <= 20.0


def test_a_wait_is_heard_by_everybody_until_the_end_of_the_block():
    waits, one, other = Waits(), list[float](), list[float]()

    with waits.heard_by(one.append):
        with waits.heard_by(other.append):
            waits.tell(7.0)
        waits.tell(8.0)
    waits.tell(9.0)

    assert (one, other) == ([7.0, 8.0], [7.0])
