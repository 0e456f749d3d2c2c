"""The token endpoint of the Zoom sandbox, and the tokens of the retired JWT apps.

Source: Zoom's pages on Server-to-Server OAuth and OAuth apps; error codes of its OAuth reference.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from jackfield.testing.sandbox import Answer, SandboxRequest, TokenState
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.limits import Clock, Tokens
from jackfield.testing.sandbox.oauth import Client, Codes, GrantRefused, RefreshTokens

_ACCESS_SECONDS = 3600
_REFRESH_SECONDS = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Application:
    """A Marketplace app, with the account it may act for."""

    client: Client
    account_id: str
    refresh_token: str


class Grants:
    """Gives access tokens for account credentials, codes and refresh tokens."""

    def __init__(self, application: Application, tokens: Tokens, clock: Clock) -> None:
        self._application = application
        self._tokens = tokens
        self.codes = Codes(clock, lifetime_seconds=300)
        self._refresh_tokens = RefreshTokens(application.refresh_token, clock)

    def reset(self) -> None:
        self.codes.reset()
        self._refresh_tokens.reset()

    def answer(self, request: SandboxRequest, scope: str, api_url: str) -> Answer:
        """Answer a POST to the token endpoint; parameters stand in the query or in a form."""
        form = request.query | request.form
        try:
            self._application.client.check(request, in_body=False)
            is_renewable = self._is_renewable(form)
        except GrantRefused as refused:
            # Assumed: 401 for a wrong client, 400 for all else; both are documented.
            document: Document = {"reason": refused.description, "error": refused.error}
            return Answer(refused.status, document)
        token: Document = {
            "access_token": self._tokens.issue(_ACCESS_SECONDS),
            "token_type": "bearer",
            "expires_in": _ACCESS_SECONDS,
            "scope": scope,
            "api_url": api_url,
        }
        if is_renewable:
            token["refresh_token"] = self._refresh_tokens.issue(_REFRESH_SECONDS)
        return Answer(200, token)

    def _is_renewable(self, form: dict[str, str]) -> bool:
        """Accept or refuse the grant, and tell whether a refresh token comes with it."""
        grant = form.get("grant_type")
        if grant == "account_credentials":
            if form.get("account_id") != self._application.account_id:
                raise GrantRefused("invalid_request", "The account_id is wrong.")
            return False
        if grant == "authorization_code":
            self.codes.spend(form)
        elif grant == "refresh_token":
            self._refresh_tokens.spend(form.get("refresh_token", ""))
        else:
            raise GrantRefused("unsupported_grant_type", "The grant type is not supported.")
        return True


def jwt_state(token: str, api_key: str, api_secret: str, now: float) -> TokenState:
    """Judge the HS256 token of a JWT app: RFC 7515 section 5.2. `now` is Unix time."""
    head, _, rest = token.partition(".")
    claims, _, signature = rest.partition(".")
    expected = hmac.new(api_secret.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    if not hmac.compare_digest(_encoded(expected), signature.encode()):
        return "unknown"
    header, payload = _decoded(head), _decoded(claims)
    if header.get("alg") != "HS256" or payload.get("iss") != api_key:
        return "unknown"
    expiry = payload.get("exp")
    return "good" if isinstance(expiry, int | float) and now < expiry else "expired"


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(part: str) -> dict[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
