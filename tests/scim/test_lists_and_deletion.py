import pytest

from jackfield import (
    ConfigurationError,
    InDoubt,
    Page,
    RejectedUser,
    Response,
    UserId,
    VendorBroken,
)
from jackfield.scim import ScimService
from jackfield.testing import ANY_REQUEST, replay

SERVICE = ScimService()
ADA = {"id": "u1", "userName": "ada@example.com", "active": True}
ONE = UserId("u1")


def found(*resources, **counts):
    return Response(200, {"totalResults": len(resources), "Resources": list(resources)} | counts)


def test_a_list_begins_at_one():
    page = replay(
        ScimService(page_size=1).list_users(None),
        (("GET", "/Users?startIndex=1&count=1"), found(ADA, totalResults="2", startIndex="1")),
    )

    assert page.next_cursor == "2 of 2"


def test_a_list_ends_when_all_are_shown():
    page = replay(
        SERVICE.list_users("2 of 2"),
        (("GET", "/Users?startIndex=2&count=100"), found(ADA, totalResults=2, startIndex=2)),
    )

    assert page.next_cursor is None


@pytest.mark.parametrize("total", [None, "many", 0], ids=["missing", "text", "too small"])
def test_a_senseless_total_is_not_believed(total):
    page = replay(SERVICE.list_users(None), (ANY_REQUEST, found(ADA, totalResults=total)))

    assert page.next_cursor == "2"


def test_an_empty_page_ends_a_list():
    answer = (ANY_REQUEST, Response(200, {"Resources": []}))

    assert replay(SERVICE.list_users("2"), answer) == Page(())


@pytest.mark.parametrize(
    "answer",
    [found(ADA, totalResults=9, startIndex=1), found(totalResults=9)],
    ids=["from elsewhere", "empty before the end"],
)
def test_a_page_that_hides_users_is_refused(answer):
    with pytest.raises(VendorBroken):
        replay(SERVICE.list_users("5"), (ANY_REQUEST, answer))


@pytest.mark.parametrize("cursor", ["", "0", "-1", "x", "²"])
def test_a_cursor_that_is_no_place_is_refused(cursor):
    with pytest.raises(ConfigurationError):
        replay(SERVICE.list_users(cursor))


@pytest.mark.parametrize("status", [204, 200, 404, 410])
def test_a_deleted_user_is_gone_however_it_is_said(status):
    assert replay(SERVICE.delete_user(ONE), (("DELETE", "/Users/u1"), Response(status))) is None


def test_a_deletion_that_fails_is_in_doubt():
    with pytest.raises(InDoubt):
        replay(SERVICE.delete_user(ONE), (ANY_REQUEST, Response(500)))


@pytest.mark.parametrize(
    "answer",
    [
        Response(409, {"detail": "the user owns a queue"}),
        Response(400, {"detail": "the user owns a queue", "scimType": "uniqueness"}),
    ],
    ids=["409", "uniqueness"],
)
def test_a_vendor_that_will_not_delete_refuses_and_has_no_second_user(answer):
    with pytest.raises(RejectedUser, match="the user owns a queue"):
        replay(SERVICE.delete_user(ONE), (ANY_REQUEST, answer))


def test_a_read_that_conflicts_is_no_second_user():
    with pytest.raises(VendorBroken):
        replay(SERVICE.get_user(ONE), (ANY_REQUEST, Response(409)))
