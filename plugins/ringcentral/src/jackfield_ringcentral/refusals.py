"""What RingCentral's refusals mean: two envelopes, native attribute names, two kinds of 403.

Sources: `tylerlong/ringcentral-scim-api-test` (recorded 2019); RingCentral community, "Dealing with
the license limit has been reached error" (2023-10-06) and "azure-ad-and-auto-provisioning".
"""

import re

from jackfield import ConnectorError, CredentialsRefused, Json, NotAllowed, Response
from jackfield.scim import one_line, scim_error

# Both are 403 without a scimType and mean different people's work; the vendor's text tells.
_REMEDIES = {
    "license limit": "no unassigned extension with a licence is left: an administrator has to add "
    "one in the RingCentral admin portal, SCIM cannot",
    "bulk assign": "SCIM is not switched on: in the RingCentral admin portal, Account Settings > "
    "Directory Integrations, choose SCIM and enable it",
    "CMN-401": "the app lacks a permission: it needs ReadAccounts and EditAccounts",
    "CMN-402": "the credentials have to be those of an account administrator",
}

# Recorded: businessAddress.state. The others follow the native contact resource (unverified).
_PATHS = {
    "extension.contact.businessAddress.state": 'addresses[type eq "work"].region',
    "extension.contact.businessAddress.country": 'addresses[type eq "work"].country',
    "extension.contact.businessAddress.city": 'addresses[type eq "work"].locality',
    "extension.contact.businessAddress.zip": 'addresses[type eq "work"].postalCode',
    "extension.contact.businessAddress.street": 'addresses[type eq "work"].streetAddress',
    "extension.contact.firstName": "name.givenName",
    "extension.contact.lastName": "name.familyName",
    "extension.contact.email": 'emails[type eq "work"].value',
    "extension.contact.jobTitle": "title",
    "extension.contact.mobilePhone": 'phoneNumbers[type eq "mobile"].value',
}
_PARAMETER = re.compile(r"[Pp]arameter \[([A-Za-z.]{1,80})\]")


def ringcentral_error(response: Response) -> ConnectorError:
    """Return the error of an answer, with the remedy where one is known."""
    body = response.body if isinstance(response.body, dict) else {}
    text = one_line(body.get("detail")) or _gateway_text(body)
    if response.status == 403:
        for sign, remedy in _REMEDIES.items():
            if sign.lower() in text.lower():
                return NotAllowed(f"{remedy} (the vendor answered 403: {text})")
    if "OAU-" in text and response.status in {400, 401, 403}:
        return CredentialsRefused(f"the vendor answered {response.status}: {text}")
    native = _PARAMETER.search(text)
    path = _PATHS.get(native[1], native[1]) if native else ""
    return scim_error(response, text, attribute=path)


def _gateway_text(body: dict[str, Json]) -> str:
    errors = body.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else body
    if not isinstance(first, dict):
        return ""
    parts = (one_line(first.get("errorCode")), one_line(first.get("message")))
    return " ".join(part for part in parts if part)
