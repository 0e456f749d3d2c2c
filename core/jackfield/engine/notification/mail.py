"""Delivers a message by SMTP, over TLS that is verified, within a bound of time.

`smtplib` bounds each read alone, so a server that drips could hold a cycle for hours; the session
here has one deadline for everything. Source: RFC 5321, RFC 3207 (STARTTLS), RFC 8314 (TLS from the
first byte), RFC 3834 (Auto-Submitted).
"""

import contextlib
import io
import ipaddress
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from jackfield.driver.addresses import Reach
from jackfield.engine.notification.events import Message, NotDelivered, shown
from jackfield.errors import ConfigurationError
from jackfield.redact import Redactor
from jackfield.settings import Secret

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_USER = re.compile(r"[\x21-\x7e]{0,254}")
# The HTML standard's pattern for e-mail addresses (read 2026-11-20), without display names.
_MAIL_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,252}")
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_MOST_ANSWER_BYTES = 64 * 1024
_QUIT_SECONDS = 2.0


def _checked_host(host: str) -> str:
    if not _HOST.fullmatch(host) and not _is_address(host):
        raise ValueError("must be the name or address of a mail server, without a port")
    return host


def _checked_mail_address(address: str) -> str:
    if not _MAIL_ADDRESS.fullmatch(address):
        raise ValueError("must be plain e-mail addresses such as it@example.com")
    return address


def _checked_user(user: str) -> str:
    if not _USER.fullmatch(user):
        raise ValueError("must be plain ASCII without spaces")
    return user


MailAddress = Annotated[str, AfterValidator(_checked_mail_address)]


class MailSettings(BaseModel):
    """`[notifications.mail]`: a mail server, and who writes to whom.

    `port` is 587 with STARTTLS, 465 with TLS and 25 with none where it is not given. `none` is for
    a server on this machine alone. A server in the own network needs no leave: it usually is there.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: Annotated[str, AfterValidator(_checked_host)]
    port: int | None = Field(default=None, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, AfterValidator(_checked_user)] = ""
    password: Secret | None = None
    sender: MailAddress
    recipients: tuple[MailAddress, ...] = Field(min_length=1, max_length=50)
    timeout_seconds: float = Field(default=20.0, gt=0, le=120, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.user) != (self.password is not None):
            raise ValueError("give both user and password, or neither")
        if self.security == "none" and not _is_this_machine(self.host):
            raise ValueError(
                'security = "none" sends in the clear, which is for a server on this machine only'
            )
        return self

    @property
    def used_port(self) -> int:
        return self.port or _PORTS[self.security]

    def secrets(self) -> frozenset[str]:
        """Return every secret value, also as it crosses the wire, for the redactor alone."""
        if self.password is None:
            return frozenset()
        password = self.password.get_secret_value()
        return frozenset({password, f"\0{self.user}\0{password}"})


class Mail:
    """The channel for mail: one message to all recipients, each time over a new connection."""

    name: ClassVar[str] = "mail"

    def __init__(
        self,
        settings: MailSettings,
        redactor: Redactor | None = None,
        *,
        trust: ssl.SSLContext | None = None,
        reach: Reach | None = None,
    ) -> None:
        self._settings = settings
        self._redactor = redactor or Redactor()
        for secret in settings.secrets():
            self._redactor.add(secret)
        self._trust = trust or system_trust()
        self._reach = reach or Reach(loopback=True, private=True)

    def send(self, message: Message) -> tuple[str, ...]:
        """Deliver; return what to complain of, such as one recipient of several refused.

        Raises: NotDelivered where nobody got it, or where that is unknown.
        """
        settings = self._settings
        try:
            session = _Session(settings, self._connected, self._trust)
            try:
                refused = self._spoken(session, message)
            finally:
                session.leave()
        except (OSError, ValueError) as error:
            failure = self._why(error)
        else:
            return self._complaints(refused)
        # Out of the handler: the frames of smtplib hold user and password.
        raise NotDelivered(failure)

    def _complaints(self, refused: Mapping[str, tuple[int, bytes]]) -> tuple[str, ...]:
        settings = self._settings
        return tuple(f"{settings.host} refuses {self._reply(*refused[to], to)}" for to in refused)

    def _spoken(self, session: "_Session", message: Message) -> dict[str, tuple[int, bytes]]:
        settings = self._settings
        session.ehlo_or_helo_if_needed()
        if settings.security == "starttls":
            session.starttls(context=self._trust)
            session.ehlo()
        if settings.password is not None:
            session.login(settings.user, settings.password.get_secret_value())
        content = mail_of(message, settings).as_bytes(policy=SMTP)
        return session.sendmail(settings.sender, list(settings.recipients), content)

    def _connected(self, left: Callable[[], float]) -> socket.socket:
        """Return a connection to the first address that answers, all of them checked."""
        settings = self._settings
        try:
            addresses = self._reach.addresses(settings.host, settings.used_port)
        except ConfigurationError:
            raise OSError("its address is one that no mail server has") from None
        if settings.security == "none" and not all(map(_is_this_machine, addresses)):
            raise OSError("its address is not on this machine, and nothing is sent in the clear")
        last: OSError | None = None
        for address in addresses:
            try:
                return socket.create_connection((address, settings.used_port), left())
            except OSError as error:
                last = error
        raise last or OSError("the name has no address")

    def _why(self, error: Exception) -> str:
        host = self._settings.host
        if isinstance(error, smtplib.SMTPAuthenticationError):
            return f"{host} refuses user and password: {self._reply(*_answer(error))}"
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            refused = error.recipients.items()
            said = "; ".join(self._reply(*answer, to) for to, answer in list(refused)[:3])
            return f"{host} refuses every recipient: {said}"
        if isinstance(error, smtplib.SMTPResponseException):
            return f"{host} answers {self._reply(*_answer(error))}"
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"the certificate of {host} is not trusted: {error.verify_message}"
        if isinstance(error, ValueError):
            return f"{host} cannot be written to: {type(error).__name__}"
        return f"{host}: {shown(error, self._redactor) or type(error).__name__}"

    def _reply(self, code: int, said: bytes, recipient: str = "") -> str:
        text = shown(said.decode("utf-8", "replace"), self._redactor, 200)
        return f"{recipient}: {code} {text}" if recipient else f"{code} {text}"


def system_trust() -> ssl.SSLContext:
    """Return verification against the certificates that this machine trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def mail_of(message: Message, settings: MailSettings) -> EmailMessage:
    """Return the mail: plain text, readable on the wire, marked as sent by a program."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = settings.sender
    mail["To"] = ", ".join(settings.recipients)
    mail["Subject"] = message.subject
    mail["Date"] = format_datetime(message.at)
    mail["Message-ID"] = f"<{message.id}@{settings.sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(message.text, cte="quoted-printable")
    return mail


def _answer(error: smtplib.SMTPResponseException) -> tuple[int, bytes]:
    said = error.smtp_error
    return error.smtp_code, said if isinstance(said, bytes) else said.encode()


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_this_machine(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


class _Session(smtplib.SMTP):
    """One connection with one deadline for all of it."""

    def __init__(
        self,
        settings: MailSettings,
        connected: Callable[[Callable[[], float]], socket.socket],
        trust: ssl.SSLContext,
    ) -> None:
        self._ends_at = time.monotonic() + settings.timeout_seconds
        self._connected = connected
        self._implicit_trust = trust if settings.security == "tls" else None
        self._own_address = "[127.0.0.1]"
        # A name of its own is given, since smtplib would ask the DNS for one without a bound.
        super().__init__(settings.host, settings.used_port, local_hostname="localhost")
        self.local_hostname = self._own_address

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # noqa: ARG002 - smtplib's signature
        connection = self._connected(self._left)
        address = connection.getsockname()[0]
        self._own_address = f"[IPv6:{address}]" if ":" in address else f"[{address}]"
        if self._implicit_trust is None:
            return connection
        connection.settimeout(self._left())
        try:
            return self._implicit_trust.wrap_socket(connection, server_hostname=host)
        except BaseException:
            connection.close()
            raise

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Timed(self.sock, self._left))
        reply = super().getreply()
        if self.sock is not None:  # a TLS handshake may come next, and takes the socket's time-out
            self.sock.settimeout(max(0.001, self._ends_at - time.monotonic()))
        return reply

    def send(self, s: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._left())
        super().send(s)

    def leave(self) -> None:
        """Say good-bye; a server that does not answer it has done its work all the same."""
        self._ends_at = min(self._ends_at, time.monotonic() + _QUIT_SECONDS)
        with contextlib.suppress(OSError):
            self.quit()
        self.close()

    def _left(self) -> float:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the mail server takes too long")
        return left


class _Timed(io.RawIOBase):
    """What a server says, up to the deadline and up to a size."""

    def __init__(self, connection: socket.socket, left: Callable[[], float]) -> None:
        self._connection = connection
        self._left = left
        self._room = _MOST_ANSWER_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._room <= 0:
            raise OSError("the mail server says too much")
        self._connection.settimeout(self._left())
        count = self._connection.recv_into(buffer)
        self._room -= count
        return count
