"""Whom `jackfield serve` tells of what."""

import datetime as dt

import pytest
from support.mail_server import MailServer, Manners
from support.service import events, now, quarantine

from jackfield.testing.sandbox import Fault

MAIL = """
[notifications.mail]
host = "127.0.0.1"
port = {port}
security = "none"
sender = "jackfield@example.com"
recipients = ["it@example.com"]
"""


@pytest.fixture
def post(office):
    """A mail server that the office's configuration names."""
    with MailServer() as server:
        office.configure(MAIL.format(port=server.port))
        yield server


def subjects(post: MailServer) -> list[str]:
    return [mailing.mail["Subject"] for mailing in post.mails]


def test_people_are_told_once_of_a_quarantine_and_once_of_its_end(office, post, monkeypatch):
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


def test_people_are_told_of_another_reason_once(office, post, monkeypatch):
    office.configure(MAIL.format(port=post.port) + "[jobs.webex.quarantine]\nfailures = 2\n")
    with monkeypatch.context() as patched:
        patched.setenv("TEST_WEBEX_TOKEN", "stale")
        office.call("serve", "--once")
    office.sandbox.faults.add(Fault(method="POST", path="/Users", status=400, times=99))
    for _ in range(2):
        office.call("run")
        office.call("serve", "--once")

    assert subjects(post) == [
        "Jackfield: webex: in quarantine",
        "Jackfield: webex: in quarantine for another reason",
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
    quarantine(office, now() + dt.timedelta(hours=1))
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


def test_people_are_told_anew_where_a_run_by_hand_ended_the_hold(office, post):
    everybody = ("ada", "bob", "cat", "dan", "eve")
    for names in (everybody, ("ada",)):
        office.employ(*names)
        office.call("serve", "--once")
    office.employ(*everybody)
    office.call("run")
    office.employ("ada")
    office.call("serve", "--once")

    assert subjects(post) == ["Jackfield: webex: 4 removals are held until a person approves"] * 2


def test_people_are_told_anew_of_what_was_rejected(office, post):
    office.employ("ada", "bob", "cat", "dan", "eve")
    office.call("serve", "--once")
    office.employ("ada")
    office.call("serve", "--once")
    office.call("hold", "reject", "webex")
    office.call("serve", "--once")

    assert len(post.mails) == 2
