import datetime as dt

import pytest

from jackfield.engine.health.quarantine import (
    Health,
    QuarantineLimits,
    is_over_at,
    next_attempt_at,
    reason_for,
)

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

PUBLISHED = {
    "4,000 failures are too few": (Health(4_000, 0, 0), None),
    "30,000 of 35,000": (Health(30_000, 0, 5_000), "EncounteredEscrowProportionThreshold"),
    "45,000 whatever the share": (Health(45_000, 0, 200_000), "EncounteredBaseEscrowThreshold"),
    "20,000 of 120,000": (Health(20_000, 0, 100_000), None),
    "40,000 and 21,000 references": (
        Health(40_000, 21_000, 200_000),
        "EncounteredTotalEscrowThreshold",
    ),
    "references alone are not counted for the share": (Health(4_000, 50_000, 0), None),
    "5,000 of 12,499 is more than 40 %": (
        Health(5_000, 0, 7_499),
        "EncounteredEscrowProportionThreshold",
    ),
    "5,000 of 12,500 is 40 % exactly": (Health(5_000, 0, 7_500), None),
}


@pytest.mark.parametrize(("health", "reason"), PUBLISHED.values(), ids=PUBLISHED)
def test_the_published_cases_end_as_published(health, reason):
    assert reason_for(health, QuarantineLimits(failures=5_000)) == reason


def test_a_small_firm_is_quarantined_by_smaller_numbers():
    assert reason_for(Health(50, 0, 50), QuarantineLimits()) is not None
    assert reason_for(Health(49, 0, 0), QuarantineLimits()) is None


HOURS_AFTER_AN_ATTEMPT = [(0, 6), (5.9, 6), (6, 12), (6.7, 12), (12, 24), (24, 48), (47.9, 48)]


@pytest.mark.parametrize(("at", "due"), [*HOURS_AFTER_AN_ATTEMPT, (48, 72), (27 * 24, 28 * 24)])
def test_attempts_become_rarer_down_to_one_a_day(at, due):
    now = NOON + dt.timedelta(hours=at)

    assert next_attempt_at(NOON, now) == NOON + dt.timedelta(hours=due)


def test_a_job_is_switched_off_after_four_weeks():
    assert not is_over_at(NOON, NOON + dt.timedelta(days=27, hours=23))
    assert is_over_at(NOON, NOON + dt.timedelta(days=28))
