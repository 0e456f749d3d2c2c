"""What a recording keeps, what it refuses to keep, and what a replay insists on."""

import asyncio
import base64
import json
from contextlib import contextmanager

import pytest

from jackfield import NotSent
from jackfield.testing.cassette import DamagedCassette, Mismatch, UnsafeRecording, record, replay
from jackfield.testing.exchange import Exchange, write_cassette
from jackfield.testing.sandbox import Answer, Sandbox, serve
from jackfield.testing.scanning import findings
from jackfield.testing.scenario import Call, Outcome, Scenario, problems
from jackfield.transport import AsyncTransport, Limits, SyncTransport, Wire

REAL = "https://vendor.example.com"
CANARY = "canary-5d1f"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


class Echo(Sandbox):
    """Answers what the test put there."""

    document: object = None
    headers: object = None

    def needs_token(self, request):
        return False

    def dispatch(self, request):
        return Answer(200, self.document, dict(self.headers or {}))


@pytest.fixture(scope="module")
def served():
    sandbox = Echo()
    with serve(sandbox) as origin:
        yield sandbox, origin


@pytest.fixture
def vendor(served):
    sandbox, origin = served
    sandbox.document, sandbox.headers = {"ok": True}, {}
    return sandbox, origin


@contextmanager
def transport():
    opened = SyncTransport(Limits())
    try:
        yield opened
    finally:
        opened.close()


def send(url, *, method="POST", headers=JSON, content=None):
    with transport() as opened:
        return opened.send(Wire(method, url, headers, content))


def recording(path, served_at, **more):
    given = {"origin": "sandbox", "source": "a test", "rename": {served_at: REAL}}
    return record(path, **{**given, **more})


def recorded(tmp_path, origin, path="/users", *, secrets=(CANARY,), allowed=(), **sent):
    cassette = tmp_path / "scenario.yaml"
    with recording(cassette, origin, secrets=secrets, allowed=allowed):
        send(origin + path, **sent)
    return cassette.read_text()


def refused(tmp_path, origin, *arguments, **sent):
    with pytest.raises(UnsafeRecording) as caught:
        recorded(tmp_path, origin, *arguments, **sent)

    assert CANARY not in str(caught.value)
    assert not (tmp_path / "scenario.yaml").exists()
    return str(caught.value)


# --- the six spots where secrets hide ----------------------------------------------------------


def test_credentials_in_the_header_become_a_mark(vendor, tmp_path):
    text = recorded(tmp_path, vendor[1], headers={"authorization": f"Bearer {CANARY}"})

    assert "Bearer placeholder-credentials" in text
    assert CANARY not in text


def test_cookies_are_not_kept(vendor, tmp_path):
    vendor[0].headers = {"Set-Cookie": f"session={CANARY}"}

    text = recorded(tmp_path, vendor[1])

    assert "cookie" not in text
    assert CANARY not in text


def test_a_token_in_an_answer_becomes_a_placeholder(vendor, tmp_path):
    vendor[0].document = {"access_token": "told-at-run-time", "expires_in": 5}

    text = recorded(tmp_path, vendor[1], secrets=())

    assert '"access_token": "placeholder-access-token"' in text
    assert "told-at-run-time" not in text


def test_a_secret_in_the_query_is_refused(vendor, tmp_path):
    said = refused(tmp_path, vendor[1], f"/users?key={CANARY}")

    assert "exchange 1, request URI: holds a known secret" in said


def test_a_secret_in_a_form_becomes_a_placeholder(vendor, tmp_path):
    content = f"grant_type=code&client_secret={CANARY}&code=abc&other={CANARY}".encode()

    text = recorded(tmp_path, vendor[1], headers=FORM, content=content)

    assert (
        "grant_type=code&client_secret=placeholder-client-secret&code=placeholder-code"
        "&other=placeholder-secret"
    ) in text


def test_other_headers_are_not_kept(vendor, tmp_path):
    vendor[0].headers = {"X-Session": CANARY, "Retry-After": "1", "X-Rate-Limit-Limit": "5"}

    text = recorded(tmp_path, vendor[1], headers={"x-api-key": CANARY, "accept": "text/plain"})

    assert CANARY not in text
    assert "x-session" not in text
    assert "x-api-key" not in text
    assert "retry-after" in text
    assert "x-rate-limit-limit" in text


# --- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        (f"see {CANARY} there", "known secret"),
        (base64.b64encode(f"user:{CANARY}".encode()).decode(), "known secret"),
        (CANARY.replace("-", "%2D"), "known secret"),
        ("ada@mail.test", "e-mail address"),
        ("ada%40mail.test", "e-mail address"),
        (JWT, "JWT"),
        ("xoxb3kTq9ZpLw7RfVm2Ns", "token or key"),
    ],
    ids=["inside", "base64", "percent", "person", "encoded person", "JWT", "random"],
)
def test_what_slips_through_is_refused_by_place(vendor, tmp_path, value, rule):
    vendor[0].document = {"note": value}

    said = refused(tmp_path, vendor[1])

    assert "exchange 1, response body: holds" in said
    assert rule in said
    assert value not in said


def test_a_token_of_run_time_is_known_in_all_that_follows(vendor, tmp_path):
    vendor[0].document = {"access_token": "told-at-run-time", "note": "about told-at-run-time"}

    assert "known secret" in refused(tmp_path, vendor[1])


def test_a_json_escaped_secret_is_found():
    document = exchange(response_body=r'damaged {"note": "ca\u006eary-5d1f')

    assert "known secret" in str(findings(write_cassette([], [document]), {CANARY}))


def test_an_unlisted_header_is_found():
    document = exchange(response_headers={"x-session": ("short",)})

    assert findings(write_cassette([], [document]), ()) == [
        "exchange 1, response header x-session: is not on the list"
    ]


def test_credentials_that_were_not_replaced_are_found():
    document = exchange(request_headers={"authorization": "Bearer short"})

    assert "is not replaced" in str(findings(write_cassette([], [document]), ()))


def test_ids_and_example_addresses_are_kept(vendor, tmp_path):
    webex_id = base64.b64encode(b"ciscospark://us/PEOPLE/5b1c0000-0000-4000-8000-0000000000ad")
    vendor[0].document = {
        "id": "0ae87ade-8c8a-4952-af08-318798958d0c",
        "rest": webex_id.decode().rstrip("="),
        "own": "zJKyaiAyTNC-MWjiWC18KQ",
        "mail": "ada@mail.example.org",
    }

    text = recorded(tmp_path, vendor[1], allowed=(r"\bzJ[\w-]{20}\b",))

    assert "ada@mail.example.org" in text


def test_a_block_that_raises_saves_nothing(vendor, tmp_path):
    path = tmp_path / "scenario.yaml"

    with pytest.raises(NotSent), recording(path, vendor[1]):
        send("http://127.0.0.1:1/nobody-listens")

    assert not path.exists()


def test_a_sandbox_never_passes_for_the_live_vendor(vendor, tmp_path):
    path = tmp_path / "scenario.yaml"

    with (
        pytest.raises(UnsafeRecording, match="no live recording"),
        recording(path, vendor[1], origin="recorded", rename={}),
    ):
        send(vendor[1] + "/users")

    assert not path.exists()


def test_a_refusal_leaves_nothing_patched(vendor, tmp_path):
    refused(tmp_path, vendor[1], f"/users?key={CANARY}")

    assert send(vendor[1] + "/users").status == 200
    assert vendor[0].requests[-1].path == "/users"


def test_vcrpy_logs_no_exchange(vendor, tmp_path, caplog):
    caplog.set_level("DEBUG", logger="vcr.cassette")
    vendor[0].document = {"access_token": "told-at-run-time"}

    recorded(tmp_path, vendor[1], headers={"authorization": f"Bearer {CANARY}"})

    assert "told-at-run-time" not in caplog.text
    assert CANARY not in caplog.text


# --- what is kept ------------------------------------------------------------------------------


def test_the_first_lines_say_where_it_comes_from(vendor, tmp_path):
    lines = recorded(tmp_path, vendor[1]).splitlines()

    assert lines[0] == "# origin: sandbox (a test)"
    assert lines[1] == "# scenario: scenario"
    assert lines[2].startswith("# client: httpx ")


def test_the_real_origin_stands_for_the_sandbox(vendor, tmp_path):
    vendor[0].document = {"location": f"{vendor[1]}/users/1"}

    text = recorded(tmp_path, vendor[1])

    assert f'"location": "{REAL}/users/1"' in text
    assert "127.0.0.1" not in text


def test_recording_again_changes_nothing(vendor, tmp_path):
    path = tmp_path / "scenario.yaml"
    texts = set()

    for _ in range(3):
        with recording(path, vendor[1]):
            send(vendor[1] + "/users", content=b'{"a": 1}')
            send(vendor[1] + "/users", content=b'{"a": 1}')
        texts.add(path.read_text())

    assert len(texts) == 1


# --- replay ------------------------------------------------------------------------------------


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
        opened = AsyncTransport(Limits())
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
