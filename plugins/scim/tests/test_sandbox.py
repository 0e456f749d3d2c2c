"""The plain SCIM service, judged by an independent tester and by what that one leaves out."""

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, ENTERPRISE_URN, serve
from jackfield.testing.sandbox.full import GROUP_URN
from jackfield_scim.sandbox import PlainScimSandbox

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
BASE = PlainScimSandbox.base_path
USERS = f"{BASE}/Users"
GROUPS = f"{BASE}/Groups"
BEARER = {"Authorization": f"Bearer {PlainScimSandbox.TOKEN}"}
CLIENT = (PlainScimSandbox.CLIENT_ID, PlainScimSandbox.CLIENT_SECRET)


@pytest.fixture(scope="module")
def served():
    sandbox = PlainScimSandbox()
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield sandbox, client


@pytest.fixture
def sandbox(served):
    served[0].reset()
    return served[0]


@pytest.fixture
def client(served, sandbox):
    return served[1]


def created(client, user_name="ada@example.com", **more):
    document = {"schemas": [CORE_URN], "userName": user_name, **more}
    return client.post(USERS, json=document).json()


def grouped(client, name="Staff", *members):
    document = {"schemas": [GROUP_URN], "displayName": name}
    return client.post(GROUPS, json={**document, "members": [{"value": one} for one in members]})


def names(answer):
    return [user["userName"] for user in answer.json()["Resources"]]


def test_an_independent_conformance_tester_finds_no_error(client):
    tester = pytest.importorskip("scim2_tester")
    base = pytest.importorskip("scim2_client").BaseSyncSCIMClient

    class OverHttp(base):
        def _stays_under_base_url(self, endpoint):
            return not endpoint.startswith("http")

        def _parse_json(self, response):
            return response.json()

        def request(self, method, url, **options):
            return client.request(method, BASE + url, **options)

    results = tester.check_server(OverHttp())
    wrong = {tester.Status.ERROR, tester.Status.CRITICAL}

    assert len(results) > 100
    assert [result for result in results if result.status in wrong] == []


def test_name_and_password_are_as_good_as_the_token(client):
    good = (PlainScimSandbox.USERNAME, PlainScimSandbox.PASSWORD)

    assert httpx.get(f"{client.base_url}{USERS}", auth=good).status_code == 200
    assert httpx.get(f"{client.base_url}{USERS}", auth=(good[0], "other")).status_code == 401


@pytest.mark.parametrize("in_body", [False, True], ids=["in the header", "in the body"])
def test_client_credentials_get_a_token_that_works(client, in_body):
    form = {"grant_type": "client_credentials"}
    pair = {"client_id": CLIENT[0], "client_secret": CLIENT[1]} if in_body else {}
    bare = httpx.Client(base_url=client.base_url)

    with bare:
        token = bare.post("/oauth/token", data=form | pair, auth=None if in_body else CLIENT).json()
        answer = bare.get(USERS, headers={"Authorization": f"Bearer {token['access_token']}"})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        ({"grant_type": "client_credentials"}, (CLIENT[0], "other"), 401, "invalid_client"),
        ({"grant_type": "password"}, CLIENT, 400, "unsupported_grant_type"),
    ],
    ids=["wrong secret", "wrong grant"],
)
def test_token_endpoint_says_what_is_wrong(client, form, auth, status, error):
    answer = client.post("/oauth/token", data=form, auth=auth)

    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_refusal_of_the_credentials_names_the_ways_in(client):
    answer = httpx.get(f"{client.base_url}{USERS}")

    assert answer.status_code == 401
    assert "Basic" in answer.headers["www-authenticate"]


def test_attributes_leave_only_what_is_named(client):
    user = created(client, title="Lead", name={"givenName": "Ada", "familyName": "Byron"})
    path = f"{USERS}/{user['id']}"

    found = client.get(path, params={"attributes": "userName,name.givenName"}).json()

    assert found == {
        "schemas": [CORE_URN],
        "id": user["id"],
        "userName": "ada@example.com",
        "name": {"givenName": "Ada"},
    }


def test_excluded_attributes_are_left_out_of_lists(client):
    created(client, title="Lead", **{ENTERPRISE_URN: {"department": "R&D", "division": "West"}})
    hidden = f"title,{ENTERPRISE_URN}:division,id"

    found = client.get(USERS, params={"excludedAttributes": hidden}).json()["Resources"][0]

    assert "title" not in found
    assert found[ENTERPRISE_URN] == {"department": "R&D"}
    assert "id" in found


@pytest.mark.parametrize(("order", "expected"), [("ascending", "bca"), ("descending", "cba")])
def test_list_is_sorted_and_those_without_a_value_come_last(client, order, expected):
    for letter, title in (("a", None), ("b", "Alpha"), ("c", "beta")):
        created(client, letter, **({"title": title} if title else {}))

    answer = client.get(USERS, params={"sortBy": "title", "sortOrder": order})

    assert names(answer) == list(expected)


def test_list_is_sorted_by_the_primary_value(client):
    for letter, first in (("a", "z"), ("b", "y")):
        emails = [{"value": "m"}, {"value": first, "primary": True}]
        created(client, letter, emails=emails)

    assert names(client.get(USERS, params={"sortBy": "emails"})) == ["b", "a"]


@pytest.mark.parametrize(
    "expression",
    [
        'not (userName eq "bob")',
        'title sw "le"',
        'emails[type eq "work" and value co "ada"]',
        f'{ENTERPRISE_URN}:department eq "R&D"',
        'meta.created lt "2026-01-05T08:00:02.000Z"',
        "(title pr) and active eq true",
    ],
)
def test_any_attribute_may_be_filtered(client, expression):
    work = {"type": "work", "value": "ada@example.com"}
    created(client, "ada", title="Lead", emails=[work], **{ENTERPRISE_URN: {"department": "R&D"}})
    created(client, "bob")

    assert names(client.get(USERS, params={"filter": expression})) == ["ada"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_write_with_an_old_version_fails(client, method):
    user = created(client)
    path = f"{USERS}/{user['id']}"

    answer = client.request(method, path, json={}, headers={"If-Match": 'W/"old"'})

    assert answer.status_code == 412
    assert client.get(path).json() == user


def test_write_with_the_present_version_passes(client):
    path = f"{USERS}/{created(client)['id']}"
    version = client.get(path).headers["etag"]

    assert client.get(path, headers={"If-None-Match": version}).status_code == 304
    assert client.delete(path, headers={"If-Match": version}).status_code == 204


def test_search_at_the_root_finds_users_and_groups(client):
    created(client, displayName="Sales")
    grouped(client, "Sales")
    grouped(client, "Staff")
    wanted = {"filter": 'displayName eq "sales"', "attributes": ["displayName"]}

    found = client.post(f"{BASE}/.search", json=wanted).json()

    assert found["totalResults"] == 2
    assert all(one.keys() == {"schemas", "id", "displayName"} for one in found["Resources"])


def test_member_is_added_and_removed_and_the_user_tells_its_groups(client):
    user = created(client)
    group = grouped(client).json()
    path = f"{GROUPS}/{group['id']}"
    member = {"value": user["id"]}
    add = {"op": "add", "path": "members", "value": [member]}
    remove = {"op": "remove", "path": f'members[value eq "{user["id"]}"]'}

    added = client.patch(path, json={"schemas": [PATCH_URN], "Operations": [add]}).json()
    shown = client.get(f"{USERS}/{user['id']}").json()
    removed = client.patch(path, json={"schemas": [PATCH_URN], "Operations": [remove]}).json()

    assert added["members"] == [member]
    assert [one["value"] for one in shown["groups"]] == [group["id"]]
    assert not removed.get("members")
    assert "groups" not in client.get(f"{USERS}/{user['id']}").json()


def test_group_is_listed_without_members_when_they_are_excluded(client):
    grouped(client, "Staff", created(client)["id"])
    wanted = {"filter": 'displayName eq "Staff"', "excludedAttributes": "members"}

    found = client.get(GROUPS, params=wanted).json()["Resources"][0]

    assert found["displayName"] == "Staff"
    assert found["meta"]["resourceType"] == "Group"
    assert "members" not in found


def test_group_needs_a_name_and_is_deleted(client):
    assert client.post(GROUPS, json={"schemas": [GROUP_URN]}).status_code == 400
    assert client.delete(f"{GROUPS}/{grouped(client).json()['id']}").status_code == 204


@pytest.mark.parametrize("path", ["Me", "Bulk"])
def test_what_is_not_implemented_says_so(client, path):
    assert client.get(f"{BASE}/{path}").status_code == 501


@pytest.mark.parametrize(
    ("media_type", "status"),
    [("application/scim+json; charset=utf-8", 201), ("application/json", 201), ("text/plain", 415)],
)
def test_body_is_taken_as_json_only(client, media_type, status):
    body = f'{{"schemas": ["{CORE_URN}"], "userName": "ada@example.com"}}'

    answer = client.post(USERS, content=body, headers={"Content-Type": media_type})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/scim+json"


def test_discovery_tells_what_is_supported_and_takes_no_filter(client):
    config = client.get(f"{BASE}/ServiceProviderConfig").json()
    filtered = client.get(f"{BASE}/Schemas", params={"filter": 'id eq "x"'})

    assert (config["sort"], config["etag"]) == ({"supported": True}, {"supported": True})
    assert len(config["authenticationSchemes"]) == 3
    assert filtered.status_code == 403
