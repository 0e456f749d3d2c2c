"""What the recordings below `cassettes/scim` show, and what must come of each.

Played against the sandbox of this package by `scripts/record scim`.
"""

from collections.abc import Callable
from types import MappingProxyType

from jackfield import Change, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.scim import ENTERPRISE_URN
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_scim.capabilities import WORK_EMAIL
from jackfield_scim.sandbox import PlainScimSandbox

ADA_ID = UserId("5b1c0000-0000-4000-8000-000000000001")
NEW_ID = UserId("5b1c0000-0000-4000-8000-000000000002")
NOBODY_ID = UserId("5b1c0000-0000-4000-8000-00000000ffff")
BY_NAME = MatchKey("userName", "ada@example.com")
BY_EXTERNAL_ID = MatchKey("externalId", "4711")
BY_EMAIL = MatchKey(WORK_EMAIL, "ada@example.com")
STRANGER = MatchKey("userName", "zoe@example.com")

ADA = User(
    userName="ada@example.com",
    externalId="4711",
    displayName="Ada Byron",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
BOB: dict[str, Json] = {
    "userName": "bob@example.com",
    "externalId": "4712",
    "emails": [{"value": "bob@example.com", "type": "work"}],
}
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com", "title": "Engineer"})

_BASE_URL = "https://scim.example.com/v2"
_TOKEN = MappingProxyType({"base_url": _BASE_URL, "token": PlainScimSandbox.TOKEN})
# Most scenarios leave the service's long description of itself out of the recording.
_UNASKED = MappingProxyType({**_TOKEN, "discovery": False})
_BASIC = MappingProxyType(
    {
        "base_url": _BASE_URL,
        "discovery": False,
        "user_name": PlainScimSandbox.USERNAME,
        "password": PlainScimSandbox.PASSWORD,
    }
)
_CLIENT = MappingProxyType(
    {
        "base_url": _BASE_URL,
        "discovery": False,
        "token_url": "https://login.example.com/oauth/token",
        "client_id": PlainScimSandbox.CLIENT_ID,
        "client_secret": PlainScimSandbox.CLIENT_SECRET,
    }
)
_CLIENT_IN_FORM = MappingProxyType({**_CLIENT, "client_authentication": "form"})

_ALWAYS = 1000
_DISCOVERY = "/(ServiceProviderConfig|ResourceTypes|Schemas)$"


class ScenarioSandbox(PlainScimSandbox):
    """A service by the name that the recordings show."""

    base_path = "/v2"
    public_origin = "https://scim.example.com"


def _with_ada(sandbox: ScenarioSandbox) -> None:
    sandbox.seed([ADA.to_scim()])


def _with_bob(sandbox: ScenarioSandbox) -> None:
    sandbox.seed([BOB])


def _with_both(sandbox: ScenarioSandbox) -> None:
    sandbox.seed([ADA.to_scim(), BOB])


def _with_disabled_ada(sandbox: ScenarioSandbox) -> None:
    sandbox.seed([{**ADA.to_scim(), "active": False}])


def _of_both_with(*faults: Fault) -> Callable[[ScenarioSandbox], None]:
    def prepare(sandbox: ScenarioSandbox) -> None:
        _with_both(sandbox)
        for fault in faults:
            sandbox.faults.add(fault)

    return prepare


def _says(**features: Json) -> Fault:
    return Fault(path="/ServiceProviderConfig$", rewrite=features, times=_ALWAYS)


def _throttle(sandbox: ScenarioSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users", status=429, headers={"Retry-After": "1"}))


def _fail_reads(sandbox: ScenarioSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users", status=500, times=3))


def _create_in_doubt(sandbox: ScenarioSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=503))


def _change(path: str, value: Json) -> tuple[Change, ...]:
    return (Change("replace", path, value),)


def _applied(*not_taken: Json, **user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": list(not_taken)})


_LOOK_UPS = (
    Scenario(
        name="found",
        prepare=_with_both,
        calls=(
            # The service is asked what it is, and each filter is tried on somebody who is there.
            Call(
                "authenticate",
                (),
                Outcome(
                    "facts",
                    {"patch": "yes", "found by filter": f"userName, externalId, {WORK_EMAIL}"},
                ),
            ),
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (BY_EXTERNAL_ID,), FOUND),
            Call("get_user", (BY_EMAIL,), FOUND),
            Call("get_user", (ADA_ID,), FOUND),
        ),
    ),
    Scenario(
        name="absent",
        prepare=_with_bob,
        is_live=True,
        calls=(
            Call("get_user", (BY_NAME,), Outcome("absent", {"key": str(BY_NAME)})),
            Call("get_user", (NOBODY_ID,), Outcome("absent", {"key": NOBODY_ID})),
        ),
    ),
    Scenario(
        name="list",
        settings=_UNASKED,
        prepare=_with_both,
        calls=(Call("list_users", (), Outcome("users", {"users": [{"id": ADA_ID}, {}]})),),
    ),
    Scenario(
        name="without-filter",
        prepare=_of_both_with(
            _says(filter={"supported": False, "maxResults": 0}),
            Fault(method="GET", path="/Users$", ignore_filter=True, times=_ALWAYS),
        ),
        calls=(
            # It says so, and no filter is sent: the list is matched here.
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (STRANGER,), Outcome("absent", {"key": str(STRANGER)})),
        ),
    ),
    Scenario(
        name="filter-ignored",
        settings=_UNASKED,
        prepare=_of_both_with(
            Fault(method="GET", path="/Users$", ignore_filter=True, times=_ALWAYS)
        ),
        calls=(
            # It says nothing of it, and answers each search with everybody.
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (STRANGER,), Outcome("absent", {"key": str(STRANGER)})),
        ),
    ),
    Scenario(
        name="without-discovery",
        prepare=_of_both_with(Fault(path=_DISCOVERY, status=404, times=_ALWAYS)),
        calls=(
            Call("authenticate", (), Outcome("facts", {"users": "/Users", "patch": None})),
            Call("get_user", (BY_NAME,), FOUND),
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
        ),
    ),
)

_CREDENTIALS = (
    Scenario(
        name="client-credentials",
        settings=_CLIENT,
        prepare=_with_ada,
        calls=(Call("get_user", (BY_NAME,), FOUND),),
    ),
    Scenario(
        name="client-credentials-in-form",
        settings=_CLIENT_IN_FORM,
        prepare=_with_ada,
        calls=(Call("get_user", (BY_NAME,), FOUND),),
    ),
    Scenario(
        name="basic",
        settings=_BASIC,
        prepare=_with_ada,
        calls=(
            Call("get_user", (BY_NAME,), FOUND),
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
        ),
    ),
    Scenario(
        name="token-expired",
        settings=_CLIENT,
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call("get_user", (BY_NAME,), FOUND, before=ScenarioSandbox.expire_tokens),
        ),
    ),
    Scenario(
        name="token-refused",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            # A token that was handed out cannot be renewed.
            Call(
                "get_user",
                (BY_NAME,),
                Outcome("CredentialsRefused"),
                before=ScenarioSandbox.expire_tokens,
            ),
        ),
    ),
)

_CREATIONS = (
    Scenario(
        name="create",
        settings=_UNASKED,
        calls=(
            Call("create_user", (ADA,), Outcome("user", {"id": ADA_ID, "active": True})),
            Call("get_user", (ADA_ID,), FOUND),
        ),
    ),
    Scenario(
        name="duplicate",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(Call("create_user", (ADA,), Outcome("AlreadyExists", {"hook": "create_user"})),),
    ),
    Scenario(
        name="missing-required",
        is_live=True,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            # Refused before it leaves: the recording holds no write.
            Call(
                "create_user",
                (User(displayName="Ada Byron"),),
                Outcome("RejectedUser", {"attribute": "userName"}),
            ),
        ),
    ),
    Scenario(
        name="create-in-doubt",
        settings=_UNASKED,
        prepare=_with_bob,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call(
                "create_user", (ADA,), Outcome("InDoubt", {"text": "503"}), before=_create_in_doubt
            ),
            Call("get_user", (BY_NAME,), Outcome("user", {"id": NEW_ID})),
        ),
    ),
)

_CHANGES = (
    Scenario(
        name="patch",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
            Call("patch_user", (ADA_ID, (Change("remove", "title"),)), _applied()),
            Call(
                "patch_user",
                (ADA_ID, _change(f"{ENTERPRISE_URN}:department", "Research")),
                Outcome("applied", {"user": {ENTERPRISE_URN: {"department": "Research"}}}),
            ),
        ),
    ),
    Scenario(
        name="without-patch",
        prepare=_of_both_with(
            _says(patch={"supported": False}),
            Fault(method="PATCH", status=501, times=_ALWAYS),
        ),
        calls=(
            # It says so: the user is read, and the whole of it is put.
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
            Call("get_user", (ADA_ID,), Outcome("user", {"externalId": "4711", "title": "Lead"})),
        ),
    ),
    Scenario(
        name="patch-refused",
        prepare=_of_both_with(Fault(method="PATCH", status=501, times=_ALWAYS)),
        calls=(
            # It claims PATCH and refuses it.
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
        ),
    ),
    Scenario(
        name="disable",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("patch_user", (ADA_ID, _change("active", value=False)), _applied(active=False)),
            Call("get_user", (ADA_ID,), Outcome("user", {"active": False})),
        ),
    ),
    Scenario(
        name="enable",
        settings=_UNASKED,
        prepare=_with_disabled_ada,
        calls=(Call("patch_user", (ADA_ID, _change("active", value=True)), _applied(active=True)),),
    ),
    Scenario(
        name="delete",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("delete_user", (ADA_ID,), Outcome("done")),
            Call("delete_user", (ADA_ID,), Outcome("done")),
        ),
    ),
    Scenario(
        name="unknown-id",
        settings=_UNASKED,
        calls=(
            Call(
                "patch_user",
                (NOBODY_ID, _change("title", "Lead")),
                Outcome("UnknownUser", {"text": NOBODY_ID}),
            ),
        ),
    ),
)

_CONDITIONS = (
    Scenario(
        name="throttled",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call("get_user", (BY_NAME,), FOUND, before=_throttle),
        ),
        waits_seconds=(1.0,),
    ),
    Scenario(
        name="vendor-error",
        settings=_UNASKED,
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call(
                "get_user",
                (ADA_ID,),
                Outcome("VendorBroken", {"text": "500"}),
                before=_fail_reads,
            ),
        ),
        waits_seconds=None,
    ),
)

SUITE = Suite(
    connector="scim",
    source="jackfield_scim.sandbox, written from RFC 7643 and RFC 7644",
    sandbox=ScenarioSandbox,
    settings=_TOKEN,
    scenarios=(*_LOOK_UPS, *_CREDENTIALS, *_CREATIONS, *_CHANGES, *_CONDITIONS),
)
