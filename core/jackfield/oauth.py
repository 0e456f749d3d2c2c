"""OAuth 2.0 for connectors: the authorization-code grant with PKCE, and renewing what it gave.

The messages are oauthlib's (extra `oauth`); nothing here does I/O. Sources: RFC 6749 (OAuth 2.0),
RFC 7636 (PKCE), RFC 8252 (native apps), RFC 9207 (the `iss` of a redirect), RFC 9700 (practice).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import SecretStr

from jackfield.errors import ConfigurationError, CredentialsRefused
from jackfield.flow import Flow, Request, Response, Token
from jackfield.grants import Grant
from jackfield.read_only import ReadOnly
from jackfield.redact import Redactor, without_tokens
from jackfield.scim.oauth import access_token, lifetime_seconds, token_error

__all__ = [
    "Authorization",
    "Pending",
    "access_token",
    "begin",
    "exchange",
    "granted_token",
    "lifetime_seconds",
    "read_redirect",
    "renew",
    "token_error",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """How a vendor authorises an app in the name of an administrator.

    `client_in`: where the token endpoint wants id and secret. A public client has no secret.
    `parameters` are added to the URL that the administrator opens.
    """

    authorize_url: str
    token_url: str
    client_id: str
    client_secret: SecretStr | None = None
    client_in: Literal["basic", "body"] = "basic"
    scope: str = ""
    parameters: Mapping[str, str] = field(default_factory=ReadOnly)
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """An authorization that waits for the administrator: open `url`, and keep the rest secret."""

    url: str = field(repr=False)
    redirect_uri: str
    state: SecretStr
    verifier: SecretStr


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave. `refresh_token` is None where the old one stays good."""

    access_token: SecretStr
    lifetime_seconds: float
    refresh_token: SecretStr | None = None


def begin(authorization: Authorization, redirect_uri: str) -> Pending:
    """Return what the administrator must open; state and PKCE (S256) are always part of it."""
    client = _client(authorization.client_id)
    verifier = client.create_code_verifier(64)
    state = secrets.token_urlsafe(32)
    # oauthlib insists on https; settings let http:// through to a sandbox on this machine alone.
    page = authorization.authorize_url
    secure = page.replace("http://", "https://", 1) if page.startswith("http://") else page
    url = client.prepare_request_uri(
        secure,
        redirect_uri=redirect_uri,
        scope=authorization.scope or None,
        state=state,
        code_challenge=client.create_code_challenge(verifier, "S256"),
        code_challenge_method="S256",
        **authorization.parameters,
    )
    url = page + url.removeprefix(secure)
    return Pending(url, redirect_uri, SecretStr(state), SecretStr(verifier))


def read_redirect(
    authorization: Authorization, pending: Pending, url: str | SecretStr
) -> SecretStr:
    """Return the code of the redirect that came back.

    Raises: CredentialsRefused where the administrator or the vendor said no, or where the redirect
    does not belong to this authorization: another state, another path, another issuer.
    """
    url = url if isinstance(url, SecretStr) else SecretStr(url)
    refusal, code = _judged(authorization, pending, url.get_secret_value())
    if refusal:
        raise CredentialsRefused(refusal)
    return code


def _judged(authorization: Authorization, pending: Pending, url: str) -> tuple[str, SecretStr]:
    """Return why a redirect is refused, or its code; here alone both are in plain variables."""
    came, expected = urlsplit(url), urlsplit(pending.redirect_uri)
    parameters = dict(parse_qsl(came.query))
    state, code = parameters.get("state", ""), SecretStr(parameters.get("code", ""))
    issuer = parameters.get("iss", authorization.issuer)
    quoted = _quoting(authorization, pending, code)
    refusal = ""
    if (came.netloc, came.path) != (expected.netloc, expected.path):
        refusal = "the redirect went to another address than the one agreed on"
    elif not secrets.compare_digest(state.encode(), pending.state.get_secret_value().encode()):
        refusal = "the redirect carries another state: it is not ours; begin again"
    elif authorization.issuer and issuer != authorization.issuer:
        refusal = f"the redirect comes from another server, {quoted(issuer, 200)}; begin again"
    elif "error" in parameters:
        said = quoted(parameters.get("error_description", ""), 200)
        refusal = f"the vendor refused: {quoted(parameters['error'], 60)} {said}".strip()
    elif not code.get_secret_value():
        refusal = "the redirect carries no code; begin again"
    return refusal, code


def _quoting(
    authorization: Authorization, pending: Pending, code: SecretStr
) -> Callable[[str, int], str]:
    """Return what shows the beginning of a text that came with a redirect, without secrets."""
    known = (pending.state, pending.verifier, code, authorization.client_secret)
    redactor = Redactor(secret.get_secret_value() for secret in known if secret is not None)
    return lambda text, most: without_tokens(redactor.start_of(text, most))


def exchange(authorization: Authorization, pending: Pending, code: SecretStr) -> Flow[Tokens]:
    """Turn the code into tokens; a code is good once.

    Raises: CredentialsRefused; VendorBroken where the vendor gives no refresh token.
    """
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
    }
    response = yield _token_request(authorization, form)
    tokens = _tokens(response)
    if tokens.refresh_token is None:
        raise response.unusable(
            "the vendor gave no refresh token: switch refresh tokens on for the app, or add the "
            "scope that asks for one"
        )
    return tokens


def renew(authorization: Authorization, refresh_token: SecretStr) -> Flow[Tokens]:
    """Get new tokens for a refresh token.

    Raises: CredentialsRefused: then a person must authorise again.
    """
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token}
    return _tokens((yield _token_request(authorization, form)))


def granted_token(authorization: Authorization, grant: Grant | None, base_url: str) -> Flow[Token]:
    """Return the token of an authorised app: the one still good, else a renewed one.

    Raises: CredentialsRefused where nobody has authorised yet, or the grant is dead.
    """
    if grant is None:
        raise CredentialsRefused("nobody has authorised this connection yet")
    if grant.access_token is not None:
        return Token(grant.access_token, base_url)
    tokens = yield from renew(authorization, grant.refresh_token)
    following = Grant(tokens.refresh_token or grant.refresh_token)
    return Token(tokens.access_token, base_url, tokens.lifetime_seconds, grant=following)


def _token_request(authorization: Authorization, form: Mapping[str, Any]) -> Request:
    # Writes: codes and rotated refresh tokens are good once, so a lost answer is not repeated.
    url, client_id = authorization.token_url, authorization.client_id
    secret = authorization.client_secret
    if secret is None:
        form = {**form, "client_id": client_id}
        return Request("POST", url, form=form, authorize=False)
    if authorization.client_in == "basic":
        return Request("POST", url, form=form, authorize=(client_id, secret))
    form = {**form, "client_id": client_id, "client_secret": secret}
    return Request("POST", url, form=form, authorize=False)


def _tokens(response: Response) -> Tokens:
    access = access_token(response)
    document = response.document
    refresh = document.get("refresh_token")
    return Tokens(
        access,
        lifetime_seconds(document),
        SecretStr(refresh) if isinstance(refresh, str) and refresh else None,
    )


def _client(client_id: str) -> Any:
    try:
        from oauthlib.oauth2 import WebApplicationClient  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            'authorising in the browser needs: pip install "jackfield[oauth]"'
        ) from None
    return WebApplicationClient(client_id)
