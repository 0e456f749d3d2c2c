import pytest
from support.company import Company, person

from jackfield import ConfigurationError, CredentialsRefused
from jackfield.engine import GuardLimits, Plan, Step
from jackfield.engine.guard import approval_of, find_hold
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
    """G1, G2."""
    assert (find_hold(plan(removals, linked, source), USUAL) is not None) is held


def test_an_approval_lets_exactly_its_removals_pass():
    """G3."""
    approval = find_hold(plan(50, 100), USUAL).approval

    assert find_hold(plan(50, 100), USUAL, approval) is None
    assert find_hold(plan(51, 100), USUAL, approval) is not None
    assert find_hold(plan(49, 100), USUAL, approval) is not None


def test_an_approval_does_not_depend_on_the_order_of_the_list():
    steps = plan(3, 100).steps

    assert approval_of("example", steps) == approval_of("example", steps[::-1])
    assert approval_of("example", steps) != approval_of("another", steps)


@pytest.mark.parametrize("limits", [{"percent": 101}, {"people": -1}, {"at_most": -1}])
def test_limits_that_make_no_sense_are_refused(limits):
    with pytest.raises(ConfigurationError, match="guard"):
        GuardLimits(**limits)


def test_held_removals_wait_while_creates_and_updates_go_on(firm: Company):
    """G2."""
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
    """G1."""
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
