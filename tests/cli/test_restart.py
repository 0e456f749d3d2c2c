"""`jackfield restart`."""

import json

import pytest

from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault


def state(office):
    with opened(office.folder / "jackfield.db") as store:
        job = store.jobs.get("webex")
        return job.status, len(store.escrows.all("webex")), len(store.links("webex"))


@pytest.fixture
def troubled(office, monkeypatch):
    """An office with one failure, one link, and refused credentials."""
    office.sandbox.faults.add(Fault(method="POST", status=400))
    office.call("run")
    with monkeypatch.context() as patched:
        patched.setenv("TEST_WEBEX_TOKEN", "stale")
        office.call("run")
    assert state(office) == ("quarantined", 1, 1)
    return office


def test_watermark_failures_and_quarantine_are_forgotten(troubled):
    done = troubled.call("restart", "webex")

    assert done.exit_code == 0
    told = [line.split(" (")[0] for line in done.stdout.splitlines()]
    assert told == [f"webex: {what} forgotten" for what in ("watermark", "escrows", "quarantine")]
    assert state(troubled) == ("active", 0, 1)


def test_only_what_is_named_is_forgotten(troubled):
    done = troubled.call("restart", "webex", "--quarantine")

    assert "quarantine forgotten (the job was quarantined: " in done.stdout
    assert state(troubled) == ("active", 1, 1)


def test_links_need_a_yes(troubled):
    refused = troubled.call("restart", "webex", "--links")
    done = troubled.call("restart", "webex", "--links", "--yes")

    assert (refused.exit_code, done.exit_code) == (2, 0)
    assert "links forgotten (there were 1)" in done.stdout
    assert state(troubled) == ("quarantined", 1, 0)


def test_job_at_work_is_not_restarted(troubled):
    with opened(troubled.folder / "jackfield.db") as store, store.lease("webex"):
        done = troubled.call("restart", "webex")

    assert done.exit_code == 7
    assert state(troubled) == ("quarantined", 1, 1)


def test_unknown_job_is_named_with_the_nearest(office):
    done = office.call("restart", "webx")

    assert done.exit_code == 1
    assert "did you mean webex?" in done.stderr


def test_json_holds_each_scope(troubled):
    document = json.loads(troubled.call("restart", "webex", "--escrows", "--json").stdout)

    assert (document["schema"], document["job"]) == ("jackfield.restart/1", "webex")
    assert [each["scope"] for each in document["forgotten"]] == ["escrows"]
