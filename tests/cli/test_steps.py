"""Nothing that the engine can decide is missing on the screen."""

from typing import get_args

from jackfield.cli import steps
from jackfield.engine import Action
from jackfield.engine.model.entry import Status


def test_every_action_is_shown():
    actions = set(get_args(Action))

    assert set(steps.WORDS) == actions
    assert set(steps.SIGNS) == set(steps.ORDER) == actions - {"skip", "unchanged"}


def test_every_status_is_counted():
    assert set(steps.STATUSES) == set(get_args(Status)) - {"success"}
    assert set(steps.DONE) == set(steps.ORDER) - {"fail"}
