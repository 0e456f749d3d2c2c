"""The Fuze flows, exchange by exchange; bodies after RFC 7644, for Fuze has published none."""

import pytest
from pydantic import ValidationError

from jackfield import (
    AlreadyExists,
    AmbiguousMatch,
    Applied,
    Change,
    ConfigurationError,
    CredentialsRefused,
    Difference,
    InDoubt,
    MatchKey,
    MultiValue,
    NotFound,
    RejectedUser,
    Response,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
)
from jackfield.scim import CORE_URN
from jackfield.scim.patching import PATCH_SCHEMA
from jackfield.testing import ANY_REQUEST, replay
from jackfield_fuze import FuzeConnector, FuzeSettings
from jackfield_fuze.capabilities import CAPABILITIES, DEPARTMENT, LOCATION, SKU, WORK_EMAIL

URN = "urn:example:fuze:1.0:User"
GIVEN = {
    "base_url": "https://fuze.example.com/scim/v2",
    "token": "made-up",
    "skus": ["SKU-1", "SKU-2"],
    "locations": ["LOC-1"],
    "departments": ["DEP-1"],
}
LIST = FuzeSettings(**GIVEN)
FILTER = FuzeSettings(**GIVEN, lookup="email-filter")
EXTENSION = FuzeSettings(**GIVEN, extension_urn=URN, location_name="locationCode")

EMAILS = [{"type": "work", "value": "ada@example.com"}]
ADA = {"id": "u1", "userName": "ada@example.com", "active": True, "emails": EMAILS}
NAMELESS = {"id": "u2", "active": True, "emails": [{"value": "Ada@Example.com"}]}
BOB = {"id": "u3", "userName": "bob@example.com", "active": True}
ENTITLED = ADA | {"entitlements": [{"type": "sku", "value": "SKU-1"}]}
KEY = MatchKey("userName", "ada@example.com")
ONE = UserId("u1")
FIRST_PAGE = ("GET", "/Users?startIndex=1&count=100")
SECOND_PAGE = ("GET", "/Users?startIndex=2&count=100")
BY_EMAIL = ("GET", '/Users?filter=emails.value eq "ada@example.com"')
TITLE = Change("replace", "title", "Lead")


@pytest.fixture
def fuze():
    return FuzeConnector()


def found(*users, total=None):
    return Response(200, {"totalResults": total or len(users), "Resources": list(users)})


def entitled(**codes):
    elements = [{"type": kind, "value": code} for kind, code in codes.items()]
    return User.from_scim({"userName": "ada@example.com", "entitlements": elements})


# --- settings and authentication -------------------------------------------------------------


@pytest.mark.parametrize("missing", ["base_url", "token"])
def test_the_base_url_and_the_token_are_required(missing):
    given = {name: value for name, value in GIVEN.items() if name != missing}

    with pytest.raises(ValidationError, match=missing):
        FuzeSettings(**given)


@pytest.mark.parametrize(
    "given", [{"extension_urn": "fuze"}, {"skus": [""]}, {"lookup": "userName"}, {"page_size": 0}]
)
def test_settings_that_cannot_work_are_refused(given):
    with pytest.raises(ValidationError):
        FuzeSettings(**GIVEN | given)


def test_the_token_is_used_as_it_is(fuze):
    token = replay(fuze.authenticate(LIST))

    assert (token.base_url, token.lifetime_seconds) == ("https://fuze.example.com/scim/v2", None)


# --- look-ups by list ------------------------------------------------------------------------


def test_a_user_is_found_on_a_later_page(fuze):
    user = replay(
        fuze.get_user(KEY, FuzeSettings(**GIVEN, page_size=1)),
        (("GET", "/Users?startIndex=1&count=1"), found(BOB, total=2)),
        (("GET", "/Users?startIndex=2&count=1"), found(ADA, total=2)),
    )

    assert user.id == "u1"


def test_a_user_without_a_name_is_found_by_any_address(fuze):
    user = replay(fuze.get_user(KEY, LIST), (FIRST_PAGE, found(BOB, NAMELESS)))

    assert (user.id, user.userName) == ("u2", None)


def test_an_address_does_not_stand_for_another_name(fuze):
    other = ADA | {"userName": "countess@example.com"}

    answers = (FIRST_PAGE, found(other)), (SECOND_PAGE, found())

    assert replay(fuze.get_user(KEY, LIST), *answers) == NotFound(KEY)


def test_a_user_is_found_by_work_email_whatever_the_name(fuze):
    key = MatchKey(WORK_EMAIL, "ADA@example.com")
    other = ADA | {"userName": "countess@example.com"}

    assert replay(fuze.get_user(key, LIST), (FIRST_PAGE, found(other, NAMELESS))).id == "u1"


def test_a_name_and_an_address_of_two_users_are_ambiguous(fuze):
    with pytest.raises(AmbiguousMatch) as error:
        replay(fuze.get_user(KEY, LIST), (FIRST_PAGE, found(ADA, NAMELESS)))

    assert error.value.user_ids == ("u1", "u2")


def test_a_list_that_repeats_itself_proves_nothing(fuze):
    with pytest.raises(VendorBroken, match="round in circles"):
        replay(
            fuze.get_user(KEY, LIST),
            (ANY_REQUEST, found(BOB, total=9)),
            (ANY_REQUEST, found(BOB, total=9)),
        )


def test_a_list_without_end_names_the_way_out(fuze):
    pages = [(ANY_REQUEST, found(BOB | {"id": f"b{number}"}, total=999)) for number in range(90)]

    with pytest.raises(ConfigurationError, match="raise page_size"):
        replay(fuze.get_user(KEY, LIST), *pages)


def test_an_id_is_read_directly(fuze):
    asked = ("GET", "/Users/u1")

    assert replay(fuze.get_user(ONE, LIST), (asked, Response(404))) == NotFound(ONE)


@pytest.mark.parametrize("settings", [LIST, FILTER], ids=["list", "email-filter"])
def test_other_attributes_find_nobody(fuze, settings):
    with pytest.raises(ConfigurationError, match="only by userName and emails"):
        replay(fuze.get_user(MatchKey("externalId", "E-1"), settings))


@pytest.mark.parametrize("settings", [LIST, FILTER], ids=["list", "email-filter"])
def test_an_empty_name_is_never_looked_for(fuze, settings):
    with pytest.raises(RejectedUser, match="empty"):
        replay(fuze.get_user(MatchKey("userName", " "), settings))


# --- look-ups by filter ----------------------------------------------------------------------


@pytest.mark.parametrize("kept", [ADA, NAMELESS], ids=["with a name", "without a name"])
def test_a_filter_by_address_finds_the_user(fuze, kept):
    assert replay(fuze.get_user(KEY, FILTER), (BY_EMAIL, found(kept))).id == kept["id"]


def test_the_filter_is_the_customers_own(fuze):
    settings = FuzeSettings(**GIVEN, lookup="email-filter", email_filter="emails")
    asked = ("GET", '/Users?filter=emails eq "ada@example.com"')

    assert replay(fuze.get_user(KEY, settings), (asked, found())) == NotFound(KEY)


def test_a_filter_hit_of_another_name_is_not_the_user(fuze):
    other = ADA | {"userName": "countess@example.com"}

    assert replay(fuze.get_user(KEY, FILTER), (BY_EMAIL, found(other))) == NotFound(KEY)


def test_an_ignored_filter_proves_nobodys_absence(fuze):
    with pytest.raises(VendorBroken, match="does not show"):
        replay(fuze.get_user(KEY, FILTER), (BY_EMAIL, found(BOB, total=7)))


@pytest.mark.parametrize("status", [400, 501])
def test_a_refused_filter_names_the_other_strategy(fuze, status):
    with pytest.raises(VendorBroken, match='lookup = "list"'):
        replay(fuze.get_user(KEY, FILTER), (BY_EMAIL, Response(status)))


# --- creation and entitlements ---------------------------------------------------------------


def test_a_user_is_created(fuze):
    sent = {"schemas": [CORE_URN], "userName": "ada@example.com", "emails": EMAILS}
    user = User(
        userName="ada@example.com", emails=(MultiValue(type="work", value="ada@example.com"),)
    )

    created = replay(fuze.create_user(user, LIST), (("POST", "/Users", sent), Response(201, ADA)))

    assert created.id == "u1"


def test_entitlements_stand_in_the_core_attribute(fuze):
    user = entitled(sku="SKU-1", location="LOC-1", department="DEP-1")

    request = next(fuze.create_user(user, LIST))

    assert request.json["entitlements"] == user.to_scim()["entitlements"]


def test_the_types_are_the_customers_own(fuze):
    settings = FuzeSettings(**GIVEN, sku_name="product")

    request = next(fuze.create_user(entitled(sku="SKU-1"), settings))

    assert request.json["entitlements"] == [{"type": "product", "value": "SKU-1"}]


def test_entitlements_stand_in_an_extension_where_told(fuze):
    request = next(fuze.create_user(entitled(sku="SKU-1", location="LOC-1"), EXTENSION))

    assert request.json["schemas"] == [CORE_URN, URN]
    assert request.json[URN] == {"sku": "SKU-1", "locationCode": "LOC-1"}
    assert "entitlements" not in request.json


def test_several_skus_are_a_list_in_an_extension(fuze):
    elements = [{"type": "sku", "value": code} for code in ("SKU-1", "SKU-2")]
    user = User.from_scim({"userName": "ada@example.com", "entitlements": elements})

    assert next(fuze.create_user(user, EXTENSION)).json[URN] == {"sku": ["SKU-1", "SKU-2"]}


@pytest.mark.parametrize(
    ("user", "attribute", "reason"),
    [
        (entitled(sku="SKU-9"), SKU, "'SKU-9' is not permitted, only SKU-1, SKU-2"),
        (entitled(location="loc-1"), LOCATION, "'loc-1' is not permitted, only LOC-1"),
        (entitled(department="X"), DEPARTMENT, "'X' is not permitted, only DEP-1"),
        (entitled(room="R"), "entitlements", "'room' is none of sku, location, department"),
    ],
)
def test_what_is_not_in_the_contract_is_refused_unsent(fuze, user, attribute, reason):
    with pytest.raises(RejectedUser) as error:
        replay(fuze.create_user(user, LIST))

    assert (error.value.attribute, reason in error.value.reason) == (attribute, True)


def test_what_stands_in_the_extension_already_is_checked_too(fuze):
    user = User.from_scim({"userName": "ada@example.com", URN: {"sku": "SKU-9", "x": "y"}})

    with pytest.raises(RejectedUser, match="SKU-9"):
        replay(fuze.create_user(user, EXTENSION))


def test_an_empty_list_permits_nothing(fuze):
    settings = FuzeSettings(base_url=GIVEN["base_url"], token="made-up")

    with pytest.raises(RejectedUser, match="the setting skus is empty"):
        replay(fuze.create_user(entitled(sku="SKU-1"), settings))


def test_two_locations_are_refused_unsent(fuze):
    elements = [{"type": "location", "value": "LOC-1"}] * 2
    user = User.from_scim({"userName": "ada@example.com", "entitlements": elements})

    with pytest.raises(RejectedUser, match="one location, not 2"):
        replay(fuze.create_user(user, LIST))


@pytest.mark.parametrize("kept", [{"sku": "SKU-1", "x": "y"}, {"SKU": ["SKU-1"], "x": "y"}])
def test_an_extension_is_read_as_entitlements(fuze, kept):
    user = replay(fuze.get_user(ONE, EXTENSION), (ANY_REQUEST, Response(200, ADA | {URN: kept})))

    assert user.to_scim()["entitlements"] == [{"type": "sku", "value": "SKU-1"}]
    assert user.extension(URN) == {"x": "y"}


# --- changes ---------------------------------------------------------------------------------


def test_disabling_is_one_boolean(fuze):
    operation = {"op": "replace", "path": "active", "value": False}
    asked = ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})

    applied = replay(
        fuze.patch_user(ONE, (Change("replace", "active", value=False),), LIST),
        (asked, Response(200, ADA | {"active": False})),
    )

    assert applied.not_taken == ()


def test_entitlements_are_never_sent_in_an_update(fuze):
    operation = {"op": "replace", "path": "title", "value": "Lead"}
    asked = ("PATCH", "/Users/u1", {"schemas": [PATCH_SCHEMA], "Operations": [operation]})

    applied = replay(
        fuze.patch_user(ONE, (Change("replace", SKU, "SKU-2"), TITLE), LIST),
        (asked, Response(200, ENTITLED | {"title": "Lead"})),
    )

    assert applied.not_taken == (Difference(SKU, "SKU-2", "SKU-1"),)


@pytest.mark.parametrize("path", [SKU, f"{URN}:sku"])
def test_a_change_of_nothing_else_only_reads(fuze, path):
    kept = ADA | {URN: {"sku": "SKU-1"}}

    applied = replay(
        fuze.patch_user(ONE, (Change("replace", path, "SKU-2"),), EXTENSION),
        (("GET", "/Users/u1"), Response(200, kept)),
    )

    assert applied.not_taken == (Difference(path, "SKU-2", "SKU-1"),)


def test_the_entitlement_that_is_there_is_no_difference(fuze):
    applied = replay(
        fuze.patch_user(ONE, (Change("replace", SKU, "SKU-1"),), LIST),
        (("GET", "/Users/u1"), Response(200, ENTITLED)),
    )

    assert applied == Applied(ONE, User.from_scim(ENTITLED))


@pytest.mark.parametrize("change", [TITLE, Change("replace", SKU, "SKU-2")])
def test_an_unknown_id_is_told(fuze, change):
    with pytest.raises(UnknownUser):
        replay(fuze.patch_user(ONE, (change,), LIST), (ANY_REQUEST, Response(404)))


def test_no_changes_send_nothing(fuze):
    assert replay(fuze.patch_user(ONE, (), LIST)) == Applied(ONE)


def test_deleting_twice_succeeds(fuze):
    assert replay(fuze.delete_user(ONE, LIST), (("DELETE", "/Users/u1"), Response(404))) is None


def test_a_list_is_paged(fuze):
    page = replay(fuze.list_users(None, LIST), (FIRST_PAGE, found(ENTITLED, NAMELESS, total=3)))

    assert ([user.id for user in page.users], page.next_cursor) == (["u1", "u2"], "3 of 3")


# --- refusals --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Response(409, {"scimType": "uniqueness", "detail": "taken"}), AlreadyExists, "taken"),
        (Response(400, {"msg": "Unknown SKU"}), RejectedUser, "400: Unknown SKU"),
        (Response(400, {"message": "No licence"}), RejectedUser, "400: No licence"),
        (Response(400), RejectedUser, "400"),
        (Response(401, {"detail": "The token is wrong."}), CredentialsRefused, "token is wrong"),
        (Response(500, {"msg": []}), InDoubt, "500"),
    ],
)
def test_a_refused_creation_is_told_in_the_vendors_words(fuze, answer, error, said):
    with pytest.raises(error, match=said):
        replay(fuze.create_user(entitled(sku="SKU-1"), LIST), (ANY_REQUEST, answer))


# --- capabilities ----------------------------------------------------------------------------


def test_every_mapped_attribute_is_one_that_fuze_takes():
    assert {mapping.target for mapping in CAPABILITIES.mappings} <= CAPABILITIES.attributes.keys()


def test_entitlements_cannot_be_patched():
    assert not any(CAPABILITIES.can_patch(path) for path in (SKU, LOCATION, DEPARTMENT))


def test_ten_requests_a_second_of_all_kinds():
    (rate,) = CAPABILITIES.rates

    assert (rate.requests, rate.per_seconds) == (10, 1.0)
    assert rate.covers == {"read", "write", "auth"}
