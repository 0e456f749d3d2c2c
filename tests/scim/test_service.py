import pytest

from jackfield import (
    AlreadyExists,
    AmbiguousMatch,
    Applied,
    Change,
    ConfigurationError,
    Difference,
    InDoubt,
    MatchKey,
    MultiValue,
    NotFound,
    NotSent,
    Page,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
)
from jackfield.scim import CORE_URN, ScimService
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay

SERVICE = ScimService()
ADA = {"id": "u1", "userName": "ada@example.com", "active": True}
KEY = MatchKey("userName", "Ada@Example.com")
ONE = UserId("u1")


def found(*resources, **counts):
    return Response(200, {"totalResults": len(resources), "Resources": list(resources)} | counts)


def patched(*operations):
    body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    return ("PATCH", "/Users/u1", body)


# --- look-ups --------------------------------------------------------------------------------


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

    assert replay(SERVICE.get_user(KEY), (ANY_REQUEST, found(other))) == NotFound(KEY)


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
    with pytest.raises(RejectedUser, match="no id"):
        replay(SERVICE.get_user(UserId(key)))


def test_the_answer_for_another_id_is_broken():
    with pytest.raises(VendorBroken, match="another user"):
        replay(SERVICE.get_user(ONE), (ANY_REQUEST, Response(200, ADA | {"id": "u2"})))


# --- creation --------------------------------------------------------------------------------


def test_a_created_user_is_returned_as_kept():
    sent = {"schemas": [CORE_URN], "userName": "ada@example.com"}

    user = replay(
        SERVICE.create_user(User(userName="ada@example.com")),
        (("POST", "/Users", sent), Response(201, ADA)),
    )

    assert (user.id, user.active) == ("u1", True)


@pytest.mark.parametrize("answer", [Response(201, {"userName": "a"}), Response(201), Response(500)])
def test_a_creation_without_an_id_is_in_doubt(answer):
    with pytest.raises(InDoubt):
        replay(SERVICE.create_user(User(userName="ada")), (ANY_REQUEST, answer))


def test_a_bare_answer_to_a_creation_is_completed_by_a_read():
    user = replay(
        SERVICE.create_user(User(userName="ada")),
        (ANY_REQUEST, Response(201, {"id": "u1"})),
        (("GET", "/Users/u1"), Response(200, ADA)),
    )

    assert user.userName == "ada@example.com"


def test_a_creation_that_cannot_be_read_back_is_in_doubt():
    with pytest.raises(InDoubt, match="u1 was written"):
        replay(
            SERVICE.create_user(User(userName="ada")),
            (ANY_REQUEST, Response(201, {"id": "u1"})),
            (ANY_REQUEST, NotSent("no route to host")),
        )


def test_a_duplicate_is_told():
    with pytest.raises(AlreadyExists):
        replay(SERVICE.create_user(User(userName="ada")), (ANY_REQUEST, Response(409)))


def test_a_missing_required_attribute_is_refused_by_name():
    service = ScimService(required_on_create=("name.familyName",))

    with pytest.raises(RejectedUser, match=r"name\.familyName"):
        replay(service.create_user(User(userName="ada")))


def test_a_work_email_that_is_not_the_name_is_refused():
    user = User(userName="ada", emails=(MultiValue(type="work", value="bob"),))

    with pytest.raises(RejectedUser, match="equal to userName"):
        replay(ScimService(user_name_is_email=True).create_user(user))


def test_what_is_always_sent_gives_way_to_the_user():
    service = ScimService(sent_on_create={"userType": "user", "active": False})
    sent = {"schemas": [CORE_URN], "userName": "ada", "userType": "user", "active": True}

    replay(
        service.create_user(User(userName="ada", active=True)),
        (("POST", "/Users", sent), Response(201, ADA)),
    )


# --- patches ---------------------------------------------------------------------------------

TITLE = Change("replace", "title", "Lead")
EMAIL = Change("replace", 'emails[type eq "work"].value', "ada@example.com")


def test_each_change_is_one_operation_with_its_path():
    changes = (TITLE, EMAIL, Change("remove", "nickName"))
    asked = patched(
        {"op": "replace", "path": "title", "value": "Lead"},
        {"op": "replace", "path": EMAIL.path, "value": "ada@example.com"},
        {"op": "remove", "path": "nickName"},
    )
    kept = ADA | {"title": "Lead", "emails": [{"type": "work", "value": "ADA@example.com"}]}

    applied = replay(SERVICE.patch_user(ONE, changes), (asked, Response(200, kept)))

    assert applied.not_taken == ()


def test_no_changes_send_nothing():
    assert replay(SERVICE.patch_user(ONE, ())) == Applied(ONE)


@pytest.mark.parametrize("answer", [Response(204), Response(200, {}), Response(200, {"id": "u1"})])
def test_a_bare_answer_to_a_patch_is_completed_by_a_read(answer):
    applied = replay(
        SERVICE.patch_user(ONE, (TITLE,)),
        (ANY_REQUEST, answer),
        (("GET", "/Users/u1"), Response(200, ADA | {"title": "Lead"})),
    )

    assert applied.not_taken == ()


def test_what_the_vendor_did_not_keep_is_told():
    applied = replay(SERVICE.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(200, ADA)))

    assert applied.not_taken == (Difference("title", "Lead", None),)


def test_what_the_vendor_adds_to_a_value_is_no_difference():
    change = Change("replace", "emails", [{"type": "work", "value": "a"}])
    kept = ADA | {"emails": [{"type": "work", "value": "a", "primary": False}]}

    assert replay(SERVICE.patch_user(ONE, (change,)), (ANY_REQUEST, Response(200, kept))) == (
        Applied(ONE, User.from_scim(kept))
    )


def test_a_value_left_beside_a_replaced_list_is_a_difference():
    change = Change("replace", "emails", [{"type": "work", "value": "a"}])
    kept = ADA | {"emails": [{"type": "work", "value": "a"}, {"type": "home", "value": "b"}]}

    applied = replay(SERVICE.patch_user(ONE, (change,)), (ANY_REQUEST, Response(200, kept)))

    assert len(applied.not_taken) == 1


def test_a_new_id_is_passed_on():
    applied = replay(
        SERVICE.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(200, ADA | {"id": "u9"}))
    )

    assert applied.user_id == "u9"


def test_a_patch_of_an_unknown_id_names_it():
    with pytest.raises(UnknownUser) as error:
        replay(SERVICE.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(404)))

    assert error.value.user_id == "u1"


def test_an_element_that_is_not_there_is_added_whole():
    city = Change("add", 'addresses[type eq "work"].locality', "Belmont")
    state = Change("add", 'addresses[type eq "work"].region', "CA")
    address = {"type": "work", "locality": "Belmont", "region": "CA"}

    applied = replay(
        SERVICE.patch_user(ONE, (city, TITLE, state)),
        (ANY_REQUEST, Response(400, {"scimType": "noTarget"})),
        (("GET", "/Users/u1"), Response(200, ADA)),
        (
            patched(
                {"op": "replace", "path": "title", "value": "Lead"},
                {"op": "add", "path": "addresses", "value": [address]},
            ),
            Response(200, ADA | {"title": "Lead", "addresses": [address]}),
        ),
    )

    assert applied.not_taken == ()


def test_a_new_name_takes_the_work_email_along():
    rename = Change("replace", "userName", "ada@example.com")
    asked = patched(
        {"op": "replace", "path": "userName", "value": "ada@example.com"},
        {"op": "replace", "path": EMAIL.path, "value": "ada@example.com"},
    )
    kept = ADA | {"emails": [{"type": "work", "value": "ada@example.com"}]}

    applied = replay(
        ScimService(user_name_is_email=True).patch_user(ONE, (rename,)),
        (asked, Response(200, kept)),
    )

    assert applied.not_taken == ()


def test_a_new_name_beside_another_work_email_is_refused():
    rename = Change("replace", "userName", "countess@example.com")

    with pytest.raises(RejectedUser, match="equal to userName"):
        replay(ScimService(user_name_is_email=True).patch_user(ONE, (rename, EMAIL)))


# --- lists and deletion ----------------------------------------------------------------------


def test_a_list_begins_at_one():
    page = replay(
        ScimService(page_size=1).list_users(None),
        (("GET", "/Users?startIndex=1&count=1"), found(ADA, totalResults="2", startIndex="1")),
    )

    assert page.next_cursor == "2"


def test_a_list_ends_when_all_are_shown():
    page = replay(
        SERVICE.list_users("2"),
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


@pytest.mark.parametrize("status", [204, 200, 404])
def test_a_deleted_user_is_gone_however_it_is_said(status):
    assert replay(SERVICE.delete_user(ONE), (("DELETE", "/Users/u1"), Response(status))) is None


def test_a_deletion_that_fails_is_in_doubt():
    with pytest.raises(InDoubt):
        replay(SERVICE.delete_user(ONE), (ANY_REQUEST, Response(500)))
