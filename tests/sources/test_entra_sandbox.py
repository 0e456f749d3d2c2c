"""The imitated tenant, judged by Graph's documentation and not by our source."""

import subprocess
import sys

import httpx
import pytest

DELTA = "/v1.0/users/delta"
SELECT = {"$select": "id,displayName,department"}


@pytest.fixture
def graph(tenant):
    bearer = {"Authorization": f"Bearer {tenant.sandbox.TOKEN}"}
    with httpx.Client(base_url=tenant.origin, headers=bearer) as client:
        yield client


def last_link(graph, link=DELTA, params=SELECT):
    page = graph.get(link, params=params).json()
    while next_link := page.get("@odata.nextLink"):
        page = graph.get(next_link).json()
    return page["@odata.deltaLink"]


@pytest.mark.parametrize("option", ["$top", "$expand", "$orderby", "$filter"])
def test_delta_refuses_what_graph_refuses(graph, option):
    answer = graph.get(DELTA, params={option: "displayName"})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "Request_UnsupportedQuery"


def test_page_has_one_link_only(tenant, graph):
    tenant.hire("ana", "bob")
    tenant.sandbox.page_size = 1

    first = graph.get(DELTA, params=SELECT).json()
    second = graph.get(first["@odata.nextLink"]).json()

    assert "@odata.deltaLink" not in first
    assert "@odata.nextLink" not in second


def test_changed_user_comes_with_what_changed(tenant, graph):
    (ana,) = tenant.hire("ana")
    link = last_link(graph)
    tenant.directory.update(ana, department="Sales")

    assert graph.get(link).json()["value"] == [{"id": ana, "department": "Sales"}]


def test_change_of_an_attribute_not_selected_never_appears(tenant, graph):
    (ana,) = tenant.hire("ana")
    link = last_link(graph)
    tenant.directory.update(ana, city="Oviedo")

    assert graph.get(link).json()["value"] == []


def test_assignment_is_no_change_of_a_user(tenant, graph):
    (ana,) = tenant.hire("ana", assign=False)
    link = last_link(graph)
    tenant.directory.assign(ana)

    assert graph.get(link).json()["value"] == []


def test_link_is_good_for_seven_days(tenant, graph):
    link = last_link(graph)
    tenant.time.pass_by(days=6, hours=23)
    assert graph.get(link).status_code == 200

    tenant.time.pass_by(hours=1)

    answer = graph.get(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "syncStateNotFound")


def test_lost_state_points_to_the_beginning(tenant, graph):
    link = last_link(graph)
    tenant.sandbox.lose_states()

    answer = graph.get(link)

    assert answer.status_code == 410
    assert answer.headers["location"].endswith("/users/delta?$deltatoken=")
    assert graph.get(answer.headers["location"]).status_code == 200


def test_deleted_and_purged_users_have_their_reasons(tenant, graph):
    ana, bob = tenant.hire("ana", "bob")
    link = last_link(graph)
    tenant.directory.delete(ana)
    tenant.directory.delete(bob)
    tenant.directory.purge(bob)

    found = {one["id"]: one["@removed"]["reason"] for one in graph.get(link).json()["value"]}

    assert found == {ana: "changed", bob: "deleted"}


def test_too_many_requests_are_told_when_to_come_back(tenant, graph):
    limits = tenant.sandbox.rate_limits.limits
    tenant.sandbox.rate_limits.limits = {"graph": type(limits["graph"])(1, 10)}
    try:
        graph.get(DELTA)
        answer = graph.get(DELTA)
    finally:
        tenant.sandbox.rate_limits.limits = limits

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 10


def test_transitive_members_need_the_advanced_query(tenant, graph):
    (ana,) = tenant.hire("ana")
    path = f"/v1.0/groups/{tenant.directory.add_group('Sales', ana)}/transitiveMembers"

    plain = graph.get(f"{path}/microsoft.graph.user")
    advanced = graph.get(
        f"{path}/microsoft.graph.user",
        params={"$count": "true"},
        headers={"ConsistencyLevel": "eventual"},
    )

    assert plain.status_code == 400
    assert [one["id"] for one in advanced.json()["value"]] == [ana]


@pytest.mark.parametrize("path", ["users/x", "groups/x", "servicePrincipals/x", "me", "x/y/z"])
def test_unknown_resource_is_not_found(graph, path):
    answer = graph.get(f"/v1.0/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "Request_ResourceNotFound"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"scope": "User.Read.All"}, "invalid_scope"),
        ({"client_secret": "wrong"}, "invalid_client"),
    ],
)
def test_token_is_refused_in_the_words_of_oauth(tenant, change, error):
    form = {
        "grant_type": "client_credentials",
        "client_id": tenant.sandbox.CLIENT.client_id,
        "client_secret": tenant.sandbox.CLIENT.client_secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    url = f"{tenant.origin}/{tenant.sandbox.TENANT}/oauth2/v2.0/token"

    assert httpx.post(url, data=form).status_code == 200
    assert httpx.post(url, data=form | change).json()["error"] == error


def test_sandbox_runs_as_a_process_and_is_seeded_from_outside():
    command = [
        sys.executable,
        "-W",
        "error",
        "-m",
        "jackfield.testing.sandbox.entra",
        "--port",
        "0",
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            origin = process.stdout.readline().strip()
            people = [{"userPrincipalName": "ana@contoso.example"}]
            seeded = httpx.post(f"{origin}/_sandbox/seed", json=people).json()
            bearer = {"Authorization": "Bearer canary-token"}
            page = httpx.get(f"{origin}{DELTA}", headers=bearer).json()
        finally:
            process.terminate()

    assert [one["id"] for one in page["value"]] == [seeded[0]["id"]]
