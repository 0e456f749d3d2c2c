"""The dialect of the imitated Vonage."""

import base64
import hashlib
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from jackfield.testing.sandbox import CORE_URN, serve
from jackfield_vonage.sandbox import SUFFIX, VonageSandbox

PATCH_URN = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {VonageSandbox.TOKEN}"}
CLIENT = (VonageSandbox.CLIENT_ID, VonageSandbox.CLIENT_SECRET)
CALLBACK = "http://127.0.0.1:9/callback"
ASKED = {
    "response_type": "code",
    "client_id": VonageSandbox.CLIENT_ID,
    "redirect_uri": CALLBACK,
    "scope": "openid",
    "state": "s t",
}
PASSWORD = {
    "grant_type": "password",
    "username": VonageSandbox.USERNAME,
    "password": VonageSandbox.PASSWORD,
}


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
    sandbox = VonageSandbox(clock=clock)
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


def authorized(client, **changed):
    answer = client.get("/authorize", params={**ASKED, **changed})
    where = urlsplit(answer.headers["location"])
    assert (answer.status_code, f"{where.scheme}://{where.netloc}{where.path}") == (302, CALLBACK)
    return dict(parse_qsl(where.query))


def granted(client, **form):
    return client.post("/token", data=form, auth=CLIENT)


def exchanged(client, code, **more):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **more}
    return granted(client, **form)


def test_authorization_redirects_at_once_with_code_and_state(client):
    found = authorized(client)

    token = exchanged(client, found["code"]).json()

    assert found["state"] == "s t"
    assert (token["token_type"], token["expires_in"], token["scope"]) == ("Bearer", 86400, "openid")
    answer = client.get(USERS, headers={"Authorization": f"Bearer {token['access_token']}"})
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_id": "other"}, "unauthorized_client"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
    ],
    ids=["wrong client", "wrong response type", "plain challenge"],
)
def test_wrong_authorization_redirects_with_an_error(client, changed, error):
    assert authorized(client, **changed) == {"error": error, "state": "s t"}


def test_person_who_refuses_is_an_error_too(sandbox, client):
    sandbox.account = replace(sandbox.account, consents=False)

    assert authorized(client)["error"] == "access_denied"


def test_authorization_without_a_callback_has_nowhere_to_go(client):
    assert client.get("/authorize", params={**ASKED, "redirect_uri": ""}).status_code == 400


def test_code_is_good_once(client):
    code = authorized(client)["code"]

    assert exchanged(client, code).status_code == 200
    assert exchanged(client, code).json()["error"] == "invalid_grant"


def test_code_is_good_for_its_own_callback_only(client):
    code = authorized(client)["code"]

    answer = exchanged(client, code, redirect_uri="http://127.0.0.1:9/other")

    assert answer.json()["error"] == "invalid_grant"


def test_code_expires(client, clock):
    code = authorized(client)["code"]
    clock.now += 300

    assert exchanged(client, code).status_code == 400


@pytest.mark.parametrize(("verifier", "status"), [("v" * 43, 200), ("w" * 43, 400), ("", 400)])
def test_verifier_has_to_fit_the_challenge(client, verifier, status):
    digest = hashlib.sha256(b"v" * 43).digest()
    challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    code = authorized(client, code_challenge=challenge, code_challenge_method="S256")["code"]

    assert exchanged(client, code, code_verifier=verifier).status_code == status


def test_refresh_token_is_dead_once_used_and_followed_by_another(client):
    form = {"grant_type": "refresh_token", "refresh_token": VonageSandbox.REFRESH_TOKEN}

    first = granted(client, **form).json()
    repeated = granted(client, **form)
    second = granted(client, **{**form, "refresh_token": first["refresh_token"]})

    assert (repeated.status_code, repeated.json()["error"]) == (400, "invalid_grant")
    assert second.status_code == 200


def test_refresh_token_dies_after_seven_days(client, clock):
    token = granted(client, **PASSWORD).json()
    clock.now += 604_800

    answer = granted(client, grant_type="refresh_token", refresh_token=token["refresh_token"])

    assert answer.json()["error"] == "invalid_grant"


def test_access_token_dies_after_a_day(client, clock):
    token = granted(client, **PASSWORD).json()
    clock.now += 86_400

    answer = client.get(USERS, headers={"Authorization": f"Bearer {token['access_token']}"})

    assert answer.status_code == 401


def test_password_grant_needs_the_suffix(client):
    bare = VonageSandbox.USERNAME.removesuffix(SUFFIX)

    assert granted(client, **PASSWORD).status_code == 200
    assert granted(client, **{**PASSWORD, "username": bare}).json()["error"] == "invalid_grant"


def test_client_credentials_may_stand_in_the_body(client):
    pair = {"client_id": CLIENT[0], "client_secret": CLIENT[1]}

    assert client.post("/token", data=PASSWORD | pair).status_code == 200
    assert client.post("/token", data=PASSWORD).json()["error"] == "invalid_client"


def test_client_credentials_grant_is_not_supported(client):
    answer = granted(client, grant_type="client_credentials")

    assert answer.json()["error"] == "unsupported_grant_type"


@pytest.mark.parametrize(
    "odd",
    [{"name": {"familyName": "B"}}, {"name": {"givenName": "A"}}, {"emails": []}, {"userName": ""}],
    ids=["no given name", "no family name", "no email", "no user name"],
)
def test_user_without_a_required_attribute_is_refused(client, odd):
    answer = client.post(USERS, json=document(**odd))

    assert (answer.status_code, answer.json()["scimType"]) == (400, "invalidValue")


def test_only_the_five_attributes_are_kept(client):
    user = created(client, title="Engineer", phoneNumbers=[{"value": "1"}], externalId="7")

    assert user.keys() == document().keys() | {"id", "meta"}


@pytest.mark.parametrize("expression", ['externalId eq "1"', 'emails.value eq "x"'])
def test_only_the_user_name_can_be_filtered(client, expression):
    user = created(client)

    by_name = client.get(USERS, params={"filter": 'userName eq "ada@example.com"'}).json()
    other = client.get(USERS, params={"filter": expression})

    assert by_name["Resources"] == [user]
    assert (other.status_code, other.json()["scimType"]) == (400, "invalidFilter")


@pytest.mark.parametrize("status", [405, 501])
def test_account_without_patch_takes_put_only(sandbox, client, status):
    sandbox.account = replace(sandbox.account, supports_patch=False, patch_status=status)
    user = created(client)
    operation = {"op": "replace", "path": "active", "value": False}

    assert patched(client, user, operation).status_code == status
    answer = client.put(f"{USERS}/{user['id']}", json=document(active=False))
    assert answer.json()["active"] is False


def test_user_is_disabled_and_deleted(client):
    user = created(client)

    disabled = patched(client, user, {"op": "replace", "path": "active", "value": False})

    assert disabled.json()["active"] is False
    assert client.delete(f"{USERS}/{user['id']}").status_code == 204


def test_administrator_is_not_written(sandbox, client):
    user = created(client)
    sandbox.account = replace(sandbox.account, administrators=frozenset({"ada@example.com"}))

    assert client.delete(f"{USERS}/{user['id']}").status_code == 403
    assert client.get(f"{USERS}/{user['id']}").status_code == 200


def test_account_with_scim_switched_off_refuses_everything(sandbox, client):
    sandbox.account = replace(sandbox.account, scim_enabled=False)

    assert client.get(USERS).status_code == 403


def test_scim_stands_below_the_configured_path(sandbox, client):
    sandbox.account = replace(sandbox.account, base_path="/t/vbc.prod/scim")

    answer = client.post("/t/vbc.prod/scim/Users", json=document())

    assert answer.json()["meta"]["location"].endswith(
        f"/t/vbc.prod/scim/Users/{answer.json()['id']}"
    )
    assert client.get(USERS).status_code == 404


@pytest.mark.parametrize("path", ["Groups", "ServiceProviderConfig", "Schemas", "Users/.search"])
def test_nothing_else_is_there(client, path):
    assert client.get(f"/scim/v2/{path}").status_code == 404
