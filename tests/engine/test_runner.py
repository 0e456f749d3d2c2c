"""A cycle as it has to be run: one at a time, with what a person has let pass."""

import datetime as dt

import pytest
from support.company import Company, person

from jackfield.engine import CycleResult, GuardLimits, run_cycle
from jackfield.engine.model.told import LastTold
from jackfield.errors import AlreadyRunning

STRICT = GuardLimits(people=0, percent=0)


def run(firm: Company, **options: object) -> CycleResult:
    return run_cycle(firm.job(guard=STRICT), firm.store, **options)  # type: ignore[arg-type]


def one_leaver(firm: Company) -> None:
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1)]


def told_of_removals(firm: Company) -> list[LastTold]:
    return [last for last in firm.store.told.all("example") if last.topic == "removals"]


def test_nobody_runs_a_job_that_runs_already(firm: Company):
    with firm.store.lease("example", holder="another"), pytest.raises(AlreadyRunning):
        run(firm)

    assert firm.store.cycles.latest("example") == []


def test_the_lease_is_held_and_given_back(firm: Company):
    firm.people = [person(1)]

    def meanwhile(_: object) -> None:
        with pytest.raises(AlreadyRunning), firm.store.lease("example"):
            pass

    run(firm, begun=meanwhile)

    with firm.store.lease("example"):
        pass


def test_the_state_of_the_job_is_told_at_the_beginning(firm: Company):
    told = []

    run(firm, begun=told.append)

    assert [state.job for state in told] == ["example"]


def test_a_word_that_was_stored_lets_these_people_pass(firm: Company):
    one_leaver(firm)
    hold = run(firm).hold
    assert hold
    firm.store.holds.approve("example", hold.approval, "ada")

    passed = run(firm)

    assert passed.hold is None
    assert [entry.action for entry in passed.entries] == ["disable"]


def test_people_are_told_anew_of_a_hold_that_comes_after_one_that_is_over(firm: Company):
    one_leaver(firm)
    last = LastTold(
        job="example",
        channel="mail",
        topic="removals",
        kind="removals.held",
        reason="",
        series="word",
        at=dt.datetime.now(dt.UTC),
    )
    firm.store.told.put([last])

    run(firm)
    still = told_of_removals(firm)
    firm.people = [person(1), person(2)]
    run(firm)

    assert still == [last]
    assert told_of_removals(firm) == []
