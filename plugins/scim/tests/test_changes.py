"""How the SCIM connector changes users; each oddity was seen in some service."""

import pytest

from jackfield import (
    AlreadyExists,
    Applied,
    Change,
    Difference,
    InDoubt,
    NotSent,
    RejectedUser,
    Response,
    UnknownUser,
    UserId,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN
from jackfield.scim.patching import PATCH_SCHEMA, patch_document
from jackfield.testing import ANY_REQUEST, replay
from jackfield_scim import ScimConnector, ScimSettings
from jackfield_scim.capabilities import WORK_EMAIL

BASE = "https://scim.example.com/v2"
ADA = {
    "id": "u1",
    "userName": "ada@example.com",
    "externalId": "hr-1",
    "active": True,
    "emails": [{"type": "work", "value": "ada@example.com"}, {"type": "home", "value": "a@b.org"}],
}
ONE = UserId("u1")
READ = ("GET", "/Users/u1")
NOTHING = Response(404)


@pytest.fixture
def scim():
    return ScimConnector()


def refused(status=400, kind="invalidPath"):
    return Response(status, {"status": str(status), "scimType": kind, "detail": "no"})


def patched(*operations):
    return ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": list(operations)})


def replaced(path, value):
    return {"op": "replace", "path": path, "value": value}


# --- changes ---------------------------------------------------------------------------------

DEMANDING = {"required": "userName, name.formatted", "read-only": "displayName"}
EMAIL = Change("replace", WORK_EMAIL, "ada@work.org")
DEPARTMENT = Change("replace", f"{ENTERPRISE_URN}:department", "Analysis")
TITLE = Change("replace", "title", "Lead")
EMAILS = [{"type": "work", "value": "ada@work.org"}, {"type": "home", "value": "a@b.org"}]


def after(**changed):
    return Response(200, ADA | changed)


def changed(scim, changes, *exchanges, facts=None, **settings):
    given = ScimSettings(base_url=BASE, token="t", **settings)
    return replay(scim.patch_user(ONE, changes, given, facts or {}), *exchanges)


def test_each_change_is_one_operation_with_its_path(scim):
    asked = patched(replaced("title", "Lead"), replaced(EMAIL.path, EMAIL.value))

    applied = changed(scim, (TITLE, EMAIL), (asked, after(title="Lead", emails=EMAILS)))

    assert applied.not_taken == ()


@pytest.mark.parametrize("answer", [refused(), refused(501), Response(400), refused(400, "odd")])
def test_a_refused_value_filter_becomes_the_whole_attribute(scim, answer):
    applied = changed(
        scim,
        (TITLE, EMAIL),
        (ANY_REQUEST, answer),
        (READ, after()),
        (
            patched(replaced("title", "Lead"), replaced("emails", EMAILS)),
            after(title="Lead", emails=EMAILS),
        ),
    )

    assert applied.not_taken == ()


def test_a_refused_removal_of_all_values_becomes_an_empty_list(scim):
    applied = changed(
        scim,
        (Change("remove", "emails"),),
        (ANY_REQUEST, refused()),
        (READ, after()),
        (patched(replaced("emails", [])), after(emails=[])),
    )

    assert applied.not_taken == ()


PUT_DEPARTMENT = (
    "PUT",
    "/Users/u1",
    {
        "schemas": [CORE_URN, ENTERPRISE_URN],
        **ADA,
        ENTERPRISE_URN: {"department": "Analysis"},
    },
)


def test_what_has_no_other_patch_is_put(scim):
    kept = {ENTERPRISE_URN: {"department": "Analysis"}}

    applied = changed(
        scim,
        (DEPARTMENT,),
        (ANY_REQUEST, refused()),
        (READ, after(meta={"version": "1"})),
        (PUT_DEPARTMENT, Response(200)),
        (READ, after(**kept)),
    )

    assert applied.not_taken == ()


def test_a_whole_attribute_that_is_refused_too_is_put(scim):
    applied = changed(
        scim,
        (EMAIL,),
        (ANY_REQUEST, refused()),
        (READ, after()),
        (ANY_REQUEST, refused()),
        (("PUT", "/Users/u1"), Response(200)),
        (READ, after(emails=EMAILS)),
    )

    assert applied.not_taken == ()


def test_what_no_patch_takes_is_told_where_nothing_may_be_put(scim):
    applied = changed(
        scim,
        (TITLE, EMAIL, DEPARTMENT),
        (ANY_REQUEST, refused()),
        (READ, after()),
        (ANY_REQUEST, refused()),
        (patched(replaced("title", "Lead")), after(title="Lead")),
        update="patch",
    )

    assert [difference.path for difference in applied.not_taken] == [EMAIL.path, DEPARTMENT.path]


def test_a_refusal_without_another_form_is_told(scim):
    with pytest.raises(RejectedUser, match="invalidPath"):
        changed(scim, (TITLE,), (ANY_REQUEST, refused()))


def test_a_refused_form_without_another_is_told(scim):
    with pytest.raises(RejectedUser, match="invalidPath"):
        changed(scim, (DEPARTMENT,), (ANY_REQUEST, refused()), (READ, after()), update="patch")


@pytest.mark.parametrize("kind", ["invalidValue", "mutability", "uniqueness"])
def test_a_refused_value_is_not_tried_again(scim, kind):
    with pytest.raises((AlreadyExists, RejectedUser), match=kind):
        changed(scim, (EMAIL,), (ANY_REQUEST, refused(400, kind)))


@pytest.mark.parametrize("status", [405, 501])
def test_a_service_without_patch_gets_the_whole_user(scim, status):
    applied = changed(
        scim,
        (TITLE,),
        (ANY_REQUEST, Response(status)),
        (READ, after()),
        (
            ("PUT", "/Users/u1", {"schemas": [CORE_URN], **ADA, "title": "Lead"}),
            after(title="Lead"),
        ),
        (READ, after(title="Lead")),
    )

    assert applied.not_taken == ()


def test_a_service_without_patch_may_answer_404(scim):
    applied = changed(
        scim,
        (TITLE,),
        (ANY_REQUEST, NOTHING),
        (READ, after()),
        (("PUT", "/Users/u1"), Response(200)),
        (READ, after(title="Lead")),
    )

    assert applied.not_taken == ()


def test_an_unknown_user_is_told(scim):
    with pytest.raises(UnknownUser):
        changed(scim, (TITLE,), (ANY_REQUEST, NOTHING), (READ, NOTHING))
    with pytest.raises(UnknownUser):
        changed(scim, (TITLE,), (ANY_REQUEST, NOTHING), facts={"patch": "yes"})
    with pytest.raises(UnknownUser):
        changed(scim, (TITLE,), (READ, after()), (ANY_REQUEST, NOTHING), update="put")


@pytest.mark.parametrize(
    "given", [{"facts": {"patch": "no"}}, {"update": "put", "facts": {"patch": "yes"}}]
)
def test_where_patch_is_not_supported_or_not_wanted_none_is_sent(scim, given):
    applied = changed(
        scim,
        (TITLE,),
        (READ, after()),
        (("PUT", "/Users/u1"), Response(200)),
        (READ, after()),
        **given,
    )

    assert applied.not_taken == (Difference("title", "Lead", None),)


def test_a_put_fills_what_is_required_and_leaves_out_what_is_read_only(scim):
    kept = {"name": {"givenName": "Ada"}, "displayName": "Ada", "groups": [{"value": "g"}]}
    body = {"schemas": [CORE_URN], **ADA, "title": "Lead"}
    body["name"] = {"formatted": "Ada", "givenName": "Ada"}

    changed(
        scim,
        (TITLE,),
        (READ, after(**kept)),
        (("PUT", "/Users/u1", body), Response(200)),
        (READ, after(title="Lead")),
        facts=DEMANDING,
        update="put",
    )


def test_a_put_that_cannot_be_read_back_is_in_doubt(scim):
    with pytest.raises(InDoubt, match="u1 was written"):
        changed(
            scim,
            (TITLE,),
            (READ, after()),
            (("PUT", "/Users/u1"), Response(200)),
            (READ, NotSent("no route to host")),
            update="put",
        )


def test_a_put_that_is_answered_with_another_user_is_in_doubt(scim):
    with pytest.raises(InDoubt, match="another user, u9"):
        changed(
            scim,
            (TITLE,),
            (READ, after()),
            (("PUT", "/Users/u1"), Response(200, ADA | {"id": "u9", "title": "Lead"})),
            update="put",
        )


def test_a_boolean_that_is_kept_as_text_is_told(scim):
    off = Change("replace", "active", False)

    applied = changed(scim, (off,), (ANY_REQUEST, after(active="False")))

    assert applied.not_taken == (Difference("active", False, "False"),)


@pytest.mark.parametrize("status", [405, 501])
def test_a_service_that_takes_neither_says_so(scim, status):
    with pytest.raises(RejectedUser, match=str(status)):
        changed(scim, (TITLE,), (READ, after()), (ANY_REQUEST, Response(status)), update="put")


@pytest.mark.parametrize("fact", ["read-only", "set once", "not offered"])
def test_what_can_not_be_changed_is_not_sent_and_told(scim, fact):
    changes = (TITLE, Change("replace", "userName", "b"), Change("replace", "active", False))

    applied = changed(
        scim,
        changes,
        (patched(replaced("active", False)), after(active=False)),
        facts={fact: "userName, title"},
    )

    assert [difference.path for difference in applied.not_taken] == ["title", "userName"]


def test_where_nothing_can_be_changed_the_user_is_read(scim):
    applied = changed(scim, (TITLE,), (READ, after()), facts={"read-only": "title"})

    assert applied.not_taken == (Difference("title", "Lead", None),)


def test_no_changes_send_nothing(scim):
    assert changed(scim, ()) == Applied(ONE)


# --- dialects of PATCH -----------------------------------------------------------------------

VARIED = (
    Change("replace", "active", False),
    Change("replace", "name.givenName", "Ada"),
    EMAIL,
    Change("add", "title", "Lead"),
    Change("remove", "nickName"),
)
DIALECTS = {
    "rfc": [
        replaced("active", False),
        replaced("name.givenName", "Ada"),
        replaced(EMAIL.path, EMAIL.value),
        {"op": "add", "path": "title", "value": "Lead"},
        {"op": "remove", "path": "nickName"},
    ],
    "entra": [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "Replace", "path": "name.givenName", "value": "Ada"},
        {"op": "Replace", "path": EMAIL.path, "value": EMAIL.value},
        {"op": "Add", "path": "title", "value": "Lead"},
        {"op": "Remove", "path": "nickName"},
    ],
    "entra-flag": [
        {"op": "replace", "value": {"active": False, "name.givenName": "Ada"}},
        replaced(EMAIL.path, EMAIL.value),
        {"op": "add", "path": "title", "value": "Lead"},
        {"op": "remove", "path": "nickName"},
    ],
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_operations_are_written_as_the_dialect_does(dialect):
    assert patch_document(VARIED, dialect)["Operations"] == DIALECTS[dialect]


def test_one_attribute_keeps_its_path_in_every_dialect():
    disable = (Change("replace", "active", False),)

    assert patch_document(disable, "entra-flag") == patch_document(disable)


def test_the_dialect_of_the_settings_is_sent(scim):
    operation = {"op": "Replace", "path": "active", "value": "False"}

    changed(
        scim,
        (Change("replace", "active", False),),
        (patched(operation), after(active=False)),
        dialect="entra",
    )
