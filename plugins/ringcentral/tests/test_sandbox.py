"""The dialect of the imitated RingCentral."""

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, ENTERPRISE_URN, serve
from jackfield_ringcentral.sandbox import RingCentralSandbox

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN = "/restapi/oauth/token"
USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {RingCentralSandbox.TOKEN}"}
CLIENT = (RingCentralSandbox.CLIENT_ID, RingCentralSandbox.CLIENT_SECRET)
ASSERTION = {"grant_type": JWT_BEARER, "assertion": RingCentralSandbox.JWT}


class ScriptedClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def clock():
    return ScriptedClock()


@pytest.fixture(scope="module")
def served(clock):
    sandbox = RingCentralSandbox(unlimited=True, clock=clock)
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield sandbox, client


@pytest.fixture
def sandbox(served):
    served[0].reset()
    served[0].scim_enabled = True
    return served[0]


@pytest.fixture
def client(served, sandbox):
    return served[1]


@pytest.fixture
def limited_client(clock):
    sandbox = RingCentralSandbox(clock=clock)
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield client


def document(user_name="ada@example.com", **more):
    return {
        "schemas": [CORE_URN],
        "userName": user_name,
        "name": {"givenName": "Ada", "familyName": "Lovelace"},
        "emails": [{"type": "work", "value": user_name}],
        **more,
    }


def patched(client, user, *operations):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return client.patch(f"{USERS}/{user['id']}", json=body)


def granted(client, **form):
    return client.post(TOKEN, data=form, auth=CLIENT)


def bearer(token):
    return {"Authorization": f"Bearer {token['access_token']}"}


def test_jwt_is_exchanged_for_a_token_that_works(client):
    token = granted(client, **ASSERTION).json()

    assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
    assert client.get(USERS, headers=bearer(token)).status_code == 200


def test_token_ends_with_its_lifetime(client, clock):
    token = granted(client, **ASSERTION, access_token_ttl="600").json()
    clock.now += 600

    answer = client.get(USERS, headers=bearer(token))

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["errorCode"] == "OAU-128"


def test_refresh_ends_the_old_access_token(client):
    old = granted(client, **ASSERTION).json()

    new = granted(client, grant_type="refresh_token", refresh_token=old["refresh_token"]).json()

    assert client.get(USERS, headers=bearer(old)).status_code == 401
    assert client.get(USERS, headers=bearer(new)).status_code == 200


def test_refresh_token_repeats_its_answer_for_ten_seconds_only(client, clock):
    old = granted(client, **ASSERTION).json()
    form = {"grant_type": "refresh_token", "refresh_token": old["refresh_token"]}

    first = granted(client, **form)
    clock.now += 9
    repeated = granted(client, **form)
    clock.now += 2
    late = granted(client, **form)

    assert repeated.json() == first.json()
    assert (late.status_code, late.json()["error"]) == (400, "invalid_grant")


def test_app_without_refresh_tokens_gets_none():
    with serve(RingCentralSandbox(issues_refresh_tokens=False)) as origin:
        token = httpx.post(origin + TOKEN, data=ASSERTION, auth=CLIENT).json()

    assert "refresh_token" not in token


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({**ASSERTION, "assertion": "other"}, "invalid_grant"),
        ({"grant_type": JWT_BEARER}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "other"}, "invalid_grant"),
    ],
)
def test_token_endpoint_says_what_is_wrong(client, form, error):
    answer = granted(client, **form)

    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_token_endpoint_wants_the_client_in_a_basic_header(client):
    answer = client.post(TOKEN, data=ASSERTION, auth=("other", "secret"))

    assert answer.json()["error"] == "invalid_client"


def test_token_endpoint_takes_forms_only(client):
    assert client.post(TOKEN, json=ASSERTION, auth=CLIENT).status_code == 415


def test_revoked_token_is_refused(client):
    token = granted(client, **ASSERTION).json()

    client.post("/restapi/oauth/revoke", data={"token": token["access_token"]}, auth=CLIENT)

    assert client.get(USERS, headers=bearer(token)).status_code == 401


def test_unknown_token_is_refused_by_the_gateway(client):
    answer = client.get(USERS, headers={"Authorization": "Bearer other"})

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["errorCode"] == "OAU-213"


def test_unknown_user_is_refused_by_scim(client):
    answer = client.get(f"{USERS}/1")

    assert (answer.status_code, answer.json()["status"]) == (404, "404")
    assert "errors" not in answer.json()


def test_created_user_has_a_number_for_id_and_a_foreign_location(client):
    user = client.post(USERS, json=document()).json()

    assert user["id"] == "1271140001"
    assert user["meta"]["location"] == f"http://scim.ringcentral.com{USERS}/1271140001"
    assert "version" not in user["meta"]
    assert user["schemas"] == [CORE_URN, ENTERPRISE_URN]
    assert user["phoneNumbers"] == []


def test_user_is_inactive_when_active_is_left_out(client):
    assert client.post(USERS, json=document()).json()["active"] is False
    assert client.post(USERS, json=document("b@x.com", active=True)).json()["active"] is True


def test_country_is_spelled_out_and_items_gain_primary(client):
    address = {"type": "work", "locality": "Belmont", "region": "CA", "country": "US"}

    user = client.post(USERS, json=document(addresses=[address])).json()

    assert user["addresses"] == [{**address, "country": "United States", "primary": False}]
    assert user["emails"][0]["primary"] is False


def test_enterprise_extension_keeps_the_department_only(client):
    extension = {"department": "Research", "division": "West"}

    user = client.post(USERS, json=document(**{ENTERPRISE_URN: extension})).json()

    assert user[ENTERPRISE_URN] == {"department": "Research"}


@pytest.mark.parametrize(
    "odd",
    [
        {"schemas": []},
        {"userName": "other@example.com"},
        {"name": {"givenName": "Ada"}},
        {"emails": []},
        {"emails": [{"type": "home", "value": "ada@example.com"}]},
        {"phoneNumbers": [{"type": "fax", "value": "1"}]},
    ],
    ids=["no schemas", "other name", "no family name", "no email", "home email", "fax"],
)
def test_user_that_breaks_a_rule_is_refused(client, odd):
    answer = client.post(USERS, json={**document(), **odd})

    assert answer.status_code == 400


def test_rename_needs_both_name_and_email(client):
    user = client.post(USERS, json=document()).json()
    name = {"op": "replace", "path": "userName", "value": "eve@example.com"}
    email = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "eve@example.com"}

    assert patched(client, user, name).status_code == 400
    assert patched(client, user, name, email).json()["userName"] == "eve@example.com"


@pytest.mark.parametrize("attribute", ["userName", "email"])
def test_user_is_found_by_name_and_by_email(client, attribute):
    client.post(USERS, json=document())
    expression = f'{attribute} eq "Ada@example.com"'

    listed = client.get(USERS, params={"filter": expression, "count": 1}).json()
    searched = client.post(f"{USERS}/.search", json={"filter": expression}).json()

    assert listed["totalResults"] == 1
    assert searched["Resources"] == listed["Resources"]


@pytest.mark.parametrize(
    "expression",
    [
        'externalId eq "1"',
        'userName sw "a"',
        'emails.value eq "a@x.com"',
        'userName eq "a" or name.givenName eq "b"',
    ],
)
def test_any_other_filter_is_invalid(client, expression):
    answer = client.get(USERS, params={"filter": expression})

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_empty_filter_lists_everybody(client):
    client.post(USERS, json=document())

    assert client.get(USERS, params={"filter": ""}).json()["totalResults"] == 1


def test_list_shows_the_short_form(client):
    address = {"type": "work", "country": "France"}
    user = client.post(USERS, json=document(addresses=[address])).json()

    listed = client.get(USERS).json()["Resources"][0]

    assert user.keys() - listed.keys() == {"addresses", "phoneNumbers"}


def test_create_needs_an_unassigned_extension_and_delete_frees_one(sandbox, client):
    sandbox.free_extensions = 1
    user = client.post(USERS, json=document()).json()

    refused = client.post(USERS, json=document("bob@example.com"))
    client.delete(f"{USERS}/{user['id']}")
    accepted = client.post(USERS, json=document("bob@example.com"))

    assert refused.status_code == 403
    assert refused.json()["detail"] == "License limit has been reached."
    assert "scimType" not in refused.json()
    assert accepted.status_code == 201


def test_account_without_scim_refuses_a_create(sandbox, client):
    sandbox.scim_enabled = False

    answer = client.post(USERS, json=document())

    assert answer.status_code == 403
    assert answer.json()["detail"] == "Feature [Bulk Assign] is not available"


@pytest.mark.parametrize(
    "path",
    [
        "ServiceProviderConfig",
        "ResourceTypes",
        "ResourceTypes/User",
        "Schemas",
        f"Schemas/{CORE_URN}",
    ],
)
def test_discovery_answers(client, path):
    assert client.get(f"/scim/v2/{path}").status_code == 200


def test_there_are_no_groups(client):
    assert client.get("/scim/v2/Groups").status_code == 404


def test_answers_tell_of_the_limit_of_their_group(limited_client):
    headers = [
        limited_client.get(USERS).headers,
        limited_client.post(f"{USERS}/.search", json={}).headers,
        limited_client.post(USERS, json=document()).headers,
    ]

    assert [one["x-rate-limit-group"] for one in headers] == ["light", "light", "heavy"]
    assert [one["x-rate-limit-limit"] for one in headers] == ["50", "50", "10"]
    assert [one["x-rate-limit-remaining"] for one in headers] == ["49", "48", "9"]
    assert headers[0]["x-rate-limit-window"] == "60"


def test_eleventh_write_of_a_minute_is_refused_by_the_gateway(limited_client):
    answers = [limited_client.delete(f"{USERS}/1") for _ in range(11)]

    assert [answer.status_code for answer in answers] == [404] * 10 + [429]
    assert answers[10].headers["retry-after"] == "60"
    assert answers[10].headers["x-rate-limit-remaining"] == "0"
    assert answers[10].json()["errors"][0]["errorCode"] == "CMN-301"
    assert limited_client.get(USERS).status_code == 200


def test_request_during_the_penalty_restarts_it(limited_client, clock):
    for _ in range(11):
        limited_client.delete(f"{USERS}/1")
    statuses = []
    for seconds in (50, 50, 61):
        clock.now += seconds
        statuses.append(limited_client.delete(f"{USERS}/1").status_code)

    assert statuses == [429, 429, 404]


def test_sixth_token_of_a_minute_is_refused(limited_client):
    statuses = [granted(limited_client, **ASSERTION).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
