"""Where a list of users ends, at vendors whose `totalResults` and `startIndex` mean other things.

The beliefs that failed were reported of better-auth, WSO2 Identity Server, AWS IAM Identity Center
and Infisical: a total of one page, a list cut after so many users, a user shown twice.
"""

from dataclasses import dataclass, field

import pytest

from jackfield import ConfigurationError, Page, Response, User, VendorBroken
from jackfield.scim import Place, ScimService, Walk


@dataclass
class Vendor:
    """Lists users by `startIndex`, at most `most` on a page; `total` says what it counts."""

    rows: list[str]
    total: object = None
    most: int = 50
    asked: list[int] = field(default_factory=list)

    def answer(self, start, count):
        self.asked.append(start)
        page = self.page(start, min(count, self.most))
        counted = self.total(start, page) if callable(self.total) else len(self.rows)
        shown = [{"id": user, "userName": f"{user}@example.com"} for user in page]
        return Response(200, {"totalResults": counted, "Resources": shown})

    def page(self, start, count):
        return self.rows[start - 1 : start - 1 + count]


class WithoutPlaces(Vendor):
    """Ignores `startIndex`."""

    def page(self, start, count):
        return self.rows[:count]


class ShowingTwice(Vendor):
    """Shows the first user of each page again at its end."""

    def page(self, start, count):
        page = super().page(start, count)
        return page + page[:1]


def people(count):
    return [f"u{number}" for number in range(count)]


def listed(vendor, page_size=100):
    """Return the ids that a walk through the pages shows."""
    service, walk, ids = ScimService(page_size=page_size), Walk(), []
    while walk.more:
        flow = service.list_users(walk.cursor)
        params = next(flow).params
        with pytest.raises(StopIteration) as done:
            flow.send(vendor.answer(int(params["startIndex"]), int(params["count"])))
        ids += [user.id for user in walk.fresh(done.value.value)]
    return ids


def of_the_page(start, page):
    return len(page)


def until_here(start, page):
    return start - 1 + len(page)


@pytest.mark.parametrize("count", [49, 50, 51, 99, 100, 101, 230])
@pytest.mark.parametrize("total", [of_the_page, until_here, lambda start, page: None])
def test_total_that_counts_a_page_hides_nobody(count, total):
    vendor = Vendor(people(count), total)

    assert listed(vendor) == vendor.rows
    assert vendor.asked[-1] == count + 1


@pytest.mark.parametrize("count", [100, 150, 230, 250])
def test_total_that_counts_what_is_left_hides_nobody(count):
    vendor = Vendor(people(count), lambda start, page: count - start + 1)

    assert listed(vendor) == vendor.rows


def test_one_more_request_proves_that_a_page_was_all():
    vendor = Vendor(people(3))

    assert listed(vendor) == vendor.rows
    assert vendor.asked == [1, 4]


def test_total_of_more_than_a_page_needs_no_further_request():
    vendor = Vendor(people(100))

    assert listed(vendor) == vendor.rows
    assert vendor.asked == [1, 51]


def test_nobody_at_all_is_proven_by_one_request():
    vendor = Vendor([])

    assert (listed(vendor), vendor.asked) == ([], [1])


@pytest.mark.parametrize("total", [None, of_the_page, lambda start, page: 100])
def test_ignored_start_is_no_end_but_a_list_that_cannot_be_walked(total):
    with pytest.raises(VendorBroken, match=r"circles|counts 100 users and its list shows 50"):
        listed(WithoutPlaces(people(100), total))


def test_page_that_shows_less_than_is_left_out_is_no_end():
    # The second page begins 25 users too early, so as many are never shown.
    vendor = Vendor([*people(50), *people(50)[25:], *people(75)[50:]])

    with pytest.raises(VendorBroken, match="counts 100 users and its list shows 75"):
        listed(vendor)


@pytest.mark.parametrize("count", [1, 2, 50, 51, 100, 130])
def test_user_shown_twice_on_a_page_is_listed_once(count):
    assert listed(ShowingTwice(people(count))) == people(count)


@pytest.mark.parametrize("rows", ["abbc", "abb", "aabc", "aab", "abab", "aa", "aaaa"])
@pytest.mark.parametrize("counted", [len, lambda rows: len(set(rows))], ids=["rows", "users"])
def test_user_in_two_rows_of_a_page_hides_nobody_whatever_is_counted(rows, counted):
    vendor = Vendor(list(rows), lambda start, page: counted(rows))

    assert listed(vendor) == sorted(set(rows))


@pytest.mark.parametrize("rows", ["abbcd", "aabcb", "abcda", "abab"])
@pytest.mark.parametrize("counted", [len, lambda rows: len(set(rows))], ids=["rows", "users"])
@pytest.mark.parametrize("page_size", [2, 3])
def test_user_on_two_pages_hides_nobody_without_an_error(rows, counted, page_size):
    vendor = Vendor(list(rows), lambda start, page: counted(rows))

    try:
        found = set(listed(vendor, page_size))
    except VendorBroken:
        found = set(rows)  # it is said that nobody is known to be absent

    assert found == set(rows)


def test_vendor_that_shows_one_user_for_ever_is_stopped():
    vendor = Vendor(["a", "a"], lambda start, page: None)
    vendor.page = lambda start, count: ["a", "a"] if start == 1 else ["a"]

    with pytest.raises(VendorBroken, match="circles"):
        listed(vendor)


def test_list_that_grows_while_it_is_read_is_read_to_an_empty_page():
    vendor = Vendor(people(99), most=50)
    vendor.total = lambda start, page: 98 if start == 1 else 99

    assert listed(vendor) == vendor.rows
    assert vendor.asked == [1, 51, 100]


def test_last_page_of_a_connector_without_totals_is_its_own_claim():
    walk = Walk()

    users = walk.fresh(Page((User(id="1"), User(id="1"), User(id="2"))))

    assert ([user.id for user in users], walk.more) == (["1", "2"], False)


@pytest.mark.parametrize("place", [Place(), Place(51, 230), Place(51, None, 2), Place(9, 0, 1)])
def test_place_survives_as_the_text_of_a_cursor(place):
    assert Place.parse(str(place)) == place


@pytest.mark.parametrize("cursor", ["", "0", "²", "1 of", "1+ of 2", "1 of x", "-1", "1234567890"])
def test_text_that_is_no_place_is_refused(cursor):
    with pytest.raises(ConfigurationError):
        Place.parse(cursor)


def test_page_past_the_end_may_leave_resources_out():
    flow = ScimService().list_users("4")
    next(flow)

    with pytest.raises(StopIteration) as done:
        flow.send(Response(200, {"totalResults": 3}))

    assert done.value.value == Page(())


@pytest.mark.parametrize("document", [{"totalResults": 4}, {"totalResults": 9}, {}])
def test_page_before_the_end_without_resources_is_no_end(document):
    flow = ScimService().list_users("4")
    next(flow)

    with pytest.raises(VendorBroken, match="no list"):
        flow.send(Response(200, document))


def test_refused_page_past_the_end_is_no_proof_and_no_fault_of_a_user():
    flow = ScimService().list_users("4")
    next(flow)

    with pytest.raises(VendorBroken, match="up to number 3 and refuses to show"):
        flow.send(Response(400, {"detail": "startIndex is out of range"}))
