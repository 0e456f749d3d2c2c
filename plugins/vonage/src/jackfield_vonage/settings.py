"""What a Vonage connection needs."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from jackfield import BaseUrl, ConnectorSettings, Secret
from jackfield.oauth import Authorization

SUFFIX = "@vbc.prod"
"""What the password grant wants at the end of every user name. Source: Vonage, "Create an access
token" (2025-01)."""


def _with_suffix(name: str) -> str:
    return name if not name or name.endswith(SUFFIX) else f"{name}{SUFFIX}"


class VonageSettings(ConnectorSettings):
    """Where the SCIM service is, and credentials of a Super User or Account Administrator.

    Credentials are one of: `client_id` and `client_secret`, for `jackfield authorize`; these and a
    `refresh_token` got elsewhere, good until a newer one is kept; these and the `user_name` and
    `password` of an integration user; a ready `token`.

    `client_authentication` is how the client shows itself to the token endpoint: by HTTP Basic, in
    the form, or ("documented") as Vonage's samples do, by Basic for codes and else in the form.
    `update` and `disable` say what the service takes, which is published nowhere.
    """

    usual_sign_in: ClassVar[tuple[str, ...]] = ("client_id", "client_secret")

    base_url: BaseUrl
    client_id: str = ""
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    user_name: Annotated[str, AfterValidator(_with_suffix)] = ""
    password: Secret | None = None
    token: Secret | None = None
    authorize_url: BaseUrl = "https://api.vonage.com/authorize"
    token_url: BaseUrl = "https://api.vonage.com/token"  # noqa: S105 - no secret
    scope: str = "openid"
    client_authentication: Literal["documented", "basic", "form"] = "documented"
    update: Literal["patch", "put"] = "patch"
    disable: Literal["active", "delete"] = "active"
    page_size: int = Field(default=100, ge=0, le=10_000)

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        client = (self.client_id, self.client_secret)
        person = (self.user_name, self.password)
        if self.token is not None and any((*client, *person, self.refresh_token)):
            raise ValueError("give either token or client_id and client_secret")
        if self.token is None and not all(client):
            raise ValueError("client_id and client_secret are missing, or token is")
        if any(person) and (not all(person) or self.refresh_token is not None):
            raise ValueError("give user_name and password, both and without refresh_token")
        return self

    def authorization(self) -> Authorization | None:
        """Return how to authorise, but for a ready token and for an integration user."""
        if self.token is not None or self.password is not None:
            return None
        return self.client("basic")

    def client(self, documented: Literal["basic", "body"]) -> Authorization:
        """Return the client, shown where the settings say, or where Vonage's sample shows it."""
        chosen = self.client_authentication
        placed: Literal["basic", "body"] = "basic" if chosen == "basic" else "body"
        return Authorization(
            authorize_url=self.authorize_url,
            token_url=self.token_url,
            client_id=self.client_id,
            client_secret=self.client_secret,
            client_in=documented if chosen == "documented" else placed,
            scope=self.scope,
        )
