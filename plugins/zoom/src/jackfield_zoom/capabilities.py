"""What Zoom can do.

Sources: Zoom, "SCIM2" API reference with its examples (2026-02) and "Rate limits"; Microsoft,
"Configure Zoom for automatic user provisioning" (2024-03-25). Reports of what the live service
does come from client code and Zoom's developer forum; they are marked so.
"""

from types import MappingProxyType

from jackfield import Attribute, AttributeMapping, Capabilities, Rate
from jackfield.scim import ENTERPRISE_URN
from jackfield_zoom.settings import PLAN_LIMITS

WORK_EMAIL = 'emails[type eq "work"].value'
DEPARTMENT = f"{ENTERPRISE_URN}:department"
LOGIN_URN = "urn:us:zoom:scim:schemas:extension:1.0:ZoomUser"
LICENCE_URN = "urn:ietf:params:scim:schemas:extension:zoom:1.0:User"

# "Using the Zoom API": the account's region, as a token's api_url names it.
REGIONS = frozenset(
    f"https://{host}.zoom.us"
    for host in (
        "api",
        "api-us",
        "api-eu",
        "api-uk",
        "api-ca",
        "api-au",
        "api-in",
        "api-sg",
        "api-sa",
    )
)

# Reported: a later change is answered with 200 and not made.
_AT_CREATION = Attribute(patch=False)
# Taken and never shown again, so their absence from an answer is no fault.
_REQUEST_ONLY = Attribute(returned=False)

_ATTRIBUTES = {
    # A change of the address depends on the account's managed domains: best effort, always checked.
    "userName": Attribute(create="required", filter=True, case_exact=False),
    WORK_EMAIL: Attribute(case_exact=False),
    "active": Attribute(),
    "name.givenName": Attribute(),
    "name.familyName": Attribute(),
    "displayName": Attribute(),
    "userType": Attribute(),
    "title": Attribute(),
    "locale": Attribute(),
    'phoneNumbers[type eq "work"].value': Attribute(),
    # A plain text here, usually an e-mail address; the RFC has an object.
    f"{ENTERPRISE_URN}:manager": Attribute(),
    **{
        f"{ENTERPRISE_URN}:{name}": Attribute()
        for name in ("department", "organization", "costCenter", "employeeNumber")
    },
    f"{LOGIN_URN}:loginType.workEmail": _AT_CREATION,
    f"{LOGIN_URN}:loginType.sso": _AT_CREATION,
    # The best known of some fifty; Zoom adds to them several times a year, and all pass through.
    **{
        f"{LICENCE_URN}:{name}": Attribute()
        for name in ("personalLinkName", "pronouns", "transferee", "zoomOneBizPlus", "zoomUnited")
    },
    **{
        f"{LICENCE_URN}:{name}": _REQUEST_ONLY
        for name in (
            "zoomPhoneCallingPlan",
            "zoomPhoneCallingPlanSubscription",
            "zoomPhoneExtNumber",
            "zoomPhoneNumber",
            "zoomPhoneSite",
        )
    },
}

# Microsoft's seven rows; its page prints no source side, which is ours, after Entra's usual
# defaults in Microsoft Graph's names.
_MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("active", source="IsActive"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    # Ours: Zoom wants userName to be the e-mail address, so both have one source.
    AttributeMapping(WORK_EMAIL, source="userPrincipalName"),
    AttributeMapping(DEPARTMENT, source="department"),
    # Entra takes it from the app role (Basic, Licensed, On-Prem), never from its own userType,
    # which says Member or Guest.
    AttributeMapping("userType", source="appRole", default="Basic"),
)

_LIMITS = "https://developers.zoom.us/docs/api/rate-limits/"

CAPABILITIES = Capabilities(
    hosts=REGIONS | {"https://zoom.us"},
    match_on=("userName",),
    # Whether the person keeps a Basic account of their own is not documented.
    delete=True,
    list_users=True,
    lists_whole_users=False,
    attributes=MappingProxyType(_ATTRIBUTES),
    # SCIM2 needs a Business or Education plan; the setting `plan` puts others in their place.
    rates=(
        Rate("medium", PLAN_LIMITS["business"]["medium"], 1, frozenset({"read"}), source=_LIMITS),
        # Of the writes, PUT and PATCH are light; the category of POST and DELETE is not documented.
        # All keep to the strictest and go one at a time: a create locks out every other write
        # ("Too many concurrent requests").
        Rate(
            "heavy",
            PLAN_LIMITS["business"]["heavy"],
            1,
            frozenset({"write"}),
            parallel=1,
            source=_LIMITS,
        ),
    ),
    mappings=_MAPPINGS,
    source="https://developers.zoom.us/docs/api/scim2/",
)
