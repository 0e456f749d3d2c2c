"""What one run leaves behind, and what the next ones make of it."""

import datetime as dt
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping
from jackfield.engine import CycleResult, GuardLimits, How
from jackfield.engine.model.plan import without_values
from jackfield.engine.scope.leavers import Leavers
from jackfield.errors import ProvisioningError
from jackfield.resources import UserId
from jackfield.sources import Removal, SourceObject, SourceRead
from jackfield.testing.sandbox import Fault

OTHERS = tuple(person(number) for number in (3, 4, 5, 6))
STRICT = GuardLimits(people=0, percent=0)
NOW = dt.datetime.now(dt.UTC)


class Directory:
    """A directory that tells changes; the net of them, as some do, and removals once."""

    def __init__(self, *people: SourceObject) -> None:
        self._states = [{each.id: each for each in people}]

    def become(self, *people: SourceObject) -> None:
        self._states.append({each.id: each for each in people})

    def __call__(self, since: str | None) -> SourceRead:
        today, watermark = self._states[-1], str(len(self._states) - 1)
        if since is None:
            return SourceRead(tuple(today.values()), True, ATTRIBUTES, watermark=watermark)
        before = self._states[int(since)]
        changed = tuple(one for id_, one in today.items() if before.get(id_) != one)
        removed = tuple(Removal(id_, "hard") for id_ in before if id_ not in today)
        return SourceRead(
            changed, False, ATTRIBUTES, removed=removed, watermark=watermark, is_delta=True
        )


def run(firm: Company, directory: Directory, **settings: Any) -> CycleResult:
    return firm.run(**{"read_source": directory, **settings})


def is_on(firm: Company, number: int) -> object:
    return firm.accounts[f"person{number}@example.com"]["active"]


# --- somebody who comes and goes between two whole runs ------------------------------------------


def created_alone(firm: Company, directory: Directory) -> None:
    run(firm, directory, how=How(only=frozenset({"id-1"})))


def created_beside_a_hold(firm: Company, directory: Directory) -> None:
    directory.become(*OTHERS[1:], person(1))
    assert run(firm, directory, guard=STRICT).hold is not None


def created_before_a_stop(firm: Company, directory: Directory) -> None:
    firm.vendor.faults.add(Fault(method="POST", status=401, times=9, after=1))
    directory.become(*OTHERS, person(1), person(2))
    assert run(firm, directory).stopped is not None
    firm.vendor.faults.clear()


@pytest.mark.parametrize(
    "create",
    [created_alone, created_beside_a_hold, created_before_a_stop],
    ids=lambda f: f.__name__,
)
def test_who_was_created_and_is_gone_before_the_next_read_is_disabled(firm: Company, create):
    """The source has nothing to tell of such a person any more."""
    directory = Directory(*OTHERS)
    run(firm, directory)
    directory.become(*OTHERS, person(1))
    create(firm, directory)
    assert is_on(firm, 1) is True
    directory.become(*OTHERS)

    for _ in range(2):
        run(firm, directory)

    assert is_on(firm, 1) is False


# --- a removal that is told once -----------------------------------------------------------------


def test_a_removal_is_remembered_until_its_day_has_come(firm: Company):
    leavers = Leavers(deleted="delete", delete_after_days=30)
    directory = Directory(person(1), *OTHERS)
    run(firm, directory, leavers=leavers)
    directory.become(*OTHERS)
    for days in (0, 1, 29):
        run(firm, directory, leavers=leavers, how=How(now=NOW + dt.timedelta(days=days)))
    assert is_on(firm, 1) is False

    run(firm, directory, leavers=leavers, how=How(now=NOW + dt.timedelta(days=31)))

    assert "person1@example.com" not in firm.accounts
    assert firm.store.gone.all("example").keys() == {"id-1"}
    run(firm, directory, leavers=leavers)
    assert firm.store.gone.all("example") == {}


def test_a_deletion_that_failed_is_tried_again(firm: Company):
    leavers = Leavers(deleted="delete")
    directory = Directory(person(1), *OTHERS)
    run(firm, directory, leavers=leavers)
    directory.become(*OTHERS)
    firm.vendor.faults.add(Fault(method="DELETE", status=400))
    assert len(run(firm, directory, leavers=leavers).failed) == 1

    run(firm, directory, leavers=leavers)

    assert "person1@example.com" not in firm.accounts


def test_who_is_back_is_gone_no_more(firm: Company):
    leavers = Leavers(deleted="delete", delete_after_days=30)
    directory = Directory(person(1), *OTHERS)
    for people in ((person(1), *OTHERS), OTHERS, (person(1), *OTHERS)):
        directory.become(*people)
        run(firm, directory, leavers=leavers)

    assert is_on(firm, 1) is True
    assert firm.store.gone.all("example") == {}
    later = How(now=NOW + dt.timedelta(days=40))
    assert run(firm, directory, leavers=leavers, how=later).plan.removals == ()


# --- an account that is another person's by now --------------------------------------------------


def test_a_leaver_s_disable_that_was_held_takes_nobody_elses_access(firm: Company):
    firm.people = [person(1), *OTHERS]
    firm.run()
    firm.connector.delete_user(UserId(firm.accounts["person1@example.com"]["id"]))
    heir = person(9, userPrincipalName="person1@example.com")
    firm.people = [person(1, accountEnabled="False"), heir, *OTHERS]
    word = firm.run(guard=STRICT).hold.approval

    for _ in range(2):
        firm.run(guard=STRICT, approval=word)

    assert is_on(firm, 1) is True
    assert firm.store.links("example")["id-9"].is_on
    assert firm.store.open_intents("example") == []


# --- quarantine, holds and restarts --------------------------------------------------------------


def test_an_attempt_in_quarantine_that_ends_in_a_refused_look_counts(firm: Company):
    firm.people = list(OTHERS)
    firm.run()
    firm.vendor.faults.add(Fault(status=401, times=99))
    firm.people = [*OTHERS, person(1)]
    with pytest.raises(ProvisioningError):
        firm.run()
    firm.people = list(OTHERS)
    later = firm.store.jobs.get("example").quarantine.next_attempt_at + dt.timedelta(minutes=1)

    result = firm.run(how=How(is_scheduled=True, now=later))

    found = firm.store.jobs.get("example").quarantine
    assert result.stopped is not None
    assert (found.series_count, found.next_attempt_at > later) == (1, True)


def test_an_attempt_in_quarantine_that_shows_nothing_counts(firm: Company):
    firm.people = list(OTHERS)
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", status=403, times=99))
    firm.people = [person(number, jobTitle="Lead") for number in (3, 4, 5, 6)]
    firm.run()
    later = firm.store.jobs.get("example").quarantine.next_attempt_at + dt.timedelta(minutes=1)

    firm.run(how=How(is_scheduled=True, now=later))

    found = firm.store.jobs.get("example").quarantine
    assert (found.series_count, found.next_attempt_at > later) == (1, True)


def test_a_run_that_the_vendor_stops_ends_no_hold(firm: Company):
    firm.people = [person(1), *OTHERS]
    firm.run()
    firm.people = [*OTHERS, person(2)]
    firm.vendor.faults.add(Fault(method="POST", status=400))
    word = firm.run(guard=STRICT).hold.approval
    firm.store.holds.approve("example", word, "Grace")
    firm.vendor.faults.add(Fault(method="POST", status=401, times=9))

    assert firm.run(guard=STRICT, approval=word).stopped is not None

    assert firm.store.holds.approval("example") == word
    assert is_on(firm, 1) is True


def test_a_restart_of_failures_tries_who_failed_though_nothing_changes(firm: Company):
    directory = Directory(*OTHERS)
    run(firm, directory)
    directory.become(*OTHERS, person(1))
    firm.vendor.faults.add(Fault(method="POST", status=400))
    for how in (How(), How(is_scheduled=True)):
        run(firm, directory, how=how)

    firm.store.jobs.restart("example", ["escrows"])
    run(firm, directory)

    assert is_on(firm, 1) is True


# --- a saved plan --------------------------------------------------------------------------------


def test_a_planned_removal_is_not_called_done_where_the_source_is_read_in_part(firm: Company):
    firm.people = [person(1), *OTHERS]
    firm.run()
    firm.people = list(OTHERS)
    planned = firm.plan()
    firm.is_complete = False

    (entry,) = firm.run(how=How(planned=planned)).entries

    assert (entry.code, is_on(firm, 1)) == ("PlanOutdated", True)


def test_a_redacted_value_that_nobody_planned_is_not_sent(firm: Company):
    secret = AttributeMapping("title", expression="Redact([jobTitle])")
    mappings = tuple(secret if each.target == "title" else each for each in MAPPINGS)
    firm.people = [person(1, jobTitle="A")]
    firm.run(mappings=mappings)
    firm.people = [person(1, jobTitle="B")]
    job = firm.job(mappings=mappings)
    planned = without_values(firm.plan(mappings=mappings), job.mapper.redacted)
    firm.people = [person(1, jobTitle="C")]

    (entry,) = firm.run(how=How(planned=planned), mappings=mappings).entries

    assert entry.code == "PlanOutdated"
    assert firm.accounts["person1@example.com"]["title"] == "A"
    firm.people = [person(1, jobTitle="B")]
    assert firm.run(how=How(planned=planned), mappings=mappings).counts == {"success": 1}
