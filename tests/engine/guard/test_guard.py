import datetime as dt
from dataclasses import replace

import pytest
from support.company import Company, person

from jackfield import ConfigurationError, CredentialsRefused
from jackfield.engine import GuardLimits, How, Plan, Step, preview_job, run_job
from jackfield.engine.guard.guard import approval_of, find_hold
from jackfield.engine.model.codes import WITHOUT_ACCESS
from jackfield.engine.scope.leavers import Leavers
from jackfield.testing.sandbox import Fault

USUAL = GuardLimits()


def plan(removals: int, linked: int, source: int = 100) -> Plan:
    steps = tuple(
        Step(action="disable", source_id=f"id-{n}", user_name=f"p{n}", place="", reason="gone")
        for n in range(removals)
    )
    return Plan("example", steps, source_count=source, linked_count=linked, is_complete=True)


@pytest.mark.parametrize(
    ("removals", "linked", "source", "held"),
    [
        pytest.param(0, 100, 100, False, id="nobody leaves"),
        pytest.param(3, 10, 100, False, id="three of ten: a small firm may lose three"),
        pytest.param(4, 40, 100, False, id="four of forty is ten per cent exactly"),
        pytest.param(4, 39, 100, True, id="four of thirty-nine is more than ten per cent"),
        pytest.param(200, 10000, 100, False, id="two hundred of ten thousand"),
        pytest.param(201, 10000, 100, True, id="more than the absolute cap"),
        pytest.param(1, 1, 100, True, id="everybody, though it is one"),
        pytest.param(2, 100, 0, True, id="the source is empty"),
    ],
)
def test_removals_are_held_beyond_the_limits(removals, linked, source, held):
    assert (find_hold(plan(removals, linked, source), USUAL) is not None) is held


def test_an_approval_lets_exactly_its_removals_pass():
    words = [find_hold(plan(count, 100), USUAL).approval for count in (50, 50, 51, 49)]

    assert words[0] == words[1]
    assert len(set(words)) == 3


def test_an_approval_does_not_depend_on_the_order_of_the_list():
    steps = plan(3, 100).steps

    assert approval_of("example", steps) == approval_of("example", steps[::-1])
    assert approval_of("example", steps) != approval_of("another", steps)


def test_an_approval_for_people_in_the_source_says_nothing_of_people_gone_from_it():
    there = plan(4, 4).removals
    gone = tuple(replace(step, place="") for step in there)
    there = tuple(replace(step, place="people.csv:2") for step in there)

    words = {
        approval_of("example", there),
        approval_of("example", gone),
        approval_of("example", gone, is_empty=True),
    }
    assert len(words) == 3


@pytest.mark.parametrize("limits", [{"percent": 101}, {"people": -1}, {"at_most": -1}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(ConfigurationError, match="guard"):
        GuardLimits(**limits)


def test_held_removals_wait_while_creates_and_updates_go_on(firm: Company):
    firm.people = [person(n) for n in range(10)]
    firm.run()
    firm.people = [person(0, jobTitle="Lead"), person(99)]

    result = firm.run(guard=USUAL)

    assert result.counts == {"held": 9, "success": 2}
    assert all(account["active"] for account in firm.accounts.values())
    assert firm.accounts["person0@example.com"]["title"] == "Lead"
    assert "9 of 10 people would lose access" in result.hold.reason


def test_approved_removals_happen(firm: Company):
    firm.people = [person(n) for n in range(10)]
    firm.run()
    firm.people = [person(0)]
    approval = firm.run(guard=USUAL).hold.approval

    result = firm.run(guard=USUAL, approval=approval)

    assert result.counts == {"success": 9}
    assert sum(account["active"] for account in firm.accounts.values()) == 1


def test_an_empty_source_removes_nobody(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = []

    result = firm.run(guard=USUAL)

    assert result.hold.reason == "the source has nobody in it"
    assert all(account["active"] for account in firm.accounts.values())


def test_refused_credentials_stop_the_cycle_at_once(firm: Company):
    firm.people = [person(1), person(2), person(3)]
    firm.vendor.faults.add(Fault(method="POST", after=1, status=401, times=9))

    result = firm.run()

    assert isinstance(result.stopped, CredentialsRefused)
    assert result.counts == {"success": 1, "failure": 1}
    assert len(firm.vendor.store) == 1


# --- a slow leak ---------------------------------------------------------------------------------


def leak(firm: Company, hours: float, *, approval: str = "", window_hours: int = 24):
    """Let two more leave and run a cycle so many hours from now."""
    firm.people = firm.people[2:]
    now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours)
    limits = GuardLimits(people=3, percent=10, window_hours=window_hours)
    return firm.run(approval, How(now=now), guard=limits)


@pytest.fixture
def leaking(firm: Company) -> Company:
    firm.people = [person(number) for number in range(40)]
    firm.run()
    return firm


def test_a_leak_below_the_limit_of_one_cycle_is_held_within_the_window(leaking: Company):
    assert [leak(leaking, 0).hold for _ in range(2)] == [None, None]

    result = leak(leaking, 0)

    assert result.hold is not None
    assert result.hold.reason.startswith("6 of 40 people would lose access within 24 hours")
    assert sum(account["active"] for account in leaking.accounts.values()) == 36


def test_a_preview_of_a_leak_holds_whom_the_run_holds(leaking: Company):
    assert [leak(leaking, 0).hold for _ in range(2)] == [None, None]
    leaking.people = leaking.people[2:]
    job = leaking.job(guard=GuardLimits(people=3, percent=10))

    held = preview_job(job, leaking.store).hold

    assert held is not None
    assert held == run_job(job, leaking.store).hold
    assert preview_job(job, leaking.store, approval=held.approval).hold is None


def test_a_leak_goes_on_when_the_window_has_passed(leaking: Company):
    assert [leak(leaking, 0).hold for _ in range(2)] == [None, None]

    assert leak(leaking, 25).hold is None


def test_without_a_window_each_cycle_counts_by_itself(leaking: Company):
    assert [leak(leaking, 0, window_hours=0).hold for _ in range(8)] == [None] * 8


def test_what_a_person_approved_does_not_count_again(leaking: Company):
    leaking.people = leaking.people[8:]
    limits = GuardLimits(people=3, percent=10)
    held = leaking.run(guard=limits).hold
    passed = leaking.run(held.approval, guard=limits)

    assert {(entry.action, entry.code) for entry in passed.entries} == {("disable", "Approved")}
    assert leak(leaking, 0).hold is None


def test_who_is_back_has_lost_nothing(leaking: Company):
    limits = GuardLimits(people=3, percent=0)
    everybody, leaking.people = leaking.people, leaking.people[3:]
    leaking.run(guard=limits)
    leaking.people = everybody
    leaking.run(guard=limits)
    leaking.people = everybody[:-3]

    result = leaking.run(guard=limits)

    assert (result.hold, result.counts) == (None, {"success": 3})


def test_a_deletion_of_a_disabled_account_takes_no_access_away(leaking: Company):
    limits = GuardLimits(people=3, percent=0)
    leaking.people = leaking.people[8:]
    leaking.run(leaking.run(guard=limits).hold.approval, guard=limits)
    deletes = Leavers(deleted="delete")
    deleted = leaking.run(guard=GuardLimits(people=8, percent=0), leavers=deletes)
    leaking.people = leaking.people[3:]

    assert {(entry.action, entry.code) for entry in deleted.entries} == {("delete", WITHOUT_ACCESS)}
    assert leaking.run(guard=limits).hold is None


def test_deletions_of_disabled_accounts_have_a_count_of_their_own():
    step = Step(action="delete", source_id="", user_name="", place="", reason="", was_on=False)
    off = tuple(replace(step, source_id=f"off-{number}") for number in range(150))
    steps = (*plan(150, 0).steps, *off)
    both = Plan("example", steps, source_count=100, linked_count=10_000, is_complete=True)

    assert find_hold(both, USUAL) is None
    reason = find_hold(replace(both, steps=off), GuardLimits(at_most=149)).reason
    assert reason == "150 disabled accounts would be deleted, more than 149"


def test_one_by_one_nobody_loses_what_the_guard_keeps_for_all(leaking: Company):
    gone, leaking.people = leaking.people[:8], leaking.people[8:]
    limits = GuardLimits(people=3, percent=10)

    for each in gone:
        result = leaking.run(how=How(only=frozenset({each.id})), guard=limits)
        assert [step.source_id for step in result.hold.steps] == [each.id]

    assert all(account["active"] for account in leaking.accounts.values())


def test_a_partial_read_ends_no_hold_and_no_approval(firm: Company):
    limits = GuardLimits(people=1, percent=10, at_most=100)
    firm.people = [person(number) for number in range(6)]
    firm.run(guard=limits)
    everybody, firm.people = firm.people, [person(0)]
    held = firm.run(guard=limits).hold
    assert firm.store.holds.approve("example", held.approval, "Grace") == 5
    firm.is_complete = False

    firm.run(guard=limits)

    assert firm.store.holds.approval("example") == held.approval
    firm.is_complete, firm.people = True, everybody
    firm.run(guard=limits)
    assert firm.store.holds.all("example") == []
