"""Months in the life of a company, drawn at random: whatever goes wrong, the vendor comes right.

A run is killed in the middle by a database that stops taking writes, before or after a commit: for
the engine that is a power cut at any of its crash points. `scripts/chaos --lives 5000` draws more.
"""

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from support.life_events import Directory, Hands, Runs, Trouble
from support.witness import WitnessedVendor

from jackfield.testing.sandbox import serve

LIVES = int(os.environ.get("JACKFIELD_LIVES", "40"))


class CompanyLife(Directory, Hands, Trouble, Runs):
    """Everything that happens, in any order."""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[WitnessedVendor, str]]:
    vendor = WitnessedVendor()
    with serve(vendor) as origin:
        yield vendor, origin


# No database: what one run of the tests has found must not decide how the next one ends.
SETTINGS = settings(
    max_examples=LIVES,
    stateful_step_count=25,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_vendor_comes_right_whatever_happens(served: tuple[WitnessedVendor, str]):
    life: Callable[[], CompanyLife] = lambda: CompanyLife(*served)  # noqa: E731

    run_state_machine_as_test(life, settings=SETTINGS)
