"""The parts of an OAuth 2.0 server that vendors share: client, codes, refresh tokens.

Source: RFC 6749 sections 2.3.1, 4.1, 5.2 and 6; RFC 7636 section 4.6.
"""

import base64
import hashlib
import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from jackfield.errors import Travelling
from jackfield.testing.sandbox.exchange import Answer, SandboxRequest
from jackfield.testing.sandbox.limits import Clock

_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class GrantRefused(Travelling, Exception):
    """A token is not given; `error` is the word of RFC 6749 section 5.2."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.description = description
        self.status = status

    def answer(self) -> Answer:
        """Return the error body of RFC 6749."""
        document = {"error": self.error, "error_description": self.description}
        return Answer(self.status, document, headers=dict(_NO_STORE))


@dataclass(frozen=True, slots=True)
class Client:
    """An application registered with the vendor."""

    client_id: str
    client_secret: str

    def check(self, request: SandboxRequest, *, in_body: bool = True) -> None:
        """Refuse a request that is not from this client.

        The credentials stand in a Basic header or, with `in_body`, in the form.

        Raises: GrantRefused (invalid_client).
        """
        form = request.form
        pair = f"{self.client_id}:{self.client_secret}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        given = f"{form.get('client_id')}:{form.get('client_secret')}"
        if request.header("authorization") == basic or (in_body and given == pair):
            return
        raise GrantRefused("invalid_client", "The client id or secret is wrong.", status=401)


@dataclass(frozen=True, slots=True)
class _Code:
    redirect_uri: str
    challenge: str
    good_until: float


class Codes:
    """Authorization codes, numbered from 1: each good once, for its redirect URI only."""

    def __init__(self, clock: Clock, *, lifetime_seconds: float = 300) -> None:
        self._clock = clock
        self._lifetime_seconds = lifetime_seconds
        self.reset()

    def reset(self) -> None:
        self._codes: dict[str, _Code] = {}
        self._issued_count = 0

    def redirect(self, request: SandboxRequest, client_id: str, *, consents: bool = True) -> Answer:
        """Answer an authorization request at once, as if the person had agreed.

        A wrong client, response type or challenge method, or `consents` False, redirects with an
        `error`. Without a redirect URI there is nowhere to go: 400.
        """
        query = request.query
        uri = query.get("redirect_uri", "")
        if not uri.startswith(("http://", "https://")):
            return Answer(
                400, {"error": "invalid_request", "error_description": "No redirect_uri."}
            )
        error = _authorization_error(query, client_id)
        if not error and not consents:
            error = "access_denied"
        challenge = query.get("code_challenge", "")
        given = {"error": error} if error else {"code": self.issue(uri, challenge)}
        if "state" in query:
            given["state"] = query["state"]
        joint = "&" if "?" in uri else "?"
        return Answer(302, headers={"Location": f"{uri}{joint}{urlencode(given)}", **_NO_STORE})

    def issue(self, redirect_uri: str, challenge: str = "") -> str:
        """Return a new code; with a challenge its exchange needs the verifier."""
        self._issued_count += 1
        code = f"sandbox-code-{self._issued_count}"
        good_until = self._clock() + self._lifetime_seconds
        self._codes[code] = _Code(redirect_uri, challenge, good_until)
        return code

    def spend(self, form: Mapping[str, str]) -> None:
        """Use up the code of a token request; it is used up where the request is wrong, too.

        Raises: GrantRefused (invalid_grant).
        """
        code = self._codes.pop(form.get("code", ""), None)
        if code is None or self._clock() >= code.good_until:
            raise GrantRefused("invalid_grant", "The code is wrong, used or expired.")
        if form.get("redirect_uri") != code.redirect_uri:
            raise GrantRefused("invalid_grant", "The redirect_uri is not the one authorised.")
        if code.challenge and not _is_proof(form.get("code_verifier", ""), code.challenge):
            raise GrantRefused("invalid_grant", "The code_verifier does not fit the challenge.")


class RefreshTokens:
    """Refresh tokens that are good once: a ready one, and those issued, numbered from 1."""

    def __init__(self, ready: str, clock: Clock) -> None:
        self._ready = ready
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._good_until = {self._ready: math.inf}
        self._issued_count = 0

    def issue(self, lifetime_seconds: float) -> str:
        self._issued_count += 1
        token = f"{self._ready}-{self._issued_count}"
        self._good_until[token] = self._clock() + lifetime_seconds
        return token

    def spend(self, token: str) -> None:
        """Use up a token.

        Raises: GrantRefused (invalid_grant) where it is unknown, used or expired.
        """
        if self._clock() >= self._good_until.pop(token, -math.inf):
            raise GrantRefused("invalid_grant", "The refresh token is wrong, used or expired.")


def _authorization_error(query: Mapping[str, str], client_id: str) -> str:
    if query.get("client_id") != client_id:
        return "unauthorized_client"
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "code_challenge" in query and query.get("code_challenge_method") != "S256":
        return "invalid_request"
    return ""


def _is_proof(verifier: str, challenge: str) -> bool:
    digest = hashlib.sha256(verifier.encode()).digest()
    expected = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    return hmac.compare_digest(expected, challenge)
