"""What the recordings below `cassettes/ringcentral` show, and what must come of each.

Played against the sandbox of this package by `scripts/record ringcentral`.
"""

from types import MappingProxyType

from jackfield import Change, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_ringcentral.sandbox import RingCentralSandbox

ADA_ID = UserId("1271140001")
NOBODY_ID = UserId("1271149999")
BY_NAME = MatchKey("userName", "ada@example.com")
BY_EMAIL = MatchKey('emails[type eq "work"].value', "ada@example.com")

ADA = User(
    userName="ada@example.com",
    externalId="4711",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work"),),
)
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com", "title": "Engineer"})


def _with_ada(sandbox: RingCentralSandbox) -> None:
    sandbox.seed([sandbox.stored(ADA.to_scim(), None)])


def _with_disabled_ada(sandbox: RingCentralSandbox) -> None:
    _with_ada(sandbox)
    user = sandbox.store.users[ADA_ID]
    sandbox.store.replace(ADA_ID, {**user, "active": False})


def _without_extensions(sandbox: RingCentralSandbox) -> None:
    sandbox.free_extensions = 0


def _without_scim(sandbox: RingCentralSandbox) -> None:
    sandbox.scim_enabled = False


def _throttled(sandbox: RingCentralSandbox) -> None:
    _with_ada(sandbox)
    sandbox.faults.add(Fault(path="/Users$", status=429, headers={"Retry-After": "1"}))


def _failing_reads(sandbox: RingCentralSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users$", status=500, times=3))


def _create_in_doubt(sandbox: RingCentralSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=500))


def _change(path: str, value: str | bool) -> tuple[Change, ...]:
    return (Change("replace", path, value),)


def _applied(**user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": []})


SCENARIOS = (
    Scenario(
        name="found",
        prepare=_with_ada,
        calls=(
            # Searches give a short form of the user, so each is followed by a read.
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
                (User(userName="ada@example.com"),),
                Outcome("RejectedUser", {"attribute": 'emails[type eq "work"].value'}),
            ),
        ),
    ),
    Scenario(
        name="rejected",
        prepare=_with_ada,
        calls=(
            # RingCentral speaks of native parameters; the error names the SCIM path.
            Call(
                "patch_user",
                (ADA_ID, _change("name.givenName", "")),
                Outcome("RejectedUser", {"attribute": "name.givenName"}),
            ),
        ),
    ),
    Scenario(
        name="no-licence",
        prepare=_without_extensions,
        calls=(
            Call("create_user", (ADA,), Outcome("NotAllowed", {"text": "unassigned extension"})),
        ),
    ),
    Scenario(
        name="scim-off",
        prepare=_without_scim,
        calls=(Call("create_user", (ADA,), Outcome("NotAllowed", {"text": "not switched on"})),),
    ),
    Scenario(
        name="patch",
        prepare=_with_ada,
        calls=(
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
            Call("patch_user", (ADA_ID, (Change("remove", "title"),)), _applied()),
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
            Call("get_user", (BY_NAME,), FOUND, before=RingCentralSandbox.expire_tokens),
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
            Call("create_user", (ADA,), Outcome("InDoubt", {"text": "500"})),
            Call("get_user", (BY_NAME,), FOUND),
        ),
    ),
)

SUITE = Suite(
    connector="ringcentral",
    source="jackfield_ringcentral.sandbox, written from RingCentral's published documents",
    sandbox=RingCentralSandbox,
    settings=MappingProxyType(
        {
            "client_id": RingCentralSandbox.CLIENT_ID,
            "client_secret": RingCentralSandbox.CLIENT_SECRET,
            "jwt": RingCentralSandbox.JWT,
        }
    ),
    scenarios=SCENARIOS,
)
