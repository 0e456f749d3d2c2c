"""A clock was far ahead once: what it wrote holds nobody up once it is right again."""

import datetime as dt
import random

import pytest

from jackfield import AlreadyRunning
from jackfield.engine import Step, Store
from jackfield.engine.apply.escrow import failed_again, first_escrow, next_attempt_at, pause_reason
from jackfield.engine.health.health import Diagnosis, keep_health
from jackfield.engine.health.quarantine import due_again_at
from jackfield.engine.model.cycle import CycleProgress
from jackfield.engine.model.instants import due_at, since
from jackfield.engine.model.job_state import Quarantine
from jackfield.engine.state.facts import look_at_state
from jackfield.engine.state.lease import LEASE_SECONDS, break_lease, take
from jackfield.engine.state.tables import leases

NOW = dt.datetime.now(dt.UTC)
AHEAD = NOW + dt.timedelta(days=30)
STEP = Step(action="create", source_id="id-1", user_name="ada", place="", reason="")
DOWN = Diagnosis("EncounteredQuarantineException", "the vendor is down", is_passing=True)


def hold(store: Store, *, ahead: dt.timedelta) -> None:
    """Leave a lease of a process of elsewhere, written by a clock that is so far ahead."""
    lease = take(store._database, "example", holder="a container")
    at = dt.datetime.now(dt.UTC) + ahead
    values = {
        "machine": "another",
        "taken_at": at,
        "heartbeat_at": at,
        "expires_at": at + dt.timedelta(seconds=lease.seconds),
    }
    with store._database.write() as connection:
        connection.execute(leases.update().values(**values))


@pytest.mark.parametrize("days", [1, 30, 3650])
def test_lease_that_a_clock_ahead_wrote_holds_nobody_up(store: Store, days):
    hold(store, ahead=dt.timedelta(days=days))

    with store.lease("example") as lease:
        assert lease.previous == "a container"


@pytest.mark.parametrize("seconds", [-LEASE_SECONDS / 2, 0, LEASE_SECONDS / 2])
def test_lease_of_a_clock_that_is_about_right_holds(store: Store, seconds):
    hold(store, ahead=dt.timedelta(seconds=seconds))

    with pytest.raises(AlreadyRunning, match="a container"), store.lease("example"):
        pass


def test_refusal_names_the_command_that_breaks_the_lease(store: Store):
    hold(store, ahead=dt.timedelta(0))

    with pytest.raises(AlreadyRunning, match="`jackfield lease --break example`"):
        take(store._database, "example")


def test_facts_call_such_a_lease_over_and_no_instant_is_to_come(store: Store, store_url: str):
    hold(store, ahead=dt.timedelta(days=30))

    (found,) = look_at_state(store_url).leases

    assert not found.is_live
    assert found.heartbeat_at <= dt.datetime.now(dt.UTC)


def test_whoever_is_thrown_out_can_write_nothing_more(store: Store):
    old = take(store._database, "example", holder="the old one")

    assert break_lease(store._database, "example") == "the old one"
    assert break_lease(store._database, "example") == ""

    with pytest.raises(AlreadyRunning):
        store.under(old).begin_cycle("example")
    with pytest.raises(AlreadyRunning):
        old.renew()
    assert take(store._database, "example").token > old.token


def test_failure_of_a_clock_ahead_is_tried_at_once_and_counted_from_now():
    escrow = first_escrow(STEP, "Conflict", "exists", wanted="w", now=AHEAD)

    again = failed_again(escrow, "Conflict", "exists", now=NOW, randomness=random.Random(1))

    assert next_attempt_at(escrow, NOW) == NOW
    assert pause_reason(escrow, "w", NOW) == ""
    assert again.first_failed_at == NOW
    assert pause_reason(again, "w", NOW + dt.timedelta(hours=1)).startswith("failed 2 times")
    assert pause_reason(again, "w", NOW + dt.timedelta(days=28)).startswith("given up")


def test_pause_of_a_clock_two_hours_ahead_is_no_pause_of_forty_minutes():
    ahead = NOW + dt.timedelta(hours=2)
    escrow = first_escrow(STEP, "Conflict", "exists", wanted="w", now=ahead)

    assert pause_reason(escrow, "w", NOW) == ""


def test_quarantine_of_a_clock_ahead_is_tried_now_and_its_series_begins_now(store: Store):
    stored = Quarantine(
        reason="EncounteredQuarantineException",
        error="the vendor is down",
        began_at=AHEAD,
        series_began_at=AHEAD,
        series_count=1,
        next_attempt_at=AHEAD + dt.timedelta(hours=6),
    )
    store.jobs.quarantine("example", stored)

    keep_health(store, "example", DOWN, now=NOW)

    kept = store.jobs.get("example").quarantine
    assert kept is not None
    assert due_again_at(stored.next_attempt_at, NOW) == NOW
    assert (kept.began_at, kept.series_began_at) == (NOW, NOW)
    assert kept.next_attempt_at == NOW + dt.timedelta(minutes=40)


def test_progress_of_a_clock_ahead_foretells_no_end_in_the_past_or_in_a_month():
    progress = CycleProgress("apply", 1, 3, AHEAD, phase_began_at=AHEAD)

    assert progress.waits_until(NOW) is None
    assert progress.ends_at(NOW) == NOW


@pytest.mark.parametrize("hours", [-48, 0, 24])
def test_instants_within_their_interval_stay(hours):
    at = NOW + dt.timedelta(hours=hours)

    assert due_at(at, NOW, dt.timedelta(hours=24)) == at
    assert since(at, NOW) == min(at, NOW)
