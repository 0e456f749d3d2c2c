"""Whose credentials go along: a bearer token, a client's token, or a user name and a password."""

from dataclasses import replace
from typing import TypeAlias, TypeVar

from pydantic import SecretStr

from jackfield import ConnectorError, Flow, Request
from jackfield.scim import access_token, lifetime_seconds
from jackfield_scim.settings import ScimSettings

T = TypeVar("T")

Who: TypeAlias = SecretStr | tuple[str, SecretStr]

_NOTHING = SecretStr("")


def obtain(settings: ScimSettings) -> Flow[tuple[Who, float | None]]:
    """Return the credentials to send, and for how many seconds they are good.

    Raises: CredentialsRefused naming the OAuth code.
    """
    if settings.token is not None:
        return settings.token, None
    if settings.token_url is None:
        return (settings.user_name, settings.password or _NOTHING), None
    client = (settings.client_id, settings.client_secret or _NOTHING)
    form: dict[str, str | SecretStr] = {"grant_type": "client_credentials"}
    if settings.scope:
        form["scope"] = settings.scope
    in_form = settings.client_authentication == "form"
    if in_form:
        form |= {"client_id": client[0], "client_secret": client[1]}
    response = yield Request(
        "POST",
        settings.token_url,
        form=form,
        authorize=False if in_form else client,
        # A repeat gives another token and changes nothing.
        effect="read",
    )
    return access_token(response), lifetime_seconds(response.document)


def secret_of(who: Who) -> SecretStr:
    return who[1] if isinstance(who, tuple) else who


def directed(flow: Flow[T], base_url: str, who: Who) -> Flow[T]:
    """Run a flow with its requests sent to this base URL, with these credentials."""
    try:
        request = next(flow)
        while True:
            try:
                reply = yield replace(request, path=base_url + request.path, authorize=who)
            except ConnectorError as error:
                request = flow.throw(error)
            else:
                request = flow.send(reply)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        flow.close()
