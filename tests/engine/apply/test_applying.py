"""Intents and outcomes are written many at a time, and never too late."""

import datetime as dt
import threading
import time
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from support.company import Company, ExampleConnector, person

from jackfield import Answered, Registry, hookimpl
from jackfield.engine import How
from jackfield.engine.apply.applier import Applier
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.state.lease import take
from jackfield.engine.state.tables import intents
from jackfield.errors import AlreadyRunning
from jackfield.testing.sandbox import Fault


def everybody(count: int = 40) -> list:
    return [person(number) for number in range(1, count + 1)]


def writes_of(firm: Company, act: Callable[[], object]) -> int:
    """Count the transactions that write while this is done."""
    begun: list[str] = []

    def note(_connection, _cursor, statement: str, *_: object) -> None:
        if statement.startswith("BEGIN IMMEDIATE"):
            begun.append(statement)

    engine = firm.store._database._engine
    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        act()
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)
    return len(begun)


def count_intents(firm: Company) -> int:
    with firm.store._database.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(intents)).scalar_one()


@pytest.mark.parametrize("workers", [1, 4])
def test_many_people_share_a_transaction(firm: Company, workers: int):
    firm.people = everybody(200)

    count = writes_of(firm, lambda: firm.run(workers=workers))

    assert len(firm.accounts) == 200
    assert 10 < count < 60


@pytest.mark.parametrize("workers", [1, 4])
def test_no_request_leaves_before_its_intent_is_on_the_disk(firm: Company, workers: int):
    missing: list[str] = []
    create = firm.vendor.store.add

    def look_first(document):
        found = {intent.user_name for intent in firm.store.open_intents("example")}
        missing.extend({document["userName"]} - found)
        return create(document)

    firm.vendor.store.add = look_first
    firm.people = everybody()

    firm.run(workers=workers)

    assert len(firm.accounts) == 40
    assert missing == []


@pytest.mark.parametrize("workers", [1, 4])
def test_a_stop_keeps_what_was_answered_and_takes_back_what_was_not_sent(
    firm: Company, workers: int
):
    firm.people = everybody()
    firm.vendor.faults.add(Fault(method="POST", delay_seconds=0.02, times=9))
    firm.vendor.faults.add(Fault(method="POST", status=401, times=99))

    result = firm.run(workers=workers)

    assert result.stopped is not None
    assert firm.store.open_intents("example") == []
    made = {entry.source_id for entry in result.entries if entry.status == "success"}
    assert len(made) == len(firm.accounts) == len(firm.store.links("example"))
    assert count_intents(firm) == len(result.entries)
    assert len(firm.store.log(LogFilter())) == len(result.entries)


def test_an_interrupt_keeps_what_was_answered(firm: Company):
    firm.people = everybody()
    firm.vendor.faults.add(Fault(method="POST", delay_seconds=0.02, times=99))
    seen: list[object] = []

    def interrupt(progress) -> None:
        seen.append(progress)
        if progress.phase == "apply" and progress.done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        firm.run(workers=4, report=interrupt)

    assert 10 <= len(firm.accounts) < 40
    assert len(firm.store.links("example")) == len(firm.accounts)
    assert firm.store.open_intents("example") == []


def test_what_was_answered_is_stored_while_a_slow_vendor_keeps_everybody_waiting(firm: Company):
    firm.people = everybody(4)
    firm.vendor.faults.add(Fault(method="POST", delay_seconds=0.02, times=3))
    firm.vendor.faults.add(Fault(method="POST", delay_seconds=4.0))
    running = threading.Thread(target=firm.run, kwargs={"workers": 4})

    running.start()
    deadline = time.monotonic() + 3
    while len(firm.store.links("example")) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    links = len(firm.store.links("example"))
    running.join()

    assert links == 3
    assert len(firm.store.links("example")) == 4


def test_a_run_that_was_replaced_sends_nothing_that_was_prepared(firm: Company):
    """Its intents are on the disk, and then it is paused for longer than its lease."""
    firm.people = everybody()
    job, store = firm.job(), firm.store
    steps = firm.plan().steps
    old = take(store._database, "example", seconds=0)
    store = store.under(old)
    cycle_id = store.begin_cycle("example")
    tenancy, now = Tenancy(job, store, {}), dt.datetime.now(dt.UTC)
    applier = Applier(job, store, cycle_id, {}, tenancy, now)
    with job.connector.writes_fenced_by(old.check):
        going = applier.apply(steps)
        for _ in range(5):
            next(going)
        take(store._database, "example", seconds=60)

        with pytest.raises(AlreadyRunning):
            list(going)

    assert len(store.open_intents("example")) > 1
    assert len(firm.accounts) == 5


def test_an_account_that_turns_up_is_brought_up_to_date_in_the_same_run(firm: Company):
    firm.people = [person(1), person(2)]
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.run()
    (found,) = [e for e in firm.store.log(LogFilter(user="id-1")) if e.action == "create"]

    assert found.status == "success"
    assert "found by userName and linked" in found.reason
    assert firm.run(how=How()).entries == ()


def test_others_can_read_how_far_a_run_is(firm: Company):
    firm.people = everybody(30)
    firm.vendor.faults.add(Fault(method="POST", delay_seconds=0.1, times=30))
    seen: list[tuple[str, int]] = []
    told: list[tuple[str, dict[str, int]]] = []

    def look(progress) -> None:
        told.append((progress.cycle_id, dict(progress.counts)))
        (cycle,) = firm.store.cycles.latest("example")
        if cycle.progress is not None and cycle.progress.phase == "apply":
            seen.append((cycle.cycle_id, cycle.progress.done))

    firm.run(report=lambda progress: look(progress) if progress.phase == "apply" else None)

    assert {cycle_id for cycle_id, _ in seen} == {told[0][0]}
    assert len({done for _, done in seen}) > 1
    assert told[-1][1] == {"success": 30}


class Impatient:
    """Somebody at the keyboard, right after the third creation has reached the vendor."""

    def __init__(self) -> None:
        self.creations = 0

    @hookimpl
    def after_response(self, answered: Answered) -> None:
        self.creations += answered.sending.method == "POST"
        if self.creations == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize("workers", [1, 4])
def test_an_interrupt_in_the_middle_of_a_request_leaves_its_intent_open(
    firm: Company, workers: int
):
    """Nobody knows what became of it, so the next run has to look."""
    registry = Registry(connectors={"example": ExampleConnector}, observers=[Impatient()])
    firm.people = everybody(8)
    calm = firm.connector
    connected = registry.connect("example", calm.settings)
    with connected as firm.connector, pytest.raises(KeyboardInterrupt):
        firm.run(workers=workers)
    (open_,) = firm.store.open_intents("example")
    firm.connector = calm

    firm.run(workers=workers)

    assert open_.source_id == "id-3"
    assert len(firm.vendor.store) == len(firm.accounts) == 8
    assert firm.store.open_intents("example") == []
