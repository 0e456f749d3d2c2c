"""What the SCIM connector makes of what a service says of itself, and of its probe."""

import pytest

from jackfield import (
    NotAllowed,
    Response,
    VendorBroken,
)
from jackfield.scim import CORE_URN, ENTERPRISE_URN
from jackfield.testing import ANY_REQUEST, replay
from jackfield_scim import ScimConnector, ScimSettings
from jackfield_scim.capabilities import FILTERS, WORK_EMAIL
from jackfield_scim.tenant import Tenant

BASE = "https://scim.example.com/v2"
TOKEN = ScimSettings(base_url=BASE, token="made-up")
ADA = {
    "id": "u1",
    "userName": "ada@example.com",
    "externalId": "hr-1",
    "active": True,
    "emails": [{"type": "work", "value": "ada@example.com"}, {"type": "home", "value": "a@b.org"}],
}
NOTHING = Response(404)


@pytest.fixture
def scim():
    return ScimConnector()


def found(*users, total=None):
    return Response(
        200, {"totalResults": len(users) if total is None else total, "Resources": list(users)}
    )


# --- what a service says of itself -----------------------------------------------------------

CONFIG = {"patch": {"supported": False}, "filter": {"supported": True, "maxResults": 200}}
USER_TYPE = {
    "name": "User",
    "endpoint": "/Users",
    "schema": CORE_URN,
    "schemaExtensions": [{"schema": ENTERPRISE_URN, "required": True}],
}


def attribute(name, **more):
    return {"name": name, "type": "string", "mutability": "readWrite", "required": False} | more


NAMES = attribute(
    "name",
    type="complex",
    required=True,
    subAttributes=[attribute("formatted", required=True), attribute("givenName")],
)
CORE_SCHEMA = {
    "id": CORE_URN,
    "attributes": [
        attribute("id", mutability="readOnly", required=True),
        attribute("userName", required=True, mutability="immutable"),
        NAMES,
        attribute("displayName", mutability="readOnly"),
        attribute("emails", multiValued=True, required=True, subAttributes=[attribute("value")]),
        attribute("title"),
    ],
}


def understood(scim, *answers, settings=TOKEN):
    paths = ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas")
    asked = [(("GET", BASE + path), answer) for path, answer in zip(paths, answers, strict=True)]
    sample = (("GET", f"{BASE}/Users?startIndex=1&count=10"), found())
    return replay(scim.authenticate(settings), *asked, sample).facts


def test_what_the_schemas_say_is_read(scim):
    facts = understood(scim, Response(200, CONFIG), found(USER_TYPE), found(CORE_SCHEMA))

    assert facts["patch"] == "no"
    assert facts["required"] == "userName, name, name.formatted, emails"
    assert facts["required schemas"] == ENTERPRISE_URN
    assert (facts["read-only"], facts["set once"]) == ("displayName", "userName")
    assert "name.familyName" in facts["not offered"]
    assert "nickName" in facts["not offered"]
    assert "active" not in facts["not offered"]
    assert ENTERPRISE_URN not in facts["not offered"]


def test_facts_come_back_as_they_were_found(scim):
    facts = understood(scim, Response(200, CONFIG), found(USER_TYPE), found(CORE_SCHEMA))

    assert Tenant.from_facts(facts).facts() == facts


@pytest.mark.parametrize(
    "missing",
    [
        Response(404),
        Response(403),
        Response(401),
        Response(500),
        Response(204),
        Response(200, {}),
        Response(200, []),
        Response(200, "x"),
        Response(200, {"patch": None, "Resources": None, "attributes": 7}),
        Response(200, {"patch": [], "Resources": [None, 7, {"schema": 7, "id": CORE_URN}]}),
        VendorBroken("the vendor answered 200 with text/html"),
    ],
)
def test_an_endpoint_that_says_nothing_means_nothing(scim, missing):
    assert understood(scim, missing, missing, missing) == {"users": "/Users"}


def test_each_endpoint_is_judged_alone(scim):
    facts = understood(scim, Response(403), found(USER_TYPE), NOTHING)

    assert facts == {"users": "/Users", "required schemas": ENTERPRISE_URN}


def test_odd_names_are_passed_over(scim):
    odd = [attribute(name, required=True) for name in ("2fa", "a, b", "x\n", "", "a.b.c", "ok")]
    extensions = [
        {"schema": urn, "required": True}
        for urn in ("urn:a, b", "urn:x\x00", 7, "", "urn:a:2.0", "urn:a:2.0:User")
    ]
    schemas = [{"id": urn, "attributes": odd} for urn in (CORE_URN, "urn:a:2.0", "urn:a:2.0:User")]

    facts = understood(
        scim, NOTHING, found(USER_TYPE | {"schemaExtensions": extensions}), found(*schemas)
    )

    assert facts["required"] == "ok, urn:a:2.0:ok, urn:a:2.0:User:ok"
    assert facts["required schemas"] == "urn:a:2.0, urn:a:2.0:User"


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [
        ("/people", "/people"),
        (f"{BASE}/people", "/people"),
        ("/v2/people", "/people"),
        ("https://evil.example/Users", "/Users"),
        ("https://scim.example.com/other/Users", "/Users"),
        ("//evil.example/Users", "/Users"),
        ("/../admin", "/Users"),
        ("/Users?admin=1", "/Users"),
        ("Users", "/Users"),
        ("", "/Users"),
        (None, "/Users"),
    ],
)
def test_only_a_path_of_users_below_the_base_url_is_followed(scim, endpoint, path):
    types = found(USER_TYPE | {"endpoint": endpoint})
    sample = (("GET", f"{BASE}{path}?startIndex=1&count=10"), found())

    token = replay(
        scim.authenticate(TOKEN),
        *((ANY_REQUEST, answer) for answer in (NOTHING, types, NOTHING)),
        sample,
    )

    assert token.facts["users"] == path


def test_what_is_declared_wins(scim):
    settings = ScimSettings(
        base_url=BASE, token="t", required=("title",), accepted=("nickName",), filter="trusted"
    )

    facts = understood(scim, Response(200, CONFIG), NOTHING, found(CORE_SCHEMA), settings=settings)

    assert facts["required"].endswith("title")
    assert "nickName" not in facts["not offered"]


# --- the probe of searching ------------------------------------------------------------------


def probed(scim, *exchanges):
    settings = ScimSettings(base_url=BASE, token="t", discovery=False)
    told = [((at[0], BASE + at[1]), answer) for at, answer in exchanges]
    return replay(scim.authenticate(settings), *told).facts


SAMPLE = ("GET", "/Users?startIndex=1&count=10")
NAME_PROBE = ("GET", '/Users?filter=userName eq "ADA@EXAMPLE.COM"')
ID_PROBE = ("GET", '/Users?filter=externalId eq "hr-1"')
EMAIL_PROBE = ("GET", '/Users?filter=emails.value eq "ADA@EXAMPLE.COM"')


def test_searching_counts_for_what_it_was_seen_to_find(scim):
    facts = probed(
        scim,
        (SAMPLE, found(ADA)),
        (NAME_PROBE, found(ADA)),
        (ID_PROBE, found()),
        (EMAIL_PROBE, Response(501)),
    )

    assert facts["found by filter"] == "userName"
    assert facts["found by listing"] == WORK_EMAIL


@pytest.mark.parametrize("failure", [Response(500), Response(400), Response(501)])
def test_a_service_that_fails_on_count_is_listed_without(scim, failure):
    facts = probed(scim, (SAMPLE, failure), (("GET", "/Users"), found()))

    assert facts == {"users": "/Users", "count": "not accepted"}


@pytest.mark.parametrize("answer", [Response(403), NotAllowed("no")])
def test_users_that_may_not_be_listed_leave_all_unknown(scim, answer):
    assert probed(scim, (SAMPLE, answer)) == {"users": "/Users"}


def test_a_service_without_filters_is_not_asked_for_any(scim):
    config = Response(200, {"filter": {"supported": False}})

    facts = understood(scim, config, NOTHING, NOTHING)

    assert facts["found by listing"] == ", ".join(FILTERS)


def test_one_user_shown_twice_proves_a_filter_as_one(scim):
    facts = probed(
        scim,
        (SAMPLE, found(ADA)),
        (NAME_PROBE, found(ADA, ADA, total=1)),
        (ID_PROBE, found(ADA, ADA, total=2)),
        (EMAIL_PROBE, found(ADA)),
    )

    assert facts["found by filter"] == ", ".join(FILTERS)
