import pytest

from jackfield import (
    AlreadyExists,
    Applied,
    Change,
    Difference,
    InDoubt,
    MultiValue,
    NotSent,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
)
from jackfield.scim import CORE_URN, ScimService
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay

SERVICE = ScimService()
ADA = {"id": "u1", "userName": "ada@example.com", "active": True}
ONE = UserId("u1")


def patched(*operations):
    body = {"schemas": [PATCH_SCHEMA], "Operations": list(operations)}
    return ("PATCH", "/Users/u1", body)


# --- creation ------------------------------------------------------------------------------


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


def test_a_patch_that_is_answered_with_another_user_is_in_doubt():
    with pytest.raises(InDoubt, match="change of u1 was answered with another user, u9"):
        replay(SERVICE.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(200, ADA | {"id": "u9"})))


def test_another_user_in_the_answer_to_a_patch_is_never_put():
    service = ScimService(patch_paths=frozenset({"active"}))

    with pytest.raises(InDoubt):
        replay(
            service.patch_user(ONE, (Change("replace", "active", False), TITLE)),
            (("PATCH", "/Users/u1"), Response(200, ADA | {"id": "u9", "active": False})),
        )


UUID = "5b1c0000-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize("shown", [UUID.upper(), f"{{{UUID}}}", f"urn:uuid:{UUID}"])
def test_an_id_in_another_spelling_is_the_same_user_under_the_id_asked_for(shown):
    kept = ADA | {"id": shown, "title": "Lead"}

    applied = replay(SERVICE.patch_user(UserId(UUID), (TITLE,)), (ANY_REQUEST, Response(200, kept)))

    assert (applied.user_id, applied.user.id, applied.not_taken) == (UUID, UUID, ())


# --- Booleans ----------------------------------------------------------------------------------

OFF = Change("replace", "active", False)


@pytest.mark.parametrize("kept", ["False", "false", " FALSE ", 0, "0"])
def test_false_that_is_kept_as_something_else_is_told(kept):
    applied = replay(
        SERVICE.patch_user(ONE, (OFF,)), (ANY_REQUEST, Response(200, ADA | {"active": kept}))
    )

    assert applied.not_taken == (Difference("active", False, kept),)


def test_false_kept_as_text_that_only_a_read_shows_is_told():
    applied = replay(
        SERVICE.patch_user(ONE, (OFF,)),
        (ANY_REQUEST, Response(204)),
        (("GET", "/Users/u1"), Response(200, ADA | {"active": "False"})),
    )

    assert applied.not_taken == (Difference("active", False, "False"),)


def test_a_primary_that_is_kept_as_text_is_told():
    change = Change("replace", "emails", [{"value": "a@example.com", "primary": True}])
    kept = [{"value": "a@example.com", "primary": "true"}]

    applied = replay(
        SERVICE.patch_user(ONE, (change,)), (ANY_REQUEST, Response(200, ADA | {"emails": kept}))
    )

    assert [difference.kept for difference in applied.not_taken] == [kept]


def test_a_new_user_shows_the_boolean_as_the_vendor_keeps_it():
    user = replay(
        SERVICE.create_user(User(userName="ada@example.com", active=False)),
        (ANY_REQUEST, Response(201, ADA | {"active": "False"})),
    )

    assert (user.active, user.to_scim()["active"]) == (False, "False")


def test_a_user_is_put_with_booleans_whatever_the_vendor_shows():
    service = ScimService(patch_paths=frozenset(), put="replace")
    shown = ADA | {"active": "True", "emails": [{"value": "a@example.com", "primary": "true"}]}
    sent = {
        "schemas": [CORE_URN],
        **ADA,
        "emails": [{"value": "a@example.com", "primary": True}],
        "title": "Lead",
    }

    replay(
        service.patch_user(ONE, (TITLE,)),
        (("GET", "/Users/u1"), Response(200, shown)),
        (("PUT", "/Users/u1", sent), Response(200, shown | {"title": "Lead"})),
    )


# --- ids ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("id_", ["\ud800", "\0", ".", "..", "a\nb", " ", "x" * 200_000])
def test_a_new_user_whose_id_nobody_can_be_asked_for_is_in_doubt(id_):
    with pytest.raises(InDoubt, match="the vendor answered with a user that has"):
        replay(
            SERVICE.create_user(User(userName="ada")),
            (ANY_REQUEST, Response(201, ADA | {"id": id_})),
        )


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


def test_removing_an_element_that_is_not_there_is_done():
    removal = Change("remove", 'addresses[type eq "work"].region')

    applied = replay(
        SERVICE.patch_user(ONE, (removal,)),
        (ANY_REQUEST, Response(400, {"scimType": "noTarget"})),
        (("GET", "/Users/u1"), Response(200, ADA)),
        (("GET", "/Users/u1"), Response(200, ADA)),
    )

    assert applied.not_taken == ()


def test_a_part_of_a_new_element_that_is_not_kept_is_told_by_its_own_path():
    country = Change("add", 'addresses[type eq "work"].country', "US")
    kept = ADA | {"addresses": [{"type": "work", "country": "United States"}]}

    applied = replay(
        SERVICE.patch_user(ONE, (country,)),
        (ANY_REQUEST, Response(400, {"scimType": "noTarget"})),
        (ANY_REQUEST, Response(200, ADA)),
        (ANY_REQUEST, Response(200, kept)),
    )

    assert applied.not_taken == (Difference(country.path, "US", "United States"),)


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
