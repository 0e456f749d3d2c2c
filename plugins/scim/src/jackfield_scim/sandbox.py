"""A plain SCIM 2.0 service, for tests, demos and recordings of any vendor without a plugin.

    python -m jackfield_scim.sandbox --port 8080

Source: RFC 7643, RFC 7644; RFC 6749 section 4.4 and RFC 7617 for the ways to authenticate. Not
imitated: bulk and `/Me`, which are answered with 501.
"""
# ruff: noqa: ARG002 - overridden methods keep the parameters of the base

import base64
from typing import ClassVar

from jackfield.testing.sandbox import Answer, Refusal, SandboxRequest, TokenState, main
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.full import FullScimSandbox
from jackfield.testing.sandbox.oauth import Client, GrantRefused

_ACCESS_SECONDS = 3600
_SCHEMES = (
    ("oauthbearertoken", "OAuth Bearer Token", "A bearer token: RFC 6750."),
    ("httpbasic", "HTTP Basic", "A name and a password: RFC 7617."),
    ("oauth2", "OAuth 2.0", "Client credentials at /oauth/token: RFC 6749 section 4.4."),
)


class PlainScimSandbox(FullScimSandbox):
    """One SCIM service that takes a bearer token, a name and password, or OAuth credentials."""

    TOKEN = "canary-scim-token"  # noqa: S105 - made up
    USERNAME: ClassVar[str] = "sandbox-scim-user"
    PASSWORD: ClassVar[str] = "canary-scim-password"  # noqa: S105 - made up
    CLIENT_ID: ClassVar[str] = "sandbox-scim-client"
    CLIENT_SECRET: ClassVar[str] = "canary-scim-secret"  # noqa: S105 - made up

    def needs_token(self, request: SandboxRequest) -> bool:
        return request.path != "/oauth/token"

    def token_state(self, request: SandboxRequest) -> TokenState:
        pair = f"{self.USERNAME}:{self.PASSWORD}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
        is_basic = request.header("authorization") == basic
        return "good" if is_basic else super().token_state(request)

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        offered = {"WWW-Authenticate": 'Bearer realm="scim", Basic realm="scim"'}
        return Refusal(401, "The credentials are missing, wrong or expired.", headers=offered)

    def dispatch(self, request: SandboxRequest) -> Answer:
        if request.path == "/oauth/token" and request.method == "POST":
            try:
                return self._token(request)
            except GrantRefused as refused:
                return refused.answer()
        return super().dispatch(request)

    def _token(self, request: SandboxRequest) -> Answer:
        Client(self.CLIENT_ID, self.CLIENT_SECRET).check(request)
        if request.form.get("grant_type") != "client_credentials":
            raise GrantRefused("unsupported_grant_type", "The grant type is not supported.")
        token: Document = {
            "access_token": self.tokens.issue(_ACCESS_SECONDS),
            "token_type": "Bearer",
            "expires_in": _ACCESS_SECONDS,
        }
        return Answer(200, token)

    def discovery(self, path: str) -> Document | None:
        found = super().discovery(path)
        if found is None or path != "/ServiceProviderConfig":
            return found
        schemes = [
            {"type": kind, "name": name, "description": said, "primary": kind == _SCHEMES[0][0]}
            for kind, name, said in _SCHEMES
        ]
        return {**found, "authenticationSchemes": schemes}


if __name__ == "__main__":
    raise SystemExit(main(PlainScimSandbox))
