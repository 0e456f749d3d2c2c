import pytest

from jackfield import (
    AmbiguousMatch,
    ConfigurationError,
    MatchKey,
    NotFound,
    RejectedUser,
    Response,
    UserId,
    VendorBroken,
)
from jackfield.scim import ScimService
from jackfield.testing import ANY_REQUEST, replay

SERVICE = ScimService()
ADA = {"id": "u1", "userName": "ada@example.com", "active": True}
KEY = MatchKey("userName", "Ada@Example.com")
ONE = UserId("u1")


def found(*resources, **counts):
    return Response(200, {"totalResults": len(resources), "Resources": list(resources)} | counts)


def test_a_user_is_found_without_regard_to_case():
    asked = ("GET", '/Users?filter=userName eq "Ada@Example.com"')

    assert replay(SERVICE.get_user(KEY), (asked, found(ADA))).id == "u1"


def test_nobody_found_is_an_answer():
    assert replay(SERVICE.get_user(KEY), (ANY_REQUEST, found())) == NotFound(KEY)


def test_an_answer_without_resources_is_nobody():
    assert replay(SERVICE.get_user(KEY), (ANY_REQUEST, Response(200, {"totalResults": "0"}))) == (
        NotFound(KEY)
    )


def test_two_matches_are_ambiguous():
    with pytest.raises(AmbiguousMatch) as error:
        replay(SERVICE.get_user(KEY), (ANY_REQUEST, found(ADA, ADA | {"id": "u2"})))

    assert error.value.user_ids == ("u1", "u2")


def test_one_user_shown_twice_is_one_user():
    assert replay(SERVICE.get_user(KEY), (ANY_REQUEST, found(ADA, ADA))).id == "u1"


def test_a_user_that_does_not_answer_to_the_filter_is_never_linked():
    other = {"id": "u2", "userName": "bob@example.com"}
    following = ("GET", '/Users?filter=userName eq "Ada@Example.com"&startIndex=2')

    assert replay(SERVICE.get_user(KEY), (ANY_REQUEST, found(other)), (following, found())) == (
        NotFound(KEY)
    )


@pytest.mark.parametrize("total", [50, 51], ids=["of the page", "of all"])
def test_a_filter_ignored_by_a_list_that_is_cut_proves_nobodys_absence(total):
    others = [{"id": f"u{n}", "userName": f"bob{n}@example.com"} for n in range(50)]
    answers = (ANY_REQUEST, found(*others, totalResults=total)), (ANY_REQUEST, found(ADA))

    with pytest.raises(VendorBroken, match="other users"):
        replay(SERVICE.get_user(KEY), *answers[: 1 if total == 51 else 2])


def test_a_look_alike_shown_in_two_rows_is_one_answer_to_the_filter():
    key = MatchKey("externalId", "HR-1")
    other = ADA | {"externalId": "hr-1"}

    for total in (1, 2):
        answer = (ANY_REQUEST, found(other, other, totalResults=total))
        assert replay(SERVICE.get_user(key), answer) == NotFound(key)


def test_an_ignored_filter_proves_nobodys_absence():
    other = {"id": "u2", "userName": "bob@example.com"}

    with pytest.raises(VendorBroken, match="other users"):
        replay(SERVICE.get_user(KEY), (ANY_REQUEST, found(other, totalResults=300)))


@pytest.mark.parametrize("name", ["strasse@example.com", "STRASSE@example.com"])
def test_look_alikes_are_other_people(name):
    key = MatchKey("userName", "straße@example.com")
    answer = found({"id": "u2", "userName": name})

    assert replay(SERVICE.get_user(key), (ANY_REQUEST, answer)) == NotFound(key)


def test_composed_and_decomposed_letters_are_the_same():
    key = MatchKey("userName", "andre\u0301@example.com")

    user = replay(
        SERVICE.get_user(key), (ANY_REQUEST, found(ADA | {"userName": "andr\u00e9@example.com"}))
    )

    assert user.id == "u1"


def test_external_ids_are_case_exact():
    key = MatchKey("externalId", "HR-1")

    assert replay(
        SERVICE.get_user(key), (ANY_REQUEST, found(ADA | {"externalId": "hr-1"}))
    ) == NotFound(key)


@pytest.mark.parametrize("value", ["", "  ", "\t", "\u200b", "a\x00b", "a\nb", "a\ud800"])
def test_a_value_nobody_can_be_found_by_is_refused_before_any_request(value):
    with pytest.raises(RejectedUser, match="userName"):
        replay(SERVICE.get_user(MatchKey("userName", value)))


def test_a_path_the_vendor_cannot_search_by_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match="searched by title, only by userName"):
        replay(SERVICE.get_user(MatchKey("title", "Engineer")))


def test_a_match_without_an_id_is_unusable():
    with pytest.raises(VendorBroken, match="no id"):
        replay(SERVICE.get_user(KEY), (ANY_REQUEST, found({"userName": "ada@example.com"})))


@pytest.mark.parametrize("body", [{}, {"totalResults": 3}, {"Resources": "x"}, {"Resources": [1]}])
def test_an_answer_that_is_no_list_is_broken(body):
    with pytest.raises(VendorBroken):
        replay(SERVICE.get_user(KEY), (ANY_REQUEST, Response(200, body)))


def test_a_search_answered_with_404_is_broken():
    with pytest.raises(VendorBroken, match="404"):
        replay(SERVICE.get_user(KEY), (ANY_REQUEST, Response(404)))


def test_a_short_match_is_read_again_by_id():
    user = replay(
        ScimService(list_is_short=True).get_user(KEY),
        (ANY_REQUEST, found(ADA)),
        (("GET", "/Users/u1"), Response(200, ADA | {"title": "Engineer"})),
    )

    assert user.title == "Engineer"


def test_an_unknown_id_is_an_answer():
    assert replay(SERVICE.get_user(ONE), (("GET", "/Users/u1"), Response(404))) == NotFound(ONE)


def test_an_id_is_percent_encoded():
    key = UserId("a/b?c%d")

    replay(SERVICE.get_user(key), (("GET", "/Users/a%2Fb%3Fc%25d"), Response(404)))


@pytest.mark.parametrize("key", ["", " ", ".", ".."])
def test_an_id_that_names_no_user_is_refused(key):
    with pytest.raises(RejectedUser, match="id: nobody can be asked for by"):
        replay(SERVICE.get_user(UserId(key)))


def test_the_answer_for_another_id_is_broken():
    with pytest.raises(VendorBroken, match="another user"):
        replay(SERVICE.get_user(ONE), (ANY_REQUEST, Response(200, ADA | {"id": "u2"})))
