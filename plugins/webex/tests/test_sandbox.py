"""The dialect of the imitated Webex."""

import base64
from typing import ClassVar

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, ENTERPRISE_URN, RateLimit, serve
from jackfield_webex.sandbox import WEBEX_ERROR_URN, WEBEX_URN, WebexSandbox

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = f"/identity/scim/{WebexSandbox.ORG_ID}/v2/Users"
BEARER = {"Authorization": f"Bearer {WebexSandbox.TOKEN}"}


class LimitedWebex(WebexSandbox):
    LIMITS: ClassVar = {"scim": RateLimit(1, 60, penalty_seconds=15)}


@pytest.fixture(scope="module")
def served():
    sandbox = WebexSandbox()
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield sandbox, client


@pytest.fixture
def sandbox(served):
    served[0].reset()
    return served[0]


@pytest.fixture
def client(served, sandbox):
    return served[1]


def document(user_name="ada@example.com", **more):
    return {
        "schemas": [CORE_URN],
        "userName": user_name,
        "userType": "user",
        "emails": [{"value": user_name, "type": "work", "primary": True}],
        **more,
    }


def patched(client, user, *operations):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return client.patch(f"{USERS}/{user['id']}", json=body)


def granted(client, **form):
    secrets = {"client_id": WebexSandbox.CLIENT_ID, "client_secret": WebexSandbox.CLIENT_SECRET}
    return client.post("/v1/access_token", data={**secrets, **form})


REFRESH = {"grant_type": "refresh_token", "refresh_token": WebexSandbox.REFRESH_TOKEN}


def test_organization_of_the_administrator_is_unpadded_base64(client):
    encoded = client.get("/v1/people/me").json()["orgId"]

    decoded = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    assert not encoded.endswith("=")
    assert decoded == f"ciscospark://us/ORGANIZATION/{WebexSandbox.ORG_ID}"


def test_own_user_tells_the_organization(client):
    own = client.get("/identity/scim/v2/Users/me").json()

    assert own[WEBEX_URN]["meta"]["organizationId"] == WebexSandbox.ORG_ID


def test_refresh_token_gives_a_token_that_works(sandbox, client):
    sandbox.expire_tokens()

    token = granted(client, **REFRESH).json()

    renewed = {"Authorization": f"Bearer {token['access_token']}"}
    assert token["expires_in"] == 1209599
    assert client.get(USERS).status_code == 401
    assert client.get(USERS, headers=renewed).status_code == 200


def test_client_may_stand_in_a_basic_header(client):
    pair = (WebexSandbox.CLIENT_ID, WebexSandbox.CLIENT_SECRET)

    assert client.post("/v1/access_token", data=REFRESH, auth=pair).status_code == 200


def test_authorization_code_is_exchanged(client):
    form = {"grant_type": "authorization_code", "code": WebexSandbox.CODE}

    assert granted(client, **form).json()["token_type"] == "Bearer"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({**REFRESH, "refresh_token": "other"}, "invalid_grant"),
        ({**REFRESH, "client_secret": "other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_token_endpoint_says_what_is_wrong(client, form, error):
    answer = granted(client, **form)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_rest_refuses_a_wrong_token_in_the_rest_shape(client):
    answer = client.get("/v1/people/me", headers={"Authorization": "Bearer other"})

    body = answer.json()
    assert answer.status_code == 401
    assert body["errors"] == [{"description": body["message"]}]
    assert body["trackingId"] == answer.headers["trackingid"]


def test_scim_errors_stand_under_the_extension(client):
    answer = client.get(f"{USERS}/00000000-0000-4000-8000-000000000000")

    body = answer.json()
    assert (answer.status_code, body["status"]) == (404, "404")
    assert "detail" not in body
    assert body[WEBEX_ERROR_URN]["trackingId"] == answer.headers["trackingid"]
    assert "not found" in body[WEBEX_ERROR_URN]["details"]


@pytest.mark.parametrize(
    ("organization", "status"),
    [(WebexSandbox.ENCODED_ORG_ID, 400), ("0ae87ade-0000-4000-8000-000000000000", 404)],
    ids=["encoded", "another"],
)
def test_only_the_uuid_of_the_own_organization_is_taken(client, organization, status):
    assert client.get(f"/identity/scim/{organization}/v2/Users").status_code == status


def test_created_user_is_pending_and_has_a_weak_version(client):
    answer = client.post(USERS, json=document())

    user = answer.json()
    assert answer.status_code == 201
    assert user["schemas"] == [CORE_URN, WEBEX_URN]
    assert user["active"] is True
    assert user[WEBEX_URN]["accountStatus"] == ["pending"]
    assert user["meta"]["version"].startswith('W/"')
    assert user["meta"]["location"] == f"https://webexapis.com{USERS}/{user['id']}"


def test_organization_shows_on_create_and_not_later(client):
    user = client.post(USERS, json=document()).json()

    later = client.get(f"{USERS}/{user['id']}").json()

    assert user[WEBEX_URN]["meta"] == {"organizationId": WebexSandbox.ORG_ID}
    assert "meta" not in later[WEBEX_URN]


@pytest.mark.parametrize("missing", ["schemas", "userName", "userType"])
def test_required_attributes_are_asked_for_on_create_and_replace(client, missing):
    user = client.post(USERS, json=document("bob@example.com")).json()
    incomplete = {name: value for name, value in document().items() if name != missing}

    assert client.post(USERS, json=incomplete).status_code == 400
    assert client.put(f"{USERS}/{user['id']}", json=incomplete).status_code == 400


def test_primary_work_email_must_equal_the_user_name(client):
    emails = [{"value": "other@example.com", "type": "work", "primary": True}]

    answer = client.post(USERS, json=document(emails=emails))

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


def test_rename_needs_both_name_and_primary_email(client):
    user = client.post(USERS, json=document()).json()
    name = {"op": "replace", "path": "userName", "value": "eve@example.com"}
    email = {
        "op": "replace",
        "path": 'emails[type eq "work"].value',
        "value": "eve@example.com",
    }

    assert patched(client, user, name).status_code == 400
    assert patched(client, user, name, email).json()["userName"] == "eve@example.com"


def test_unknown_sections_and_read_only_attributes_are_ignored(client):
    user = client.post(
        USERS, json=document(id="mine", groups=[{"value": "g"}], **{"urn:example:User": {"a": 1}})
    ).json()

    assert user["id"] != "mine"
    assert "groups" not in user
    assert "urn:example:User" not in user


def test_taken_user_name_is_a_conflict(client):
    client.post(USERS, json=document())

    assert client.post(USERS, json=document()).status_code == 409


def test_patch_answers_with_the_user(client):
    user = client.post(USERS, json=document()).json()

    answer = patched(
        client,
        user,
        {"op": "replace", "path": "active", "value": False},
        {"op": "add", "path": f"{ENTERPRISE_URN}:department", "value": "R&D"},
    )

    assert answer.status_code == 200
    assert answer.json()["active"] is False
    assert answer.json()["schemas"] == [CORE_URN, ENTERPRISE_URN, WEBEX_URN]
    assert answer.json()["meta"]["version"] != user["meta"]["version"]


def test_replace_of_an_element_that_is_missing_has_no_target(client):
    user = client.post(USERS, json=document()).json()
    path = 'phoneNumbers[type eq "work"].value'

    replaced = patched(client, user, {"op": "replace", "path": path, "value": "+14155550100"})
    added = patched(client, user, {"op": "add", "path": path, "value": "+14155550100"})

    assert (replaced.status_code, replaced.json()["scimType"]) == (400, "noTarget")
    assert added.json()["phoneNumbers"] == [{"type": "work", "value": "+14155550100"}]


@pytest.mark.parametrize(
    "expression",
    [
        'userName Eq "ada@example.com"',
        'displayName sw "ada"',
        'name.familyName ew "ron"',
        'emails.value eq "ada@example.com" or userName eq "other"',
        'phoneNumbers[type eq "mobile" and value eq "1"]',
        'department eq "r&d"',
    ],
)
def test_documented_filters_find_the_user(client, expression):
    user = document(
        displayName="Ada Byron",
        name={"familyName": "Byron"},
        phoneNumbers=[{"type": "mobile", "value": "1"}],
    )
    client.post(USERS, json={**user, ENTERPRISE_URN: {"department": "R&D"}})
    client.post(USERS, json=document("bob@example.com"))

    page = client.get(USERS, params={"filter": expression}).json()

    assert [one["userName"] for one in page["Resources"]] == ["ada@example.com"]


@pytest.mark.parametrize(
    "expression", ['externalId eq "1"', 'userName co "a"', 'name.givenName ew "a"', "title pr"]
)
def test_filter_that_is_not_documented_is_invalid(client, expression):
    answer = client.get(USERS, params={"filter": expression})

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_there_is_no_service_provider_config(client):
    path = USERS.replace("Users", "ServiceProviderConfig")

    assert client.get(path).status_code == 404


def test_limit_may_be_set_though_none_is_published():
    with (
        serve(LimitedWebex(clock=lambda: 0.0)) as origin,
        httpx.Client(base_url=origin, headers=BEARER) as client,
    ):
        answers = [client.get(USERS), client.get(USERS), client.get("/v1/people/me")]

    assert [answer.status_code for answer in answers] == [200, 429, 200]
    assert answers[1].headers["retry-after"] == "15"
