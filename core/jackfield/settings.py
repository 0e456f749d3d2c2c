"""The types of a connector's settings: URLs that are checked, secrets that never print.

A plugin subclasses `ConnectorSettings`; its JSON schema feeds forms, docs and the redactor.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

if TYPE_CHECKING:
    from jackfield.oauth import Authorization

_FORBIDDEN_IN_URL = re.compile(r"[^\x21-\x7e]|\\")
_FORBIDDEN_IN_SECRET = re.compile(r"[^\x21-\x7e]")
_BEARER_PREFIX = re.compile(r"^(bearer(\s+|$))+", re.IGNORECASE)


class _UrlMark:
    """Marks the fields that hold a base URL, so that their origins are known."""


def _checked_url(text: str) -> str:
    if _FORBIDDEN_IN_URL.search(text):
        raise ValueError("must be plain ASCII without spaces or backslashes")
    parts = urlsplit(text)
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        raise ValueError("must begin with https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not hold a user name or password")
    if parts.query or parts.fragment or "?" in text or "#" in text:
        raise ValueError("must not hold a query or a fragment")
    if parts.hostname.endswith("."):
        raise ValueError("must not end its host name with a dot")
    if parts.port is not None and parts.port < 1024 and parts.port not in {80, 443}:
        raise ValueError(f"must not use port {parts.port}")
    return text.rstrip("/")


def _clean_secret(value: object) -> object:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    return _BEARER_PREFIX.sub("", value.strip()) if isinstance(value, str) else value


def _checked_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text:
        raise ValueError("is empty")
    if _FORBIDDEN_IN_SECRET.search(text):
        raise ValueError(
            "holds a space, a control character or a typographic character: copy it again as "
            "plain text"
        )
    return secret


BaseUrl = Annotated[str, AfterValidator(_checked_url), _UrlMark()]
"""An https:// URL without query, fragment or user name; kept without a trailing slash."""

Secret = Annotated[SecretStr, BeforeValidator(_clean_secret), AfterValidator(_checked_secret)]
"""A secret: trimmed, without a pasted `Bearer ` prefix, never shown by `repr`, logs or errors."""


class RateLimit(BaseModel):
    """A rate limit that the vendor granted this tenant, in place of the published one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    requests: int = Field(gt=0)
    per_seconds: float = Field(gt=0, allow_inf_nan=False)


class ConnectorSettings(BaseModel):
    """Base of every connector's settings: frozen, no unknown keys, inputs never in errors.

    `rate_limits` replaces published limits by name. `allow_loopback` permits http:// and addresses
    of this machine, for tests and the sandboxes; `allow_private_network` permits servers in the own
    network. `usual_sign_in` names the credentials that a new connection should have, where its
    vendor recommends some; `jackfield init` proposes them first.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    usual_sign_in: ClassVar[tuple[str, ...]] = ()

    rate_limits: Mapping[str, RateLimit] = Field(default_factory=dict)
    allow_loopback: bool = False
    allow_private_network: bool = False

    @model_validator(mode="after")
    def _check_schemes(self) -> "ConnectorSettings":
        for name, url in self._urls():
            parts = urlsplit(url)
            if parts.scheme == "http" and not (self.allow_loopback and is_loopback(parts)):
                raise ValueError(
                    f"{name} must begin with https:// (http:// only reaches a sandbox on this "
                    "machine, with allow_loopback = true)"
                )
        return self

    def _urls(self) -> Iterator[tuple[str, str]]:
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if value and any(isinstance(mark, _UrlMark) for mark in _marks(field)):
                yield name, value

    def authorization(self) -> "Authorization | None":
        """Return how an administrator authorises this connection in the browser, where one can."""
        return None

    def origins(self) -> frozenset[str]:
        """Return the origins of every base URL in these settings."""
        return frozenset(origin_of(url) for _, url in self._urls())

    def secrets(self) -> frozenset[str]:
        """Return every secret value, for the redactor alone."""
        return frozenset(_secrets_in(self))


def _secrets_in(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from _secrets_in([getattr(value, name) for name in type(value).model_fields])
    elif isinstance(value, Mapping):
        yield from _secrets_in(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for part in value:
            yield from _secrets_in(part)


def _marks(field: Any) -> Iterator[object]:
    yield from field.metadata
    for part in getattr(field.annotation, "__args__", ()):
        yield from getattr(part, "__metadata__", ())


def is_loopback(parts: SplitResult) -> bool:
    """Say whether a URL names this machine by a loopback literal or as `localhost`."""
    host = parts.hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=64)
def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL, the port only where it is not the scheme's own."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
