"""One rich user, created at each vendor through its connector and read back.

What differs is what the vendor is documented to drop, rewrite or add, and nothing else: `VENDORS`
have each with its reason. The sandboxes answer; a recording of a live vendor would go before them.
"""
# ruff: noqa: RUF001 - quotation marks as people write them

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import pytest

import jackfield_fuze.scenarios
import jackfield_ringcentral.scenarios
import jackfield_scim.scenarios
import jackfield_vonage.scenarios
import jackfield_webex.scenarios
import jackfield_zoom.scenarios
from jackfield import Connector, MatchKey, Registry, User
from jackfield.scim import ENTERPRISE_URN, read
from jackfield.testing.sandbox import serve
from jackfield.testing.scenario import SteppingClock, Suite, settings_at
from jackfield_webex.sandbox import WEBEX_URN
from jackfield_zoom.capabilities import LICENCE_URN, LOGIN_URN

Document = dict[str, Any]

HR_URN = "urn:example:hr:1.0:User"
USER_NAME = "zoe.o'brien+hr@example.com"
RICH: Document = {
    "userName": USER_NAME,
    "externalId": "hr/4711 & Söhne",
    "displayName": "Zoë O’Brien-Łukasiewicz 🎷",
    "nickName": "Zoë “Zo”",
    "title": 'Ingénieure "R&D" <Łódź>',
    "preferredLanguage": "pl_PL",
    "locale": "fr_CH",
    "timezone": "Europe/Warsaw",
    "active": True,
    "name": {
        "givenName": "Zoë",
        "familyName": "O'Brien-Łukasiewicz",
        "middleName": "Ñíguez d’Åse",
        "formatted": "Dr. Zoë Ñíguez d’Åse O'Brien-Łukasiewicz, 明",
    },
    "emails": [{"type": "work", "value": USER_NAME, "primary": True}],
    "phoneNumbers": [
        {"type": "work", "value": "+15550100200"},
        {"type": "mobile", "value": "+48 555 010 300"},
    ],
    "addresses": [
        {
            "type": "work",
            "streetAddress": "ul. Świętokrzyska 5/7\nlok. 12",
            "locality": "Łódź",
            "region": "CA",
            "postalCode": "90-001",
            "country": "US",
        }
    ],
    ENTERPRISE_URN: {
        "department": "Forschung & Entwicklung",
        "organization": "Äther GmbH",
        "costCenter": "00042",
        "employeeNumber": "0007",
        "division": "Süd",
    },
    HR_URN: {"badge": "0x2A", "shift": {"name": "Frühschicht", "days": ["Mo", "Di"]}},
}
"""What every vendor is given."""

GONE = None
"""What stands for no value at all."""

_NOT_IN_TABLE = "not in Microsoft's table of five attributes, all that is known"
_UNKNOWN_SCHEMA = "a schema the vendor does not name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """What one vendor is given beyond `RICH`, and what is documented to come back otherwise.

    `differences`: a path, or the start of several, to what comes back and the documented reason.
    `untold` are paths that the vendor's documents say nothing of: either outcome will do.
    """

    suite: Suite
    differences: Mapping[str, tuple[object, str]]
    own: Mapping[str, Any] = field(default_factory=dict)
    untold: tuple[str, ...] = ()

    def given(self) -> Document:
        merged = dict(RICH)
        for name, value in self.own.items():
            held = merged.get(name)
            merged[name] = {**held, **value} if isinstance(held, dict) else value
        return merged


SCIM = Vendor(
    suite=jackfield_scim.scenarios.SUITE,
    own=MappingProxyType(
        {
            "name": {"honorificPrefix": "Dr.", "honorificSuffix": "h. c."},
            "profileUrl": "https://people.example.com/zoë?full=yes",
            "userType": "Freelancer",
            "emails": [
                *RICH["emails"],
                {"type": "home", "value": "zoë@example.org"},
                {"type": "other", "value": "zo@example.net", "display": "Zoë’s other"},
            ],
            "phoneNumbers": [
                *RICH["phoneNumbers"],
                *(
                    {"type": kind, "value": f"tel:+1-555-010-040{number}"}
                    for number, kind in enumerate(("home", "fax", "pager", "other"))
                ),
            ],
            "addresses": [
                {**RICH["addresses"][0], "formatted": "ul. Świętokrzyska 5/7\n90-001 Łódź"},
                {
                    "type": "home",
                    "formatted": "Chemin de l’Église 1",
                    "streetAddress": "Chemin de l’Église 1",
                    "locality": "Genève",
                    "region": "GE",
                    "postalCode": "1200",
                    "country": "CH",
                },
            ],
            "roles": [{"value": "Soliste", "display": "Première soliste", "primary": True}],
            ENTERPRISE_URN: {"manager": {"value": "5b1c0000-0000-4000-8000-0000000000aa"}},
        }
    ),
    differences=MappingProxyType({HR_URN: (GONE, "no resource type names it: RFC 7643 section 6")}),
)

WEBEX = Vendor(
    suite=jackfield_webex.scenarios.SUITE,
    own=MappingProxyType(
        {
            WEBEX_URN: {"extensionAttribute1": "Kostenträger 42"},
            ENTERPRISE_URN: {"manager": {"value": "5b1c0000-0000-4000-8000-0000000000aa"}},
        }
    ),
    differences=MappingProxyType(
        {
            HR_URN: (GONE, "unknown schema sections in a request are ignored"),
            "userType": ("user", "required, so it is sent for everybody"),
            f"{WEBEX_URN}:accountStatus": (["pending"], "until the first sign-in"),
        }
    ),
)

RINGCENTRAL = Vendor(
    suite=jackfield_ringcentral.scenarios.SUITE,
    differences=MappingProxyType(
        {
            'emails[type eq "work"].primary': (False, 'each item comes back "primary": false'),
            'addresses[type eq "work"].primary': (False, 'each item comes back "primary": false'),
            'addresses[type eq "work"].country': ("United States", "the country's full name"),
            "displayName": (GONE, "dropped from Microsoft's mapping and from the API document"),
            "nickName": (GONE, "not in the API document"),
            "preferredLanguage": (GONE, "not in the API document"),
            "locale": (GONE, "not in the API document"),
            "timezone": (GONE, "not in the API document"),
            **{
                f"{ENTERPRISE_URN}:{name}": (GONE, "of this schema only the department exists")
                for name in ("organization", "costCenter", "employeeNumber", "division")
            },
            HR_URN: (GONE, "no extension of a vendor's own"),
        }
    ),
    untold=("name.middleName", "name.formatted"),
)

ZOOM = Vendor(
    suite=jackfield_zoom.scenarios.SUITE,
    own=MappingProxyType(
        {
            "userType": "Licensed",
            ENTERPRISE_URN: {"manager": "thérèse@example.com"},
            LOGIN_URN: {"loginType": {"workEmail": False, "sso": True}},
            LICENCE_URN: {
                "personalLinkName": "zoe-o-brien",
                "pronouns": "elle / iel",
                "transferee": "bob@example.com",
                "zoomUnited": "16",
                "zoomOneBizPlus": "16",
                "zoomWhiteboard": True,
                "Numéro de casier": "B’12",
                "zoomPhoneCallingPlan": "3000",
                "zoomPhoneCallingPlanSubscription": "made-up",
                "zoomPhoneExtNumber": "0",
                "zoomPhoneNumber": "+15550100200",
                "zoomPhoneSite": "Main Site",
            },
        }
    ),
    differences=MappingProxyType(
        {
            "externalId": (GONE, "this name is Zoom's own id in filters; a client's is not kept"),
            "nickName": (GONE, "not in the reference"),
            "preferredLanguage": (GONE, "not in the reference, which has `locale`"),
            "timezone": (GONE, "not in the reference, only in the native API"),
            "addresses": (GONE, "not in the reference"),
            "name.middleName": (GONE, "a name has two parts in the reference"),
            "name.formatted": (GONE, "a name has two parts in the reference"),
            f"{ENTERPRISE_URN}:division": (GONE, "not among the five of this schema"),
            HR_URN: (GONE, _UNKNOWN_SCHEMA),
            **{
                f"{LICENCE_URN}:zoomPhone{name}": (GONE, "in requests only")
                for name in (
                    "CallingPlan",
                    "CallingPlanSubscription",
                    "ExtNumber",
                    "Number",
                    "Site",
                )
            },
        }
    ),
)

_OTHERS = (
    *("externalId", "displayName", "nickName", "title", "preferredLanguage", "locale"),
    *("timezone", "phoneNumbers", "addresses", ENTERPRISE_URN, HR_URN),
)
_FIVE_ATTRIBUTES = MappingProxyType(dict.fromkeys(_OTHERS, (GONE, _NOT_IN_TABLE)))

FUZE = Vendor(
    suite=jackfield_fuze.scenarios.SUITE,
    own=MappingProxyType({"entitlements": jackfield_fuze.scenarios.CODES}),
    differences=MappingProxyType(
        {
            **_FIVE_ATTRIBUTES,
            "name.middleName": (GONE, _NOT_IN_TABLE),
            "name.formatted": (GONE, _NOT_IN_TABLE),
        }
    ),
)

VONAGE = Vendor(
    suite=jackfield_vonage.scenarios.SUITE,
    differences=_FIVE_ATTRIBUTES,
    untold=("name.middleName", "name.formatted"),
)

VENDORS = (SCIM, WEBEX, RINGCENTRAL, ZOOM, FUZE, VONAGE)


@contextmanager
def connected(suite: Suite) -> Iterator[Connector]:
    defaults = Registry().load(suite.connector).settings.model_validate(suite.settings)
    sandbox = suite.sandbox()
    with ExitStack() as stack:
        served = {real: stack.enter_context(serve(sandbox)) for real in defaults.origins()}
        settings = {**suite.settings, **settings_at(defaults, served)}
        clock = SteppingClock().clock
        yield stack.enter_context(Registry().connect(suite.connector, settings, clock=clock))


_SERVERS = frozenset({"id", "meta", "schemas"})


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value with its path; texts in a list are one value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            is_extension = path.startswith("urn:") and path.endswith("User")
            separator = ":" if is_extension else "." if path else ""
            yield from leaves(inner, f"{path}{separator}{name}")
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for number, item in enumerate(value):
            kind = item.get("type")
            yield from leaves(item, f'{path}[type eq "{kind}"]' if kind else f"{path}[{number}]")
    else:
        yield path, value


def differences(given: Document, kept: Document) -> dict[str, Any]:
    """Return each path whose value is not the one given, with what was kept."""
    before = dict(leaves(given))
    after = {path: value for path, value in leaves(kept) if path.split(".")[0] not in _SERVERS}
    return {
        path: after.get(path, GONE)
        for path in (*before, *(new for new in after if new not in before))
        if path not in before or path not in after or before[path] != after[path]
    }


def is_at(path: str, start: str) -> bool:
    return path == start or (path.startswith(start) and path[len(start)] in ".:[")


@pytest.fixture(params=VENDORS, ids=lambda vendor: vendor.suite.connector)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    chosen: Vendor = request.param
    return chosen


def test_only_what_is_documented_comes_back_otherwise(vendor):
    given = vendor.given()
    with connected(vendor.suite) as connector:
        created = connector.create_user(User.from_scim(given))
        kept = connector.get_user(created.id).to_scim()

    found = differences(given, kept)
    told = {path for path in found if not any(is_at(path, start) for start in vendor.untold)}
    assert {path: found[path] for path in told} == {
        path: value
        for path in found
        for start, (value, _) in vendor.differences.items()
        if is_at(path, start)
    }
    seen = {start for start in vendor.differences for path in found if is_at(path, start)}
    assert seen == set(vendor.differences)
    assert all(reason for _, reason in vendor.differences.values())


def test_the_user_is_found_by_its_odd_name(vendor):
    with connected(vendor.suite) as connector:
        created = connector.create_user(User.from_scim(vendor.given()))

        assert connector.get_user(MatchKey("userName", USER_NAME)).id == created.id


def test_the_user_has_all_that_the_vendor_can_be_given(vendor):
    given = vendor.given()
    known = Registry().load(vendor.suite.connector).capabilities().attributes

    assert [path for path in known if read(given, path) is None] == []
