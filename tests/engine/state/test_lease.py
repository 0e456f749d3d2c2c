"""One run of a job at a time, in whatever way the others end."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from support.states import entry, step

from jackfield import AlreadyRunning
from jackfield.engine import Store
from jackfield.engine.model.change import Change
from jackfield.engine.state.lease import take

HOLDS = """
import sys, time
from jackfield.engine import Store
store = Store.connect(sys.argv[1])
with store.lease("example", holder="the other", seconds=float(sys.argv[2])) as lease:
    print(lease.token, flush=True)
    sys.stdin.readline()
    print(store.under(lease).begin_cycle("example"), flush=True)
"""

FIGHTS = """
import sys
from jackfield.engine import Store
from jackfield import AlreadyRunning
store = Store.connect(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
won = []
for _ in range(40):
    try:
        with store.lease("example") as lease:
            cycle = store.under(lease).begin_cycle("example")
            store.under(lease).end_cycle(cycle, "completed", {})
            won.append(lease.token)
    except AlreadyRunning:
        pass
print(*won)
"""


@contextmanager
def process(script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout
        yield running
        running.kill()


def test_another_run_is_refused_with_the_holder_and_its_age(store: Store):
    with (
        store.lease("example", holder="scheduler on a"),
        store.lease("another"),
        pytest.raises(AlreadyRunning, match="scheduler on a, for 0 seconds, last heard of 0"),
        store.lease("example"),
    ):
        pass

    with store.lease("example") as lease:
        assert (lease.previous, lease.is_lost) == ("", False)


def test_the_number_rises_with_every_holder(store: Store):
    tokens = []
    for _ in range(3):
        with store.lease("example") as lease:
            tokens.append(lease.token)

    assert tokens == [1, 2, 3]


def test_two_processes_never_hold_it_together(store: Store, store_url: str):
    with process(FIGHTS, store_url) as one, process(FIGHTS, store_url) as two:
        for fighter in (one, two):
            assert fighter.stdout.readline() == "ready\n"  # type: ignore[union-attr]
        answers = [fighter.communicate("go\n") for fighter in (one, two)]

    assert [errors for _, errors in answers] == ["", ""]
    tokens = sorted(int(word) for won, _ in answers for word in won.split())
    assert tokens == list(range(1, len(tokens) + 1))
    assert {cycle.outcome for cycle in store.cycles.latest(limit=100)} == {"completed"}


def test_a_paused_holder_is_replaced_and_can_write_nothing_more(store: Store, store_url: str):
    with process(HOLDS, store_url, "0.6") as other:
        assert other.stdout.readline() == "1\n"  # type: ignore[union-attr]
        other.send_signal(signal.SIGSTOP)
        time.sleep(0.8)

        with store.lease("example") as lease:
            other.send_signal(signal.SIGCONT)
            _, errors = other.communicate("go on\n")

    assert (lease.token, lease.previous, lease.is_lost) == (2, "the other", False)
    assert "AlreadyRunning: example: this run's lease (number 1)" in errors
    assert store.cycles.latest("example") == []


def test_a_dead_holder_is_replaced_at_once(store: Store, store_url: str):
    with process(HOLDS, store_url, "600") as other:
        assert other.stdout.readline() == "1\n"  # type: ignore[union-attr]
        other.kill()
        other.wait()

        with store.lease("example") as lease:
            assert lease.previous == "the other"


def test_a_long_run_keeps_its_lease(store: Store):
    with store.lease("example", seconds=0.3) as lease:
        time.sleep(0.7)

        with pytest.raises(AlreadyRunning):
            take(store._database, "example")
        store.under(lease).begin_cycle("example")


def test_every_write_of_a_replaced_run_is_refused(store: Store):
    cycle = store.begin_cycle("example")
    old = take(store._database, "example", seconds=0)
    take(store._database, "example")
    change = Change("c", cycle, step())
    refused = (
        lambda ours: ours.journal.write("example", ahead=[change]),
        lambda ours: ours.record([entry(cycle)]),
        lambda ours: ours.begin_cycle("example"),
        lambda ours: ours.end_cycle(cycle, "completed", {}),
        lambda ours: ours.jobs.set_watermark("example", "w"),
        lambda ours: ours.rows.remember("example", [("id-1", "f")]),
        lambda ours: ours.escrows.clear("example", ["id-1"]),
        lambda ours: ours.holds.stage("example", []),
        lambda ours: ours.references.put("example", []),
    )

    for write in refused:
        with pytest.raises(AlreadyRunning, match="nothing more is written"):
            write(store.under(old))
    with pytest.raises(AlreadyRunning):
        old.renew()

    assert old.is_lost
    assert store.open_intents("example") == []
    assert store.jobs.all() == []


def test_a_released_lease_writes_nothing_more(store: Store):
    with store.lease("example") as lease:
        pass

    with pytest.raises(AlreadyRunning, match="ended or was taken over; nothing"):
        store.under(lease).begin_cycle("example")


def test_a_cycle_left_open_is_closed_by_the_next_holder(store: Store):
    left = store.begin_cycle("example")
    foreign = store.begin_cycle("another")

    with store.lease("example") as lease:
        store.under(lease).begin_cycle("example")

    found = {cycle.cycle_id: cycle.outcome for cycle in store.cycles.latest()}
    assert (found[left], found[foreign]) == ("interrupted", "")


def test_the_renewing_thread_ends_with_the_block(store: Store):
    with store.lease("example"):
        assert any(thread.name == "lease example" for thread in threading.enumerate())

    assert not any(thread.name == "lease example" for thread in threading.enumerate())
