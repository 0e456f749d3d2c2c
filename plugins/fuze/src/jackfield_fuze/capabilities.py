"""What Fuze can do.

Source: Microsoft, "Configure Fuze for automatic user provisioning" (2022-11-21). Fuze itself has
published nothing about its SCIM service.
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities, Rate

WORK_EMAIL = 'emails[type eq "work"].value'
SKU = 'entitlements[type eq "sku"].value'
LOCATION = 'entitlements[type eq "location"].value'
DEPARTMENT = 'entitlements[type eq "department"].value'

_TUTORIAL = "https://learn.microsoft.com/entra/identity/saas-apps/fuze-provisioning-tutorial"

# "Can be created, not updated". Whether answers show them is not known, so that a user without
# them is no fault.
_ENTITLEMENT = Attribute(patch=False, returned=False)

_ATTRIBUTES = {
    # No filter: Microsoft's page names it as a limitation.
    "userName": Attribute(create="required", case_exact=False),
    "name.givenName": Attribute(),
    "name.familyName": Attribute(),
    WORK_EMAIL: Attribute(case_exact=False),
    "active": Attribute(),
    SKU: _ENTITLEMENT,
    LOCATION: _ENTITLEMENT,
    DEPARTMENT: _ENTITLEMENT,
}

# Microsoft's five rows; its page prints no source side, which is ours, after Entra's usual
# defaults in Microsoft Graph's names. No row of its gives entitlements: a job adds its own.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    # Ours: a Fuze user is known by an e-mail that equals the principal name, says Microsoft.
    AttributeMapping(WORK_EMAIL, source="userPrincipalName"),
    AttributeMapping("active", source="IsActive"),
)

CAPABILITIES = Capabilities(
    # Each customer is told a base URL of its own.
    hosts=frozenset(),
    match_on=("userName", WORK_EMAIL),
    delete=True,
    list_users=True,
    attributes=MappingProxyType(_ATTRIBUTES),
    rates=(Rate("requests", 10, 1.0, source=_TUTORIAL),),
    mappings=_MAPPINGS,
    source=_TUTORIAL,
)
