"""Who is found in a list that repeats people or counts its first page, and who counts as absent."""

import pytest

from jackfield import MatchKey, NotFound, Response, VendorBroken
from jackfield.testing import ANY_REQUEST, replay
from jackfield_fuze import FuzeConnector, FuzeSettings

LIST = FuzeSettings(base_url="https://fuze.example.com/scim/v2", token="made-up")
ADA = {"id": "u1", "userName": "ada@example.com", "active": True}
BOB = {"id": "u3", "userName": "bob@example.com", "active": True}
KEY = MatchKey("userName", "ada@example.com")
FIRST_PAGE = ("GET", "/Users?startIndex=1&count=100")
SECOND_PAGE = ("GET", "/Users?startIndex=2&count=100")


def found(*users):
    return Response(200, {"totalResults": len(users), "Resources": list(users)})


def looked_up(*exchanges):
    return replay(FuzeConnector().get_user(KEY, LIST), *exchanges)


def test_a_user_shown_twice_is_one_user():
    following = ("GET", "/Users?startIndex=3&count=100")

    # The vendor counts rows, so the last one comes again.
    user = looked_up(
        (FIRST_PAGE, found(ADA, BOB, ADA)), (following, found(ADA)), (ANY_REQUEST, found())
    )

    assert user.id == "u1"


def test_a_list_that_counts_its_first_page_only_hides_nobody():
    user = looked_up((FIRST_PAGE, found(BOB)), (SECOND_PAGE, found(ADA)), (ANY_REQUEST, found()))

    assert user.id == "u1"


def test_a_list_without_places_proves_nobodys_absence():
    with pytest.raises(VendorBroken, match="who is absent"):
        looked_up((FIRST_PAGE, found(BOB)), (SECOND_PAGE, found(BOB)))


def test_an_empty_page_after_others_proves_absence():
    assert looked_up((FIRST_PAGE, found(BOB)), (SECOND_PAGE, found())) == NotFound(KEY)
