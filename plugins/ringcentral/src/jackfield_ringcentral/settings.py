"""What a RingCentral connection needs."""

from typing import Self

from pydantic import model_validator

from jackfield import BaseUrl, ConnectorSettings, Secret


class RingCentralSettings(ConnectorSettings):
    """Credentials of an account administrator, for an app with the permission `EditAccounts`.

    Either `token`, or `client_id`, `client_secret` and the `jwt` credential that the Developer
    Console made for them. `base_url` is another one for RingCentral's sandbox.
    """

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
        if not self.token and not all(parts):
            raise ValueError("token is missing, or one of client_id, client_secret and jwt")
        return self
