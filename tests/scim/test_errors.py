import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield import (
    AlreadyExists,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    RejectedUser,
    Response,
    VendorBroken,
)
from jackfield.scim import one_line, read_refusal, scim_error
from jackfield.scim.errors import TEXT_LIMIT


@pytest.mark.parametrize(
    ("status", "scim_type", "expected"),
    [
        (409, None, AlreadyExists),
        (409, "uniqueness", AlreadyExists),
        (400, "uniqueness", AlreadyExists),
        (500, "uniqueness", AlreadyExists),
        (400, "invalidValue", RejectedUser),
        (400, "INVALIDPATH", RejectedUser),
        (400, None, RejectedUser),
        (401, None, CredentialsRefused),
        (403, "mutability", NotAllowed),
        (423, None, RejectedUser),
        (501, None, InDoubt),
        (500, None, InDoubt),
    ],
)
def test_a_refused_write_has_one_meaning(status, scim_type, expected):
    response = Response(status, {"scimType": scim_type}, effect="write")

    assert type(scim_error(response)) is expected


def test_a_failed_read_leaves_nothing_in_doubt():
    assert isinstance(scim_error(Response(500)), VendorBroken)


def test_the_vendors_words_reach_the_message():
    response = Response(400, {"scimType": "invalidValue", "detail": "Bad\r\nregion"})

    assert str(scim_error(response)) == "the vendor answered 400 (invalidValue): Bad region"


def test_the_attribute_at_fault_is_named_when_known():
    assert scim_error(Response(400), "bad", attribute="title").attribute == "title"


@pytest.mark.parametrize("status", ["409", 409, " 409 "])
def test_the_status_is_read_as_text_and_as_number(status):
    assert read_refusal({"Status": status}).status == 409


@given(st.one_of(st.none(), st.text(), st.integers(), st.lists(st.text()), st.booleans()))
def test_any_text_becomes_one_short_line(value):
    line = one_line(value)

    assert len(line) <= TEXT_LIMIT
    assert line.isprintable()


@pytest.mark.parametrize("body", [None, [], "x", 1, {"detail": {"a": 1}, "scimType": 7}])
def test_any_body_is_read(body):
    assert read_refusal(body).detail == ""
