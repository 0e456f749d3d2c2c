"""Users keep everything on a round trip, and nobody can change them on the way."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from jackfield import Change, MatchKey, NotFound, Page, Request, Response, User

URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
JSON = st.recursive(
    st.booleans() | st.integers() | st.text(min_size=1),
    lambda inner: (
        st.lists(inner, min_size=1) | st.dictionaries(st.text(min_size=1), inner, min_size=1)
    ),
    max_leaves=5,
)
DOCUMENT = {
    "id": "1",
    "userName": "ann@example.com",
    "name": {"givenName": "Ann", "honorificPrefix": "Dr."},
    "emails": [{"value": "ann@example.com", "type": "work", "primary": True, "note": "x"}],
    "addresses": [{"type": "work", "country": "NL"}],
    "active": False,
    URN: {"department": "Sales", "manager": {"value": "2"}},
    "nickName": "annie",
}


def test_nothing_is_lost_on_a_round_trip():
    assert User.from_scim(DOCUMENT).to_scim() == DOCUMENT


@given(st.dictionaries(st.text("abcxyz:", min_size=3).map(lambda text: f"x{text}"), JSON))
def test_unknown_attributes_are_kept(extra):
    assert User.from_scim(extra).to_scim() == extra


def test_extension_is_read_by_its_urn():
    user = User.from_scim(DOCUMENT)

    assert user.extension(URN)["department"] == "Sales"
    assert user.extension("urn:none") == {}
    assert User.from_scim({"urn:odd": "text"}).extension("urn:odd") == {}


@pytest.mark.parametrize(
    "thing",
    [
        Change("add", "title"),
        MatchKey("userName", "a"),
        NotFound("1"),
        Page(()),
        Request("GET", "/"),
        Response(200),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_what_hooks_exchange_is_frozen(thing):
    field = dataclasses.fields(thing)[0].name

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(thing, field, "other")


def test_user_is_frozen_and_so_are_its_parts():
    user = User.from_scim(DOCUMENT)

    for part in (user, user.name, user.emails[0], user.addresses[0]):
        with pytest.raises(ValidationError):
            part.formatted = "other"


def test_wrong_shape_is_refused_without_showing_the_value():
    with pytest.raises(ValidationError) as caught:
        User.from_scim({"name": "private name"})

    assert "private name" not in str(caught.value)


def test_request_has_no_headers_that_another_request_could_change():
    with pytest.raises(TypeError):
        Request("GET", "/").headers["a"] = "b"


def test_text_for_a_boolean_is_read_and_stays_visible():
    user = User.from_scim({"active": "False"})

    assert (user.active, user.to_scim()) == (False, {"active": "False"})
