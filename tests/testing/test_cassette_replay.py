"""What a replay insists on: the recorded requests, all of them, in their order, and no other."""

import asyncio
import json

import pytest

from jackfield.driver.addresses import Reach
from jackfield.driver.transport import AsyncTransport, Limits, SyncTransport, Wire
from jackfield.testing.cassette import DamagedCassette, Mismatch, replay
from jackfield.testing.exchange import Exchange, write_cassette
from jackfield.testing.scenario import Call, Outcome, Scenario, problems

REAL = "https://vendor.example.com"
CANARY = "canary-5d1f"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


def send(url, *, method="POST", headers=JSON, content=None):
    opened = SyncTransport(Limits(), Reach(loopback=True))
    try:
        return opened.send(Wire(method, url, headers, content))
    finally:
        opened.close()


def exchange(**more):
    given = {
        "method": "POST",
        "uri": f"{REAL}/users?a=1&b=2",
        "request_headers": JSON,
        "request_body": '{"name": "Ada", "active": true}',
        "status": 201,
        "reason": "Created",
        "response_headers": {"content-type": ("application/json",)},
        "response_body": '{"id": "1"}',
    }
    return Exchange(**{**given, **more})


@pytest.fixture
def cassette(tmp_path):
    def saved(*exchanges):
        path = tmp_path / "scenario.yaml"
        path.write_text(write_cassette(["origin: sandbox"], list(exchanges)))
        return path

    return saved


BODY = json.dumps({"active": True, "name": "Ada"}).encode()


def test_order_of_members_and_parameters_counts_for_nothing(cassette):
    with replay(cassette(exchange())):
        answer = send(f"{REAL}/users?b=2&a=1", content=BODY)

    assert (answer.status, answer.content) == (201, b'{"id": "1"}')


def test_async_replay_gives_the_same(cassette):
    async def sent():
        opened = AsyncTransport(Limits(), Reach(loopback=True))
        try:
            return await opened.send(Wire("POST", f"{REAL}/users?a=1&b=2", JSON, BODY))
        finally:
            await opened.aclose()

    with replay(cassette(exchange())):
        answer = asyncio.run(sent())

    assert (answer.status, answer.content) == (201, b'{"id": "1"}')


def test_another_body_fails_with_a_short_difference(cassette):
    differs = pytest.raises(Mismatch, match=r"body\.active is false, recorded was true")

    with differs, replay(cassette(exchange())):
        send(f"{REAL}/users?a=1&b=2", content=b'{"name": "Ada", "active": false}')


def test_true_is_not_one(cassette):
    differs = pytest.raises(Mismatch, match=r"body\.active is 1, recorded was true")

    with differs, replay(cassette(exchange())):
        send(f"{REAL}/users?a=1&b=2", content=b'{"name": "Ada", "active": 1}')


def test_the_difference_shows_no_secret(cassette):
    content = json.dumps({"name": JWT, "active": True, "password": CANARY}).encode()

    with pytest.raises(Mismatch) as caught, replay(cassette(exchange())):
        send(f"{REAL}/users?a=1&b=2", content=content)

    assert JWT not in str(caught.value)
    assert CANARY not in str(caught.value)
    assert "body.name is [secret]" in str(caught.value)


def test_a_mismatch_that_somebody_swallowed_still_fails(cassette):
    def swallowed():
        with replay(cassette(exchange())):
            try:
                send(f"{REAL}/users", method="GET")
            except AssertionError:
                return

    with pytest.raises(Mismatch, match="is not the recorded one"):
        swallowed()


def test_an_unused_exchange_fails(cassette):
    fails = pytest.raises(Mismatch, match="only 1 of 2 exchanges were used")

    with fails, replay(cassette(exchange(), exchange())):
        send(f"{REAL}/users?a=1&b=2", content=BODY)


def test_each_exchange_is_used_once(cassette):
    def sent_twice():
        with replay(cassette(exchange())):
            send(f"{REAL}/users?a=1&b=2", content=BODY)
            send(f"{REAL}/users?a=1&b=2", content=BODY)

    with pytest.raises(Mismatch, match="was not recorded"):
        sent_twice()


def test_the_order_counts(cassette):
    read = exchange(method="GET", request_body="")

    with pytest.raises(Mismatch, match="method is"), replay(cassette(exchange(), read)):
        send(f"{REAL}/users?a=1&b=2", method="GET")


def test_another_kind_of_credentials_fails(cassette):
    asked = exchange(request_headers={**JSON, "authorization": "Bearer placeholder-credentials"})
    differs = pytest.raises(Mismatch, match='credentials is "Basic", recorded was "Bearer"')

    with differs, replay(cassette(asked)):
        send(f"{REAL}/users?a=1&b=2", headers={**JSON, "authorization": "Basic abc"}, content=BODY)


def test_other_credentials_replay_the_same_form(cassette):
    form = exchange(request_headers=FORM, request_body="client_secret=placeholder-client-secret")

    with replay(cassette(form)):
        answer = send(f"{REAL}/users?a=1&b=2", headers=FORM, content=b"client_secret=another")

    assert answer.status == 201


@pytest.mark.parametrize(
    "text",
    [
        "interactions: [!!python/object/apply:os.system ['true']]",
        "a: &a [1]\nb: *a\ninteractions: []",
        "interactions: 5",
        "[",
        "",
        "[" * 100_000,
    ],
    ids=["code", "alias", "no exchanges", "no YAML", "empty", "deep"],
)
def test_a_hostile_or_damaged_file_is_refused(tmp_path, text):
    path = tmp_path / "scenario.yaml"
    path.write_text(text)

    with pytest.raises(DamagedCassette), replay(path):
        pass


def test_a_huge_file_is_not_read(tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text("#" * 2_000_000)

    with pytest.raises(DamagedCassette, match="larger than"), replay(path):
        pass


# --- expectations ------------------------------------------------------------------------------

EXPECTING = Scenario(name="one", calls=(Call("get_user", (), Outcome("user", {"id": "1"})),))


@pytest.mark.parametrize(
    ("outcome", "slept", "said"),
    [
        (Outcome("absent"), [], "expected user, came absent"),
        (Outcome("user", {"id": "2"}), [], "/id is '2', expected '1'"),
        (Outcome("user", {"id": "1"}), [3.0], "paused for"),
    ],
    ids=["kind", "fact", "pause"],
)
def test_an_outcome_that_was_not_expected_is_told(outcome, slept, said):
    assert said in str(problems(EXPECTING, [outcome], slept))


def test_an_outcome_may_hold_more_than_expected():
    outcome = Outcome("user", {"id": "1", "userName": "ada@example.com"})

    assert problems(EXPECTING, [outcome], []) == []
