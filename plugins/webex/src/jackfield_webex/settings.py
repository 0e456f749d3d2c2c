"""What a Webex connection needs, and how Webex writes ids."""

import base64
import uuid
from typing import Annotated, Self

from pydantic import AfterValidator, model_validator

from jackfield import BaseUrl, ConnectorSettings, Secret


def decode_id(text: str) -> str:
    """Return the UUID of a Webex id: a UUID as it is, or base64 of `ciscospark://us/…/<uuid>`.

    Webex leaves the padding out and may use either alphabet; the region varies, so only the last
    path segment counts. Source: developer.webex.com, "What the Base? Decoding Webex API IDs".

    Raises: ValueError where no UUID comes out.
    """
    text = text.strip()
    if not _is_uuid(text):
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            decoded = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
        except ValueError:
            decoded = ""
        text = decoded.rpartition("/")[2]
    if not _is_uuid(text):
        raise ValueError("is neither a UUID nor a Webex id that holds one")
    return text.lower()


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


class WebexSettings(ConnectorSettings):
    """Credentials of a full or user administrator with the scope `identity:people_rw`.

    Either `token`, or `client_id`, `client_secret` and `refresh_token` of an integration or a
    service app. `organization` is the id from Control Hub; when given, a token of any other
    organization is refused.
    """

    token: Secret | None = None
    client_id: str = ""
    client_secret: Secret | None = None
    refresh_token: Secret | None = None
    organization: Annotated[str, AfterValidator(lambda text: text and decode_id(text))] = ""
    rest_url: BaseUrl = "https://webexapis.com/v1"
    scim_url: BaseUrl = "https://webexapis.com/identity/scim"

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        parts = (self.client_id, self.client_secret, self.refresh_token)
        if self.token and any(parts):
            raise ValueError("give either token or client_id, client_secret and refresh_token")
        if not self.token and not all(parts):
            raise ValueError("token is missing, or client_id, client_secret and refresh_token are")
        return self
