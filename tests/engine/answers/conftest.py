"""The company with little patience, at a vendor whose answers are scripted."""

from collections.abc import Iterator

import pytest
from support.clock import ScriptedClock
from support.company import Company, ExampleConnector

from jackfield import Registry
from jackfield.driver.steps import Policy
from jackfield.driver.transport import Limits

IMPATIENT = Policy(attempts=3, patience_seconds=60, limits=Limits(deadline_seconds=0.3))


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.fixture
def firm(firm: Company, clock: ScriptedClock) -> Iterator[Company]:
    """The company, its connection with a scripted clock and little patience."""
    registry = Registry(connectors={"example": ExampleConnector})
    settings = firm.connector.settings
    with registry.connect("example", settings, policy=IMPATIENT, clock=clock.clock()) as connector:
        firm.connector = connector
        yield firm
