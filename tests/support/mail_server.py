"""A mail server on loopback, which does as it is told and keeps every mail."""

import base64
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Self

import pytest


@dataclass(frozen=True)
class Manners:
    """How the server behaves. `answers` replaces its answer to a command (`DATA`) or an address."""

    identity: ssl.SSLContext | None = None
    is_implicit: bool = False
    accounts: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    greeting: bytes = b"220 loopback\r\n"
    pause_seconds: float = 0.0
    """Between any two bytes that it says."""


@dataclass(frozen=True)
class Mailing:
    """One mail as it was accepted."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes
    is_encrypted: bool
    user: str

    @property
    def mail(self) -> EmailMessage:
        found = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        return found

    @property
    def text(self) -> str:
        return str(self.mail.get_content())


class MailServer:
    """Serves any number of connections, one after the other."""

    def __init__(self, manners: Manners = Manners()) -> None:
        self.mails: list[Mailing] = []
        self.commands: list[str] = []
        self.manners = manners
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(5)
            conversation = _Conversation(self, connection)
            with suppress(OSError, ValueError):
                conversation.hold()
            conversation.close()


class _Conversation:
    """One connection."""

    def __init__(self, server: MailServer, connection: socket.socket) -> None:
        self._server = server
        self._manners = server.manners
        self._connection = connection
        self._file = connection.makefile("rb")
        self._user = ""
        self._sender = ""
        self._recipients: list[str] = []

    def hold(self) -> None:
        if self._manners.is_implicit:
            self._encrypt()
        self._put(self._manners.greeting)
        while line := self._file.readline():
            command = line.decode().rstrip("\r\n")
            self._server.commands.append(command)
            verb = command.split(" ")[0].upper()
            replaced = self._manners.answers.get(verb) or self._manners.answers.get(
                _between(command)
            )
            if replaced is not None:
                self._say(replaced)
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._obey(verb, command)
        return None

    def close(self) -> None:
        self._file.close()
        self._connection.close()

    def _obey(self, verb: str, command: str) -> None:
        match verb:
            case "EHLO":
                self._greet()
            case "STARTTLS":
                self._say("220 go on")
                self._encrypt()
            case "AUTH":
                self._authenticate(command)
            case "MAIL":
                self._sender = _between(command)
                self._say("250 ok")
            case "RCPT":
                self._recipients.append(_between(command))
                self._say("250 ok")
            case "DATA":
                self._take()
            case _:
                self._say("250 ok")

    def _greet(self) -> None:
        offers = ["loopback", "SIZE 1000000"]
        if self._manners.identity is not None and not self._is_encrypted:
            offers.append("STARTTLS")
        if self._manners.accounts:
            offers.append("AUTH PLAIN")
        self._say("\r\n".join([*(f"250-{offer}" for offer in offers), "250 HELP"]))

    def _authenticate(self, command: str) -> None:
        _, user, password = base64.b64decode(command.split(" ")[2]).decode().split("\0")
        if self._manners.accounts.get(user) != password:
            self._say(f"535 no, {user} {password} is not known here")
            return
        self._user = user
        self._say("235 welcome")

    def _take(self) -> None:
        self._say("354 go on")
        lines: list[bytes] = []
        while (line := self._file.readline()) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b"."))
        mailing = Mailing(
            self._sender,
            tuple(self._recipients),
            b"".join(lines),
            is_encrypted=self._is_encrypted,
            user=self._user,
        )
        self._server.mails.append(mailing)
        self._say(self._manners.answers.get("the mail", "250 taken"))

    @property
    def _is_encrypted(self) -> bool:
        return isinstance(self._connection, ssl.SSLSocket)

    def _encrypt(self) -> None:
        assert self._manners.identity is not None
        self._file.close()
        self._connection = self._manners.identity.wrap_socket(self._connection, server_side=True)
        self._file = self._connection.makefile("rb")

    def _say(self, text: str) -> None:
        self._put(text.encode() + b"\r\n")

    def _put(self, said: bytes) -> None:
        if not self._manners.pause_seconds:
            self._connection.sendall(said)
            return
        for place in range(len(said)):
            self._connection.sendall(said[place : place + 1])
            time.sleep(self._manners.pause_seconds)


def _between(command: str) -> str:
    return command.partition("<")[2].partition(">")[0]


def server_identity(folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return a new server's identity for 127.0.0.1, and the trust that knows it."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("makes its certificate with openssl, which is not installed")
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    made = f"req -x509 -newkey rsa:2048 -nodes -days 2 -keyout {key} -out {certificate}"
    names = ["-subj", "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run([openssl, *made.split(), *names], check=True, capture_output=True)
    identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    identity.load_cert_chain(certificate, key)
    return identity, ssl.create_default_context(cafile=certificate)
