"""`jackfield serve`."""

import datetime as dt
import json

import pytest
from support.service import events, now, quarantine, serving

from jackfield.cli.events import EventLog
from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault

HOUR = dt.timedelta(hours=1)
BROKEN = """
[jobs.broken]
source = "people"
connection = "missing-token"
[connections.missing-token]
connector = "webex"
token = "env:NOWHERE_TO_BE_FOUND"
"""


def test_once_runs_a_cycle_of_each_job_and_ends(office):
    done = office.call("serve", "--once", "--json")

    assert done.exit_code == 0
    told = [each["event"] for each in events(done.stderr)]
    assert told == ["service.began", "cycle.began", "cycle.ended", "service.ended"]
    assert events(done.stderr, "cycle.ended")[0]["success"] == 2
    assert len(office.sandbox.store) == 2


def test_lines_are_for_people_without_the_option(office):
    office.configure(BROKEN)

    done = office.call("serve", "--once")

    assert done.exit_code == 1
    assert " info cycle.ended job=webex cycle=" in done.stderr
    assert ' error cycle.failed job=broken error="' in done.stderr
    assert len(office.sandbox.store) == 2


def test_hostile_text_stays_in_its_line(capsys):
    EventLog().info("source.note", "webex", text="a\nb\x1b[2J \u202e", count=2)

    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert line.endswith(' info source.note job=webex text="a\\nb\\u001b[2J \\u202e" count=2\n')


def test_job_that_runs_elsewhere_is_skipped(office):
    with opened(office.folder / "jackfield.db") as store, store.lease("webex"):
        done = office.call("serve", "--once", "--json")

    assert done.exit_code == 7
    assert "another run holds this job" in events(done.stderr, "cycle.skipped")[0]["why"]


@pytest.mark.parametrize(
    ("wait", "is_disabled", "created"),
    [(HOUR, False, 0), (-HOUR, False, 2), (-HOUR, True, 0)],
    ids=["in quarantine", "at its next attempt", "disabled"],
)
def test_unhealthy_job_runs_at_its_next_attempt_alone(office, wait, is_disabled, created):
    quarantine(office, now() + wait, is_disabled=is_disabled)

    assert office.call("serve", "--once").exit_code == 0
    assert len(office.sandbox.store) == created


def test_interval_counts_from_the_last_cycle(office):
    with serving(office) as loop:
        assert abs(loop.first_at() - now()) < dt.timedelta(seconds=5)
        loop.tick()

        assert abs(loop.first_at() - now() - dt.timedelta(minutes=40)) < dt.timedelta(seconds=10)


def test_slow_cycle_leaves_out_the_ticks_it_missed(office, capsys):
    at = now()
    with serving(office, at) as loop:
        assert loop.next_at(at) == at + dt.timedelta(minutes=40)
        assert loop.next_at(at - 2 * HOUR) == at + dt.timedelta(minutes=40)

    assert "tick.skipped job=webex count=3" in capsys.readouterr().err


def test_next_attempt_of_a_quarantined_job_comes_before_its_interval(office):
    at = now()
    attempt = at + dt.timedelta(minutes=7)
    quarantine(office, attempt)

    with serving(office, at) as loop:
        assert loop.next_at(at) == attempt


def test_who_failed_waits_for_the_clock(office):
    office.sandbox.faults.add(Fault(method="POST", status=400, times=9))

    codes = [office.call("serve", "--once").exit_code for _ in range(2)]

    posts = [request for request in office.sandbox.requests if request.method == "POST"]
    assert (codes, len(posts)) == ([4, 0], 2)


def test_progress_is_stored(office):
    with serving(office) as loop:
        loop.tick()

        progress = loop._store.cycles.latest("webex")[0].progress
    assert (progress.phase, progress.total) == ("apply", 2)


def test_service_that_starts_after_a_stopped_cycle_tries_again_at_once(office):
    (office.folder / "people.csv").unlink()
    with serving(office) as loop:
        assert loop.tick() == 1
        assert loop._store.jobs.get("webex").last_cycle.outcome.startswith("stopped: ")

        assert loop.first_at() <= now()


def test_slow_job_does_not_delay_another(office):
    office.configure(BROKEN)
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=2.0))

    done = office.call("serve", "--once", "--json", "webex", "broken")

    told = [(each["event"], each["job"]) for each in events(done.stderr) if "job" in each]
    assert told[-1] == ("cycle.ended", "webex")
    assert ("cycle.failed", "broken") in told


def test_a_renewed_secret_is_read_at_the_next_attempt(office, monkeypatch):
    """Nobody need restart the service."""
    monkeypatch.setenv("TEST_WEBEX_TOKEN", "stale")
    with serving(office) as loop:
        refused = loop.tick()
        monkeypatch.setenv("TEST_WEBEX_TOKEN", office.sandbox.TOKEN)
        office.call("restart", "webex")

        assert (refused, loop.tick()) == (6, 0)


def test_a_changed_configuration_is_told_once_and_not_used(office, capsys):
    with serving(office) as loop:
        loop.tick()
        office.configure("[jobs.another]\n")
        loop.tick()
        loop.tick()

    told = [line for line in capsys.readouterr().err.splitlines() if "changed" in line]
    assert len(told) == 1
    assert "configuration.changed" in told[0]
    assert "until the service starts anew" in told[0]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[notifications.post]\n", "notifications.post: unknown key; "),
        ("[jobs.other]\nsource='people'\nconnection='webex'\ninterval_minutes=0\n", "interval_min"),
    ],
)
def test_wrong_table_is_named(office, table, said):
    office.configure(table)

    done = office.call("serve", "--once")

    assert done.exit_code == 1
    assert said in done.stderr


@pytest.mark.parametrize(("days", "left"), [(30, 0), (60, 2), (0, 2)])
def test_the_log_is_kept_as_long_as_the_configuration_says(office, capsys, days, left):
    office.call("run")
    office.configure(f"[log]\nretention_days = {days}\n")

    with serving(office, now() + dt.timedelta(days=45)) as loop:
        loop.tick()

    entries = json.loads(office.call("log", "--json").stdout)["entries"]
    assert len(entries) == left
    assert ("log.pruned job=webex entries=2" in capsys.readouterr().err) == (left == 0)


class Waiting:
    """Stands for the event that ends the loop: a clock that jumps on, and is set back once."""

    def __init__(self, *, ahead: dt.timedelta, hours: float) -> None:
        self.now = now() + ahead
        self._hours, self._back, self._waited = hours, ahead, 0.0

    def is_set(self) -> bool:
        return self._waited > self._hours * 3600

    def wait(self, seconds: float) -> None:
        self.now += dt.timedelta(seconds=seconds) - self._back
        self._back = dt.timedelta()
        self._waited += seconds


def test_a_clock_that_was_set_back_stops_no_loop(office):
    """The machine began with a wrong clock."""
    waiting = Waiting(ahead=dt.timedelta(days=300), hours=5)
    with serving(office, waiting=waiting) as loop:
        loop.loop()
    with opened(office.folder / "jackfield.db") as store:
        cycles = store.cycles.latest("webex")

    assert 5 <= len(cycles) <= 9
