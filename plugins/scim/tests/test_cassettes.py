"""Every recorded scenario of plain SCIM, replayed through both drivers with the real hosts."""

import asyncio
from pathlib import Path

import pytest

from jackfield import Registry
from jackfield.testing.cassette import replay
from jackfield.testing.scenario import SteppingClock, play, play_async, problems
from jackfield_scim.scenarios import SUITE

CASSETTES = Path(__file__).resolve().parents[3] / "cassettes" / SUITE.connector


def replayed(scenario):
    clock = SteppingClock()
    settings = SUITE.settings_of(scenario)
    with (
        replay(CASSETTES / f"{scenario.name}.yaml"),
        Registry().connect(SUITE.connector, settings, clock=clock.clock) as connector,
    ):
        return play(scenario, connector), clock.slept


async def replayed_async(scenario):
    clock = SteppingClock()
    settings = SUITE.settings_of(scenario)
    connector = Registry().connect(SUITE.connector, settings, clock=clock.clock).aio
    with replay(CASSETTES / f"{scenario.name}.yaml"):
        async with connector:
            return await play_async(scenario, connector), clock.slept


@pytest.mark.parametrize("scenario", SUITE.scenarios, ids=lambda scenario: scenario.name)
def test_scenario_comes_out_as_expected_on_both_sides(scenario):
    outcomes, slept = replayed(scenario)

    assert problems(scenario, outcomes, slept) == []
    assert asyncio.run(replayed_async(scenario)) == (outcomes, slept)


def test_every_recording_belongs_to_a_scenario():
    recorded = {path.stem for path in CASSETTES.glob("*.yaml")}

    assert recorded == {scenario.name for scenario in SUITE.scenarios}
