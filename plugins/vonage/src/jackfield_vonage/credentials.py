"""The token of a Vonage connection: ready, for a password, or for a refresh token good once."""

from pydantic import SecretStr

from jackfield import CredentialsRefused, Flow, Grant, Request, Token
from jackfield.oauth import access_token, lifetime_seconds, renew
from jackfield_vonage.settings import VonageSettings


def obtain(settings: VonageSettings, grant: Grant | None) -> Flow[Token]:
    """Return a token, with the new grant where the old one was used up.

    Raises: CredentialsRefused where an administrator must authorise.
    """
    if settings.token is not None:
        return Token(settings.token, settings.base_url)
    if settings.password is not None:
        return (yield from _by_password(settings))
    if grant is not None and grant.access_token is not None:
        return Token(grant.access_token, settings.base_url)
    return (yield from _by_refresh_token(settings, grant))


def _by_refresh_token(settings: VonageSettings, grant: Grant | None) -> Flow[Token]:
    """Renew with what Vonage gave last; the one in the settings is for the very first time.

    Where Vonage refuses the last one, that in the settings may be a newer one.
    """
    kept = grant.refresh_token if grant else None
    refusal = CredentialsRefused("nobody has authorised this connection yet")
    for refresh_token in dict.fromkeys(t for t in (kept, settings.refresh_token) if t is not None):
        try:
            tokens = yield from renew(settings.client("body"), refresh_token)
        except CredentialsRefused as error:
            refusal = error
            continue
        following = Grant(tokens.refresh_token or refresh_token)
        lifetime = tokens.lifetime_seconds
        return Token(tokens.access_token, settings.base_url, lifetime, grant=following)
    raise refusal


def _by_password(settings: VonageSettings) -> Flow[Token]:
    client = settings.client("body")
    secret, password = client.client_secret or SecretStr(""), settings.password or SecretStr("")
    form: dict[str, str | SecretStr] = {
        "grant_type": "password",
        "username": settings.user_name,
        "password": password,
        "scope": settings.scope,
    }
    is_basic = client.client_in == "basic"
    if not is_basic:
        form |= {"client_id": client.client_id, "client_secret": secret}
    response = yield Request(
        "POST",
        settings.token_url,
        form=form,
        authorize=(client.client_id, secret) if is_basic else False,
        # A repeat gives another token and changes nothing.
        effect="read",
    )
    lifetime = lifetime_seconds(response.document) if response.is_success else None
    return Token(access_token(response), settings.base_url, lifetime)
