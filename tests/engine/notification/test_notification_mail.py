"""Mail, through a server on this machine."""

import logging
import smtplib
import ssl
import time

import pytest
from pydantic import ValidationError
from support.canaries import find_canary
from support.clock import START
from support.frames import shown_with_variables
from support.mail_server import MailServer, Manners, server_identity
from support.news import held, quarantined

from jackfield.driver.addresses import Reach
from jackfield.engine.notification.events import Message, NotDelivered, render
from jackfield.engine.notification.mail import Mail, MailSettings, mail_of, system_trust
from jackfield.redact import Redactor

PASSWORD = "canary-p4ssword"
BASIC = {
    "host": "127.0.0.1",
    "security": "none",
    "sender": "jackfield@example.com",
    "recipients": ["ops@example.com", "help@example.com"],
    "timeout_seconds": 5,
}
ACCOUNT = {"user": "jackfield", "password": PASSWORD}
NEWS = render(quarantined(), None, Redactor())


def settings(**changed):
    return MailSettings.model_validate(BASIC | changed)


def send(server, message=NEWS, *, trust=None, **changed):
    return Mail(settings(port=server.port, **changed), trust=trust).send(message)


def refusal(server, **changed):
    with pytest.raises(NotDelivered) as caught:
        send(server, **changed)
    return str(caught.value)


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    return server_identity(tmp_path_factory.mktemp("identity"))


def test_one_mail_goes_to_all_recipients():
    with MailServer() as server:
        complaints = send(server)

    (mailing,) = server.mails
    assert complaints == ()
    assert mailing.sender == "jackfield@example.com"
    assert mailing.recipients == ("ops@example.com", "help@example.com")
    assert mailing.mail["Subject"] == "Jackfield: calls: in quarantine"
    assert mailing.mail["Auto-Submitted"] == "auto-generated"
    assert mailing.mail.get_content_type() == "text/plain"
    assert mailing.text.splitlines() == NEWS.text.splitlines()


def test_mail_holds_letters_of_every_script_and_lines_of_one_dot():
    message = Message(
        id="1", at=START, subject="Zoë 田中", text=".\n..\nZoë 田中\n" + "ä" * 2000, document={}
    )
    with MailServer() as server:
        send(server, message)

    assert server.mails[0].mail["Subject"] == "Zoë 田中"
    assert server.mails[0].text.splitlines() == message.text.splitlines()
    assert server.mails[0].content.isascii()


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\x0b", "\x85", "\u2028"], ids=ascii)
def test_a_line_break_in_names_makes_no_header(end):
    hostile = f"x{end}Bcc: thief@example.com{end}{end}.{end}"
    event = held(job=f"calls{hostile}", people=(hostile,), reason=hostile)
    with MailServer() as server:
        send(server, render(event, None, Redactor()))

    (mailing,) = server.mails
    assert "Bcc" not in mailing.mail
    assert mailing.recipients == ("ops@example.com", "help@example.com")
    assert {"thief@example.com" in name for name in mailing.mail} == {False}


def test_a_subject_that_was_not_made_printable_is_refused_not_sent():
    message = Message(id="1", at=START, subject="a\r\nBcc: b@example.com", text="x", document={})
    with MailServer() as server, pytest.raises(NotDelivered):
        send(server, message)

    assert server.mails == []


def test_starttls_comes_before_user_and_password(identity):
    own, trust = identity
    with MailServer(Manners(identity=own, accounts={"jackfield": PASSWORD})) as server:
        send(server, trust=trust, security="starttls", **ACCOUNT)

    assert (server.mails[0].is_encrypted, server.mails[0].user) == (True, "jackfield")
    assert server.commands[1] == "STARTTLS"


def test_implicit_tls_speaks_tls_from_the_first_byte(identity):
    own, trust = identity
    manners = Manners(identity=own, is_implicit=True, accounts={"jackfield": PASSWORD})
    with MailServer(manners) as server:
        send(server, trust=trust, security="tls", **ACCOUNT)

    assert (server.mails[0].is_encrypted, server.mails[0].user) == (True, "jackfield")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_ends_the_delivery(identity, security):
    manners = Manners(identity=identity[0], is_implicit=security == "tls")
    with MailServer(manners) as server:
        said = refusal(server, security=security, **ACCOUNT)

    assert "certificate of 127.0.0.1 is not trusted" in said
    assert not any("AUTH" in command for command in server.commands)


def test_a_server_without_starttls_gets_no_password():
    with MailServer(Manners(accounts={"jackfield": PASSWORD})) as server:
        said = refusal(server, security="starttls", **ACCOUNT)

    assert "STARTTLS" in said
    assert not any("AUTH" in command for command in server.commands)


def test_tls_is_verified_and_old_versions_are_refused():
    trust = system_trust()

    assert trust.verify_mode is ssl.CERT_REQUIRED
    assert trust.check_hostname
    assert trust.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_a_refused_login_is_told_without_the_password():
    """This server even repeats it."""
    with MailServer(Manners(accounts={"jackfield": "another"})) as server:
        said = refusal(server, **ACCOUNT)

    assert said.startswith("127.0.0.1 refuses user and password: 535 no")
    assert PASSWORD not in said
    assert server.mails == []


def test_no_variable_of_a_refused_login_holds_the_password():
    with (
        MailServer(Manners(accounts={"jackfield": "another"})) as server,
        pytest.raises(NotDelivered) as caught,
    ):
        send(server, **ACCOUNT)

    assert find_canary(shown_with_variables(caught.value)) == ""


def test_no_log_and_no_repr_holds_the_password(caplog, capsys):
    with caplog.at_level(logging.DEBUG), MailServer(Manners(accounts={"a": "b"})) as server:
        refusal(server, **ACCOUNT)

    output = "".join(capsys.readouterr())
    assert PASSWORD not in caplog.text + output + repr(settings(**ACCOUNT))


REFUSALS = {
    "greeting": (Manners(greeting=b"554 no service\r\n"), "554 no service"),
    "sender": (Manners(answers={"MAIL": "550 who"}), "550 who"),
    "recipients": (Manners(answers={"RCPT": "550 gone"}), "refuses every recipient"),
    "data": (Manners(answers={"DATA": "451 later"}), "451 later"),
    "mail": (Manners(answers={"the mail": "552 too large"}), "552 too large"),
    "going away": (Manners(answers={"MAIL": "421 closing"}), "421 closing"),
    "no SMTP": (Manners(greeting=b"HTTP/1.1 400 Bad Request\r\n\r\n"), "127.0.0.1"),
    "control characters": (Manners(answers={"MAIL": "550 \x1b[2Ja"}), r"550 \x1b[2Ja"),
    "endless line": (Manners(greeting=b"220 " + b"x" * 100_000), "Line too long"),
    "endless answer": (Manners(answers={"MAIL": "250-x\r\n" * 20_000}), "too much"),
}


@pytest.mark.parametrize(("manners", "expected"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_is_told_in_one_line(manners, expected):
    with MailServer(manners) as server:
        said = refusal(server)

    assert expected in said
    assert said.isprintable()
    assert len(said) < 1500


def test_one_refused_recipient_is_a_complaint_about_a_delivered_mail():
    refused = Manners(answers={"help@example.com": "550 gone"})
    with MailServer(refused) as server:
        complaints = send(server)

    assert complaints == ("127.0.0.1 refuses help@example.com: 550 gone",)
    assert server.mails[0].recipients == ("ops@example.com",)


def test_a_server_that_is_down_is_not_delivered():
    with MailServer() as server:
        pass

    assert "Connection refused" in refusal(server)


@pytest.mark.parametrize(
    "manners",
    [Manners(pause_seconds=0.05, greeting=b"220-\r\n" * 500), Manners(greeting=b"")],
    ids=["dripping", "silent"],
)
def test_a_slow_server_is_given_up_at_the_deadline(manners):
    with MailServer(manners) as server:
        began_at = time.monotonic()
        said = refusal(server, timeout_seconds=0.4)

    assert time.monotonic() - began_at < 2
    assert "too long" in said or "timed out" in said


def test_a_server_silent_in_the_handshake_is_given_up_at_the_deadline():
    with MailServer(Manners(greeting=b"")) as server:
        began_at = time.monotonic()
        refusal(server, security="tls", timeout_seconds=0.4)

        assert time.monotonic() - began_at < 2


def test_a_server_that_does_not_say_good_bye_has_delivered():
    with MailServer(Manners(answers={"QUIT": "500 what"})) as server:
        assert send(server) == ()


def test_a_name_that_leads_elsewhere_gets_nothing_in_the_clear():
    reach = Reach(loopback=True, private=True, resolve=lambda _host, _port: ["10.0.0.9"])

    with pytest.raises(NotDelivered, match="not on this machine"):
        Mail(settings(host="localhost"), reach=reach).send(NEWS)


def test_a_name_that_leads_to_a_metadata_service_is_not_connected_to():
    reach = Reach(loopback=True, private=True, resolve=lambda _host, _port: ["169.254.169.254"])

    with pytest.raises(NotDelivered, match="no mail server"):
        Mail(settings(host="mail.example", security="tls"), reach=reach).send(NEWS)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_security(security, port):
    assert settings(security=security).used_port == port


WRONG = {
    "clear text elsewhere": {"host": "mail.example.com"},
    "host with a port": {"host": "mail.example.com:25", "security": "tls"},
    "host with a line break": {"host": "mail\r\n", "security": "tls"},
    "header in the sender": {"sender": "a@example.com\r\nBcc: b@example.com"},
    "sender with a name": {"sender": "A <a@example.com>"},
    "recipient with a line break": {"recipients": ["a@example.com\n"]},
    "no recipient": {"recipients": []},
    "user alone": {"user": "a"},
    "password alone": {"password": PASSWORD},
    "unknown security": {"security": "ssl"},
    "unknown key": {"recipient": "a@example.com"},
    "port out of range": {"port": 70_000},
    "no end": {"timeout_seconds": float("inf")},
}


@pytest.mark.parametrize("changed", WRONG.values(), ids=WRONG.keys())
def test_settings_that_cannot_work_are_refused_without_their_values(changed):
    with pytest.raises(ValidationError) as caught:
        settings(**changed)

    assert PASSWORD not in str(caught.value)


def test_another_attempt_has_the_same_message_id():
    mails = [mail_of(NEWS, settings()) for _ in range(2)]

    assert mails[0]["Message-ID"] == mails[1]["Message-ID"] == f"<{NEWS.id}@example.com>"
    assert smtplib.SMTP.debuglevel == 0
