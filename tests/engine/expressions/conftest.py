from datetime import UTC, datetime
from random import Random

import pytest

from jackfield.engine.expressions import Environment, Expression

AT = datetime(2021, 7, 2, 15, 33, 38, 123456, tzinfo=UTC)


@pytest.fixture
def result_of():
    """Evaluate a text for some source values, at a fixed instant and with foreseeable chance."""

    def evaluate(text, values=None, is_taken=None):
        environment = Environment(AT, Random(7), is_taken)
        return Expression.parse(text).evaluate(values or {}, environment)

    return evaluate


@pytest.fixture
def value_of(result_of):
    """As `result_of`, and return the bare value."""
    return lambda text, values=None, is_taken=None: result_of(text, values, is_taken).value
