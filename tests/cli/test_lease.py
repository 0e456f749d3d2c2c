"""`jackfield lease`."""

import datetime as dt
import json

import pytest
from click.testing import Result

from jackfield import AlreadyRunning
from jackfield.engine.state.lease import take
from jackfield.engine.state.store import opened
from jackfield.engine.state.tables import leases


@pytest.fixture
def store(office):
    with opened(office.folder / "jackfield.db") as store:
        yield store


def held(office) -> list[dict]:
    return json.loads(office.call("lease", "--json").stdout)["leases"]


def breaking(office, job: str = "webex") -> Result:
    return office.call("lease", "--break", job)


def test_nobody_holds_a_job_before_the_first_run(office):
    done = office.call("lease")

    assert (done.exit_code, done.stdout) == (0, "")
    assert "no job is held" in done.stderr
    assert not (office.folder / "jackfield.db").exists()


def test_holder_is_listed_with_when_it_was_last_heard_of(office, store):
    with store.lease("webex", holder="the scheduler"):
        header, row = office.call("lease", "webex").stdout.splitlines()
        (found,) = held(office)

    assert header.split("  ")[0] == "job"
    assert row.split()[:3] == ["webex", "the", "scheduler"]
    assert row.endswith("live")
    assert (found["holder"], found["is_live"]) == ("the scheduler", True)
    assert held(office) == []


def test_broken_lease_lets_the_next_run_begin_and_the_old_one_write_nothing(office, store):
    old = take(store._database, "webex", holder="a container")
    refused = office.call("run")

    done = breaking(office)

    assert refused.exit_code == 7
    assert "`jackfield lease --break webex`" in refused.stderr
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("webex: a container is thrown out (live, since ")
    with pytest.raises(AlreadyRunning):
        store.under(old).begin_cycle("webex")
    assert office.call("run").exit_code == 0


def test_run_of_a_clock_that_was_ahead_needs_no_command(office, store):
    take(store._database, "webex", holder="a container")
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=30)
    values = {"machine": "another", "heartbeat_at": ahead}
    with store._database.write() as connection:
        expires_at = ahead + dt.timedelta(seconds=60)
        connection.execute(leases.update().values(**values, expires_at=expires_at))

    assert held(office)[0]["is_live"] is False
    assert office.call("run").exit_code == 0


def test_breaking_what_nobody_holds_says_so(office, store):
    done = breaking(office)

    assert (done.exit_code, done.stdout) == (0, "")
    assert "webex: nobody holds this job" in done.stderr


def test_lease_of_a_job_that_left_the_configuration_can_be_broken(office, store):
    take(store._database, "old", holder="a container")

    assert breaking(office, "old").exit_code == 0
    assert held(office) == []


def test_unknown_job_is_an_error(office, store):
    done = breaking(office, "webxe")

    assert done.exit_code == 1
    assert "webxe" in done.stderr


def test_broken_lease_as_json_names_who_was_thrown_out(office, store):
    take(store._database, "webex", holder="a container")

    document = json.loads(office.call("lease", "--break", "webex", "--json").stdout)

    assert document["schema"] == "jackfield.lease/1"
    assert document["broken"] is True
    assert [lease["holder"] for lease in document["leases"]] == ["a container"]


def test_breaking_names_one_job(office):
    assert office.call("lease", "webex", "--break", "webex").exit_code == 2
