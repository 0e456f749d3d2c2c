"""The dialect of the imitated Zoom: its users."""

from dataclasses import replace
from urllib.parse import quote

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, ENTERPRISE_URN, serve
from jackfield.testing.sandbox.scim import LIST_URN
from jackfield_zoom.sandbox import GROUP_URN, ZoomSandbox
from jackfield_zoom.sandbox_users import LOGIN_URN, ZOOM_URN

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim2/Users"
BEARER = {"Authorization": f"Bearer {ZoomSandbox.TOKEN}"}
NO_ACTIVE = "The request json did not contains valid active field."


@pytest.fixture(scope="module")
def served():
    sandbox = ZoomSandbox(unlimited=True)
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
        "name": {"givenName": "Ada", "familyName": "Byron"},
        **more,
    }


def created(client, user_name="ada@example.com", **more):
    return client.post(USERS, json=document(user_name, **more)).json()


def path_of(user):
    return f"{USERS}/{quote(user['id'], safe='')}"


def put(client, user, **changes):
    return client.put(path_of(user), json={"schemas": [CORE_URN], **changes})


def patched(client, user, *operations):
    body = {"schemas": [PATCH_URN], "Operations": list(operations)}
    return client.patch(path_of(user), json=body)


def found(client, expression):
    return client.get(USERS, params={"filter": expression})


def switched(sandbox, **changed):
    sandbox.account = replace(sandbox.account, **changed)


def test_created_user_has_an_ampersand_in_its_id_and_is_read_back(client):
    answer = client.post(USERS, json=document())
    user = answer.json()

    read = client.get(path_of(user))

    assert answer.status_code == 201
    assert "&" in user["id"]
    assert user["meta"]["location"] == f"https://api.zoom.us/scim2/Users/{user['id']}"
    assert read.json()["userName"] == "ada@example.com"


def test_ids_may_be_made_by_the_test(sandbox, client):
    switched(sandbox, new_id=lambda number: f"k?{number}/%#")

    user = created(client)

    assert client.get(f"{USERS}/{user['id']}").status_code == 404
    assert client.get(path_of(user)).json()["id"] == "k?1/%#"


def test_single_user_calls_itself_a_list_and_has_no_real_version(client):
    user = created(client)

    assert user["schemas"] == [LIST_URN]
    assert user["meta"]["version"] == "1.0.0"
    assert user["meta"]["created"] == "2026-01-05T08:00:01Z"


def test_user_without_email_gets_its_user_name_as_one(client):
    user = created(client)

    assert user["emails"] == [{"type": "work", "value": "ada@example.com", "primary": True}]
    assert (user["userType"], user["active"]) == ("Basic", True)


@pytest.mark.parametrize(
    "odd",
    [
        {"userName": "ada"},
        {"userName": ""},
        {"emails": [{"type": "work", "value": "other@example.com"}]},
        {"userType": "Pro"},
        {"schemas": []},
        {ENTERPRISE_URN: {"manager": {"value": "boss"}}},
    ],
    ids=["no address", "no name", "other address", "old type", "no schemas", "manager object"],
)
def test_user_that_breaks_a_rule_is_refused_with_a_number_for_status(client, odd):
    answer = client.post(USERS, json={**document(), **odd})

    assert (answer.status_code, answer.json()["status"]) == (400, 400)
    assert "scimType" not in answer.json()


def test_second_user_of_an_address_is_a_conflict(client):
    created(client)

    answer = client.post(USERS, json=document("ADA@example.com"))

    assert (answer.status_code, answer.json()["status"]) == (409, 409)


def test_manager_is_a_string_and_external_id_is_not_kept(client):
    user = created(client, externalId="7", **{ENTERPRISE_URN: {"manager": "boss@example.com"}})

    assert user[ENTERPRISE_URN] == {"manager": "boss@example.com"}
    assert "externalId" not in user


def test_licences_are_shown_by_a_read_and_not_in_a_list(client):
    extension = {"zoomWhiteboard": True, "zoomUnited": "16", "zoomPhoneExtNumber": "0"}
    work = {"department": "R&D", "organization": "Example", "costCenter": "US01"}
    user = created(client, title="Lead", **{ZOOM_URN: extension, ENTERPRISE_URN: work})

    read = client.get(path_of(user)).json()
    listed = client.get(USERS).json()["Resources"][0]

    assert read[ZOOM_URN] == {"zoomWhiteboard": True, "zoomUnited": "16"}
    assert read[ENTERPRISE_URN] == work
    assert listed[ENTERPRISE_URN] == {"department": "R&D"}
    assert read.keys() - listed.keys() == {ZOOM_URN, "title"}


def test_login_type_is_shown_by_reads_only(client):
    user = created(client)

    shown = [client.get(path_of(user)).json(), client.get(USERS).json()["Resources"][0]]

    assert LOGIN_URN not in user
    assert all(one[LOGIN_URN]["loginType"] == {"workEmail": False, "sso": True} for one in shown)


def test_roles_and_groups_are_an_object_in_a_read_and_a_list_elsewhere(sandbox, client):
    roles = [{"value": "Developer", "primary": True}]
    groups = [{"value": "Staff", "type": "direct"}]
    user = sandbox.seed([{**document(), "roles": roles, "groups": groups}])[0]

    read = client.get(path_of(user)).json()
    changed = put(client, user, title="Lead").json()

    assert (read["roles"], read["groups"]) == (roles[0], groups[0])
    assert (changed["roles"], changed["groups"]) == (roles, groups)


@pytest.mark.parametrize("value", ["ada@example.com", '"ADA@example.com"'], ids=["bare", "quoted"])
def test_user_is_found_by_name_with_quotes_or_without(client, value):
    created(client)
    created(client, "bob@example.com")

    assert found(client, f"userName eq {value}").json()["totalResults"] == 1


def test_external_id_filter_means_the_id_of_zoom(client):
    user = created(client)
    created(client, "bob@example.com")

    resources = found(client, f'externalId eq "{user["id"]}"').json()["Resources"]

    assert [one["id"] for one in resources] == [user["id"]]
    assert found(client, 'externalId eq "other"').json()["Resources"] == []


@pytest.mark.parametrize(
    "expression",
    ['userName sw "a"', 'displayName eq "a"', 'userName eq "a" and active eq true', "userName"],
)
def test_any_other_filter_is_refused(client, expression):
    assert found(client, expression).status_code == 400


def test_stranger_is_an_empty_list(client):
    answer = found(client, "userName eq nobody@example.com")

    assert (answer.status_code, answer.json()["totalResults"]) == (200, 0)


def test_list_has_ten_users_unless_asked_and_never_more_than_a_hundred(sandbox, client):
    sandbox.seed([document(f"user{number}@example.com") for number in range(120)])

    assert client.get(USERS).json()["itemsPerPage"] == 10
    assert client.get(USERS, params={"count": 500}).json()["itemsPerPage"] == 100


def test_look_up_of_a_pending_user_is_refused(sandbox, client):
    sandbox.seed([{**document(), "pending": True}])

    answer = found(client, 'userName eq "ada@example.com"')

    assert answer.status_code == 400
    said = "User ada@example.com not exist or not belong to this account."
    assert (answer.json()["detail"], answer.json()["status"]) == (said, 400)
    assert client.get(USERS).json()["totalResults"] == 0


@pytest.mark.parametrize("login", [{"workEmail": True, "sso": True}, {"workEmail": True}])
def test_user_with_another_login_is_created_and_cannot_be_read(client, login):
    answer = client.post(USERS, json=document(**{LOGIN_URN: {"loginType": login}}))

    assert answer.status_code == 201
    assert client.get(path_of(answer.json())).status_code == 404


def test_address_of_a_zoom_user_elsewhere_becomes_pending(sandbox, client):
    switched(sandbox, self_registered=frozenset({"ada@example.com"}))
    created(client)

    assert found(client, "userName eq ada@example.com").status_code == 400


def test_update_of_a_pending_user_succeeds_and_changes_nothing(sandbox, client):
    user = sandbox.seed([{**document(), "pending": True}])[0]

    answers = [
        put(client, user, title="Lead"),
        patched(client, user, {"op": "replace", "value": {"active": False}}),
    ]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert sandbox.store.users[user["id"]] == user


def test_put_changes_only_what_it_sends(client):
    user = created(client, title="Lead", **{ENTERPRISE_URN: {"department": "R&D"}})
    work = {ENTERPRISE_URN: {"organization": "Example"}}

    changed = put(client, user, name={"givenName": "Augusta"}, **work).json()

    assert changed["name"] == {"givenName": "Augusta", "familyName": "Byron"}
    assert changed["title"] == "Lead"
    assert changed[ENTERPRISE_URN] == {"department": "R&D", "organization": "Example"}


def test_put_ignores_another_address_and_login_by_default(client):
    user = created(client)
    emails = [{"type": "work", "value": "eve@example.com"}]
    login = {LOGIN_URN: {"loginType": {"workEmail": True}}}

    answer = put(client, user, userName="eve@example.com", emails=emails, title="Lead", **login)
    read = client.get(path_of(user)).json()

    assert (answer.status_code, answer.json()["title"]) == (200, "Lead")
    assert (read["userName"], read["emails"]) == ("ada@example.com", user["emails"])
    assert read[LOGIN_URN]["loginType"]["workEmail"] is False


def test_put_of_another_email_may_be_applied_to_the_user_name_too(sandbox, client):
    switched(sandbox, email_change="applied")
    user = created(client)
    emails = [{"type": "work", "value": "eve@example.com", "primary": True}]

    changed = put(client, user, emails=emails).json()

    assert (changed["userName"], changed["emails"]) == ("eve@example.com", emails)
    assert found(client, "userName eq eve@example.com").json()["totalResults"] == 1


def test_put_of_another_email_may_be_refused_for_its_domain(sandbox, client):
    switched(sandbox, email_change="refused")
    user = created(client)

    answer = put(client, user, userName="eve@example.com")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Domain name doesn't match")


def test_patch_switches_a_user_off_and_on(client):
    user = created(client)

    answers = [
        patched(client, user, {"op": "replace", "value": {"active": active}})
        for active in (False, True)
    ]

    assert [answer.json()["active"] for answer in answers] == [False, True]


def test_patch_changes_nothing_but_active(client):
    user = created(client, title="Lead")

    patched(client, user, {"op": "replace", "value": {"active": False, "title": "Boss"}})

    read = client.get(path_of(user)).json()
    assert (read["active"], read["title"]) == (False, "Lead")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "value": {"title": "Boss"}},
        {"op": "replace", "path": "title", "value": "Boss"},
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "value": {"active": False}},
        {"op": "replace", "value": {"active": "False"}},
    ],
    ids=["no active", "path to another", "path to active", "capital", "text"],
)
def test_patch_in_any_other_form_is_refused(client, operation):
    answer = patched(client, created(client), operation)

    assert (answer.status_code, answer.json()["detail"]) == (400, NO_ACTIVE)


def test_patch_with_small_operations_is_refused_and_its_schemas_do_not_matter(client):
    user = created(client)
    operations = [{"op": "replace", "value": {"active": False}}]

    small = client.patch(path_of(user), json={"schemas": [PATCH_URN], "operations": operations})
    strange = client.patch(path_of(user), json={"schemas": ["x"], "Operations": operations})

    assert (small.status_code, small.json()["detail"]) == (400, NO_ACTIVE)
    assert strange.json()["active"] is False


def test_deleted_user_is_gone(client):
    user = created(client)

    assert client.delete(path_of(user)).status_code == 204
    assert client.get(path_of(user)).status_code == 404
    assert client.delete(path_of(user)).json()["status"] == 404


def test_licensed_users_need_a_free_licence(sandbox, client):
    switched(sandbox, licenses=1)
    first = created(client, userType="Licensed")
    second = created(client, "bob@example.com")

    refused = put(client, second, userType="Licensed")
    put(client, first, userType="Basic")

    assert (refused.status_code, "licenses" in refused.json()["detail"]) == (400, True)
    assert put(client, second, userType="Licensed").status_code == 200


def test_account_without_single_sign_on_is_refused(sandbox, client):
    switched(sandbox, sso_enabled=False)

    answer = client.get(USERS)

    assert answer.status_code == 400
    assert "has not enabled Single Sign-On" in answer.json()["detail"]


def test_missing_privilege_is_named(sandbox, client):
    switched(sandbox, lacks_privilege="User:Edit")

    answer = client.post(USERS, json=document())

    assert (answer.status_code, "User:Edit" in answer.json()["detail"]) == (403, True)


def test_groups_are_read_without_members(client):
    group = client.get("/scim2/Groups").json()["Resources"][0]

    assert client.get(f"/scim2/Groups/{group['id']}").json() == group
    assert (group["displayName"], group["schemas"][0]) == ("Staff", GROUP_URN)
    assert "members" not in group
    assert client.post("/scim2/Groups", json={}).status_code == 405


def test_older_base_path_is_another_name(client):
    assert client.get("/scim/Users").status_code == 200


@pytest.mark.parametrize("path", ["ServiceProviderConfig", "Schemas", "Me", "Users/.search"])
def test_nothing_else_is_there(client, path):
    assert client.get(f"/scim2/{path}").status_code == 404
