"""What Zoom's refusals come to mean, body by body, and what its capabilities promise."""

import pytest

from jackfield import (
    AlreadyExists,
    Change,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    RejectedUser,
    Response,
    User,
    UserId,
    VendorBroken,
)
from jackfield.testing import ANY_REQUEST, replay
from jackfield_zoom import ZoomConnector, ZoomSettings
from jackfield_zoom.capabilities import CAPABILITIES
from jackfield_zoom.settings import PLAN_LIMITS

ONE = UserId("u1")
TITLE = (Change("replace", "title", "Lead"),)
USER = User(userName="ada@example.com")


@pytest.fixture
def zoom():
    return ZoomConnector()


def scim(status, detail):
    return Response(status, {"detail": detail, "status": status})


def rest(status, code, message, **more):
    return Response(status, {"code": code, "message": message, **more})


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (scim(400, "This account has not enabled Single Sign-On."), NotAllowed, "enable it"),
        (scim(400, "There are no licenses left."), NotAllowed, "no such licence left"),
        (scim(403, "The role lacks the privilege User:Edit."), NotAllowed, "User:Edit"),
        (scim(400, "The userType Pro is unknown."), RejectedUser, "400: The userType Pro"),
        (rest(400, 4700, "does not contain scopes:[x]"), NotAllowed, "scim2:admin"),
        (rest(401, 104, "Invalid access token"), NotAllowed, "scim2:admin"),
        (Response(400), NotAllowed, "scim2:admin"),
        (rest(400, 200, "No permission."), NotAllowed, "no right"),
        (rest(401, 124, "Access token is expired."), CredentialsRefused, "code 124, Access"),
        (rest(400, 201, "Access token is expired."), CredentialsRefused, "code 201"),
        (rest(401, 200, "Invalid access token."), CredentialsRefused, "code 200"),
        (rest(500, 0, ""), InDoubt, "500"),
    ],
)
def test_a_refused_change_is_told_with_its_remedy(zoom, answer, error, said):
    with pytest.raises(error, match=said):
        replay(zoom.patch_user(ONE, TITLE), (ANY_REQUEST, answer))


def test_the_field_at_fault_is_told(zoom):
    errors = [{"field": "user_info.email", "message": "Invalid field."}, "x"]
    answer = rest(400, 300, "Validation Failed.", errors=errors)

    with pytest.raises(RejectedUser, match=r"code 300, Validation Failed\., user_info\.email: Inv"):
        replay(zoom.create_user(USER), (ANY_REQUEST, answer))


@pytest.mark.parametrize(
    "answer",
    [
        scim(409, "User exists."),
        rest(409, 1005, "User already in the account."),
        scim(400, "User already in the account."),
    ],
)
def test_a_duplicate_exists_already(zoom, answer):
    with pytest.raises(AlreadyExists):
        replay(zoom.create_user(USER), (ANY_REQUEST, answer))


@pytest.mark.parametrize("body", [None, [], {}, {"detail": {}}, {"errors": 7}, {"code": []}])
def test_an_error_of_unknown_shape_is_an_error(zoom, body):
    with pytest.raises((VendorBroken, RejectedUser)):
        replay(zoom.get_user(ONE), (ANY_REQUEST, Response(500, body)))


# --- capabilities ----------------------------------------------------------------------------


def test_every_mapped_attribute_is_one_that_zoom_takes():
    assert {mapping.target for mapping in CAPABILITIES.mappings} <= CAPABILITIES.attributes.keys()


def test_what_is_matched_on_can_be_filtered():
    assert all(CAPABILITIES.attributes[path].filter for path in CAPABILITIES.match_on)


def test_reads_and_writes_have_a_limit_each_and_writes_go_one_at_a_time():
    limits = {effect: rate for rate in CAPABILITIES.rates for effect in rate.covers}

    assert {effect: rate.requests for effect, rate in limits.items()} == {"read": 60, "write": 40}
    assert (limits["read"].parallel, limits["write"].parallel) == (0, 1)


def test_every_plan_sets_every_limit():
    names = {rate.name for rate in CAPABILITIES.rates}

    assert all(limits.keys() == names for limits in PLAN_LIMITS.values())


def test_the_default_urls_are_among_the_hosts():
    assert ZoomSettings(token="made-up").origins() <= CAPABILITIES.hosts
