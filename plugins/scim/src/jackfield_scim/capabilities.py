"""What a SCIM service can do at most; what one service can do is found when it is connected.

Source: RFC 7643 sections 4.1 and 4.3 for attributes, `required` and `caseExact`.
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities
from jackfield.scim import ENTERPRISE_URN

WORK_EMAIL = 'emails[type eq "work"].value'

FILTERS = MappingProxyType(
    {"userName": "userName", "externalId": "externalId", WORK_EMAIL: "emails.value"}
)
"""What can be looked for, and the names that filters use for it."""

_NAMED = Attribute(filter=True, case_exact=False)

_PLAIN = (
    "name.formatted",
    "name.familyName",
    "name.givenName",
    "name.middleName",
    "name.honorificPrefix",
    "name.honorificSuffix",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "active",
)
_ADDRESS_PARTS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country")
_ENTERPRISE = (
    "employeeNumber",
    "costCenter",
    "organization",
    "division",
    "department",
    "manager.value",
)

_ATTRIBUTES = {
    "userName": Attribute(create="required", filter=True, case_exact=False),
    "externalId": Attribute(filter=True),
    WORK_EMAIL: _NAMED,
    **{
        f'emails[type eq "{kind}"].value': Attribute(case_exact=False) for kind in ("home", "other")
    },
    **{path: Attribute() for path in _PLAIN},
    **{
        f'phoneNumbers[type eq "{kind}"].value': Attribute()
        for kind in ("work", "home", "mobile", "fax", "pager", "other")
    },
    **{
        f'addresses[type eq "{kind}"].{part}': Attribute()
        for kind in ("work", "home")
        for part in _ADDRESS_PARTS
    },
    'roles[primary eq "True"].value': Attribute(),
    **{f"{ENTERPRISE_URN}:{name}": Attribute() for name in _ENTERPRISE},
}

# Entra's usual start for a SCIM application, without what only some services take.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("externalId", source="id"),
    AttributeMapping("active", source="IsActive"),
    AttributeMapping("displayName", source="displayName"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping(WORK_EMAIL, source="mail"),
    AttributeMapping("title", source="jobTitle"),
    AttributeMapping(f"{ENTERPRISE_URN}:department", source="department"),
)

CAPABILITIES = Capabilities(
    # The settings alone name the host.
    hosts=frozenset(),
    match_on=tuple(FILTERS),
    delete=True,
    list_users=True,
    attributes=MappingProxyType(_ATTRIBUTES),
    mappings=_MAPPINGS,
    source="https://www.rfc-editor.org/rfc/rfc7644",
)
