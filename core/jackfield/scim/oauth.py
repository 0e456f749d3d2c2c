"""What a token endpoint answers.

Source: RFC 6749 sections 5.1 and 5.2.
"""

from collections.abc import Mapping

from pydantic import SecretStr

from jackfield.errors import ConnectorError, CredentialsRefused
from jackfield.flow import Json, Response
from jackfield.redact import without_tokens
from jackfield.scim.errors import one_line

UNKNOWN_LIFETIME_SECONDS = 300.0
"""A lifetime for tokens whose vendor states none that makes sense: too short costs one request."""

_LONGEST_SECONDS = 366 * 86_400

_REFUSALS = frozenset(
    {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
    }
)


def lifetime_seconds(document: Mapping[str, Json]) -> float:
    """Return `expires_in` in seconds; 300 where it is missing, no number, not positive or huge."""
    found = document.get("expires_in")
    if isinstance(found, bool) or not isinstance(found, int | float):
        return UNKNOWN_LIFETIME_SECONDS
    return float(found) if 0 < found <= _LONGEST_SECONDS else UNKNOWN_LIFETIME_SECONDS


def access_token(response: Response) -> SecretStr:
    """Return the access token of a token endpoint's answer.

    Raises: CredentialsRefused naming the OAuth code; VendorBroken for an answer without a token.
    """
    if not response.is_success:
        raise token_error(response)
    found = response.document.get("access_token")
    if not isinstance(found, str) or not found.strip():
        # GitHub answers 200 to a code or a token that is over; of a success no other text is shown.
        if response.document.get("error") in _REFUSALS:
            raise token_error(Response(400, {"error": response.document["error"]}))
        raise response.unusable("the token endpoint answered without an access token")
    return SecretStr(found.strip())


def token_error(response: Response) -> ConnectorError:
    """Return what a token endpoint's refusal means; the OAuth error code is named.

    What looks like a token is left out of its text: it may be one that nobody has seen before.
    """
    body = response.body if isinstance(response.body, dict) else {}
    code = without_tokens(one_line(body.get("error")))
    said = without_tokens(one_line(body.get("error_description")))
    text = f"the token endpoint answered {response.status}"
    text += "".join(f": {part}" for part in (code, said) if part)
    if code in _REFUSALS:
        return CredentialsRefused(text)
    if response.status in {400, 401, 403}:
        # Nothing but the credentials differs from one token request to the next.
        return CredentialsRefused(text)
    return response.error(text)
