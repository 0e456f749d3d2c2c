"""What a recording keeps, and what it refuses to keep."""

import base64

import pytest

from jackfield import NotSent
from jackfield.driver.addresses import Reach
from jackfield.driver.transport import Limits, SyncTransport, Wire
from jackfield.testing.cassette import UnsafeRecording, record
from jackfield.testing.exchange import Exchange, write_cassette
from jackfield.testing.sandbox import Answer, Sandbox, serve
from jackfield.testing.scanning import findings

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


def send(url, *, headers=JSON, content=None):
    opened = SyncTransport(Limits(), Reach(loopback=True))
    try:
        return opened.send(Wire("POST", url, headers, content))
    finally:
        opened.close()


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
