"""What the engine does about each answer of a vendor: one test for each row of the specification.

Every answer comes over HTTP, from a sandbox with scripted faults.
"""

import datetime as dt
from typing import Any

import pytest
from support.answers import answer, hired, said, what_ended
from support.company import Company, person

from jackfield import ConfigurationError
from jackfield.engine import How
from jackfield.engine.scope.leavers import Leavers

NOBODY = {"schemas": [], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 0}
ACCOUNT = {"userName": "person1@example.com", "name": {"familyName": "Old"}, "active": True}
TWICE = [ACCOUNT, {**ACCOUNT, "userName": "PERSON1@example.com"}]


def without_id(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "id"}


# --- the filter query ----------------------------------------------------------------------------


def test_filter_query_200_without_results_creates(firm: Company):
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "success", "")]


@pytest.mark.parametrize("status", [404, 400, 501])
def test_filter_query_refused_creates_nobody(firm: Company, status):
    """An answer that is no list never means that nobody is there."""
    answer(firm, "GET", status=status)
    firm.people = [person(1), person(2)]

    what_ended(firm)

    assert firm.writes == []
    assert len(firm.vendor.store) == 0


def test_filter_query_404_puts_the_job_into_quarantine_at_once(firm: Company):
    answer(firm, "GET", status=404)
    firm.people = [person(1), person(2)]

    assert what_ended(firm) is not None
    assert firm.store.jobs.get("example").status == "quarantined"


def test_filter_query_200_with_several_results_is_a_failure_without_a_write(firm: Company):
    firm.vendor.seed(TWICE)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("fail", "failure", "DuplicateTargetEntries")]
    assert firm.writes == []


@pytest.mark.parametrize("status", [400, 501])
def test_filter_query_refused_is_a_configuration_error(firm: Company, status):
    refused = {"schemas": [], "status": str(status), "scimType": "invalidFilter"}
    answer(firm, "GET", status=status, body=refused)
    firm.people = [person(1), person(2)]

    assert isinstance(what_ended(firm), ConfigurationError)


# --- POST ----------------------------------------------------------------------------------------


def test_post_201_without_an_id_is_looked_up(firm: Company):
    """A protocol failure, and yet there is an account: it is found, and not made twice."""
    answer(firm, "POST", rewrite=without_id)
    firm.people = [person(1)]

    created, compared = firm.run().entries

    assert said((created,)) == [("create", "success", "")]
    assert said((compared,)) == [("skip", "skipped", "RedundantExport")]
    assert firm.store.links("example")["id-1"].target_id == next(iter(firm.vendor.store.users))
    assert [w for w in firm.writes if w.startswith("POST")] == ["POST /scim/v2/Users"]


def test_post_201_without_an_id_that_no_look_up_finds_stays_in_doubt(firm: Company):
    """An empty id is never stored."""
    answer(firm, "POST", rewrite=without_id)
    answer(firm, "GET", status=200, body=NOBODY, times=2)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "in_doubt", "InDoubt")]
    assert firm.store.links("example") == {}
    assert said(firm.run().entries) == [("skip", "skipped", "RedundantExport")]
    assert firm.store.links("example").keys() == {"id-1"}
    assert len(firm.vendor.store) == 1


def conflict(firm: Company) -> None:
    """Let the first look-up miss the account that the create then runs into."""
    answer(firm, "GET", status=200, body=NOBODY, times=1)
    answer(firm, "POST", status=409, times=1)


def test_post_409_with_a_unique_hit_links_and_updates(firm: Company):
    firm.vendor.seed([ACCOUNT])
    conflict(firm)
    firm.people = [person(1)]

    linked, updated = firm.run().entries

    assert "the vendor had it already" in linked.reason
    assert said((updated,)) == [("update", "success", "")]
    assert firm.accounts["person1@example.com"]["name"]["familyName"] == "Family1"


@pytest.mark.parametrize(
    ("accounts", "code"),
    [([], "Conflict"), (TWICE, "DuplicateTargetEntries")],
    ids=["no hit", "several hits"],
)
def test_post_409_without_a_unique_hit_is_an_escrow(firm: Company, accounts, code):
    firm.vendor.seed(accounts)
    conflict(firm)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "failure", code)]
    assert firm.store.escrows.all("example")["id-1"].code == code
    assert firm.store.links("example") == {}


def test_post_409_about_somebody_elses_account_takes_nothing_over(firm: Company):
    """The account is person 2's by a link, though it has the name of person 1."""
    hired(firm, 2)
    (user_id,) = firm.vendor.store.users
    renamed = {**firm.vendor.store.get(user_id), "userName": "person1@example.com"}
    firm.vendor.store.replace(user_id, renamed)
    conflict(firm)
    firm.people = [person(2), person(1)]

    (entry,) = firm.run().entries

    assert said((entry,)) == [("create", "failure", "Conflict")]
    assert "belongs to the source object id-2" in entry.reason
    assert firm.store.links("example").keys() == {"id-2"}


# --- PATCH and GET by id, DELETE -----------------------------------------------------------------


def test_get_by_id_404_matches_again_and_links(firm: Company):
    hired(firm, 1)
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    (found,) = firm.vendor.seed([ACCOUNT])
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("update", "success", "")]
    assert firm.store.links("example")["id-1"].target_id == found["id"]


def test_get_by_id_404_matches_again_and_creates(firm: Company):
    hired(firm, 1)
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("create", "success", "")]
    assert len(firm.vendor.store) == 1


def test_patch_404_is_an_invalid_anchor_and_the_next_cycle_matches_again(firm: Company):
    hired(firm, 1)
    answer(firm, "PATCH", status=404, times=1)
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("update", "failure", "InvalidAnchor")]
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    assert said(firm.run().entries) == [("create", "success", "")]


def test_an_account_to_delete_that_is_not_shown_is_gone_after_a_day_of_looks(firm: Company):
    hired(firm, 1, 2)
    firm.vendor.store.remove(firm.accounts["person1@example.com"]["id"])
    firm.people = [person(2)]
    leavers, now = Leavers(deleted="delete"), dt.datetime.now(dt.UTC)

    told = [
        said(firm.run(how=How(now=now + dt.timedelta(hours=hours)), leavers=leavers).entries)
        for hours in (0, 1, 26)
    ]

    assert told[0] == told[1] == [("delete", "warning", "NotSeen")]
    assert told[2] == [("delete", "success", "WithoutAccess")]
    assert firm.store.links("example").keys() == {"id-2"}
