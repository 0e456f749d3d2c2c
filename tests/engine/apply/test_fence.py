"""The right to write is checked last, right before the wire, after every wait."""

import datetime as dt
import threading

import pytest
from support.clock import ScriptedClock
from support.company import Company, ExampleConnector, person

from jackfield import Registry
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.lease import take
from jackfield.errors import AlreadyRunning
from jackfield.testing.sandbox import Fault


@pytest.fixture
def slow(firm: Company):
    """The company with a connection whose waits call `firm.waiting`."""
    clock = ScriptedClock()
    usual = clock.clock()

    def sleep(seconds: float) -> None:
        clock.pass_by(seconds)
        firm.waiting()

    from dataclasses import replace  # noqa: PLC0415 - of this fixture alone

    scripted = replace(usual, sleep=sleep)
    registry = Registry(connectors={"example": ExampleConnector})
    with registry.connect("example", firm.connector.settings, clock=scripted) as firm.connector:
        yield firm


def throttle(firm: Company, method: str) -> None:
    firm.vendor.faults.add(Fault(method=method, status=429, headers={"Retry-After": "60"}))


def test_a_run_that_was_replaced_while_it_waited_sends_nothing_more(slow: Company):
    database = slow.store._database
    lease = take(database, "example", seconds=0)
    slow.waiting = lambda: take(database, "example", seconds=60)
    throttle(slow, "POST")
    slow.people = [person(1)]

    with pytest.raises(AlreadyRunning):
        slow.run(lease=lease)

    assert len(slow.vendor.store) == 0


def test_a_leaver_who_came_back_keeps_access_when_the_old_run_wakes(slow: Company):
    slow.waiting = lambda: None
    slow.people = [person(1), person(2)]
    slow.run()
    database = slow.store._database
    lease = take(database, "example", seconds=0)
    slow.waiting = lambda: take(database, "example", seconds=60)
    throttle(slow, "PATCH")
    slow.people = [person(2)]

    with pytest.raises(AlreadyRunning):
        slow.run(lease=lease)

    assert slow.accounts["person1@example.com"]["active"] is True


def test_a_run_whose_database_is_away_for_longer_than_its_lease_sends_nothing(slow: Company):
    database = slow.store._database
    lease = take(database, "example", seconds=0)
    engine = database._writing

    def lose() -> None:
        database._writing = _Broken()

    slow.waiting = lose
    throttle(slow, "POST")
    slow.people = [person(1)]

    with pytest.raises(StateUnavailable):
        slow.run(lease=lease)
    database._writing = engine

    assert len(slow.vendor.store) == 0


class _Broken:
    """A database that takes no transaction."""

    def begin(self):
        import sqlalchemy as sa  # noqa: PLC0415

        raise sa.exc.OperationalError("BEGIN", {}, Exception("gone"))


def test_a_young_lease_is_believed_without_asking_the_database(firm: Company):
    lease = take(firm.store._database, "example", seconds=60)
    firm.store._database._writing = _Broken()

    lease.check()

    assert lease.seconds == 60
    assert dt.timedelta(seconds=lease.seconds) < dt.timedelta(minutes=2)
    assert threading.active_count() >= 1
