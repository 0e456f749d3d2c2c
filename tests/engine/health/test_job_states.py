"""The states of a job: into quarantine, out of it, switched off in the end."""

import datetime as dt
from typing import Any

from support.company import Company, person

from jackfield.engine import How
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.engine.model.job_state import JobState
from jackfield.testing.sandbox import Fault

NOW = dt.datetime.now(dt.UTC)


def health_after(firm: Company, refused: int = 10, **how: Any) -> JobState:
    """Run a cycle for ten people, so many of them refused; return the job's state then."""
    firm.vendor.faults.clear()
    if refused:
        firm.vendor.faults.add(Fault(method="POST", status=400, times=refused))
    firm.people = [person(number) for number in range(10)]
    firm.run(quarantine=QuarantineLimits(failures=5), how=How(**how))
    return firm.store.jobs.get("example")


def test_attempts_in_quarantine_are_counted_from_the_first_failure(firm: Company):
    at = [dt.timedelta(hours=hours) for hours in (0, 6, 12, 24)]
    states = [health_after(firm, now=NOW + after) for after in at]

    pauses = [state.quarantine.next_attempt_at - NOW for state in states]

    assert [pause.total_seconds() / 3600 for pause in pauses] == [6, 12, 24, 48]


def test_runs_by_hand_do_not_put_off_the_next_attempt(firm: Company):
    minutes = [dt.timedelta(minutes=number) for number in range(8)]
    states = [health_after(firm, now=NOW + after) for after in minutes]

    assert {state.quarantine.next_attempt_at - NOW for state in states} == {dt.timedelta(hours=6)}
    assert [state.quarantine.series_count for state in states] == list(range(8))


def test_any_successful_attempt_lifts_the_quarantine(firm: Company):
    assert health_after(firm).status == "quarantined"
    assert health_after(firm, refused=0).status == "active"


def test_a_cycle_that_tries_nobody_lifts_no_quarantine(firm: Company):
    health_after(firm)

    assert health_after(firm, is_scheduled=True).status == "quarantined"


def test_after_28_days_in_quarantine_the_job_is_disabled(firm: Company):
    health_after(firm, now=NOW)

    assert health_after(firm, now=NOW + dt.timedelta(days=27)).status == "quarantined"
    assert health_after(firm, now=NOW + dt.timedelta(days=28)).status == "disabled"


def test_after_28_days_in_quarantine_the_escrows_are_removed(firm: Company):
    health_after(firm, now=NOW)
    health_after(firm, now=NOW + dt.timedelta(days=28))

    assert firm.store.escrows.all("example") == {}
