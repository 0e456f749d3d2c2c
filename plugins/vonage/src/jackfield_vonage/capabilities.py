"""What Vonage can do.

Sources: Microsoft, "Configure Vonage for automatic user provisioning" (2022-11-21), for attributes
and filter; Vonage's guide to access tokens (2025-01). Vonage publishes nothing of its SCIM service:
deletion and listing are what RFC 7644 has.
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities, Rate

WORK_EMAIL = 'emails[type eq "work"].value'

# Five rows, all there are. The page says in words that names and e-mail must have a value.
_ATTRIBUTES = {
    "userName": Attribute(create="required", filter=True, case_exact=False),
    "active": Attribute(),
    WORK_EMAIL: Attribute(create="required", case_exact=False),
    "name.givenName": Attribute(create="required"),
    "name.familyName": Attribute(create="required"),
}

# Microsoft's page prints no source side; these are Entra's usual defaults.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("active", source="IsActive"),
    AttributeMapping(WORK_EMAIL, source="mail"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
)

CAPABILITIES = Capabilities(
    # The SCIM service has no published address: the settings name it.
    hosts=frozenset({"https://api.vonage.com"}),
    match_on=("userName",),
    # Whether people leave by `active` or by deletion is told nowhere; a setting decides.
    delete=True,
    list_users=True,
    attributes=MappingProxyType(_ATTRIBUTES),
    # No limit is published; this one is our own caution.
    rates=(Rate("all", 5, 1.0, penalty_seconds=5.0),),
    mappings=_MAPPINGS,
    source="https://learn.microsoft.com/entra/identity/saas-apps/vonage-provisioning-tutorial",
)
