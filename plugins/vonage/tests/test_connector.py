"""The Vonage flows, exchange by exchange; bodies after RFC 7644, for Vonage publishes none."""

import pytest

from jackfield import (
    AlreadyExists,
    Applied,
    Change,
    ConfigurationError,
    InDoubt,
    MatchKey,
    MultiValue,
    Name,
    NotAllowed,
    NotFound,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
)
from jackfield.scim import CORE_URN
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay
from jackfield_vonage import VonageConnector, VonageSettings
from jackfield_vonage.capabilities import CAPABILITIES, WORK_EMAIL

READY = VonageSettings(base_url="https://vonage.example/scim/v2", token="made-up")
NAME = {"givenName": "Ada", "familyName": "Byron"}
EMAILS = [{"type": "work", "value": "ada@example.com", "primary": True}]
ADA = {"userName": "ada", "active": True, "name": NAME, "emails": EMAILS}
KEPT = ADA | {"id": "u1", "meta": {"version": "1"}, "schemas": [CORE_URN]}
KEY = MatchKey("userName", "ada")
ONE = UserId("u1")
FAMILY = Change("replace", "name.familyName", "Lovelace")
OFF = Change("replace", "active", False)
USER = User(
    userName="ada",
    active=True,
    name=Name(givenName="Ada", familyName="Byron"),
    emails=(MultiValue(type="work", value="ada@example.com", primary=True),),
)


@pytest.fixture
def vonage():
    return VonageConnector()


# --- look-ups --------------------------------------------------------------------------------


def test_a_user_is_found_by_name(vonage):
    answer = Response(200, {"totalResults": 1, "Resources": [KEPT]})

    found = replay(vonage.get_user(KEY), (("GET", '/Users?filter=userName eq "ada"'), answer))

    assert found.id == "u1"


def test_nobody_is_found(vonage):
    answer = Response(200, {"totalResults": 0, "Resources": []})

    assert replay(vonage.get_user(KEY), (ANY_REQUEST, answer)) == NotFound(KEY)


@pytest.mark.parametrize("path", [WORK_EMAIL, "externalId"])
def test_no_other_attribute_can_be_searched_by(vonage, path):
    with pytest.raises(ConfigurationError, match="only by userName"):
        replay(vonage.get_user(MatchKey(path, "x")))


@pytest.mark.parametrize(
    ("size", "path"),
    [(100, "/Users?startIndex=1&count=100"), (7, "/Users?startIndex=1&count=7"), (0, "/Users")],
)
def test_pages_are_as_long_as_the_settings_say(vonage, size, path):
    given = READY.model_copy(update={"page_size": size})
    answer = Response(200, {"totalResults": 1, "Resources": [KEPT]})

    # One more request proves that the page was all.
    assert replay(vonage.list_users(None, given), (("GET", path), answer)).next_cursor == "2"


# --- writes ----------------------------------------------------------------------------------


def test_a_user_is_created(vonage):
    asked = ("POST", "/Users", {"schemas": [CORE_URN], **ADA})

    assert replay(vonage.create_user(USER), (asked, Response(201, KEPT))).id == "u1"


@pytest.mark.parametrize(
    ("without", "attribute"),
    [
        ({"userName": None}, "userName"),
        ({"name": Name(familyName="Byron")}, "name.givenName"),
        ({"name": Name(givenName="Ada")}, "name.familyName"),
        ({"emails": ()}, WORK_EMAIL),
        ({"emails": (MultiValue(type="home", value="ada@example.com"),)}, WORK_EMAIL),
    ],
)
def test_what_vonage_requires_is_asked_for_by_name_and_unsent(vonage, without, attribute):
    with pytest.raises(RejectedUser) as refused:
        replay(vonage.create_user(USER.model_copy(update=without)))

    assert refused.value.attribute == attribute


@pytest.mark.parametrize(
    "change", [Change("remove", "name.givenName"), Change("replace", WORK_EMAIL, "")]
)
def test_what_vonage_requires_is_never_taken_away(vonage, change):
    with pytest.raises(RejectedUser) as refused:
        replay(vonage.patch_user(ONE, (change,), READY))

    assert refused.value.attribute == change.path


def test_a_change_is_a_patch(vonage):
    operation = {"op": "replace", "path": "name.familyName", "value": "Lovelace"}
    asked = ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})
    kept = KEPT | {"name": NAME | {"familyName": "Lovelace"}}

    applied = replay(vonage.patch_user(ONE, (FAMILY,), READY), (asked, Response(200, kept)))

    assert applied.not_taken == ()


def test_a_change_is_a_put_of_the_whole_user_where_the_settings_say_so(vonage):
    given = READY.model_copy(update={"update": "put"})
    name = NAME | {"familyName": "Lovelace"}
    whole = {"schemas": [CORE_URN], **ADA, "name": name, "id": "u1"}

    applied = replay(
        vonage.patch_user(ONE, (FAMILY,), given),
        (("GET", "/Users/u1"), Response(200, KEPT)),
        (("PUT", "/Users/u1", whole), Response(200, KEPT | {"name": name})),
    )

    assert applied.not_taken == ()


@pytest.mark.parametrize("status", [405, 501])
def test_a_method_that_is_not_served_names_the_setting(vonage, status):
    with pytest.raises(RejectedUser, match='update = "put"'):
        replay(vonage.patch_user(ONE, (FAMILY,), READY), (ANY_REQUEST, Response(status)))


def test_an_unknown_id_is_told(vonage):
    with pytest.raises(UnknownUser):
        replay(vonage.patch_user(ONE, (FAMILY,), READY), (ANY_REQUEST, Response(404)))


def test_deleting_twice_succeeds(vonage):
    assert replay(vonage.delete_user(ONE), (("DELETE", "/Users/u1"), Response(404))) is None


# --- people who leave ------------------------------------------------------------------------


def test_disabling_is_one_boolean(vonage):
    operation = {"op": "replace", "path": "active", "value": False}
    asked = ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})

    applied = replay(
        vonage.patch_user(ONE, (OFF,), READY), (asked, Response(200, KEPT | {"active": False}))
    )

    assert applied.not_taken == ()


@pytest.mark.parametrize("status", [204, 404], ids=["deleted", "gone already"])
@pytest.mark.parametrize("op", ["add", "replace"])
def test_disabling_deletes_where_the_settings_say_so(vonage, status, op):
    given = READY.model_copy(update={"disable": "delete"})
    asked = ("DELETE", "/Users/u1")

    applied = replay(
        vonage.patch_user(ONE, (Change(op, "active", False),), given),
        (asked, Response(status)),
        (("GET", "/Users/u1"), Response(404)),
    )

    assert applied == Applied(ONE)


@pytest.mark.parametrize(("active", "not_taken"), [(False, ()), (True, ("active",))])
def test_a_leaver_whom_deletion_left_there_is_told(vonage, active, not_taken):
    given = READY.model_copy(update={"disable": "delete"})

    applied = replay(
        vonage.patch_user(ONE, (OFF,), given),
        (ANY_REQUEST, Response(204)),
        (ANY_REQUEST, Response(200, KEPT | {"active": active})),
    )

    assert tuple(difference.path for difference in applied.not_taken) == not_taken


def test_a_deletion_that_cannot_be_looked_at_is_in_doubt(vonage):
    given = READY.model_copy(update={"disable": "delete"})

    with pytest.raises(InDoubt):
        replay(
            vonage.patch_user(ONE, (OFF,), given),
            (ANY_REQUEST, Response(204)),
            (ANY_REQUEST, Response(500)),
        )


def test_nobody_is_deleted_among_other_changes(vonage):
    given = READY.model_copy(update={"disable": "delete"})

    with pytest.raises(RejectedUser, match="without other changes"):
        replay(vonage.patch_user(ONE, (FAMILY, OFF), given))


def test_enabling_never_deletes(vonage):
    given = READY.model_copy(update={"disable": "delete"})
    on = Change("replace", "active", True)

    applied = replay(
        vonage.patch_user(ONE, (on,), given), (("PATCH", "/Users/u1"), Response(200, KEPT))
    )

    assert applied.not_taken == ()


# --- refusals --------------------------------------------------------------------------------


def test_a_known_name_exists_already(vonage):
    answer = Response(409, {"scimType": "uniqueness", "detail": "taken"})

    with pytest.raises(AlreadyExists, match="taken"):
        replay(vonage.create_user(USER), (ANY_REQUEST, answer))


def test_a_refusal_names_both_things_to_look_at(vonage):
    with pytest.raises(NotAllowed, match=r"enabled.*Account Administrator"):
        replay(vonage.get_user(ONE), (ANY_REQUEST, Response(403)))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"status": 400, "msg": "User not found"}, "User not found"),
        (
            {"title": "Bad", "invalid_parameters": [{"name": "email", "reason": "is taken"}]},
            "Bad, email is taken",
        ),
        ({"detail": "A SCIM text", "msg": "another"}, "A SCIM text"),
        ({"invalid_parameters": "none"}, "answered 400"),
        (["?"], "answered 400"),
        (None, "answered 400"),
    ],
)
def test_every_shape_of_refusal_is_read(vonage, body, said):
    with pytest.raises(RejectedUser, match=said):
        replay(vonage.create_user(USER), (ANY_REQUEST, Response(400, body)))


def test_a_failure_after_a_creation_is_in_doubt(vonage):
    with pytest.raises(InDoubt):
        replay(vonage.create_user(USER), (ANY_REQUEST, Response(500)))


# --- capabilities ----------------------------------------------------------------------------


def test_every_attribute_has_a_mapping():
    assert {mapping.target for mapping in CAPABILITIES.mappings} == CAPABILITIES.attributes.keys()


def test_what_is_matched_on_can_be_filtered():
    assert [path for path, one in CAPABILITIES.attributes.items() if one.filter] == list(
        CAPABILITIES.match_on
    )
