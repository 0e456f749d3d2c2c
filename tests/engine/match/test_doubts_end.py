"""A creation in doubt ends by what looks show, never by its age."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from support.company import Company, ExampleConnector, person

from jackfield import ConfigurationError, Registry
from jackfield.engine import CycleResult, How
from jackfield.engine.model.entry import LogFilter
from jackfield.testing.sandbox import Fault, ScimSandbox, serve

NOW = dt.datetime.now(dt.UTC)


def run(firm: Company, hours: float = 0) -> CycleResult:
    return firm.run(how=How(now=NOW + dt.timedelta(hours=hours)))


def lose_an_account(firm: Company) -> None:
    """Let an account be made whose answer is lost, in an outage that lasts a little."""
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=2, times=3))
    firm.people = [person(1), person(2)]
    run(firm)
    firm.vendor.faults.clear()


def test_who_leaves_over_a_long_pause_after_a_lost_creation_loses_the_account(firm: Company):
    lose_an_account(firm)
    firm.people = [person(2)]

    run(firm, hours=80)

    assert firm.accounts["person1@example.com"]["active"] is False


def test_who_is_renamed_over_a_long_pause_after_a_lost_creation_keeps_one_account(firm: Company):
    lose_an_account(firm)
    firm.people = [person(1, userPrincipalName="married@example.com"), person(2)]

    run(firm, hours=80)
    run(firm, hours=82)

    assert sorted(firm.accounts) == ["married@example.com", "person2@example.com"]


def test_an_id_in_another_letter_case_is_the_same_persons_in_doubt(firm: Company):
    lose_an_account(firm)
    firm.vendor.faults.add(Fault(method="GET", path="/Users$", status=500, times=4))
    renamed = person(1, userPrincipalName="married@example.com")
    firm.people = [replace(renamed, id="ID-1"), person(2)]

    run(firm, hours=1)
    firm.vendor.faults.clear()
    run(firm, hours=2)
    run(firm, hours=3)

    assert sorted(firm.accounts) == ["married@example.com", "person2@example.com"]


@contextmanager
def elsewhere(firm: Company) -> Iterator[Company]:
    """The same company, whose connection leads to a tenant with nobody in it."""
    with serve(ScimSandbox(unlimited=True)) as origin:
        settings = firm.connector.settings.model_copy(update={"url": origin})
        with Registry(connectors={"example": ExampleConnector}).connect("example", settings) as it:
            yield replace(firm, connector=it, people=[])


def test_looks_into_another_tenant_end_no_doubt(firm: Company):
    lose_an_account(firm)
    firm.people = [person(2)]
    with elsewhere(firm) as stray:
        for hours in (30, 60, 90):
            with suppress(ConfigurationError):
                run(stray, hours)

    run(firm, hours=100)

    assert firm.accounts["person1@example.com"]["active"] is False


def test_a_doubt_stays_open_while_no_look_is_answered(firm: Company):
    lose_an_account(firm)
    firm.people = [person(2)]

    for hours in (30, 60, 90):
        firm.vendor.faults.add(Fault(method="GET", path="/Users$", status=500, times=9))
        assert run(firm, hours).doubt_count == 1
        firm.vendor.faults.clear()


def test_a_doubt_ends_after_enough_looks_over_enough_hours_and_is_told(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", status=500))
    firm.people = [person(1), person(2)]
    run(firm)
    firm.people = [person(2)]

    counts = [run(firm, hours).doubt_count for hours in (1, 2, 3, 30)]

    (told,) = [entry for entry in firm.store.log(LogFilter()) if entry.code == "NotMade"]
    assert counts == [1, 1, 1, 0]
    assert told.user_name == "person1@example.com"


def test_nobody_is_made_under_another_name_before_looks_have_shown_nobody(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", status=500))
    firm.people = [person(1), person(2)]
    run(firm)
    firm.people = [person(1, userPrincipalName="married@example.com"), person(2)]

    held = run(firm, hours=0.5)
    made = run(firm, hours=2)

    assert [entry.code for entry in held.entries] == ["InDoubt"]
    assert [entry.action for entry in made.entries] == ["create"]
    assert "married@example.com" in firm.accounts


def test_an_account_that_turns_up_beside_another_one_stays_in_doubt_until_it_is_gone(firm: Company):
    lose_an_account(firm)
    hidden = firm.vendor.store.users.pop(firm.accounts["person1@example.com"]["id"])
    firm.vendor.store._ids_by_name.pop("person1@example.com")
    firm.people = [person(1, userPrincipalName="married@example.com"), person(2)]
    for hours in (1, 2, 3):
        run(firm, hours)
    firm.vendor.store.add(hidden)

    beside = run(firm, hours=4)

    assert beside.doubt_count == 1
    assert len(firm.vendor.store) == 3
