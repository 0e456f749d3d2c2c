"""How a Zoom connection gets its token: one function for each kind of app.

Sources: Zoom, "Server-to-Server OAuth"; "JWT App Type Deprecation" (2023); RFC 7519.
"""

import datetime as dt

import jwt
from pydantic import SecretStr

from jackfield import Flow, Json, Request, Response, Token
from jackfield.scim import access_token, lifetime_seconds, one_line
from jackfield_zoom.capabilities import REGIONS
from jackfield_zoom.refusals import oauth_error
from jackfield_zoom.settings import ZoomSettings

_SIGNED_SECONDS = 3600


def account_token(settings: ZoomSettings) -> Flow[Token]:
    """Get a token for the account itself, as its Server-to-Server OAuth app."""
    response = yield Request(
        "POST",
        f"{settings.oauth_url}/token",
        form={"grant_type": "account_credentials", "account_id": settings.account_id},
        authorize=(settings.client_id, settings.client_secret or SecretStr("")),
        # A repeat gives another token and changes nothing.
        effect="read",
    )
    return granted(response, settings)


def granted(response: Response, settings: ZoomSettings) -> Token:
    """Return the token of the token endpoint's answer, whatever grant was asked for."""
    if not response.is_success:
        raise oauth_error(response)
    base_url = _base_url(response.document.get("api_url"), settings)
    facts = {
        "account": settings.account_id,
        # Zoom may name another region's URL for the same account.
        "tenant": f"{settings.base_url} {settings.account_id}".strip(),
        "api": base_url,
        # May be missing just after the app was made, so it is shown and not judged.
        "scope": one_line(response.document.get("scope")),
    }
    return Token(
        access_token(response),
        base_url,
        lifetime_seconds(response.document),
        {name: fact for name, fact in facts.items() if fact},
    )


def signed_token(settings: ZoomSettings, api_secret: SecretStr, now: dt.datetime) -> Token:
    """Return the token of a JWT app, signed here: HS256, and nothing else."""
    claims = {"iss": settings.api_key, "exp": int(now.timestamp()) + _SIGNED_SECONDS}
    signed = jwt.encode(claims, api_secret.get_secret_value(), algorithm="HS256")
    return Token(SecretStr(signed), settings.base_url, float(_SIGNED_SECONDS))


def _base_url(api_url: Json, settings: ZoomSettings) -> str:
    """Return the URL in the account's region, where Zoom names one and nobody chose another."""
    is_chosen = "base_url" in settings.model_fields_set
    origin = api_url.rstrip("/") if isinstance(api_url, str) else ""
    return settings.base_url if is_chosen or origin not in REGIONS else f"{origin}/scim2"
