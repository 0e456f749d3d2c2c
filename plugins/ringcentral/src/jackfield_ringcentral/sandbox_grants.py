"""The token endpoint of the RingCentral sandbox.

Source: RingCentral's guides to the JWT flow and to refresh tokens. A refresh token works once; a
repeat within ten seconds gets the same answer.
"""

import base64
from dataclasses import dataclass

from jackfield.testing.sandbox import Answer, SandboxRequest
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.limits import Clock, Tokens

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"

_GRACE_SECONDS = 10
_REFRESH_SECONDS = 604_800
_ACCESS_SECONDS = 3600


@dataclass(slots=True)
class _Session:
    """What one refresh token stands for, and what it was exchanged for."""

    access_token: str
    answered: Document | None = None
    good_until: float = 0


class Grants:
    """Exchanges JWT credentials and refresh tokens for access tokens."""

    def __init__(self, tokens: Tokens, clock: Clock, *, issues_refresh_tokens: bool) -> None:
        self._tokens = tokens
        self._clock = clock
        self._issues_refresh_tokens = issues_refresh_tokens
        self._sessions: dict[str, _Session] = {}

    def reset(self) -> None:
        self._sessions.clear()

    def answer(
        self, request: SandboxRequest, client_id: str, client_secret: str, jwt: str
    ) -> Answer:
        """Answer a POST to the token endpoint."""
        form = request.form
        pair = base64.b64encode(f"{client_id}:{client_secret}".encode()).decode()
        if request.header("authorization") != f"Basic {pair}":
            return _refused("invalid_client", "CMN-101", "Client authentication failed.")
        grant = form.get("grant_type")
        if grant == JWT_BEARER:
            if "assertion" not in form:
                return _refused("invalid_request", "CMN-101", "Parameter [assertion] is missing.")
            if form["assertion"] != jwt:
                return _refused("invalid_grant", "OAU-140", "The assertion is invalid.")
            return self._issued(form)
        if grant == "refresh_token":
            return self._refreshed(form)
        return _refused("unsupported_grant_type", "CMN-101", "The grant type is not supported.")

    def _refreshed(self, form: dict[str, str]) -> Answer:
        session = self._sessions.get(form.get("refresh_token", ""))
        now = self._clock()
        if session is None or (session.answered is not None and now > session.good_until):
            return _refused("invalid_grant", "OAU-140", "The refresh token is invalid.")
        if session.answered is None:
            self._tokens.expire(session.access_token)
            answer = self._issued(form)
            if isinstance(answer.document, dict):
                session.answered = answer.document
            session.good_until = now + _GRACE_SECONDS
        return Answer(200, session.answered)

    def _issued(self, form: dict[str, str]) -> Answer:
        wanted = form.get("access_token_ttl", "")
        lifetime = int(wanted) if wanted.isdecimal() else _ACCESS_SECONDS
        lifetime = min(_ACCESS_SECONDS, max(600, lifetime))
        access_token = self._tokens.issue(lifetime)
        document: Document = {
            "access_token": access_token,
            "token_type": "bearer",
            "expires_in": lifetime,
            "scope": "ReadAccounts EditAccounts",
            "owner_id": "1271140000",
            "endpoint_id": "sandbox-endpoint",
            "session_id": f"{access_token}-session",
        }
        if self._issues_refresh_tokens:
            document["refresh_token"] = f"{access_token}-refresh"
            document["refresh_token_expires_in"] = _REFRESH_SECONDS
            self._sessions[document["refresh_token"]] = _Session(access_token)
        return Answer(200, document)


def _refused(error: str, code: str, message: str) -> Answer:
    return Answer(400, {"error": error, "errors": [{"errorCode": code, "message": message}]})
