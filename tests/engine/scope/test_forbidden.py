"""A 403 to the changes of some is their failure; a 403 to every change is a missing right."""

import pytest
from support.company import Company, person

from jackfield.testing.sandbox import Fault


def forbid(firm: Company, method: str, times: int = 99) -> None:
    firm.vendor.faults.add(Fault(method=method, status=403, times=times))


def hired(firm: Company, *numbers: int) -> None:
    firm.people = [person(number) for number in numbers]
    firm.run()


def changed_all(firm: Company, *numbers: int) -> None:
    """Run a cycle that updates these people."""
    firm.people = [person(number, jobTitle="Lead") for number in numbers]
    firm.run()


def test_403_to_every_change_puts_the_job_into_quarantine(firm: Company):
    hired(firm, 1, 2, 3)
    forbid(firm, "PATCH")

    changed_all(firm, 1, 2, 3)

    found = firm.store.jobs.get("example").quarantine
    assert found.reason == "EncounteredQuarantineException"
    assert found.error.startswith("the vendor forbids every change of 3 accounts: ")


@pytest.mark.parametrize("times", [2, 3])
def test_403_to_some_changes_is_about_these_accounts(firm: Company, times):
    """Administrators at the vendor may be protected; nobody else waits for that."""
    hired(firm, *range(times + 1))
    forbid(firm, "PATCH", times)

    changed_all(firm, *range(times + 1))

    assert firm.store.jobs.get("example").status == "active"


def test_403_for_people_who_were_refused_before_is_no_news(firm: Company):
    hired(firm, *range(4))
    forbid(firm, "PATCH", 3)
    changed_all(firm, *range(4))
    forbid(firm, "PATCH")

    changed_all(firm, *range(4))

    assert firm.store.jobs.get("example").status == "active"


def test_403_to_every_creation_keeps_no_leaver_waiting(firm: Company):
    """The licences may be used up, and it is leavers who give some back."""
    hired(firm, 1, 2)
    forbid(firm, "POST")
    firm.people = [person(number) for number in (2, 3, 4, 5)]

    statuses = sorted((entry.action, entry.status) for entry in firm.run().entries)
    firm.run()

    assert statuses == [("create", "failure")] * 3 + [("disable", "success")]
    assert firm.store.jobs.get("example").status == "active"


def test_403_to_creations_alone_may_be_about_licences(firm: Company):
    forbid(firm, "POST")
    firm.people = [person(number) for number in range(5)]

    firm.run()

    assert firm.store.jobs.get("example").status == "active"


def test_a_right_to_write_is_not_proven_by_reading(firm: Company):
    hired(firm, 1, 2, 3)
    forbid(firm, "PATCH")
    changed_all(firm, 1, 2, 3)

    changed_all(firm, 1, 2, 3)

    assert firm.store.jobs.get("example").status == "quarantined"
    firm.vendor.faults.clear()
    changed_all(firm, 1, 2, 3)
    assert firm.store.jobs.get("example").status == "active"
