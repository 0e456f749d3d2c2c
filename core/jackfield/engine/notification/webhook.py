"""Delivers a message as a JSON POST, signed where a secret is given.

Source: Standard Webhooks 1.0.0 (read 2026-11-20): `webhook-id`, `webhook-timestamp` and
`webhook-signature`, which is HMAC-SHA256 of "id.timestamp.body".
"""

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import json
import re
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    TypeAdapter,
    model_validator,
)

from jackfield.driver.addresses import Reach
from jackfield.driver.transport import Limits, SyncTransport, Wire
from jackfield.engine.notification.events import Message, NotDelivered, shown
from jackfield.errors import ProvisioningError
from jackfield.redact import Redactor
from jackfield.settings import BaseUrl, Secret, is_loopback

_BASE_URL: TypeAdapter[str] = TypeAdapter(BaseUrl)
_QUERY = re.compile(r"[\x21-\x7e]*")
_SHORTEST_KEY_BYTES = 24
_ENCODED_KEY = "whsec_"
_CONNECT_SECONDS = 5.0
_MOST_ANSWER_BYTES = 1024 * 1024


def _checked_url(url: str) -> str:
    """Allow what a base URL may not have, a query and a last slash: receivers ask for both."""
    place, _, query = url.partition("?")
    _BASE_URL.validate_python(place)
    if not _QUERY.fullmatch(query) or "#" in query:
        raise ValueError("must be plain ASCII without spaces, and without a fragment")
    return url


def _checked_key(secret: SecretStr) -> SecretStr:
    if len(_key(secret)) < _SHORTEST_KEY_BYTES:
        raise ValueError(
            f"is too short: give {_SHORTEST_KEY_BYTES} characters or more, or whsec_ with base64"
        )
    return secret


def _key(secret: SecretStr) -> bytes:
    text = secret.get_secret_value()
    if not text.startswith(_ENCODED_KEY):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_ENCODED_KEY), validate=True)
    except binascii.Error:
        raise ValueError("is no base64 after whsec_") from None


class WebhookSettings(BaseModel):
    """`[notifications.webhook]`: where to post, and the key of the signature.

    The URL may be a secret itself, so it is in no `repr`. `allow_loopback` permits http:// and
    addresses of this machine, `allow_private_network` a server in the own network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: Annotated[str, AfterValidator(_checked_url)] = Field(repr=False)
    secret: Annotated[Secret, AfterValidator(_checked_key)] | None = None
    allow_loopback: bool = False
    allow_private_network: bool = False
    timeout_seconds: float = Field(default=10.0, gt=0, le=120, allow_inf_nan=False)

    @model_validator(mode="after")
    def _check_scheme(self) -> Self:
        parts = urlsplit(self.url)
        if parts.scheme == "http" and not (self.allow_loopback and is_loopback(parts)):
            raise ValueError(
                "url must begin with https:// (http:// only reaches this machine, with "
                "allow_loopback = true)"
            )
        return self

    def secrets(self) -> frozenset[str]:
        """Return every secret value, the URL included, for the redactor alone."""
        given = () if self.secret is None else (self.secret.get_secret_value(),)
        return frozenset({self.url, *given})


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Webhook:
    """The channel for programs. No redirect is followed, and the answer's body is not read."""

    name: ClassVar[str] = "webhook"

    def __init__(
        self,
        settings: WebhookSettings,
        redactor: Redactor | None = None,
        *,
        reach: Reach | None = None,
        now: Callable[[], dt.datetime] = _now,
    ) -> None:
        self._settings = settings
        self._redactor = redactor or Redactor()
        for secret in settings.secrets():
            self._redactor.add(secret)
        self._reach = reach or Reach(
            loopback=settings.allow_loopback, private=settings.allow_private_network
        )
        self._now = now

    def send(self, message: Message) -> tuple[str, ...]:
        """Deliver; there is nothing to complain of where that succeeds.

        Raises: NotDelivered for anything but a 2xx.
        """
        seconds = self._settings.timeout_seconds
        limits = Limits(seconds, min(seconds, _CONNECT_SECONDS), _MOST_ANSWER_BYTES, connections=1)
        transport = SyncTransport(limits, self._reach)
        failure = ""
        try:
            answer = transport.send(self._wire(message))
        except ProvisioningError as error:
            failure = shown(error, self._redactor)
        finally:
            transport.close()
        if failure:
            raise NotDelivered(failure)
        if not 200 <= answer.status < 300:
            host = urlsplit(self._settings.url).hostname
            raise NotDelivered(f"{host} answers {answer.status}")
        return ()

    def _wire(self, message: Message) -> Wire:
        body = json.dumps(message.document, separators=(",", ":")).encode()
        sent_at = str(int(self._now().timestamp()))
        headers = {
            "accept": "*/*",
            "accept-encoding": "identity",
            "content-type": "application/json",
            "user-agent": f"jackfield/{version('jackfield')}",
            "webhook-id": message.id,
            "webhook-timestamp": sent_at,
        }
        if self._settings.secret is not None:
            key = _key(self._settings.secret)
            headers["webhook-signature"] = signature(key, message.id, sent_at, body)
        return Wire("POST", self._settings.url, headers, body)


def signature(key: bytes, message_id: str, sent_at: str, body: bytes) -> str:
    """Return the value of `webhook-signature`; `sent_at` is in whole seconds since 1970."""
    signed = f"{message_id}.{sent_at}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"
