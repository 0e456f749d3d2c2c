"""In what way a cycle runs: by the clock or by hand, for everybody or for some, or as planned."""

import datetime as dt
import json

import pytest
from support.company import Company, person

from jackfield import ConfigurationError, CredentialsRefused
from jackfield.engine import GuardLimits, How, Plan
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.errors import VendorBroken
from jackfield.testing.sandbox import Fault

LATER = dt.timedelta(minutes=41)


def scheduled(after: dt.timedelta = dt.timedelta(0)) -> How:
    return How(is_scheduled=True, now=dt.datetime.now(dt.UTC) + after)


def refuse(firm: Company, times: int = 1) -> None:
    firm.vendor.faults.add(Fault(method="POST", status=400, times=times))


def posts(firm: Company) -> int:
    return sum(write.startswith("POST") for write in firm.writes)


def test_who_failed_waits_for_the_next_turn_of_the_schedule(firm: Company):
    refuse(firm)
    firm.people = [person(1)]
    firm.run()

    waiting = firm.run(how=scheduled())
    assert (waiting.entries, posts(firm)) == ((), 1)
    assert "tried again after" in waiting.plan.steps[0].reason

    assert firm.run(how=scheduled(LATER)).counts == {"success": 1}
    assert firm.store.escrows.all("example") == {}


def test_a_run_by_hand_tries_everybody_at_once(firm: Company):
    refuse(firm)
    firm.people = [person(1)]
    firm.run()

    assert firm.run().counts == {"success": 1}


def test_a_change_in_the_source_makes_a_failure_due_at_once(firm: Company):
    refuse(firm)
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, jobTitle="Lead")]

    assert firm.run(how=scheduled()).counts == {"success": 1}


def test_each_failure_makes_the_pause_longer(firm: Company):
    refuse(firm, times=3)
    firm.people = [person(1)]
    for _ in range(3):
        firm.run()

    escrow = firm.store.escrows.all("example")["id-1"]

    assert escrow.attempts == 3
    assert escrow.next_attempt_at - dt.datetime.now(dt.UTC) > dt.timedelta(minutes=140)


def test_a_leaver_is_never_kept_waiting_by_an_earlier_failure(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.faults.add(Fault(method="PATCH", status=400, times=1))
    firm.people = [person(1), person(2, jobTitle="Lead")]
    firm.run()
    firm.people = [person(1), person(2, accountEnabled="False")]

    firm.run(how=scheduled())

    assert firm.accounts["person2@example.com"]["active"] is False


def test_refused_credentials_put_the_job_into_quarantine_until_a_good_cycle(firm: Company):
    firm.people = [person(1)]
    firm.vendor.faults.add(Fault(method="*", status=401, times=9))
    with pytest.raises(CredentialsRefused):
        firm.run()
    state = firm.store.jobs.get("example")
    assert (state.status, state.quarantine.reason) == (
        "quarantined",
        "EncounteredQuarantineException",
    )
    firm.vendor.faults.clear()

    firm.run()

    assert firm.store.jobs.get("example").status == "active"


def test_too_many_failures_put_the_job_into_quarantine(firm: Company):
    refuse(firm, times=99)
    firm.people = [person(n) for n in range(10)]

    firm.run(quarantine=QuarantineLimits(failures=5))
    firm.run(quarantine=QuarantineLimits(failures=5))

    found = firm.store.jobs.get("example").quarantine
    assert (found.reason, found.series_count) == ("EncounteredEscrowProportionThreshold", 1)


def test_what_is_held_is_staged_and_approved_by_its_word(firm: Company):
    firm.people = [person(n) for n in range(10)]
    firm.run()
    firm.people = [person(0)]
    held = firm.run(guard=GuardLimits())

    assert len(firm.store.holds.all("example")) == 9
    assert firm.store.holds.approve("example", held.hold.approval, "ada") == 9
    firm.run(guard=GuardLimits(), approval=firm.store.holds.approval("example"))

    assert firm.store.holds.all("example") == []
    assert sum(account["active"] for account in firm.accounts.values()) == 1


def test_one_person_alone_is_dealt_with(firm: Company):
    firm.people = [person(1), person(2), person(3)]

    result = firm.run(how=How(only=frozenset({"id-2"})))

    assert list(firm.accounts) == ["person2@example.com"]
    assert len(result.plan.steps) == 1


def saved(plan: Plan) -> Plan:
    return Plan.from_json(json.loads(json.dumps(plan.to_json())))


def test_a_saved_plan_is_done_as_it_was_read(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1, jobTitle="Lead"), person(3)]
    plan = saved(firm.plan())

    result = firm.run(how=How(planned=plan))

    assert result.counts == {"success": 3}
    assert firm.run().entries == ()


def test_a_step_that_is_another_by_now_is_skipped_and_told(firm: Company):
    firm.people = [person(1), person(2)]
    plan = saved(firm.plan())
    firm.people = [person(1, jobTitle="Lead"), person(2), person(3)]

    result = firm.run(how=How(planned=plan))

    assert [(e.source_id, e.status) for e in result.entries] == [
        ("id-1", "skipped"),
        ("id-2", "success"),
    ]
    assert "not as planned any more" in result.entries[0].reason
    assert list(firm.accounts) == ["person2@example.com"]


@pytest.mark.parametrize("document", [{}, {"job": "x", "steps": [1]}, {"job": "x", "steps": [{}]}])
def test_a_document_that_is_no_plan_is_refused(document):
    with pytest.raises(ConfigurationError, match="no plan that Jackfield wrote"):
        Plan.from_json(document)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_look_up_refused_for_one_person_is_that_persons_failure(firm: Company, status: int):
    """A look for nobody is answered, so it is not the vendor's search that fails."""
    firm.vendor.faults.add(Fault(method="GET", status=status))
    firm.people = [person(1), person(2)]

    assert sorted(entry.status for entry in firm.run().entries) == ["failure", "success"]
    assert firm.store.jobs.get("example").status == "active"


def test_a_vendor_that_is_down_is_tried_again_at_the_usual_interval_at_first(firm: Company):
    firm.vendor.faults.add(Fault(method="GET", status=503, times=99))
    firm.people = [person(number) for number in range(9)]
    began = dt.datetime.now(dt.UTC)
    minutes = []
    for hours in (0, 1, 7):
        with pytest.raises(VendorBroken):
            firm.run(how=How(now=began + dt.timedelta(hours=hours)))
        state = firm.store.jobs.get("example").quarantine
        minutes.append((state.next_attempt_at - began).total_seconds() / 60 - 60 * hours)

    assert minutes == [40, 40, 5 * 60]


def test_who_approves_second_does_not_take_the_first_ones_place(firm: Company):
    firm.people = [person(number) for number in range(10)]
    firm.run()
    firm.people = firm.people[:1]
    word = firm.run(guard=GuardLimits()).hold.approval

    assert firm.store.holds.approve("example", word, "ada") == 9
    assert firm.store.holds.approve("example", word, "bob") == 0
    assert {held.approved_by for held in firm.store.holds.all("example")} == {"ada"}


def test_a_cycle_for_one_person_is_no_last_cycle_of_the_job(firm: Company):
    firm.people = [person(1), person(2)]
    whole = firm.run()

    firm.run(how=How(only=frozenset({"id-1"})))

    assert firm.store.jobs.get("example").last_cycle.cycle_id == whole.cycle_id


def test_refused_credentials_for_one_person_are_no_attempt_of_the_job(firm: Company):
    firm.people = [person(1)]
    firm.vendor.faults.add(Fault(status=401, times=99))

    with pytest.raises(CredentialsRefused):
        firm.run(how=How(only=frozenset({"id-1"})))

    assert firm.store.jobs.get("example").status == "active"
