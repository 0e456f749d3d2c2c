"""How far a cycle is, as somebody else reads it meanwhile."""

import datetime as dt
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.clock import ScriptedClock
from support.company import Company, ExampleConnector, person

from jackfield import Registry
from jackfield.engine import Store
from jackfield.engine.model.cycle import CycleProgress, CycleSummary
from jackfield.engine.progress import Progress, Recorder
from jackfield.sources import SourceRead
from jackfield.testing.sandbox import Fault

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def seen_elsewhere(folder: Path) -> CycleSummary:
    """Return the newest cycle as another process reads it."""
    with closing(Store.open(folder / "jackfield.db")) as store:
        return store.cycles.latest("example", limit=1)[0]


def test_the_source_is_being_read(firm: Company, tmp_path: Path):
    seen = []

    def read(_since: str | None) -> SourceRead:
        seen.append(seen_elsewhere(tmp_path))
        return firm._read()

    result = firm.run(read_source=read)

    assert seen[0].cycle_id == result.cycle_id
    assert (seen[0].ended_at, seen[0].progress.phase) == (None, "read")


def test_each_phase_is_seen_with_its_numbers(firm: Company, tmp_path: Path):
    firm.people = [person(1), person(2)]
    firm.vendor.faults.add(Fault(method="POST", status=400, times=1))
    seen: dict[str, tuple[int, int, Any]] = {}

    def look(progress: Progress) -> None:
        found = seen_elsewhere(tmp_path).progress
        if found is not None:
            seen[found.phase] = (found.done, found.total, found.counts)
        assert progress.cycle_id

    firm.run(report=look)

    known = seen_elsewhere(tmp_path)
    assert seen["plan"] == (0, 2, {})
    assert seen["apply"] == (0, 2, {})
    assert (known.progress.phase, known.progress.total) == ("apply", 2)
    assert known.counts == {"failure": 1, "success": 1}


def test_a_read_that_fails_ends_the_cycle(firm: Company, tmp_path: Path):
    def read(_since: str | None) -> SourceRead:
        raise OSError("the share is gone")

    with pytest.raises(OSError, match="share"):
        firm.run(read_source=read)

    assert seen_elsewhere(tmp_path).outcome == "stopped: the share is gone"


def test_a_wait_for_the_vendor_is_seen_with_its_end(firm: Company, tmp_path: Path):
    firm.people = [person(1)]
    firm.vendor.faults.add(Fault(method="POST", status=429, headers={"Retry-After": "77"}))
    seen: list[CycleProgress | None] = []
    clock = ScriptedClock()

    def sleep(seconds: float) -> None:
        seen.append(seen_elsewhere(tmp_path).progress)
        clock.pass_by(seconds)

    registry = Registry(connectors={"example": ExampleConnector})
    settings, watched = firm.connector.settings, replace(clock.clock(), sleep=sleep)
    with registry.connect("example", settings, clock=watched) as firm.connector:
        firm.run()

    (progress,) = seen
    left = progress.waiting_until - dt.datetime.now(dt.UTC)
    assert (progress.phase, progress.done, progress.total) == ("apply", 0, 1)
    assert 60 < left.total_seconds() <= 77


def test_a_wait_that_nobody_notices_is_not_stored(firm: Company):
    recorder = Recorder(lambda _: None, firm.store, firm.store.begin_cycle("example"))

    recorder.wait(0.1)

    assert firm.store.cycles.latest("example")[0].progress is None


def test_a_number_that_cannot_be_stored_ends_nothing(firm: Company):
    firm.store.close()
    Recorder(lambda _: None, firm.store, "gone")(Progress("plan", 1, 2))


STEADY = CycleProgress("apply", 30, 120, phase_began_at=NOON)


@pytest.mark.parametrize(
    ("progress", "minutes"),
    [
        pytest.param(STEADY, 16, id="as fast as so far"),
        pytest.param(replace(STEADY, waiting_until=NOON + 9 * MINUTE), 21, id="after the wait"),
        pytest.param(replace(STEADY, done=120), 4, id="done"),
        pytest.param(replace(STEADY, done=0), None, id="nothing to go by"),
        pytest.param(replace(STEADY, phase_began_at=None), None, id="of an older version"),
    ],
)
def test_the_end_is_estimated_by_the_speed_so_far(progress: CycleProgress, minutes):
    expected = None if minutes is None else NOON + minutes * MINUTE

    assert progress.ends_at(NOON + 4 * MINUTE) == expected
