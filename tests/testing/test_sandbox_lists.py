"""Sandboxes whose list lies while their filters work, and one that keeps a name twice."""

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, ScimSandbox, serve
from jackfield.testing.sandbox.full import FullScimSandbox

USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {ScimSandbox.TOKEN}"}


@pytest.fixture(scope="module")
def served():
    sandbox = FullScimSandbox(unique=False, listing="capped")
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield sandbox, client


@pytest.fixture
def listed(served):
    """Return a function that lists 130 users in one way: the number of rows, ids, and the total."""
    sandbox, client = served
    sandbox.reset()
    sandbox.seed([{"userName": f"user{number}@example.com"} for number in range(130)])

    def page(listing, start, count=100):
        sandbox.listing = listing
        document = client.get(USERS, params={"startIndex": start, "count": count}).json()
        ids = [user["id"] for user in document["Resources"]]
        assert (document["startIndex"], document["itemsPerPage"]) == (start, len(ids))
        return len(ids), len(set(ids)), document["totalResults"]

    return page


def test_page_total_counts_the_page_and_shows_fifty_users(listed):
    pages = [listed("page-total", start) for start in (1, 51, 101, 131)]

    assert pages == [(50, 50, 50), (50, 50, 50), (30, 30, 30), (0, 0, 0)]


def test_ignored_start_gives_the_first_page_again(listed, served):
    pages = [listed("ignores-start", start, count=10) for start in (1, 11)]

    again = served[1].get(USERS, params={"startIndex": 11, "count": 1}).json()["Resources"]

    assert pages == [(10, 10, 10), (10, 10, 10)]
    assert [user["userName"] for user in again] == ["user0@example.com"]


def test_capped_list_ends_after_a_hundred_users_and_counts_no_more(listed):
    assert [listed("capped", start, count=60) for start in (1, 61, 101)] == [
        (60, 60, 100),
        (40, 40, 100),
        (0, 0, 100),
    ]


def test_repeating_list_shows_one_user_of_each_page_twice(listed):
    assert [listed("repeats", start) for start in (1, 101, 131)] == [
        (101, 100, 130),
        (31, 30, 130),
        (0, 0, 130),
    ]


@pytest.mark.parametrize("listing", ["page-total", "ignores-start", "capped", "repeats"])
def test_filter_finds_everybody_however_users_are_listed(served, listed, listing):
    sandbox, client = served
    sandbox.listing = listing

    found = client.get(USERS, params={"filter": 'userName eq "user129@example.com"'}).json()

    assert (found["totalResults"], len(found["Resources"])) == (1, 1)


def test_vendor_that_keeps_no_name_unique_takes_it_twice(served, listed):
    document = {"schemas": [CORE_URN], "userName": "user1@example.com"}

    assert served[1].post(USERS, json=document).status_code == 201
