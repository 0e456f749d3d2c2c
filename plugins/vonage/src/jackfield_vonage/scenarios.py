"""What the recordings below `cassettes/vonage` show, and what must come of each.

Played against the sandbox of this package by `scripts/record vonage`. The host of the SCIM service
is made up: Vonage publishes none.
"""

from types import MappingProxyType

from jackfield import Change, Changes, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_vonage.sandbox import VonageAccount, VonageSandbox

ADA_ID = UserId("5b1c0000-0000-4000-8000-000000000001")
NOBODY_ID = UserId("5b1c0000-0000-4000-8000-00000000ffff")
BY_NAME = MatchKey("userName", "ada@example.com")

ADA = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com"})


def _with_ada(sandbox: VonageSandbox) -> None:
    sandbox.seed([ADA.to_scim()])


def _with_disabled_ada(sandbox: VonageSandbox) -> None:
    sandbox.seed([{**ADA.to_scim(), "active": False}])


def _scim_off(sandbox: VonageSandbox) -> None:
    sandbox.account = VonageAccount(scim_enabled=False)


def _ada_is_administrator(sandbox: VonageSandbox) -> None:
    _with_ada(sandbox)
    sandbox.account = VonageAccount(administrators=frozenset({"ada@example.com"}))


def _without_patch(sandbox: VonageSandbox) -> None:
    _with_ada(sandbox)
    sandbox.account = VonageAccount(supports_patch=False)


def _throttled(sandbox: VonageSandbox) -> None:
    _with_ada(sandbox)
    sandbox.faults.add(Fault(path="/Users$", status=429, headers={"Retry-After": "1"}))


def _failing_reads(sandbox: VonageSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users$", status=500, times=3))


def _create_in_doubt(sandbox: VonageSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=503))


def _grant_over(sandbox: VonageSandbox) -> None:
    sandbox.refresh_tokens.spend(sandbox.REFRESH_TOKEN)


def _change(path: str, value: str | bool) -> Changes:
    return (Change("replace", path, value),)


def _applied(**user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": []})


SCENARIOS = (
    Scenario(
        name="found",
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call("get_user", (BY_NAME,), FOUND),
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
                (User(userName="ada@example.com", name=Name(givenName="Ada", familyName="Byron")),),
                Outcome("RejectedUser", {"attribute": 'emails[type eq "work"].value'}),
            ),
        ),
    ),
    Scenario(
        name="patch",
        prepare=_with_ada,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("name.familyName", "Lovelace")),
                _applied(name={"givenName": "Ada", "familyName": "Lovelace"}),
            ),
            Call(
                "patch_user",
                (ADA_ID, _change('emails[type eq "work"].value', "lovelace@example.com")),
                _applied(emails=[{"value": "lovelace@example.com"}]),
            ),
        ),
    ),
    Scenario(
        name="patch-refused",
        prepare=_without_patch,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("name.familyName", "Lovelace")),
                Outcome("RejectedUser", {"text": 'update = "put"'}),
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
                (NOBODY_ID, _change("name.givenName", "Augusta")),
                Outcome("UnknownUser", {"text": NOBODY_ID}),
            ),
        ),
    ),
    Scenario(
        name="scim-off",
        prepare=_scim_off,
        calls=(Call("get_user", (BY_NAME,), Outcome("NotAllowed", {"text": "Provisioning"})),),
    ),
    Scenario(
        name="administrator",
        prepare=_ada_is_administrator,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("active", value=False)),
                Outcome("NotAllowed", {"text": "Account Administrator"}),
            ),
        ),
    ),
    Scenario(
        name="grant-over",
        prepare=_grant_over,
        calls=(
            Call(
                "authenticate",
                (),
                Outcome("CredentialsRefused", {"text": "jackfield authorize vonage"}),
            ),
        ),
    ),
    Scenario(
        name="token-expired",
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            # The renewal needs the refresh token that came with the first one.
            Call("get_user", (BY_NAME,), FOUND, before=VonageSandbox.expire_tokens),
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
    connector="vonage",
    source="jackfield_vonage.sandbox, SCIM assumed from RFC 7644",
    sandbox=VonageSandbox,
    settings=MappingProxyType(
        {
            "base_url": "https://vonage.example/scim/v2",
            "client_id": VonageSandbox.CLIENT_ID,
            "client_secret": VonageSandbox.CLIENT_SECRET,
            "refresh_token": VonageSandbox.REFRESH_TOKEN,
        }
    ),
    scenarios=SCENARIOS,
)
