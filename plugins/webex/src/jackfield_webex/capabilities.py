"""What Webex can do.

Sources: Webex OpenAPI `webex-admin.json` (2026-05-04), "SCIM 2 Users"; Microsoft, "Configure Cisco
Webex for automatic user provisioning" (2024-03-25).
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities
from jackfield.scim import ENTERPRISE_URN

WORK_EMAIL = 'emails[type eq "work"].value'

_NAMED = Attribute(filter=True, case_exact=False)

_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department")

_ATTRIBUTES = {
    "userName": Attribute(create="required", filter=True, case_exact=False),
    WORK_EMAIL: _NAMED,
    "name.givenName": Attribute(),
    "name.familyName": Attribute(),
    "displayName": Attribute(),
    "active": Attribute(),
    # Kept by Webex, and missing from its list of filterable attributes.
    "externalId": Attribute(),
    "name.middleName": Attribute(),
    "nickName": Attribute(),
    "title": Attribute(),
    "preferredLanguage": Attribute(),
    "locale": Attribute(),
    "timezone": Attribute(),
    'phoneNumbers[type eq "work"].value': Attribute(),
    'phoneNumbers[type eq "mobile"].value': Attribute(),
    **{
        f'addresses[type eq "work"].{part}': Attribute()
        for part in ("streetAddress", "locality", "region", "postalCode", "country")
    },
    **{f"{ENTERPRISE_URN}:{name}": Attribute() for name in (*_ENTERPRISE, "manager.value")},
}

# Microsoft's six rows; its page prints no source side, which is ours, after Entra's usual defaults.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping("active", source="IsActive"),
    AttributeMapping("displayName", source="displayName"),
    # Ours: Entra's usual source is mailNickname, which exports lack and a rename changes.
    AttributeMapping("externalId", source="id"),
    # Ours, a seventh row: Webex wants the work e-mail to equal userName, so both have one source.
    AttributeMapping(WORK_EMAIL, source="userPrincipalName"),
)

CAPABILITIES = Capabilities(
    hosts=frozenset({"https://webexapis.com"}),
    match_on=("userName", WORK_EMAIL),
    # Deleting is final: Control Hub cannot bring the user back. Jobs disable unless told otherwise.
    delete=True,
    list_users=True,
    bulk_operations=100,
    attributes=MappingProxyType(_ATTRIBUTES),
    # Webex publishes no number for SCIM, only 429 with Retry-After in seconds.
    rates=(),
    mappings=_MAPPINGS,
    source="https://developer.webex.com/docs/api/v1/scim-2-users",
)
