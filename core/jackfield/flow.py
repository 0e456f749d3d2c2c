"""What a hook and the driver say to each other: requests out, responses in.

A hook is a generator. It yields a `Request`, receives the `Response` and returns its result; it
never sees a client, a token, a clock or an event loop. This module imports no HTTP client.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias, TypeVar

from pydantic import SecretStr

from jackfield.errors import (
    AlreadyExists,
    ConnectorError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    RejectedUser,
    VendorBroken,
)
from jackfield.grants import Grant
from jackfield.read_only import ReadOnly

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Effect: TypeAlias = Literal["read", "write", "write-once"]
"""What a repeat would do: nothing, the same again, or a second account."""

TENANT = "tenant"
"""The fact that names whose accounts a token leads to, where the base URL does not."""

FOUND_BY_LISTING = "found by listing"
"""The fact that names the paths by which a look-up walks through all users, with commas between."""

T = TypeVar("T")

_EFFECT_OF: Mapping[str, Effect] = {"GET": "read", "HEAD": "read", "POST": "write-once"}


def _nothing() -> Mapping[str, str]:
    return ReadOnly()


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One HTTP request, as a hook asks for it.

    `path` is relative to the `base_url` of the connection's token and already percent-encoded; an
    absolute URL may only name an origin that capabilities or settings declare.

    `authorize` says whose credentials go along: the connection's token (True, the default), none
    (False), or those given: a bearer token, or a client id and secret for HTTP Basic.

    `effect` is what a repeat would do; left out, it follows from the method (a POST is
    `write-once`). `rate` names the vendor's rate limit that counts this request; left out, the
    limit is chosen by the effect.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=_nothing)
    json: Json = None
    form: Mapping[str, "str | SecretStr"] | None = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    authorize: "bool | SecretStr | tuple[str, SecretStr]" = True
    effect: Effect | None = field(default=None, kw_only=True)
    rate: str = field(default="", kw_only=True)

    def __repr__(self) -> str:
        """Show no value: error reporters print what the frames of a traceback hold."""
        return f"<Request {self.method} {self.path.partition('?')[0]}>"


def effect_of(request: Request) -> Effect:
    """Return what a repeat of this request would do at the vendor."""
    return request.effect or _EFFECT_OF.get(request.method, "write")


Flow: TypeAlias = Generator[Request, "Response", T]


@dataclass(frozen=True, slots=True, repr=False)
class Response:
    """One answer, size-capped and decoded before the hook sees it.

    `body` is the parsed JSON, or None where there was none; `text` is then the redacted beginning
    of what came instead, in one line. Header names are lower case. Of anything but a success the
    strings of body and headers are redacted, too, so that a hook may quote and cut them.
    `effect` is that of the request, so that a failed write is told from a failed read.
    """

    status: int
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=_nothing)
    effect: Effect = "read"
    text: str = ""

    def __repr__(self) -> str:
        """Show no value: the answer of a token endpoint is one of these."""
        return f"<Response {self.status}, body {type(self.body).__name__}>"

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300

    @property
    def document(self) -> dict[str, Json]:
        """The body as a JSON object.

        Raises: VendorBroken (InDoubt after a write) where the body is anything else.
        """
        if isinstance(self.body, dict):
            return self.body
        found = "nothing" if self.body is None else type(self.body).__name__
        raise self.unusable(f"the vendor answered {self.status} with {found}, not a JSON object")

    def checked(self) -> dict[str, Json]:
        """Return the body of a 2xx answer; raise the error that belongs to any other status."""
        if not self.is_success:
            raise self.error()
        return self.document

    def error(self, reason: str = "") -> ConnectorError:
        """Return the error that a status usually means; `reason` is the vendor's own text."""
        said = reason or f"the vendor answered {self.status}"
        if self.status == 401:
            return CredentialsRefused(said)
        if self.status == 403:
            return NotAllowed(said)
        if self.status == 409:
            return AlreadyExists(said)
        if 400 <= self.status < 500:
            return RejectedUser(reason=said)
        return self.unusable(said)

    def unusable(self, reason: str) -> ConnectorError:
        """Return what an answer without a usable outcome means: a write may have happened."""
        if self.effect == "read":
            return VendorBroken(reason, is_down=self.status >= 500)
        return InDoubt(reason)


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """What `authenticate` found: the bearer token, where it is good, and facts of the tenant.

    `lifetime_seconds` is None where the vendor does not say; the token is then used until refused.
    `facts` are shown to people ("organization": "96abc2aa-…") and never hold a secret. Two of them
    mean something to the core. "tenant" names whose accounts these are, for good, where `base_url`
    does not tell: links are bound to it. "found by listing" names the paths, with ", " between, by
    which one look-up costs a listing. `grant` is what the vendor gave to get the next token with;
    the driver stores it before it uses the token.
    """

    access_token: SecretStr
    base_url: str
    lifetime_seconds: float | None = None
    facts: Mapping[str, str] = field(default_factory=_nothing)
    grant: Grant | None = None

    def __post_init__(self) -> None:
        if isinstance(self.facts, MappingProxyType):  # which could not be pickled
            object.__setattr__(self, "facts", ReadOnly(self.facts))

    def __repr__(self) -> str:
        """Show no secret, not even of a connector that forgot to make it a `SecretStr`."""
        return f"<Token for {self.base_url}>"
