import datetime as dt
import random

from hypothesis import given
from hypothesis import strategies as st

from jackfield.engine.apply.escrow import failed_again, first_escrow, pause_reason
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.plan import Step

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
STEADY = random.Random(1)


STEP = Step(action="create", source_id="id-1", user_name="ada", place="", reason="")


def first() -> Escrow:
    return first_escrow(STEP, "Conflict", "exists", wanted="w", now=NOON)


def test_the_second_attempt_is_at_the_next_cycle():
    assert "failed 1 times" in pause_reason(first(), "w", NOON + dt.timedelta(minutes=39))
    assert pause_reason(first(), "w", NOON + dt.timedelta(minutes=40)) == ""


def test_a_change_of_what_is_wanted_is_tried_at_once():
    assert pause_reason(first(), "other", NOON) == ""


def test_each_failure_doubles_the_pause_up_to_a_day():
    escrow, now, pauses = first(), NOON, []
    for _ in range(8):
        now = escrow.next_attempt_at
        escrow = failed_again(escrow, "Conflict", "still", now=now, randomness=STEADY)
        pauses.append((escrow.next_attempt_at - now).total_seconds() / 60)

    expected = [80, 160, 320, 640, 1280, 1440, 1440, 1440]
    assert all(0.9 * e <= p <= 1.1 * e for p, e in zip(pauses, expected, strict=True))
    assert escrow.attempts == 9
    assert escrow.first_failed_at == NOON


@given(seed=st.integers(), attempts=st.integers(1, 10_000))
def test_the_pause_is_bounded_whatever_happens(seed, attempts):
    escrow = Escrow(
        source_id="1",
        action="create",
        code="",
        reason="",
        attempts=attempts,
        first_failed_at=NOON,
        next_attempt_at=NOON,
    )

    later = failed_again(escrow, "", "", now=NOON, randomness=random.Random(seed))

    assert dt.timedelta(0) < later.next_attempt_at - NOON <= dt.timedelta(hours=27)


def test_nobody_is_tried_for_ever():
    assert pause_reason(first(), "w", NOON + dt.timedelta(days=27)) == ""
    assert "given up" in pause_reason(first(), "w", NOON + dt.timedelta(days=28))
    assert pause_reason(first(), "other", NOON + dt.timedelta(days=28)) == ""
