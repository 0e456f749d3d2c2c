"""Who the SCIM connector finds, and when it says that there is nobody."""

import pytest

from jackfield import (
    AmbiguousMatch,
    ConfigurationError,
    CredentialsRefused,
    MatchKey,
    NotAllowed,
    NotFound,
    RejectedUser,
    Response,
    VendorBroken,
)
from jackfield.testing import ANY_REQUEST, replay
from jackfield_scim import ScimConnector, ScimSettings
from jackfield_scim.capabilities import WORK_EMAIL

BASE = "https://scim.example.com/v2"
TOKEN = ScimSettings(base_url=BASE, token="made-up")
ADA = {
    "id": "u1",
    "userName": "ada@example.com",
    "externalId": "hr-1",
    "active": True,
    "emails": [{"type": "work", "value": "ada@example.com"}, {"type": "home", "value": "a@b.org"}],
}
BOB = {"id": "u2", "userName": "bob@example.com"}
KEY = MatchKey("userName", "ada@example.com")
BY_NAME = ("GET", '/Users?filter=userName eq "ada@example.com"')
LIST = ("GET", "/Users?startIndex=1&count=100")
PROBE = ("GET", '/Users?filter=userName eq "BOB@EXAMPLE.COM"')


@pytest.fixture
def scim():
    return ScimConnector()


def found(*users, total=None):
    return Response(
        200, {"totalResults": len(users) if total is None else total, "Resources": list(users)}
    )


def refused(status=400, kind="invalidPath"):
    return Response(status, {"status": str(status), "scimType": kind, "detail": "no"})


PROVEN = {"found by filter": "userName, externalId"}


def test_a_user_is_found_by_one_request(scim):
    assert replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, found(ADA))).id == "u1"


def test_an_empty_answer_counts_where_searching_is_proven(scim):
    assert replay(scim.get_user(KEY, TOKEN, PROVEN), (BY_NAME, found())) == NotFound(KEY)


def test_an_empty_answer_counts_where_it_is_declared_to(scim):
    settings = ScimSettings(base_url=BASE, token="t", filter="trusted")

    assert replay(scim.get_user(KEY, settings, {}), (BY_NAME, found())) == NotFound(KEY)


def test_no_users_at_all_prove_absence(scim):
    assert replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, found()), (LIST, found())) == (
        NotFound(KEY)
    )


def test_a_user_that_the_filter_misses_is_found_in_the_list(scim):
    # The service compares names with case.
    kept = ADA | {"userName": "Ada@Example.com"}

    user = replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, found()), (LIST, found(BOB, kept)))

    assert user.id == "u1"


def test_searching_is_proven_on_the_spot_where_the_list_is_long(scim):
    page = Response(200, {"totalResults": 5000, "startIndex": 1, "Resources": [BOB]})

    assert replay(
        scim.get_user(KEY, TOKEN, {}), (BY_NAME, found()), (LIST, page), (PROBE, found(BOB))
    ) == NotFound(KEY)


def test_a_list_is_read_to_its_end_where_searching_is_not_proven(scim):
    page = Response(200, {"totalResults": 2, "startIndex": 1, "Resources": [BOB]})

    user = replay(
        scim.get_user(KEY, TOKEN, {}),
        (BY_NAME, found()),
        (LIST, page),
        (PROBE, found()),
        (("GET", "/Users?startIndex=2&count=100"), found(ADA, total=2)),
    )

    assert user.id == "u1"


@pytest.mark.parametrize(
    "answer",
    [
        found(ADA, BOB),
        found(BOB),
        found(total=7),
        found(ADA, total=7),
        refused(400, "invalidFilter"),
        Response(501),
        Response(404),
        Response(200, {"oops": True}),
        VendorBroken("the vendor answered 200 with text/html"),
    ],
    ids=repr,
)
def test_an_answer_that_is_none_leads_to_the_list(scim, answer):
    user = replay(scim.get_user(KEY, TOKEN, PROVEN), (BY_NAME, answer), (LIST, found(BOB, ADA)))

    assert user.id == "u1"


@pytest.mark.parametrize("status", [401, 403])
def test_missing_rights_are_told_and_no_list_is_tried(scim, status):
    with pytest.raises((CredentialsRefused, NotAllowed)):
        replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, Response(status)))


def test_nothing_is_filtered_where_filters_fail(scim):
    facts = {"found by listing": "userName", "count": "not accepted"}

    assert replay(scim.get_user(KEY, TOKEN, facts), (("GET", "/Users"), found(ADA))).id == "u1"


def test_two_users_are_ambiguous(scim):
    with pytest.raises(AmbiguousMatch, match="u1, u3"):
        replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, found(ADA, ADA | {"id": "u3"})))


def test_two_users_in_the_list_are_ambiguous(scim):
    twin = ADA | {"id": "u3", "userName": "ADA@example.com"}

    with pytest.raises(AmbiguousMatch):
        replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, found()), (LIST, found(ADA, twin)))


def test_a_list_that_never_ends_proves_nothing(scim):
    facts = {"found by listing": "userName"}
    endless = Response(200, {"totalResults": 9, "Resources": [BOB]})

    with pytest.raises(VendorBroken, match="circles"):
        replay(scim.get_user(KEY, TOKEN, facts), (LIST, endless), (ANY_REQUEST, endless))


def test_a_list_that_is_too_long_proves_nothing(scim):
    facts = {"found by listing": "userName"}
    pages = [
        (ANY_REQUEST, Response(200, {"totalResults": 999, "Resources": [BOB | {"id": f"b{n}"}]}))
        for n in range(91)
    ]

    with pytest.raises(VendorBroken, match="raise page_size"):
        replay(scim.get_user(KEY, TOKEN, facts), *pages)


def test_an_address_without_a_type_is_taken_for_the_work_address(scim):
    key = MatchKey(WORK_EMAIL, "ada@example.com")
    untyped = ADA | {"emails": [{"value": "ada@example.com"}]}

    assert replay(scim.get_user(key, TOKEN, {}), (ANY_REQUEST, found(untyped))).id == "u1"


@pytest.mark.parametrize("value", ["", " ", "\x00"])
def test_a_value_nobody_can_be_found_by_is_never_sent(scim, value):
    with pytest.raises(RejectedUser):
        replay(scim.get_user(MatchKey("userName", value), TOKEN, {}))


def test_another_attribute_cannot_be_matched_by(scim):
    with pytest.raises(ConfigurationError, match="title"):
        replay(scim.get_user(MatchKey("title", "Lead"), TOKEN, {}))


def test_one_user_shown_twice_is_one_user(scim):
    for total in (1, 2):
        answer = found(ADA, ADA, total=total)
        assert replay(scim.get_user(KEY, TOKEN, {}), (BY_NAME, answer)).id == "u1"


def test_one_user_shown_twice_in_the_list_is_one_user(scim):
    facts = {"found by listing": "userName"}
    answers = (LIST, found(ADA, ADA, total=1)), (ANY_REQUEST, found(total=1))

    assert replay(scim.get_user(KEY, TOKEN, facts), *answers).id == "u1"


def test_a_list_that_counts_its_first_page_only_hides_nobody(scim):
    facts = {"found by listing": "userName"}
    others = [BOB | {"id": f"b{n}"} for n in range(50)]
    following = ("GET", "/Users?startIndex=51&count=100")
    answers = (LIST, found(*others)), (following, found(ADA)), (ANY_REQUEST, found())

    user = replay(scim.get_user(KEY, TOKEN, facts), *answers)

    assert user.id == "u1"


def test_a_list_without_places_proves_nobodys_absence(scim):
    facts = {"found by listing": "userName"}

    with pytest.raises(VendorBroken, match="who is absent"):
        replay(scim.get_user(KEY, TOKEN, facts), (LIST, found(BOB)), (ANY_REQUEST, found(BOB)))


def test_an_empty_page_after_others_proves_absence(scim):
    facts = {"found by listing": "userName"}

    assert replay(
        scim.get_user(KEY, TOKEN, facts), (LIST, found(BOB)), (ANY_REQUEST, found())
    ) == NotFound(KEY)
