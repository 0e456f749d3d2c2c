"""Linked accounts that somebody deleted at the vendor: what is put in their place."""

import pytest
from support.company import Company, person

from jackfield.engine.plan.explanation import Explainer
from jackfield.testing.sandbox import Fault

ANOTHER = {"userName": "person1@example.com", "name": {"familyName": "Family1"}, "active": True}


@pytest.fixture
def bereft(firm: Company) -> Company:
    """A person whose account is gone, and about whom something changed."""
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.store.remove(firm.accounts["person1@example.com"]["id"])
    firm.people = [person(1, jobTitle="Lead"), person(2)]
    return firm


def linked_id(firm: Company) -> str:
    return firm.store.links("example")["id-1"].target_id


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("rematch", ("create", "success", "")),
        ("recreate", ("create", "success", "")),
        ("fail", ("fail", "failure", "InvalidAnchor")),
    ],
)
def test_where_nobody_has_the_name(bereft: Company, policy, expected):
    (entry,) = bereft.run(on_missing_target=policy).entries

    assert (entry.action, entry.status, entry.code) == expected
    assert len(bereft.vendor.store) == (1 if policy == "fail" else 2)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("rematch", ("update", "success", "")),
        ("recreate", ("fail", "failure", "Conflict")),
        ("fail", ("fail", "failure", "InvalidAnchor")),
    ],
)
def test_where_another_account_has_the_name(bereft: Company, policy, expected):
    (another,) = bereft.vendor.seed([ANOTHER])

    (entry,) = bereft.run(on_missing_target=policy).entries

    assert (entry.action, entry.status, entry.code) == expected
    assert (linked_id(bereft) == another["id"]) is (policy == "rematch")
    assert bereft.accounts["person1@example.com"].get("title") == (
        "Lead" if policy == "rematch" else None
    )


def test_fail_is_said_again_until_a_person_decides(bereft: Company):
    bereft.run(on_missing_target="fail")

    (entry,) = bereft.run(on_missing_target="fail").entries

    assert 'on_missing_target = "fail" puts none in its place' in entry.reason
    assert linked_id(bereft) in entry.reason


def test_an_account_made_anew_in_doubt_is_linked_and_not_made_again(bereft: Company):
    bereft.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    bereft.vendor.faults.add(Fault(method="GET", status=500, after=3, times=3))
    (lost,) = bereft.run(on_missing_target="recreate").entries
    assert (lost.action, lost.status) == ("create", "in_doubt")

    bereft.run(on_missing_target="recreate")

    assert linked_id(bereft) == bereft.accounts["person1@example.com"]["id"]
    assert len(bereft.vendor.store) == 2


def test_an_account_made_anew_in_doubt_has_no_second_one_under_another_name(bereft: Company):
    bereft.vendor.faults.add(Fault(method="POST", commit_then_drop=True, lag=4))
    (lost,) = bereft.run().entries
    assert (lost.action, lost.status) == ("create", "in_doubt")
    bereft.people[0] = person(1, userPrincipalName="new@example.com")

    runs = [bereft.run().entries for _ in range(3)]

    assert [entry.code for entry in runs[0]] == ["InDoubt"]
    assert len(bereft.vendor.store) == 2
    assert linked_id(bereft) == bereft.accounts["new@example.com"]["id"]


@pytest.mark.parametrize("policy", ["recreate", "fail"])
def test_a_leaver_whose_name_lives_on_is_never_called_disabled(bereft: Company, policy):
    bereft.vendor.seed([ANOTHER])
    del bereft.people[0]

    (entry,) = bereft.run(on_missing_target=policy).entries

    assert (entry.action, entry.status, entry.code) == ("disable", "failure", "InvalidAnchor")
    assert bereft.accounts["person1@example.com"]["active"] is True


@pytest.mark.parametrize("policy", ["rematch", "recreate", "fail"])
def test_a_leaver_whom_the_vendor_does_not_show_is_not_called_disabled(bereft: Company, policy):
    del bereft.people[0]

    (entry,) = bereft.run(on_missing_target=policy).entries

    assert (entry.action, entry.status, entry.code) == ("disable", "warning", "NotSeen")


@pytest.mark.parametrize(("policy", "looks"), [("rematch", 2), ("recreate", 2), ("fail", 1)])
def test_an_explanation_looks_for_whom_a_cycle_would(bereft: Company, policy, looks):
    job = bereft.job(on_missing_target=policy)

    found = Explainer(job, bereft.store, job.read_source(None)).explain("id-1")

    assert [look.found for look in found.looks] == ["nobody"] * looks
