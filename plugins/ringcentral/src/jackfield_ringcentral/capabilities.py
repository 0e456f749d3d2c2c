"""What RingCentral can do.

Sources: RingCentral's public OpenAPI (2026-08) and developer guide, "Rate limits" and "SCIM";
Microsoft, "Configure RingCentral for automatic user provisioning" (2024-03-25).
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities, Rate
from jackfield.scim import ENTERPRISE_URN

WORK_EMAIL = 'emails[type eq "work"].value'
MOBILE = 'phoneNumbers[type eq "mobile"].value'
DEPARTMENT = f"{ENTERPRISE_URN}:department"

_ATTRIBUTES = {
    "userName": Attribute(create="required", filter=True, case_exact=False),
    WORK_EMAIL: Attribute(create="required", filter=True, case_exact=False),
    "name.givenName": Attribute(create="required"),
    "name.familyName": Attribute(create="required"),
    "active": Attribute(),
    "externalId": Attribute(),
    "title": Attribute(),
    MOBILE: Attribute(),
    **{
        f'addresses[type eq "work"].{part}': Attribute()
        for part in ("streetAddress", "locality", "region", "postalCode")
    },
    # The vendor's own example sends "US" and gets "United States" back.
    'addresses[type eq "work"].country': Attribute(rewrites=True),
    DEPARTMENT: Attribute(),
}

# The rows of Microsoft's table; its page prints no source side but the one named below, so that
# side is ours, after Entra's usual defaults in Microsoft Graph's names.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    # Ours: Entra's usual source is mailNickname, which exports lack and a rename changes.
    AttributeMapping("externalId", source="id"),
    AttributeMapping("active", source="IsActive"),
    AttributeMapping("title", source="jobTitle"),
    # Deviation: Microsoft maps mail since 2021-10-28. RingCentral wants this address to equal
    # userName, so a person whose mail is another would be refused at every attempt.
    AttributeMapping(WORK_EMAIL, source="userPrincipalName"),
    AttributeMapping('addresses[type eq "work"].country', source="country"),
    AttributeMapping('addresses[type eq "work"].region', source="state"),
    AttributeMapping('addresses[type eq "work"].locality', source="city"),
    AttributeMapping('addresses[type eq "work"].postalCode', source="postalCode"),
    AttributeMapping('addresses[type eq "work"].streetAddress', source="streetAddress"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping(MOBILE, source="mobilePhone"),
    AttributeMapping(DEPARTMENT, source="department"),
)

_LIMITS = "https://developers.ringcentral.com/guide/basics/rate-limits"

CAPABILITIES = Capabilities(
    hosts=frozenset({"https://platform.ringcentral.com"}),
    match_on=("userName", WORK_EMAIL),
    # The extension becomes unassigned again; messages, recordings and rules of the user are lost.
    delete=True,
    list_users=True,
    lists_whole_users=False,
    attributes=MappingProxyType(_ATTRIBUTES),
    # Any request during the penalty restarts it. 60 s is the published penalty of each group; 30 s
    # is only the least to wait.
    rates=(
        Rate("light", 50, 60, frozenset({"read"}), penalty_seconds=60, source=_LIMITS),
        Rate("heavy", 10, 60, frozenset({"write"}), penalty_seconds=60, source=_LIMITS),
        Rate("auth", 5, 60, frozenset({"auth"}), penalty_seconds=60, source=_LIMITS),
    ),
    mappings=_MAPPINGS,
    source="https://developers.ringcentral.com/api-reference/SCIM/scimCreateUser2",
)
