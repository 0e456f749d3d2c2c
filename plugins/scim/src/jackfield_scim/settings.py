"""What a connection to a SCIM service needs."""

from typing import Literal, Self

from pydantic import Field, model_validator

from jackfield import BaseUrl, ConnectorSettings, Secret
from jackfield.scim import Dialect, Path


class ScimSettings(ConnectorSettings):
    """Where the service is, its credentials, and what it does not say of itself.

    Credentials are one of: `token`; `user_name` and `password`; `token_url`, `client_id` and
    `client_secret`, with `scope` where the service wants one. `client_authentication` is how the
    client shows itself to the token endpoint: by HTTP Basic or in the form.

    What is declared here wins over what the service says. `filter`: whether an empty answer to a
    search counts as absence (`trusted`), never counts because nothing is searched (`never`), or
    counts where a probe shows that searching works (`auto`). `required` are paths the service
    wants beyond its Schemas, `accepted` those it takes though its Schemas lack them.
    """

    base_url: BaseUrl
    token: Secret | None = None
    user_name: str = ""
    password: Secret | None = None
    token_url: BaseUrl | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""
    client_authentication: Literal["basic", "form"] = "basic"
    discovery: bool = True
    users_path: str = Field(default="", pattern=r"^(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*$")
    update: Literal["auto", "patch", "put"] = "auto"
    dialect: Dialect = "rfc"
    filter: Literal["auto", "trusted", "never"] = "auto"
    required: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    page_size: int = Field(default=100, ge=0, le=10_000)
    content_type: Literal["application/scim+json", "application/json"] = "application/scim+json"

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        client = (self.token_url, self.client_id, self.client_secret)
        basic = (self.user_name, self.password)
        ways = [any(basic), any(client), self.token is not None]
        if sum(ways) != 1 or (any(basic) and not all(basic)) or (any(client) and not all(client)):
            raise ValueError(
                "give one of token, user_name and password, or token_url, client_id and "
                "client_secret"
            )
        if ":" in self.user_name:
            raise ValueError("user_name must not hold a colon: HTTP Basic ends the name there")
        return self

    @model_validator(mode="after")
    def _check_paths(self) -> Self:
        for path in (*self.required, *self.accepted):
            Path.parse(path)
        return self
