"""The dialect of the imitated Zoom: tokens and rate limits."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from jackfield.testing.sandbox import serve
from jackfield_zoom.sandbox import ZoomSandbox
from jackfield_zoom.sandbox_account import ZoomAccount

USERS = "/scim2/Users"
TOKEN = "/oauth/token"
BEARER = {"Authorization": f"Bearer {ZoomSandbox.TOKEN}"}
CLIENT = (ZoomSandbox.CLIENT_ID, ZoomSandbox.CLIENT_SECRET)
CALLBACK = "http://127.0.0.1:9/callback"
CREDENTIALS = {"grant_type": "account_credentials", "account_id": ZoomSandbox.ACCOUNT_ID}
NOON = 1_768_478_400  # 2026-01-15T12:00:00Z


class ScriptedClock:
    def __init__(self):
        self.now = float(NOON)

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return ScriptedClock()


@pytest.fixture
def sandbox(clock):
    return ZoomSandbox(clock=clock, wall_clock=clock)


@pytest.fixture
def client(sandbox):
    with serve(sandbox) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        yield client


def granted(client, **form):
    return client.post(TOKEN, data=form, auth=CLIENT)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def jwt(key=ZoomSandbox.API_KEY, secret=ZoomSandbox.API_SECRET, expiry=NOON + 60, alg="HS256"):
    parts = ({"alg": alg, "typ": "JWT"}, {"iss": key, "exp": expiry})
    raw = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{raw}.{encoded(hmac.new(secret.encode(), raw.encode(), hashlib.sha256).digest())}"


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@pytest.mark.parametrize("place", ["params", "data"], ids=["query", "form"])
def test_account_credentials_get_a_token_that_works(client, place):
    answer = client.post(TOKEN, auth=CLIENT, **{place: CREDENTIALS})
    token = answer.json()

    assert (token["token_type"], token["expires_in"]) == ("bearer", 3600)
    assert token["scope"] == "scim2:admin"
    assert token["api_url"] == str(client.base_url).rstrip("/")
    assert "refresh_token" not in token
    assert client.get(USERS, headers=bearer(token["access_token"])).status_code == 200


def test_api_url_may_be_another_region(sandbox, client):
    sandbox.account = replace(sandbox.account, api_url="https://api-eu.zoom.us")

    assert granted(client, **CREDENTIALS).json()["api_url"] == "https://api-eu.zoom.us"


def test_new_token_leaves_the_old_one_alive(client):
    tokens = [granted(client, **CREDENTIALS).json()["access_token"] for _ in range(2)]

    assert [client.get(USERS, headers=bearer(one)).status_code for one in tokens] == [200, 200]


def test_token_expires_after_an_hour(client, clock):
    token = granted(client, **CREDENTIALS).json()["access_token"]
    clock.now += 3600

    answer = client.get(USERS, headers=bearer(token))

    assert answer.status_code == 401
    assert answer.json() == {"code": 124, "message": "Access token is expired."}


def test_unknown_token_is_refused_in_the_rest_shape(client):
    answer = client.get(USERS, headers=bearer("other"))

    assert (answer.status_code, answer.json()["code"]) == (401, 124)


@pytest.mark.parametrize(
    ("form", "auth", "status", "error"),
    [
        (CREDENTIALS, (CLIENT[0], "other"), 401, "invalid_client"),
        ({**CREDENTIALS, "account_id": "other"}, CLIENT, 400, "invalid_request"),
        ({"grant_type": "password"}, CLIENT, 400, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, CLIENT, 400, "invalid_grant"),
    ],
    ids=["wrong secret", "wrong account", "wrong grant", "wrong refresh token"],
)
def test_token_endpoint_says_what_is_wrong(client, form, auth, status, error):
    answer = client.post(TOKEN, data=form, auth=auth)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["reason"]


def test_code_is_exchanged_once_and_within_five_minutes(client, clock):
    asked = {"response_type": "code", "client_id": CLIENT[0], "redirect_uri": CALLBACK}
    answers = [client.get("/oauth/authorize", params=asked) for _ in range(2)]
    codes = [parse_qs(urlsplit(one.headers["location"]).query)["code"][0] for one in answers]
    form = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}

    first = granted(client, **form, code=codes[0])
    repeated = granted(client, **form, code=codes[0])
    clock.now += 300
    late = granted(client, **form, code=codes[1])

    assert "refresh_token" in first.json()
    assert [answer.status_code for answer in (first, repeated, late)] == [200, 400, 400]


def test_refresh_token_works_once_and_is_followed_by_another(client):
    form = {"grant_type": "refresh_token", "refresh_token": ZoomSandbox.REFRESH_TOKEN}

    first = granted(client, **form).json()
    repeated = granted(client, **form)
    second = granted(client, **{**form, "refresh_token": first["refresh_token"]})

    assert repeated.json()["error"] == "invalid_grant"
    assert second.status_code == 200


def test_missing_scope_is_refused_with_a_body_that_is_no_json(sandbox, client):
    sandbox.account = replace(sandbox.account, scope="user:read:admin")

    answer = client.get(USERS)

    assert answer.status_code == 400
    assert '"code":4700' in answer.text
    with pytest.raises(ValueError, match="delimiter"):
        answer.json()


def test_jwt_is_refused_unless_it_is_switched_on(sandbox, client):
    before = client.get(USERS, headers=bearer(jwt()))
    sandbox.account = replace(sandbox.account, accepts_jwt=True)

    assert before.status_code == 401
    assert client.get(USERS, headers=bearer(jwt())).status_code == 200


@pytest.mark.parametrize(
    ("token", "said"),
    [
        (jwt(expiry=NOON), "expired"),
        (jwt(key="other"), "Invalid"),
        (jwt(secret="other"), "Invalid"),
        (jwt(alg="none"), "Invalid"),
        ("no.jwt", "Invalid"),
    ],
    ids=["expired", "other key", "other secret", "other algorithm", "no JWT"],
)
def test_wrong_jwt_is_refused(sandbox, client, token, said):
    sandbox.account = replace(sandbox.account, accepts_jwt=True)

    answer = client.get(USERS, headers=bearer(token))

    assert answer.status_code == 401
    assert said in answer.json()["message"]


def test_answers_tell_the_limit_of_their_category(client):
    headers = [
        client.get(USERS).headers,
        client.put(f"{USERS}/x", json={}).headers,
        client.patch(f"{USERS}/x", json={}).headers,
        client.delete(f"{USERS}/x").headers,
    ]

    found = [(one["x-ratelimit-category"], one["x-ratelimit-limit"]) for one in headers]
    assert found == [("Medium", "60"), ("Light", "80"), ("Light", "80"), ("Heavy", "40")]
    assert headers[2]["x-ratelimit-remaining"] == "78"
    assert {one["x-ratelimit-type"] for one in headers} == {"QPS"}


def test_request_beyond_the_second_is_told_when_it_may_come_again(sandbox, client):
    sandbox.account = sandbox._account_at_start = ZoomAccount(plan="Free")
    sandbox.reset()
    answers = [client.get(USERS) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == 429
    assert "per-second" in answers[2].json()["message"]
    assert answers[2].headers["x-ratelimit-reset"] == str(NOON + 1)
    assert "retry-after" not in answers[2].headers


def test_request_beyond_the_day_is_told_an_instant(sandbox, client, clock):
    sandbox.account = replace(sandbox.account, daily_limits={"Heavy": 2})
    statuses = [client.delete(f"{USERS}/x").status_code for _ in range(2)]
    refused = client.delete(f"{USERS}/x")
    light = client.put(f"{USERS}/x", json={})
    clock.now += 12 * 3600

    assert statuses == [404, 404]
    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "2026-01-16T00:00:00Z"
    assert refused.headers["x-ratelimit-type"] == "Daily-limit"
    assert "daily" in refused.json()["message"]
    assert light.status_code == 404
    assert client.delete(f"{USERS}/x").status_code == 404
