"""The dialect of the imitated Fuze."""

from dataclasses import replace

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, serve
from jackfield_fuze.sandbox import EXTENSION_URN, FuzeSandbox

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {FuzeSandbox.TOKEN}"}
BY_NAME = {"filter": 'userName eq "ada@example.com"'}
SKU = {"type": "sku", "value": "EXAMPLE-SKU-1"}
ENTITLEMENTS = [
    SKU,
    {"type": "location", "value": "LOC-01"},
    {"type": "department", "value": "DEP-01"},
]
EXTENSION = {"sku": "EXAMPLE-SKU-1", "locationCode": "LOC-01", "departmentCode": "DEP-01"}
NAMELESS = {"active": True, "emails": [{"type": "work", "value": "Ada@example.com"}]}


class ScriptedClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture(scope="module")
def served():
    sandbox = FuzeSandbox(unlimited=True)
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield sandbox, client


@pytest.fixture
def sandbox(served):
    served[0].reset()
    return served[0]


@pytest.fixture
def client(served, sandbox):
    return served[1]


def document(**more):
    return {
        "schemas": [CORE_URN],
        "userName": "ada@example.com",
        "active": True,
        "name": {"givenName": "Ada", "familyName": "Byron"},
        "emails": [{"type": "work", "value": "ada@example.com", "primary": True}],
        **more,
    }


def created(client, **more):
    return client.post(USERS, json=document(**more)).json()


def patched(client, user, *operations):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return client.patch(f"{USERS}/{user['id']}", json=body)


def switched(sandbox, **changed):
    sandbox.account = replace(sandbox.account, **changed)


def test_filter_of_user_name_is_refused(client):
    answer = client.get(USERS, params=BY_NAME)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize(("behaviour", "total"), [("ignored", 2), ("nothing", 0)])
def test_filter_of_user_name_may_be_silently_wrong(sandbox, client, behaviour, total):
    switched(sandbox, user_name_filter=behaviour)
    created(client)
    sandbox.seed([{"userName": "bob@example.com"}])

    answer = client.get(USERS, params=BY_NAME)

    assert (answer.status_code, answer.json()["totalResults"]) == (200, total)


@pytest.mark.parametrize(
    "expression",
    [
        'emails[type eq "work" and value eq "ada@example.com"]',
        'emails.value eq "ADA@example.com"',
        'emails eq "ada@example.com"',
    ],
)
def test_user_is_found_by_email_unless_that_is_switched_off(sandbox, client, expression):
    user = created(client)

    found = client.get(USERS, params={"filter": expression}).json()
    switched(sandbox, filters_email=False)
    refused = client.get(USERS, params={"filter": expression})

    assert found["Resources"] == [user]
    assert refused.status_code == 400


def test_user_without_a_user_name_is_listed_read_and_given_one(sandbox, client):
    user = sandbox.seed([NAMELESS])[0]
    name = {"op": "add", "path": "userName", "value": "ada@example.com"}

    listed = client.get(USERS).json()["Resources"][0]
    disabled = patched(client, user, {"op": "replace", "path": "active", "value": False})
    named = patched(client, user, name)

    assert "userName" not in listed
    assert disabled.status_code == 200
    assert named.json()["userName"] == "ada@example.com"


def test_user_without_a_user_name_blocks_a_create_with_its_email(sandbox, client):
    sandbox.seed([NAMELESS])

    answer = client.post(USERS, json=document())

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_create_needs_a_user_name(client):
    assert client.post(USERS, json={"schemas": [CORE_URN], **NAMELESS}).status_code == 400


def test_entitlements_are_taken_on_create(client):
    assert created(client, entitlements=ENTITLEMENTS)["entitlements"] == ENTITLEMENTS


def test_entitlements_may_stand_in_an_extension(sandbox, client):
    switched(sandbox, entitlements_in="extension")

    user = created(client, **{EXTENSION_URN: EXTENSION})
    misplaced = client.post(USERS, json=document(userName="b", entitlements=ENTITLEMENTS))

    assert user[EXTENSION_URN] == EXTENSION
    assert EXTENSION_URN in user["schemas"]
    assert misplaced.status_code == 400


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "sku", "value": "OTHER"},
        {"type": "location", "value": "DEP-01"},
        {"type": "department", "value": "LOC-01"},
        {"type": "colour", "value": "red"},
    ],
    ids=["sku", "location", "department", "unknown kind"],
)
def test_entitlement_outside_the_contract_is_refused(client, wrong):
    answer = client.post(USERS, json=document(entitlements=[wrong]))

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


def test_extension_outside_the_contract_is_refused(sandbox, client):
    switched(sandbox, entitlements_in="extension")

    answer = client.post(USERS, json=document(**{EXTENSION_URN: {**EXTENSION, "sku": "OTHER"}}))

    assert answer.status_code == 400


OTHER_SKU = [{"type": "sku", "value": "EXAMPLE-SKU-2"}]
CHANGE = {"op": "replace", "path": "entitlements", "value": OTHER_SKU}


def test_changed_entitlement_is_refused_in_an_update(client):
    user = created(client, entitlements=[SKU])
    path = f"{USERS}/{user['id']}"

    by_patch = patched(client, user, CHANGE)
    by_put = client.put(path, json=document(entitlements=OTHER_SKU))

    assert (by_patch.status_code, by_patch.json()["scimType"]) == (400, "mutability")
    assert by_put.status_code == 400
    assert client.get(path).json() == user


def test_changed_entitlement_may_be_silently_ignored(sandbox, client):
    switched(sandbox, entitlement_update="ignored")
    user = created(client, entitlements=[SKU])
    active = {"op": "replace", "path": "active", "value": False}

    by_patch = patched(client, user, CHANGE, active).json()
    by_put = client.put(f"{USERS}/{user['id']}", json=document(entitlements=OTHER_SKU)).json()

    assert (by_patch["entitlements"], by_patch["active"]) == ([SKU], False)
    assert (by_put["entitlements"], by_put["active"]) == ([SKU], True)


def test_put_without_entitlements_keeps_them(client):
    user = created(client, entitlements=[SKU])

    answer = client.put(f"{USERS}/{user['id']}", json=document(active=False)).json()

    assert (answer["entitlements"], answer["active"]) == ([SKU], False)


def test_entitlements_may_be_hidden(sandbox, client):
    switched(sandbox, shows_entitlements=False)

    assert "entitlements" not in created(client, entitlements=[SKU])


def test_other_attributes_are_not_kept(client):
    assert "title" not in created(client, title="Engineer")


@pytest.mark.parametrize("known", [{"givenName": "Ada"}, {}], ids=["one part", "no part"])
def test_only_two_parts_of_a_name_are_kept(client, known):
    user = created(client, name={**known, "middleName": "King"})

    assert user.get("name", {}) == known


def test_wrong_token_is_refused(client):
    assert client.get(USERS, headers={"Authorization": "Bearer other"}).status_code == 401


def test_user_is_disabled_and_deleted(client):
    user = created(client)

    disabled = patched(client, user, {"op": "replace", "path": "active", "value": False})

    assert disabled.json()["active"] is False
    assert client.delete(f"{USERS}/{user['id']}").status_code == 204


def test_eleventh_request_of_a_second_is_refused():
    clock = ScriptedClock()
    with serve(FuzeSandbox(clock=clock)) as origin, httpx.Client(headers=BEARER) as client:
        answers = [client.get(origin + USERS) for _ in range(11)]
        clock.now += 1
        later = client.get(origin + USERS)

    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert answers[10].headers["retry-after"] == "1"
    assert later.status_code == 200


@pytest.mark.parametrize("path", ["Groups", "ServiceProviderConfig", "Schemas", "Users/.search"])
def test_nothing_else_is_there(client, path):
    assert client.get(f"/scim/v2/{path}").status_code == 404
