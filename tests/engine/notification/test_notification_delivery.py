"""From the state of a job to mails, over several cycles."""

import pytest
from support.clock import START
from support.loopback import LoopbackServer, reply
from support.mail_server import MailServer, Manners
from support.news import HOUR, TOO_MANY, Memory, disabled, healthy, held, quarantined

from jackfield import ConfigurationError
from jackfield.engine.notification.mail import Mail
from jackfield.engine.notification.notifier import (
    NotificationSettings,
    Notifier,
    notification_settings,
)
from jackfield.redact import Redactor

SENDER = "jackfield@example.com"


def mail_table(port, **changed):
    return {
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": SENDER,
        "recipients": ["ops@example.com"],
        "timeout_seconds": 2,
    } | changed


def hook_table(origin):
    return {"url": f"{origin}/hook", "allow_loopback": True, "timeout_seconds": 2}


def opened(tmp_path, mail=None, webhook=None):
    return Memory(Notifier.open(notification_settings(mail, webhook, tmp_path)))


@pytest.fixture
def server():
    with MailServer() as server:
        yield server


@pytest.fixture
def memory(server, tmp_path):
    return opened(tmp_path, mail_table(server.port))


def subjects(server):
    return [mailing.mail["Subject"] for mailing in server.mails]


def test_exactly_two_mails_when_the_reason_changes(server, memory):
    """One when the job enters, one for the other reason; none for the cycles between."""
    for hours in range(3):
        memory.cycle(quarantined(at=START + hours * HOUR))
    for hours in range(3, 6):
        memory.cycle(quarantined(TOO_MANY, at=START + hours * HOUR, error="401 for p1"))

    assert subjects(server) == [
        "Jackfield: calls: in quarantine",
        "Jackfield: calls: in quarantine for another reason",
    ]


def test_a_whole_story_is_one_mail_for_each_turn(server, memory):
    for event in (healthy(), quarantined(), quarantined(), healthy(), healthy()):
        memory.cycle(event)
    again = START + 48 * HOUR
    memory.cycle(quarantined(series_began_at=again))
    memory.cycle(disabled(series_began_at=again))
    memory.cycle(disabled(series_began_at=again))

    assert [subject.partition("calls: ")[2] for subject in subjects(server)] == [
        "in quarantine",
        "quarantine lifted",
        "in quarantine",
        "switched off after 28 days in quarantine",
    ]


def test_held_removals_are_one_mail_however_many_people_and_cycles(server, memory):
    for _ in range(3):
        memory.cycle(healthy(), held())
    memory.cycle(healthy(), held("ba9876543210", count=41))

    assert [subject.split()[2] for subject in subjects(server)] == ["40", "41"]


def test_jobs_do_not_silence_each_other(server, memory):
    memory.cycle(quarantined(), quarantined(job="other"))

    assert len(server.mails) == 2


def test_a_failed_delivery_is_an_error_and_is_made_up_for_in_the_next_cycle(server, memory):
    server.manners = Manners(answers={"MAIL": "451 later"})
    first = memory.cycle(quarantined())
    server.manners = Manners()
    second = memory.cycle(quarantined(at=START + HOUR))
    third = memory.cycle(quarantined(at=START + 2 * HOUR))

    assert first.errors == ("mail: not delivered: 127.0.0.1 answers 451 later",)
    assert (first.told, second.errors, third.told) == ((), (), ())
    assert len(server.mails) == 1


def test_a_quarantine_nobody_heard_of_is_not_lifted_either(server, memory):
    server.manners = Manners(answers={"MAIL": "451 later"})
    memory.cycle(quarantined())
    server.manners = Manners()
    memory.cycle(healthy())

    assert server.mails == []


def test_one_channel_that_fails_is_tried_alone_the_next_time(server, tmp_path):
    with LoopbackServer(reply(500), reply(204)) as receiver:
        memory = opened(tmp_path, mail_table(server.port), hook_table(receiver.origin))
        first = memory.cycle(quarantined())
        second = memory.cycle(quarantined())

    assert first.errors == ("webhook: not delivered: 127.0.0.1 answers 500",)
    assert [last.channel for last in (*first.told, *second.told)] == ["mail", "webhook"]
    assert (len(server.mails), len(receiver.requests)) == (1, 2)


def test_a_channel_that_fails_costs_one_attempt_a_cycle(server, memory):
    server.manners = Manners(greeting=b"554 closed\r\n")

    delivery = memory.cycle(quarantined(), held(), quarantined(job="other"))

    assert len(delivery.errors) == 1


def test_a_mail_with_one_refused_recipient_is_complained_of_and_not_sent_again(server, tmp_path):
    recipients = ["ops@example.com", "gone@example.com"]
    memory = opened(tmp_path, mail_table(server.port, recipients=recipients))
    server.manners = Manners(answers={"gone@example.com": "550 gone"})

    deliveries = [memory.cycle(quarantined()) for _ in range(2)]

    assert [len(delivery.errors) for delivery in deliveries] == [1, 0]
    assert len(server.mails) == 1


class Faulty:
    name = "faulty"

    def send(self, message):
        raise RuntimeError("canary-7f3a9c")


def test_a_fault_of_a_channel_stops_neither_the_cycle_nor_the_others(server, tmp_path):
    table = notification_settings(mail_table(server.port), None, tmp_path).mail
    notifier = Notifier((Faulty(), Mail(table)))

    delivery = notifier.deliver([quarantined()], [])

    assert delivery.errors == ("faulty: not delivered: RuntimeError",)
    assert len(server.mails) == 1


def test_no_channel_tells_nothing():
    assert Notifier.open(NotificationSettings()).deliver([quarantined()], []).told == ()


def test_secrets_of_every_channel_are_removed_from_all_they_say(server, tmp_path, monkeypatch):
    """The mail's error quotes the webhook's key."""
    monkeypatch.setenv("HOOK_KEY", "canary-of-the-webhook-7f3a9c")
    redactor = Redactor()
    with LoopbackServer(reply(204)) as receiver:
        hook = hook_table(receiver.origin) | {"secret": "env:HOOK_KEY"}
        given = notification_settings(mail_table(server.port), hook, tmp_path)
        notifier = Notifier.open(given, redactor)
        notifier.deliver([quarantined(error="canary-of-the-webhook-7f3a9c")], [])

    assert "canary" not in server.mails[0].text
    assert b"canary" not in receiver.requests[0]
    assert "canary" not in repr(given) + repr(notifier)


def test_references_are_resolved(tmp_path, monkeypatch):
    monkeypatch.setenv("MAIL_PASSWORD", "canary-p4ssword")
    (tmp_path / "hook").write_text("https://hooks.example/services/a?b=c\n")
    mail = mail_table(25, user="jackfield", password="env:MAIL_PASSWORD")

    given = notification_settings(mail, {"url": "file:hook"}, tmp_path)

    assert given.mail.password.get_secret_value() == "canary-p4ssword"
    assert given.webhook.url == "https://hooks.example/services/a?b=c"


PROBLEMS = {
    "misspelt key": ({"recipient": []}, None, "mail.recipient: unknown key; did you mean recip"),
    "missing variable": ({"password": "env:NOT_SET"}, None, "mail.password: the environment var"),
    "wrong element": ({"recipients": ["canary"]}, None, "mail.recipients#1: must be plain e-mail"),
    "whole table": ({"user": "canary"}, None, "mail: give both user and password"),
    "webhook": (None, {"url": "http://canary.example"}, "webhook: url must begin with https://"),
}


@pytest.mark.parametrize(("mail", "hook", "expected"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_problem_names_table_and_key_and_no_value(mail, hook, expected, tmp_path):
    table = None if mail is None else mail_table(25) | mail
    with pytest.raises(ConfigurationError) as caught:
        notification_settings(table, hook, tmp_path)

    assert str(caught.value).startswith(expected)
    assert "canary" not in str(caught.value)
