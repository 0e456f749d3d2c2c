"""`jackfield serve`."""

import datetime as dt
import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from support.mail_server import MailServer, Manners

from jackfield.cli.app import Options
from jackfield.cli.events import EventLog
from jackfield.cli.schedule import JobLoop, Service
from jackfield.engine.configuration import Configuration
from jackfield.engine.state.jobs import Quarantine
from jackfield.engine.state.store import opened
from jackfield.testing.sandbox import Fault

PATIENCE_SECONDS = 20
HOUR = dt.timedelta(hours=1)
MAIL = """
[notifications.mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "jackfield@example.com"
recipients = ["it@example.com"]
"""
BROKEN = """
[jobs.broken]
source = "people"
connection = "missing-token"
[connections.missing-token]
connector = "webex"
token = "env:NOWHERE_TO_BE_FOUND"
"""


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def events(stderr: str, name: str = "") -> list[dict]:
    found = [json.loads(line) for line in stderr.splitlines()]
    return [each for each in found if not name or each["event"] == name]


def quarantine(office, next_attempt_at: dt.datetime, *, is_disabled: bool = False) -> None:
    found = Quarantine(
        reason="EncounteredQuarantineException",
        error="refused",
        began_at=now(),
        series_began_at=now(),
        series_count=0,
        next_attempt_at=next_attempt_at,
    )
    with opened(office.folder / "jackfield.db") as store:
        store.jobs.quarantine("webex", found, is_disabled=is_disabled)


@contextmanager
def serving(office, at: dt.datetime | None = None):
    """Open the loop of the office's job, its clock standing still."""
    configuration = Configuration.load(office.config)
    with opened(office.folder / "jackfield.db") as store:
        service = Service(
            options=Options(office.config, debug=False),
            configuration=configuration,
            store=store,
            log=EventLog(),
            now=lambda: at or now(),
        )
        yield JobLoop("webex", service)
        service.close()


@pytest.fixture
def post(office):
    """A mail server that the office's configuration names."""
    with MailServer() as server:
        office.configure(MAIL.format(port=server.port))
        yield server


def subjects(post: MailServer) -> list[str]:
    return [mailing.mail["Subject"] for mailing in post.mails]


def started(office, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jackfield", "serve", "--json", *words]
    return subprocess.Popen(command, cwd=office.folder, stderr=subprocess.PIPE, text=True)


def wait_for(is_so) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    assert is_so()


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
    """B13."""
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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_signal_lets_the_current_step_finish(office, number, code):
    """H2."""
    office.employ(*(f"p{number}" for number in range(40)))
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=0.5, times=99))
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) > 0)

    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == code
    told = [each["event"] for each in events(said)][-3:]
    assert told == ["service.stopping", "cycle.stopped", "service.ended"]
    with opened(office.folder / "jackfield.db") as store:
        assert store.open_intents("webex") == []
        assert len(store.links("webex")) == len(office.sandbox.store) < 40


@pytest.mark.parametrize("workers", [1, 8])
def test_service_that_a_vendor_makes_wait_ends_soon_and_loses_nothing(office, workers):
    """H2: the vendor may say to come back in ten minutes."""
    text = office.config.read_text()
    office.config.write_text(text.replace("[jobs.webex]", f"[jobs.webex]\nworkers = {workers}"))
    office.employ(*(f"p{number}" for number in range(12)))
    office.sandbox.faults.add(
        Fault(method="POST", status=429, headers={"Retry-After": "600"}, after=4, times=99)
    )
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) == 4)
    began = time.monotonic()

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143
    assert time.monotonic() - began < 10
    office.sandbox.faults.clear()
    assert office.call("run").exit_code == 0
    assert len(office.sandbox.store) == 12


def test_waiting_service_ends_at_once(office):
    process = started(office)
    wait_for(lambda: len(office.sandbox.store) == 2)

    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143


def test_second_signal_ends_at_once(office):
    office.sandbox.faults.add(Fault(method="POST", delay_seconds=8.0, times=9))
    process = started(office)
    wait_for(lambda: any(request.method == "POST" for request in office.sandbox.requests))
    began = time.monotonic()

    process.send_signal(signal.SIGTERM)
    time.sleep(0.5)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 143
    assert time.monotonic() - began < 6


def test_people_are_told_once_of_a_quarantine_and_once_of_its_end(office, post, monkeypatch):
    """B14."""
    with monkeypatch.context() as patched:
        patched.setenv("TEST_WEBEX_TOKEN", "stale")
        codes = [office.call("serve", "--once").exit_code for _ in range(2)]
    office.call("restart", "webex")
    office.call("serve", "--once")
    office.call("serve", "--once")

    assert codes == [6, 0]
    assert subjects(post) == [
        "Jackfield: webex: in quarantine",
        "Jackfield: webex: quarantine lifted",
    ]


def test_people_are_told_of_held_removals_and_anew_when_they_are_held_anew(office, post):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("serve", "--once")
    for _ in range(2):
        office.employ("ada")
        codes = [office.call("serve", "--once").exit_code for _ in range(2)]
        office.employ("ada", "bob", "cat", "dan", "eve")
        office.call("serve", "--once")

    assert codes == [5, 5]
    assert subjects(post) == ["Jackfield: webex: 4 removals are held until a person approves"] * 2
    assert f"jackfield --config {office.config} hold approve " in post.mails[0].text.replace(
        "\n", " "
    )


def test_people_are_told_anew_when_more_are_held_and_not_when_the_numbers_change(office, post):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("serve", "--once")
    office.employ("ada")
    office.call("serve", "--once")
    office.employ("ada", "fay")
    office.call("serve", "--once")
    office.employ("fay")
    office.call("serve", "--once")

    held = "Jackfield: webex: {} removals are held until a person approves"
    assert subjects(post) == [held.format(4), held.format(5)]


def test_people_are_told_that_a_job_was_paused_and_that_it_runs_again(office, post):
    office.call("pause", "webex", "--as", "Grace")
    for _ in range(2):
        office.call("serve", "--once")
    office.call("restart", "webex")
    office.call("serve", "--once")

    assert subjects(post) == ["Jackfield: webex: paused", "Jackfield: webex: quarantine lifted"]
    assert "Error: paused by Grace" in post.mails[0].text


def test_what_could_not_be_delivered_is_reported_and_told_later(office, post):
    quarantine(office, now() + HOUR)
    post.manners = Manners(answers={"DATA": "451 4.3.0 later"})
    failed = office.call("serve", "--once", "--json")
    post.manners = Manners()
    office.call("serve", "--once")

    assert failed.exit_code == 0
    assert "mail: not delivered" in events(failed.stderr, "notification.failed")[0]["error"]
    assert subjects(post) == ["Jackfield: webex: in quarantine"]


def test_wrong_settings_of_notifications_end_the_start(office):
    office.configure('[notifications.mail]\nhost = "localhost"\n')

    done = office.call("serve", "--once")

    assert done.exit_code == 1
    assert "notifications.mail.sender: this key is missing" in done.stderr
    assert len(office.sandbox.store) == 0


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
