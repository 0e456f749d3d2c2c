"""What a RingCentral connection needs."""

from typing import ClassVar, Self

from pydantic import model_validator

from jackfield import BaseUrl, ConnectorSettings, Secret
from jackfield.oauth import Authorization


class RingCentralSettings(ConnectorSettings):
    """Credentials of an account administrator, for an app with the permission `EditAccounts`.

    Either `token`; or `client_id`, `client_secret` and the `jwt` credential that the Developer
    Console made for them; or `client_id` alone, with `client_secret` unless the app is a public
    one, for `jackfield authorize`. `base_url` is another one for RingCentral's sandbox.
    """

    usual_sign_in: ClassVar[tuple[str, ...]] = ("client_id", "client_secret", "jwt")

    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    jwt: Secret | None = None
    base_url: BaseUrl = "https://platform.ringcentral.com"

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        parts = (self.client_id, self.client_secret, self.jwt)
        if self.token and any(parts):
            raise ValueError("give either token or client_id, client_secret and jwt")
        is_enough = all(parts) if self.jwt else bool(self.client_id)
        if not self.token and not is_enough:
            raise ValueError(
                "token is missing, or one of client_id, client_secret and jwt; without jwt, "
                "client_id is enough for an administrator to authorise in the browser"
            )
        return self

    def authorization(self) -> Authorization | None:
        """Return how an administrator authorises the app, where no JWT stands for one."""
        if self.token is not None or self.jwt is not None:
            return None
        return Authorization(
            authorize_url=f"{self.base_url}/restapi/oauth/authorize",
            token_url=f"{self.base_url}/restapi/oauth/token",
            client_id=self.client_id,
            client_secret=self.client_secret,
        )
