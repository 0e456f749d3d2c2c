"""How `jackfield serve` ends when it is asked to."""

import signal
import time

import pytest
from support.service import PATIENCE_SECONDS, events, started, wait_for

from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_lets_the_current_step_finish(office, number, code):
    office.employ(*(f"p{number}" for number in range(40)))
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=0.5, times=99))
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) > 0)

    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == code
    told = [each["event"] for each in events(said)][-3:]
    assert told == ["service.stopping", "cycle.stopped", "service.ended"]
    with opened(office.folder / "jackfield.db") as store:
        assert store.open_intents("webex") == []
        assert len(store.links("webex")) == len(office.sandbox.store) < 40


@pytest.mark.parametrize("workers", [1, 8])
def test_service_that_a_vendor_makes_wait_ends_soon_and_loses_nothing(office, workers):
    """The vendor may say to come back in ten minutes."""
    text = office.config.read_text()
    office.config.write_text(text.replace("[jobs.webex]", f"[jobs.webex]\nworkers = {workers}"))
    office.employ(*(f"p{number}" for number in range(12)))
    office.sandbox.faults.add(
        Fault(method="POST", status=429, headers={"Retry-After": "600"}, after=4, times=99)
    )
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) == 4)
    began = time.monotonic()

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143
    assert time.monotonic() - began < 10
    office.sandbox.faults.clear()
    assert office.call("run").exit_code == 0
    assert len(office.sandbox.store) == 12


def test_waiting_service_ends_at_once(office):
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) == 2)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143


def test_second_signal_ends_at_once(office):
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=8.0, times=9))
    process = started(office)
    wait_for(lambda: any(request.method == "POST" for request in office.sandbox.requests))
    began = time.monotonic()

    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143
    assert time.monotonic() - began < 6
