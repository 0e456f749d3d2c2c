"""The sandbox below every vendor's imitation: faults, limits, control routes, serving."""

import os
import signal
import subprocess
import sys
import time
from typing import ClassVar

import httpx
import pytest

from jackfield.testing.sandbox import (
    CORE_URN,
    Fault,
    RateLimit,
    ScimSandbox,
    serve,
)

USERS = "/scim/v2/Users"
BEARER = {"Authorization": f"Bearer {ScimSandbox.TOKEN}"}


class ScriptedClock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class LimitedSandbox(ScimSandbox):
    LIMITS: ClassVar = {"all": RateLimit(2, 60, penalty_seconds=30)}


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


def found(client, expression):
    return client.get(USERS, params={"filter": expression})


def test_fault_with_a_status_does_no_work_and_ends_after_its_times(sandbox, client):
    sandbox.faults.add(Fault(status=503, headers={"Retry-After": "7"}, times=2, method="POST"))

    answers = [client.post(USERS, json=document()) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [503, 503, 201]
    assert answers[0].headers["retry-after"] == "7"
    assert answers[0].json()["status"] == "503"


def test_fault_waits_for_its_turn_and_its_path(sandbox, client):
    user = created(client)
    sandbox.faults.add(Fault(status=500, path="/Users$", after=1, body={"odd": True}))

    answers = [client.get(USERS), client.get(f"{USERS}/{user['id']}"), client.get(USERS)]

    assert [answer.status_code for answer in answers] == [200, 200, 500]
    assert answers[2].json() == {"odd": True}


def test_delay_holds_the_answer_back_while_the_work_is_done(sandbox, client):
    sandbox.faults.add(Fault(delay_seconds=0.5))

    with pytest.raises(httpx.ReadTimeout):
        client.post(USERS, json=document(), timeout=0.1)

    assert len(sandbox.store) == 1


@pytest.mark.parametrize("fault", [Fault(truncate=True), Fault(commit_then_drop=True)])
def test_dropped_connection_leaves_the_work_done(sandbox, client, fault):
    sandbox.faults.add(fault)

    with pytest.raises(httpx.RemoteProtocolError):
        client.post(USERS, json=document())

    assert len(sandbox.store) == 1
    assert client.get(USERS).json()["totalResults"] == 1


def test_dropped_delete_does_not_look_complete(sandbox, client):
    user = created(client)
    sandbox.faults.add(Fault(commit_then_drop=True))

    with pytest.raises(httpx.RemoteProtocolError):
        client.delete(f"{USERS}/{user['id']}")

    assert len(sandbox.store) == 0


def test_truncated_answer_declares_its_whole_length(sandbox, client):
    sandbox.faults.add(Fault(truncate=True))

    with client.stream("GET", USERS) as answer:
        declared = int(answer.headers["content-length"])
        with pytest.raises(httpx.RemoteProtocolError):
            answer.read()

    assert answer.num_bytes_downloaded == declared // 2


def test_dripping_answer_arrives_whole_and_late(sandbox, client):
    sandbox.faults.add(Fault(drip_seconds=0.002))
    begin = time.monotonic()

    answer = client.get(USERS)

    assert answer.json()["totalResults"] == 0
    assert time.monotonic() - begin > 0.1


def test_work_done_may_be_answered_with_an_error(sandbox, client):
    sandbox.faults.add(Fault(commit_then_status=500))

    assert client.post(USERS, json=document()).status_code == 500
    assert len(sandbox.store) == 1


def test_ignored_filter_lists_everybody(sandbox, client):
    sandbox.seed([document("a@example.com"), document("b@example.com")])
    sandbox.faults.add(Fault(ignore_filter=True))

    assert found(client, 'userName eq "a@example.com"').json()["totalResults"] == 2
    assert found(client, 'userName eq "a@example.com"').json()["totalResults"] == 1


@pytest.mark.parametrize("rewrite", [{"title": "Odd"}, lambda user: {**user, "title": "Odd"}])
def test_rewrite_changes_the_answer_and_not_the_store(sandbox, client, rewrite):
    created(client, title="Engineer")
    sandbox.faults.add(Fault(rewrite=rewrite))

    assert client.get(USERS).json()["Resources"][0]["title"] == "Odd"
    assert client.get(USERS).json()["Resources"][0]["title"] == "Engineer"


def test_lagging_user_exists_and_stays_unseen_by_filters_for_a_while(sandbox, client):
    sandbox.faults.add(Fault(method="POST", lag=2))
    user = created(client)
    wanted = 'userName eq "ada@example.com"'

    totals = [found(client, wanted).json()["totalResults"] for _ in range(3)]

    assert totals == [0, 0, 1]
    assert client.get(f"{USERS}/{user['id']}").status_code == 200


def test_login_page_is_answered_with_200_and_no_work(sandbox, client):
    sandbox.faults.add(Fault(html=True))

    answer = client.post(USERS, json=document())

    assert (answer.status_code, len(sandbox.store)) == (200, 0)
    assert answer.headers["content-type"].startswith("text/html")


def test_empty_answer_is_200_without_a_body(sandbox, client):
    sandbox.faults.add(Fault(empty=True))

    answer = client.post(USERS, json=document())

    assert (answer.status_code, answer.content) == (200, b"")
    assert len(sandbox.store) == 1


def test_requests_are_recorded_without_the_control_routes(sandbox, client):
    found(client, 'userName eq "a@example.com"')
    client.post(USERS, json=document())

    recorded = client.get("/_sandbox/requests").json()

    assert [(one["method"], one["path"], one["status"]) for one in recorded] == [
        ("GET", USERS, 200),
        ("POST", USERS, 201),
    ]
    assert recorded[0]["query"] == {"filter": 'userName eq "a@example.com"'}
    assert recorded[1]["body"] == document() == sandbox.requests[1].body


def test_control_routes_seed_read_script_expire_and_reset(client):
    seeded = client.post("/_sandbox/seed", json=[document(active=False)]).json()
    users = client.get("/_sandbox/users").json()
    client.post("/_sandbox/faults", json={"status": 418, "path": "/Users"})
    faulty = client.get(USERS).status_code
    client.post("/_sandbox/expire-tokens")
    expired = client.get(USERS).status_code
    client.post("/_sandbox/reset")

    assert users == seeded
    assert users[0]["active"] is False
    assert (faulty, expired) == (418, 401)
    assert client.get(USERS).json()["totalResults"] == 0


@pytest.mark.parametrize("fault", [{"colour": "red"}, {"path": "("}, []])
def test_fault_nobody_understands_is_refused(client, fault):
    assert client.post("/_sandbox/faults", json=fault).status_code == 400


def test_seed_may_hold_two_users_of_one_name(sandbox, client):
    sandbox.seed([document(), document()])

    assert found(client, 'userName eq "ada@example.com"').json()["totalResults"] == 2


def test_limit_refuses_for_its_penalty_and_then_opens():
    clock = ScriptedClock()
    limited = LimitedSandbox(clock=clock)
    statuses = []
    with serve(limited) as origin, httpx.Client(base_url=origin, headers=BEARER) as client:
        for seconds in (0, 0, 10, 19, 10, 30.5):
            clock.now += seconds
            statuses.append(client.get(USERS))

    assert [answer.status_code for answer in statuses] == [200, 200, 429, 429, 429, 200]
    assert [answer.headers.get("retry-after") for answer in statuses[2:5]] == ["30", "11", "1"]


def test_unlimited_sandbox_never_refuses():
    with serve(LimitedSandbox(unlimited=True)) as origin:
        statuses = {httpx.get(origin + USERS, headers=BEARER).status_code for _ in range(4)}

    assert statuses == {200}


def test_port_is_free_again_after_the_block():
    with serve(ScimSandbox()) as origin:
        port = int(origin.rpartition(":")[2])

    with serve(ScimSandbox(), port=port) as again:
        assert again == origin


def test_process_says_its_origin_first_and_ends_on_sigterm():
    code = "from jackfield.testing.sandbox import *; raise SystemExit(main(ScimSandbox))"
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code, "--port", "0", "--unlimited"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        origin = process.stdout.readline().strip()
        status = httpx.get(origin + USERS, headers=BEARER).status_code
        httpx.post(origin + "/_sandbox/faults", json={"commit_then_drop": True})
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(origin + USERS, headers=BEARER)
        os.kill(process.pid, signal.SIGTERM)
        _, errors = process.communicate(timeout=10)

    assert (status, process.returncode, errors) == (200, 0, "")
