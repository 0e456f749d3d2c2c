"""The sandbox every vendor's imitation is built on: SCIM itself."""

import httpx
import pytest

from jackfield.testing.sandbox import (
    CORE_URN,
    ENTERPRISE_URN,
    ScimSandbox,
    serve,
)

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {ScimSandbox.TOKEN}"}


@pytest.fixture(scope="module")
def served():
    sandbox = ScimSandbox()
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
    return {"schemas": [CORE_URN], "userName": user_name, "active": True, **more}


def created(client, **more):
    return client.post(USERS, json=document(**more)).json()


def patched(client, user, *operations):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return client.patch(f"{USERS}/{user['id']}", json=body)


def found(client, expression):
    return client.get(USERS, params={"filter": expression})


def test_created_user_is_read_back_by_its_id(client):
    answer = client.post(USERS, json=document(title="Engineer"))

    read = client.get(f"{USERS}/{answer.json()['id']}")

    assert answer.status_code == 201
    assert read.json() == answer.json()
    assert read.json()["title"] == "Engineer"


def test_ids_and_timestamps_are_the_same_in_every_run(sandbox, client):
    first = created(client)
    sandbox.reset()

    assert created(client) == first


def test_request_without_a_token_is_refused(client):
    assert httpx.get(f"{client.base_url}{USERS}").status_code == 401


def test_expired_token_is_refused_until_one_is_issued(sandbox, client):
    sandbox.expire_tokens()
    issued = sandbox.tokens.issue(60)

    assert client.get(USERS).status_code == 401
    assert client.get(USERS, headers={"Authorization": f"Bearer {issued}"}).status_code == 200


def test_user_name_is_found_whatever_its_case(client):
    user = created(client, user_name="Ada@Example.com")

    assert found(client, 'userName eq "aDA@example.COM"').json()["Resources"] == [user]


def test_escaped_quote_in_a_filter_is_part_of_the_value(client):
    created(client, user_name='a"b\\c@example.com')

    assert found(client, r'userName eq "a\"b\\c@example.com"').json()["totalResults"] == 1


def test_filter_that_finds_nobody_is_an_empty_list(client):
    answer = found(client, 'userName eq "nobody@example.com"')

    assert answer.status_code == 200
    assert (answer.json()["totalResults"], answer.json()["Resources"]) == (0, [])


@pytest.mark.parametrize(
    "expression",
    ['title eq "x"', 'userName co "x"', "userName eq x", "userName eq", 'userName "x"', '("x"'],
)
def test_filter_the_vendor_does_not_know_is_invalid(client, expression):
    answer = found(client, expression)

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidFilter")


def test_pages_follow_start_index_and_count(sandbox, client):
    sandbox.seed([document(f"user{number}@example.com") for number in range(5)])

    page = client.get(USERS, params={"startIndex": 4, "count": 3}).json()

    assert (page["totalResults"], page["startIndex"], page["itemsPerPage"]) == (5, 4, 2)
    assert [user["userName"] for user in page["Resources"]] == [
        "user3@example.com",
        "user4@example.com",
    ]


def test_count_of_zero_gives_the_total_alone(client):
    created(client)

    page = client.get(USERS, params={"count": 0}).json()

    assert (page["totalResults"], page["Resources"]) == (1, [])


def test_second_user_of_a_name_is_a_conflict_whatever_its_case(client):
    created(client)

    answer = client.post(USERS, json=document("ADA@example.com"))

    assert (answer.status_code, answer.json()["scimType"]) == (409, "uniqueness")


def test_rename_to_a_taken_name_is_a_conflict(client):
    created(client)
    other = created(client, user_name="bob@example.com")

    answer = patched(
        client, other, {"op": "replace", "path": "userName", "value": "ada@example.com"}
    )

    assert answer.status_code == 409


def test_renamed_user_is_found_by_the_new_name_only(client):
    user = created(client)
    patched(client, user, {"op": "replace", "path": "userName", "value": "eve@example.com"})

    assert found(client, 'userName eq "ada@example.com"').json()["totalResults"] == 0
    assert found(client, 'userName eq "eve@example.com"').json()["totalResults"] == 1


def test_put_clears_what_it_leaves_out_and_keeps_id_and_creation(client):
    user = created(client, title="Engineer")

    answer = client.put(f"{USERS}/{user['id']}", json=document()).json()

    assert "title" not in answer
    assert answer["id"] == user["id"]
    assert answer["meta"]["created"] == user["meta"]["created"]
    assert answer["meta"]["lastModified"] > user["meta"]["lastModified"]


def test_deleted_user_is_gone(client):
    path = f"{USERS}/{created(client)['id']}"

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


WORK = {"type": "work", "value": "+1 555 0100"}
HOME = {"type": "home", "value": "+1 555 0199"}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        pytest.param(
            {"op": "replace", "path": "active", "value": False}, {"active": False}, id="simple"
        ),
        pytest.param(
            {"op": "add", "path": "USERNAME", "value": "b@example.com"},
            {"userName": "b@example.com"},
            id="other case",
        ),
        pytest.param(
            {"op": "replace", "path": "name.givenName", "value": "Ada"},
            {"name": {"givenName": "Ada", "familyName": "Byron"}},
            id="dotted",
        ),
        pytest.param(
            {"op": "add", "path": f"{ENTERPRISE_URN}:department", "value": "R&D"},
            {ENTERPRISE_URN: {"department": "R&D"}},
            id="extension",
        ),
        pytest.param(
            {"op": "replace", "path": 'phoneNumbers[type eq "work"].value', "value": "1"},
            {"phoneNumbers": [{"type": "work", "value": "1"}, HOME]},
            id="value filter",
        ),
        pytest.param(
            {"op": "replace", "path": 'addresses[type eq "work"].country', "value": "FR"},
            {"addresses": [{"type": "work", "country": "FR"}]},
            id="value filter of a missing element",
        ),
        pytest.param(
            {"op": "remove", "path": 'phoneNumbers[type eq "home"]'},
            {"phoneNumbers": [WORK]},
            id="remove an element",
        ),
        pytest.param(
            {"op": "replace", "path": "phoneNumbers", "value": [HOME]},
            {"phoneNumbers": [HOME]},
            id="replace all values",
        ),
        pytest.param(
            {"op": "add", "path": "phoneNumbers", "value": [{"type": "fax", "value": "2"}]},
            {"phoneNumbers": [WORK, HOME, {"type": "fax", "value": "2"}]},
            id="add a value",
        ),
        pytest.param({"op": "remove", "path": "title"}, {"title": None}, id="remove"),
        pytest.param(
            {"op": "replace", "value": {"title": "Lead", "name": {"givenName": "A"}}},
            {"title": "Lead", "name": {"givenName": "A", "familyName": "Byron"}},
            id="no path",
        ),
        pytest.param(
            {"op": "replace", "path": "id", "value": "other"}, {"title": "Engineer"}, id="read-only"
        ),
    ],
)
def test_patch_changes_what_its_path_names(client, operation, expected):
    user = created(
        client,
        title="Engineer",
        name={"givenName": "Augusta", "familyName": "Byron"},
        phoneNumbers=[WORK, HOME],
    )

    answer = patched(client, user, operation)

    assert answer.status_code == 200
    assert {name: answer.json().get(name) for name in expected} == expected
    assert client.get(f"{USERS}/{user['id']}").json() == answer.json()


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "shoeSize", "value": 9}, "invalidPath"),
        ({"op": "replace", "path": "emails[type eq].value", "value": "x"}, "invalidPath"),
        ({"op": "replace", "path": "urn:example:User:x", "value": "x"}, "invalidPath"),
        ({"op": "remove"}, "noTarget"),
        ({"op": "remove", "path": 'emails[type eq "home"]'}, "noTarget"),
        ({"op": "Replace", "path": "active", "value": False}, "invalidSyntax"),
        ({"op": "replace", "path": "active", "value": "False"}, "invalidValue"),
        ({"op": "replace", "path": "title"}, "invalidValue"),
    ],
)
def test_patch_that_cannot_be_applied_says_why_and_changes_nothing(client, operation, scim_type):
    user = created(client)
    good = {"op": "replace", "path": "title", "value": "Lead"}

    answer = patched(client, user, good, operation)

    assert (answer.status_code, answer.json()["scimType"]) == (400, scim_type)
    assert client.get(f"{USERS}/{user['id']}").json() == user


def test_body_that_is_not_json_is_invalid_syntax(client):
    answer = client.post(USERS, content=b"{")

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidSyntax")


def test_method_nobody_knows_is_not_allowed(client):
    answer = client.put(USERS, json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")


def test_provider_config_says_what_is_supported(client):
    config = client.get("/scim/v2/ServiceProviderConfig").json()

    assert config["patch"] == {"supported": True}
    assert config["bulk"]["supported"] is False
