"""A state that is lost, at a vendor that takes a name twice: nobody gets a second account."""

import pytest
from support.company import Company, person

from jackfield.testing.sandbox import Fault

MANY = 60
"""So many people at once are looked for in the vendor's list first."""


@pytest.fixture
def lost(firm: Company) -> Company:
    """Everybody has an account already, and no link says so."""
    firm.vendor.unique = False
    firm.people = [person(number) for number in range(1, MANY + 1)]
    names = [one.attributes["userPrincipalName"] for one in firm.people]
    strangers = [f"stranger{number}@example.com" for number in range(MANY)]
    firm.vendor.seed([{"userName": name, "active": True} for name in (*strangers, *names)])
    return firm


@pytest.mark.parametrize("listing", ["honest", "page-total", "ignores-start", "capped", "repeats"])
def test_nobody_gets_a_second_account_however_the_vendor_lists(lost: Company, listing):
    lost.vendor.listing = listing

    result = lost.run()

    assert len(lost.vendor.store) == 2 * MANY
    assert len(lost.store.links("example")) == MANY
    assert {entry.status for entry in result.entries} == {"success"}


@pytest.mark.parametrize("new", [0, MANY // 2, MANY - 1])
def test_a_vendor_that_lists_nobody_without_a_filter_is_not_empty(lost: Company, new):
    """Whoever was asked for is new; all others have accounts that no list shows."""
    name = lost.people[new].attributes["userPrincipalName"]
    lost.vendor.store.remove(lost.accounts[name]["id"])
    nobody = {"schemas": [], "totalResults": 0, "Resources": []}
    lost.vendor.faults.add(Fault(method="GET", status=200, body=nobody, times=1))

    lost.run()

    assert len(lost.vendor.store) == 2 * MANY
    assert len(lost.store.links("example")) == MANY


def test_a_first_run_at_a_vendor_with_accounts_says_so(lost: Company):
    (note,) = lost.run().notes

    assert f"the vendor has {2 * MANY} accounts, and this job is linked to none of them" in note
    assert lost.run().notes == ()
