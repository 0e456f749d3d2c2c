"""What the recordings below `cassettes/webex` show, and what must come of each.

Played against the sandbox of this package by `scripts/record webex`.
"""

from types import MappingProxyType

from jackfield import Change, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_webex.sandbox import WEBEX_URN, WebexSandbox

ADA_ID = UserId("5b1c0000-0000-4000-8000-000000000001")
NOBODY_ID = UserId("5b1c0000-0000-4000-8000-00000000ffff")
BY_NAME = MatchKey("userName", "ada@example.com")
BY_EMAIL = MatchKey('emails[type eq "work"].value', "ada@example.com")

ADA = User(
    userName="ada@example.com",
    externalId="4711",
    displayName="Ada Byron",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com", "displayName": "Ada Byron"})


def _with_ada(sandbox: WebexSandbox) -> None:
    status = {"accountStatus": ["active"]}
    sandbox.seed([{**ADA.to_scim(), "userType": "user", WEBEX_URN: status}])


def _with_disabled_ada(sandbox: WebexSandbox) -> None:
    _with_ada(sandbox)
    user = sandbox.store.users[ADA_ID]
    sandbox.store.replace(ADA_ID, {**user, "active": False})


def _throttled(sandbox: WebexSandbox) -> None:
    _with_ada(sandbox)
    sandbox.faults.add(Fault(path="/Users$", status=429, headers={"Retry-After": "1"}))


def _failing_reads(sandbox: WebexSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users$", status=500, times=3))


def _create_in_doubt(sandbox: WebexSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=503))


def _change(path: str, value: str | bool) -> tuple[Change, ...]:
    return (Change("replace", path, value),)


def _applied(**user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": []})


SCENARIOS = (
    Scenario(
        name="found",
        prepare=_with_ada,
        calls=(
            Call(
                "authenticate",
                (),
                Outcome(
                    "facts",
                    {"organization": WebexSandbox.ORG_ID, "administrator": WebexSandbox.ADMIN_ID},
                ),
            ),
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (BY_EMAIL,), FOUND),
            Call("get_user", (ADA_ID,), FOUND),
        ),
    ),
    Scenario(
        name="absent",
        is_live=True,
        calls=(
            Call("get_user", (BY_NAME,), Outcome("absent", {"key": str(BY_NAME)})),
            Call("get_user", (NOBODY_ID,), Outcome("absent", {"key": NOBODY_ID})),
        ),
    ),
    Scenario(
        name="create",
        calls=(
            Call("create_user", (ADA,), Outcome("user", {"id": ADA_ID, "active": True})),
            Call("get_user", (ADA_ID,), FOUND),
        ),
    ),
    Scenario(
        name="duplicate",
        prepare=_with_ada,
        calls=(
            Call(
                "create_user",
                (ADA,),
                Outcome("AlreadyExists", {"text": "code 409000", "hook": "create_user"}),
            ),
        ),
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
        name="patch",
        prepare=_with_ada,
        calls=(
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
            Call("patch_user", (ADA_ID, (Change("remove", "title"),)), _applied()),
            # Webex has no address to change yet: noTarget, then the element is added whole.
            Call(
                "patch_user",
                (ADA_ID, _change('addresses[type eq "work"].locality', "London")),
                _applied(addresses=[{"locality": "London"}]),
            ),
        ),
    ),
    Scenario(
        name="rename",
        prepare=_with_ada,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("userName", "ada.king@example.com")),
                _applied(userName="ada.king@example.com"),
            ),
        ),
    ),
    Scenario(
        name="disable",
        prepare=_with_ada,
        calls=(
            Call("patch_user", (ADA_ID, _change("active", value=False)), _applied(active=False)),
            Call("get_user", (ADA_ID,), Outcome("user", {"active": False})),
        ),
    ),
    Scenario(
        name="enable",
        prepare=_with_disabled_ada,
        calls=(Call("patch_user", (ADA_ID, _change("active", value=True)), _applied(active=True)),),
    ),
    Scenario(
        name="delete",
        prepare=_with_ada,
        calls=(
            Call("delete_user", (ADA_ID,), Outcome("done")),
            Call("delete_user", (ADA_ID,), Outcome("done")),
        ),
    ),
    Scenario(
        name="list",
        prepare=_with_ada,
        calls=(Call("list_users", (), Outcome("users", {"users": [{"id": ADA_ID}]})),),
    ),
    Scenario(
        name="unknown-id",
        calls=(
            Call(
                "patch_user",
                (NOBODY_ID, _change("title", "Lead")),
                Outcome("UnknownUser", {"text": NOBODY_ID}),
            ),
        ),
    ),
    Scenario(
        name="token-expired",
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call("get_user", (BY_NAME,), FOUND, before=WebexSandbox.expire_tokens),
        ),
    ),
    Scenario(
        name="throttled",
        prepare=_throttled,
        calls=(Call("get_user", (BY_NAME,), FOUND),),
        waits_seconds=(1.0,),
    ),
    Scenario(
        name="vendor-error",
        prepare=_failing_reads,
        calls=(Call("get_user", (BY_NAME,), Outcome("VendorBroken", {"text": "500"})),),
        waits_seconds=None,
    ),
    Scenario(
        name="create-in-doubt",
        prepare=_create_in_doubt,
        calls=(
            Call("create_user", (ADA,), Outcome("InDoubt", {"text": "503"})),
            Call("get_user", (BY_NAME,), FOUND),
        ),
    ),
)

SUITE = Suite(
    connector="webex",
    source="jackfield_webex.sandbox, written from Webex's published documents",
    sandbox=WebexSandbox,
    settings=MappingProxyType(
        {
            "client_id": WebexSandbox.CLIENT_ID,
            "client_secret": WebexSandbox.CLIENT_SECRET,
            "refresh_token": WebexSandbox.REFRESH_TOKEN,
        }
    ),
    scenarios=SCENARIOS,
)
