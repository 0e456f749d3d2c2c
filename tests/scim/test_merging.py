"""Vendors that change a few attributes by PATCH and the rest by a PUT that merges."""

import pytest

from jackfield import (
    Applied,
    Change,
    CredentialsRefused,
    Difference,
    InDoubt,
    NotAllowed,
    NotFound,
    NotSent,
    RejectedUser,
    Response,
    Throttled,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN, ScimService
from jackfield.scim.merging import merge_document, whole_document
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay

SERVICE = ScimService(patch_paths=frozenset({"active"}), dialect="no-path")
NAME = {"givenName": "Ada", "familyName": "Byron"}
ADA = {"id": "u1", "userName": "ada@example.com", "active": True, "title": "Clerk", "name": NAME}
ONE = UserId("u1")
OFF = Change("replace", "active", False)
TITLE = Change("replace", "title", "Lead")
FAMILY = Change("replace", "name.familyName", "Lovelace")
WORK = Change("replace", 'emails[type eq "work"].value', "new@example.com")
PATCH = (
    "PATCH",
    "/Users/u1",
    {"schemas": [PATCH_SCHEMA], "Operations": [{"op": "replace", "value": {"active": False}}]},
)


def put(**attributes):
    return ("PUT", "/Users/u1", {"schemas": [CORE_URN], **attributes})


# --- which request ---------------------------------------------------------------------------


def test_what_the_patch_takes_is_one_operation_without_a_path():
    kept = ADA | {"active": False}

    applied = replay(SERVICE.patch_user(ONE, (OFF,)), (PATCH, Response(200, kept)))

    assert applied.not_taken == ()


def test_the_rest_is_a_put_of_nothing_else():
    kept = ADA | {"title": "Lead"}

    applied = replay(SERVICE.patch_user(ONE, (TITLE,)), (put(title="Lead"), Response(200, kept)))

    assert applied == Applied(ONE, User.from_scim(kept))


def test_both_are_sent_the_patch_first():
    kept = ADA | {"active": False, "title": "Lead"}

    applied = replay(
        SERVICE.patch_user(ONE, (TITLE, OFF)),
        (PATCH, Response(200, ADA | {"active": False})),
        (put(title="Lead"), Response(200, kept)),
    )

    assert applied.not_taken == ()


def test_what_the_put_undoes_is_told():
    applied = replay(
        SERVICE.patch_user(ONE, (TITLE, OFF)),
        (PATCH, Response(200, ADA | {"active": False})),
        (put(title="Lead"), Response(200, ADA | {"title": "Lead"})),
    )

    assert applied.not_taken == (Difference("active", False, True),)


def test_a_part_of_an_attribute_is_sent_with_its_other_parts():
    kept = ADA | {"name": {"givenName": "Ada", "familyName": "Lovelace"}}

    applied = replay(
        SERVICE.patch_user(ONE, (FAMILY,)),
        (("GET", "/Users/u1"), Response(200, ADA)),
        (put(name=kept["name"]), Response(200, kept)),
    )

    assert applied.not_taken == ()


def test_the_answer_to_the_patch_saves_the_read():
    kept = ADA | {"active": False, "name": {"givenName": "Ada", "familyName": "Lovelace"}}

    replay(
        SERVICE.patch_user(ONE, (OFF, FAMILY)),
        (PATCH, Response(200, ADA | {"active": False})),
        (put(name=kept["name"]), Response(200, kept)),
    )


def test_a_bare_answer_to_the_put_is_completed_by_a_read():
    applied = replay(
        SERVICE.patch_user(ONE, (TITLE,)),
        (put(title="Lead"), Response(204)),
        (("GET", "/Users/u1"), Response(200, ADA)),
    )

    assert applied.not_taken == (Difference("title", "Lead", "Clerk"),)


def test_a_user_gone_before_the_put_is_unknown():
    with pytest.raises(UnknownUser):
        replay(SERVICE.patch_user(ONE, (FAMILY,)), (("GET", "/Users/u1"), Response(404)))


# --- the second request fails ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(400, {"detail": "No such title"}), RejectedUser),
        (Response(403), NotAllowed),
        (Response(404), UnknownUser),
        (CredentialsRefused("no"), CredentialsRefused),
        (NotSent("no route to host"), NotSent),
    ],
    ids=["refused", "not allowed", "gone", "credentials", "not sent"],
)
def test_a_failed_put_keeps_its_meaning_and_says_what_the_patch_did(answer, error):
    with pytest.raises(error, match="active was changed, and not title: "):
        replay(
            SERVICE.patch_user(ONE, (OFF, TITLE)),
            (PATCH, Response(200, ADA | {"active": False})),
            (put(title="Lead"), answer),
        )


@pytest.mark.parametrize("answer", [InDoubt("the answer was lost"), Response(502)])
def test_a_lost_put_is_in_doubt_and_says_what_the_patch_did(answer):
    with pytest.raises(InDoubt, match="active was changed, and whether title: "):
        replay(
            SERVICE.patch_user(ONE, (OFF, TITLE)),
            (PATCH, Response(200, ADA | {"active": False})),
            (put(title="Lead"), answer),
        )


def test_a_refused_attribute_is_still_named():
    body = {"detail": "No such title", "scimType": "invalidValue"}

    with pytest.raises(RejectedUser) as error:
        replay(
            SERVICE.patch_user(ONE, (OFF, TITLE)),
            (PATCH, Response(200, ADA | {"active": False})),
            (put(title="Lead"), Response(400, body)),
        )

    assert "No such title" in error.value.reason


def test_a_throttled_put_still_says_how_long_to_wait():
    with pytest.raises(Throttled) as error:
        replay(
            SERVICE.patch_user(ONE, (OFF, TITLE)),
            (PATCH, Response(200, ADA | {"active": False})),
            (put(title="Lead"), Throttled("full", retry_after_seconds=9.0)),
        )

    assert error.value.retry_after_seconds == 9.0


def test_a_failed_patch_sends_no_put():
    with pytest.raises(RejectedUser, match="the vendor answered 400"):
        replay(SERVICE.patch_user(ONE, (OFF, TITLE)), (PATCH, Response(400)))


# --- what is read back -----------------------------------------------------------------------

DOUBTING = ScimService(patch_paths=frozenset(), reads_back=frozenset({"title"}))


def test_an_answer_that_is_no_proof_is_checked_by_a_read():
    applied = replay(
        DOUBTING.patch_user(ONE, (TITLE,)),
        (put(title="Lead"), Response(200, ADA | {"title": "Lead"})),
        (("GET", "/Users/u1"), Response(200, ADA)),
    )

    assert applied.not_taken == (Difference("title", "Lead", "Clerk"),)


def test_other_attributes_are_believed():
    change = Change("replace", "nickName", "Countess")

    replay(
        DOUBTING.patch_user(ONE, (change,)),
        (put(nickName="Countess"), Response(200, ADA | {"nickName": "Countess"})),
    )


def test_a_new_user_is_read_back():
    user = replay(
        DOUBTING.create_user(User(userName="ada@example.com")),
        (ANY_REQUEST, Response(201, {"id": "u1", "userName": "ada@example.com"})),
        (("GET", "/Users/u1"), Response(200, ADA)),
    )

    assert user.title == "Clerk"


def test_a_new_user_that_is_not_shown_is_in_doubt():
    with pytest.raises(InDoubt, match="does not show it"):
        replay(
            DOUBTING.create_user(User(userName="ada@example.com")),
            (ANY_REQUEST, Response(201, ADA)),
            (("GET", "/Users/u1"), Response(404)),
        )


# --- dialects of "there is no such user" -----------------------------------------------------

GONE = ScimService(
    is_unknown=lambda response: response.status in {400, 404},
    search_error=lambda response: VendorBroken("no search") if response.status == 501 else None,
)


def test_absence_is_told_in_the_vendors_way():
    assert replay(GONE.get_user(ONE), (ANY_REQUEST, Response(400))) == NotFound(ONE)
    assert replay(GONE.delete_user(ONE), (ANY_REQUEST, Response(400))) is None
    with pytest.raises(UnknownUser):
        replay(GONE.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(400)))


@pytest.mark.parametrize(("status", "said"), [(501, "no search"), (400, "the vendor answered")])
def test_a_refused_search_may_have_a_meaning_of_its_own(status, said):
    error = VendorBroken if status == 501 else RejectedUser

    with pytest.raises(error, match=said):
        replay(GONE.list_users(None), (ANY_REQUEST, Response(status)))


# --- the body --------------------------------------------------------------------------------

EMAILS = [{"type": "work", "value": "old@example.com"}, {"type": "home", "value": "h@example.com"}]


def body(*changes, **current):
    document = merge_document(changes, current)
    assert document.pop("schemas")[0] == CORE_URN
    return document


def test_one_value_of_many_is_sent_with_the_others():
    assert body(WORK, emails=EMAILS) == {
        "emails": [{"type": "work", "value": "new@example.com"}, EMAILS[1]]
    }


def test_the_first_work_email_is_the_primary_one():
    assert body(WORK) == {"emails": [{"type": "work", "value": "new@example.com", "primary": True}]}


def test_a_value_that_is_an_object_where_a_list_belongs_stays():
    change = Change("replace", 'roles[type eq "b"].value', "B")
    role = {"type": "a", "value": "A"}

    assert body(change, roles=role) == {"roles": [role, {"type": "b", "value": "B"}]}


def test_an_addition_keeps_what_is_there():
    number = {"type": "fax", "value": "+15550100"}

    assert body(Change("add", "phoneNumbers", [number]), phoneNumbers=[{"value": "1"}]) == {
        "phoneNumbers": [{"value": "1"}, number]
    }


def test_an_extension_brings_its_schema_and_only_what_changes():
    change = Change("replace", f"{ENTERPRISE_URN}:department", "R&D")

    document = merge_document((change,), {ENTERPRISE_URN: {"department": "A", "costCenter": "7"}})

    assert document == {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        ENTERPRISE_URN: {"department": "R&D"},
    }


@pytest.mark.parametrize(
    ("path", "left"),
    [
        ("title", {"title": None}),
        ("name.familyName", {"name": {"givenName": "Ada"}}),
        ('emails[type eq "home"]', {"emails": EMAILS[:1]}),
        (f"{ENTERPRISE_URN}:department", {ENTERPRISE_URN: {"department": None}}),
    ],
)
def test_a_removal_is_told(path, left):
    assert body(Change("remove", path), title="Clerk", name=NAME, emails=EMAILS) == left


def test_the_user_that_was_read_is_not_changed():
    current = {"name": dict(NAME)}

    merge_document((FAMILY,), current)

    assert current == {"name": NAME}


# --- a PUT that replaces ---------------------------------------------------------------------


REPLACING = ScimService(patch_paths=frozenset(), put="replace")


def test_a_whole_user_is_put_as_it_was_read_with_the_change_made():
    read = ADA | {"meta": {"version": "7"}, "schemas": ["urn:x"], ENTERPRISE_URN: {"division": "d"}}
    schemas = [CORE_URN, ENTERPRISE_URN]
    whole = ADA | {"title": "Lead", "schemas": schemas, ENTERPRISE_URN: {"division": "d"}}

    applied = replay(
        REPLACING.patch_user(ONE, (TITLE,)),
        (("GET", "/Users/u1"), Response(200, read)),
        (("PUT", "/Users/u1", whole), Response(200, whole)),
    )

    assert applied.not_taken == ()


def test_a_whole_user_of_an_unknown_id_is_not_put():
    with pytest.raises(UnknownUser):
        replay(REPLACING.patch_user(ONE, (TITLE,)), (ANY_REQUEST, Response(404)))


def test_a_removed_attribute_is_left_out_of_a_whole_user_and_an_added_value_joins_the_others():
    held = {"emails": [{"type": "home", "value": "a@example.com"}], "title": "Clerk"}
    work = {"type": "work", "value": "b@example.com"}
    changes = (Change("remove", "title"), Change("add", "emails", [work]))

    document = whole_document(changes, held)

    assert document == {"schemas": [CORE_URN], "emails": [*held["emails"], work]}
    assert held["title"] == "Clerk"
