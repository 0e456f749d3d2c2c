"""Rate limits: never more than promised in any window, for all callers together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield import Rate, RateLimit
from jackfield.driver.limits import RateLimits
from jackfield.errors import ConfigurationError


class Time:
    now = 0.0

    def __call__(self):
        return self.now


def limits_of(*rates, granted=None):
    time = Time()
    return RateLimits(rates, granted or {}, time), time


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.just(0.0)),
        st.tuples(st.just("pass"), st.floats(0.0, 5.0)),
        st.tuples(st.just("block"), st.floats(0.1, 5.0)),
    ),
    max_size=80,
)


@given(st.integers(1, 5), st.floats(0.5, 5.0), ACTIONS)
def test_no_window_holds_more_than_its_limit_and_blocks_are_kept(requests, per_seconds, actions):
    limits, time = limits_of(Rate("all", requests, per_seconds))
    sent, blocked_until = [], 0.0

    for action, seconds in actions:
        if action == "pass":
            time.now += seconds
        elif action == "block":
            limits.block("", "read", seconds)
            blocked_until = max(blocked_until, time.now + seconds)
        else:
            while wait := limits.take("", "read"):
                time.now += wait
            assert time.now >= blocked_until
            sent.append(time.now)

    for first, later in zip(sent, sent[requests:], strict=False):
        assert later - first > per_seconds


@given(st.integers(1, 4), st.integers(1, 12))
def test_waiting_as_told_is_enough(requests, count):
    limits, time = limits_of(Rate("all", requests, 1.0))
    waits = 0

    for _ in range(count):
        while wait := limits.take("", "read"):
            time.now += wait
            waits += 1

    assert waits <= count * 2


def test_limit_counts_only_what_it_covers():
    limits, _ = limits_of(Rate("writes", 1, 60.0, covers=frozenset({"write"})))
    limits.take("", "write")

    assert limits.take("", "write") > 0
    assert limits.take("", "read") == 0


def test_named_limit_counts_alone():
    limits, _ = limits_of(Rate("all", 1, 60.0), Rate("search", 5, 60.0, covers=frozenset()))
    limits.take("", "read")

    assert limits.take("", "read") > 0
    assert limits.take("search", "read") == 0


def test_refused_request_is_not_counted_against_the_other_limit():
    limits, time = limits_of(Rate("second", 1, 1.0), Rate("minute", 2, 60.0))
    limits.take("", "read")
    for _ in range(10):
        assert limits.take("", "read") > 0

    time.now = 2.0

    assert limits.take("", "read") == 0


def test_granted_limit_replaces_the_published_one():
    granted = {"all": RateLimit(requests=2, per_seconds=60.0)}
    limits, _ = limits_of(Rate("all", 1, 60.0), granted=granted)

    assert [limits.take("", "read") for _ in range(2)] == [0, 0]


def test_block_without_seconds_lasts_for_the_longest_penalty():
    limits, _ = limits_of(
        Rate("a", 9, 1.0, penalty_seconds=2.0), Rate("b", 9, 1.0, penalty_seconds=30.0)
    )

    assert limits.block("", "read", None) == 30.0
    assert limits.take("", "read") == pytest.approx(30.0)


def test_shorter_block_does_not_end_a_longer_one():
    limits, _ = limits_of()
    limits.block("", "read", 60.0)
    limits.block("", "read", 1.0)

    assert limits.take("", "read") == pytest.approx(60.0)


def test_vendor_without_limits_never_waits():
    limits, _ = limits_of()

    assert {limits.take("", "read") for _ in range(1000)} == {0}


def test_only_so_many_are_in_flight_at_once():
    limits, _ = limits_of(Rate("writes", parallel=2))

    assert [limits.take("", "write") for _ in range(2)] == [0, 0]
    assert limits.take("", "write") > 0
    limits.done("", "write")
    assert limits.take("", "write") == 0


def test_a_request_that_names_a_limit_is_counted_by_that_one_alone():
    limits, _ = limits_of(Rate("a", 1, 60.0), Rate("b", 1, 60.0))

    assert limits.take("a", "read") == 0
    assert limits.take("b", "read") == 0
    assert limits.take("a", "read") == pytest.approx(60.0, abs=1.0)


@pytest.mark.parametrize("rate", [{"requests": -1}, {"parallel": -1}, {"per_seconds": 0.0}])
def test_a_limit_that_makes_no_sense_is_refused(rate):
    with pytest.raises(ConfigurationError):
        Rate("odd", **rate)
