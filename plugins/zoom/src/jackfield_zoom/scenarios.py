"""What the recordings below `cassettes/zoom` show, and what must come of each.

Played against the sandbox of this package by `scripts/record zoom`.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from jackfield import Change, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_zoom.capabilities import LICENCE_URN, LOGIN_URN
from jackfield_zoom.sandbox import ZoomSandbox
from jackfield_zoom.sandbox_account import ZoomAccount

# Both ids have an `&`, as in Zoom's own example.
ADA_ID = UserId("k&Sandbox0000000000001")
NOBODY_ID = UserId("k&Sandbox9999999999999")
BY_NAME = MatchKey("userName", "ada@example.com")

ADA = User(
    userName="ada@example.com",
    displayName="Ada Byron",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com", "title": "Engineer"})
LICENSED = ADA.model_copy(update={"userType": "Licensed"})
BY_PASSWORD = User.from_scim(
    {**ADA.to_scim(), LOGIN_URN: {"loginType": {"workEmail": True, "sso": False}}}
)

_NOW = dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC).timestamp()
_SECONDS_TO_MIDNIGHT = 16 * 3600


def zoom_sandbox() -> ZoomSandbox:
    """Return an account that names its region, and whose clocks stand still."""
    account = ZoomAccount(api_url="https://api.zoom.us")
    return ZoomSandbox(clock=lambda: 0.0, wall_clock=lambda: _NOW, account=account)


def _with_ada(sandbox: ZoomSandbox) -> None:
    sandbox.seed([ADA.to_scim()])


def _with_disabled_ada(sandbox: ZoomSandbox) -> None:
    sandbox.seed([{**ADA.to_scim(), "active": False}])


def _with_invited_ada(sandbox: ZoomSandbox) -> None:
    sandbox.seed([{**ADA.to_scim(), "pending": True}])


def _throttled(sandbox: ZoomSandbox) -> None:
    _with_ada(sandbox)
    body = {"code": 429, "message": "You have reached the maximum per-second rate limit."}
    # A limit by the second names the instant of its end, and no Retry-After.
    headers = {"X-RateLimit-Type": "QPS", "X-RateLimit-Reset": str(int(_NOW) + 1)}
    sandbox.faults.add(Fault(path="/Users$", status=429, body=body, headers=headers))


def _failing_reads(sandbox: ZoomSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users$", status=500, times=3))


def _create_in_doubt(sandbox: ZoomSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=503))


def _in_account(**traits: object) -> Callable[[ZoomSandbox], None]:
    def prepare(sandbox: ZoomSandbox) -> None:
        sandbox.account = replace(sandbox.account, **traits)  # type: ignore[arg-type]

    return prepare


def _of_ada_in_account(**traits: object) -> Callable[[ZoomSandbox], None]:
    def prepare(sandbox: ZoomSandbox) -> None:
        _with_ada(sandbox)
        _in_account(**traits)(sandbox)

    return prepare


def _change(path: str, value: Json) -> tuple[Change, ...]:
    return (Change("replace", path, value),)


def _applied(*not_taken: Json, **user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": list(not_taken)})


_SERVER_TO_SERVER = MappingProxyType(
    {
        "account_id": ZoomSandbox.ACCOUNT_ID,
        "client_id": ZoomSandbox.CLIENT_ID,
        "client_secret": ZoomSandbox.CLIENT_SECRET,
    }
)
_JWT_APP = MappingProxyType({"api_key": ZoomSandbox.API_KEY, "api_secret": ZoomSandbox.API_SECRET})

_LOOK_UPS = (
    Scenario(
        name="found",
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts", {"account": ZoomSandbox.ACCOUNT_ID})),
            # Searches leave the title and the licences out, so each is followed by a read.
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
        name="invited",
        prepare=_with_invited_ada,
        calls=(
            # 400 for a person who is invited: neither there nor absent.
            Call("get_user", (BY_NAME,), Outcome("RejectedUser", {"attribute": "userName"})),
        ),
    ),
    Scenario(
        name="id-with-ampersand",
        prepare=_with_ada,
        calls=(
            Call("get_user", (ADA_ID,), FOUND),
            Call("patch_user", (ADA_ID, _change("active", value=False)), _applied(active=False)),
            Call("delete_user", (ADA_ID,), Outcome("done")),
            Call("get_user", (ADA_ID,), Outcome("absent", {"key": ADA_ID})),
        ),
    ),
    Scenario(
        name="list",
        prepare=_with_ada,
        calls=(Call("list_users", (), Outcome("users", {"users": [{"id": ADA_ID}]})),),
    ),
)

_CREATIONS = (
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
            # Refused before they leave: the recording holds no write.
            Call(
                "create_user",
                (User(displayName="Ada Byron"),),
                Outcome("RejectedUser", {"attribute": "userName"}),
            ),
            Call(
                "create_user",
                (User(userName="ada"),),
                Outcome("RejectedUser", {"attribute": "userName", "text": "e-mail address"}),
            ),
        ),
    ),
    Scenario(
        name="create-invited",
        calls=(
            # Zoom answers 201 for a person who is only invited and shows nobody afterwards.
            Call("create_user", (BY_PASSWORD,), Outcome("InDoubt", {"text": "does not show it"})),
        ),
    ),
    Scenario(
        name="create-in-doubt",
        prepare=_create_in_doubt,
        calls=(
            Call("create_user", (ADA,), Outcome("InDoubt", {"text": "503"})),
            Call("get_user", (BY_NAME,), FOUND),
        ),
    ),
    Scenario(
        name="no-licence",
        prepare=_in_account(licenses=0),
        calls=(Call("create_user", (LICENSED,), Outcome("NotAllowed", {"text": "licence left"})),),
    ),
    Scenario(
        name="no-sso",
        prepare=_in_account(sso_enabled=False),
        calls=(Call("create_user", (ADA,), Outcome("NotAllowed", {"text": "single sign-on"})),),
    ),
    Scenario(
        name="no-scope",
        prepare=_in_account(scope="user:read:admin"),
        calls=(
            # The one body that is no JSON: the scopes stand in it with bare quotes.
            Call("get_user", (BY_NAME,), Outcome("NotAllowed", {"text": "lacks a scope"})),
        ),
    ),
)

_CHANGES = (
    Scenario(
        name="patch",
        prepare=_with_ada,
        calls=(
            # A PUT that merges: PATCH takes nothing but `active`.
            Call("patch_user", (ADA_ID, _change("title", "Lead")), _applied(title="Lead")),
            # That a null clears an attribute is documented nowhere: tried, and reported.
            Call(
                "patch_user",
                (ADA_ID, (Change("remove", "title"),)),
                _applied("title", title="Lead"),
            ),
            Call(
                "patch_user",
                (ADA_ID, _change("name.familyName", "King")),
                _applied(name={"givenName": "Ada", "familyName": "King"}),
            ),
        ),
    ),
    Scenario(
        name="patch-and-put",
        prepare=_with_ada,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, (*_change("title", "Lead"), *_change("active", value=False))),
                _applied(title="Lead", active=False),
            ),
        ),
    ),
    Scenario(
        name="licence-features",
        prepare=_with_ada,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change(f"{LICENCE_URN}:zoomOneBizPlus", "on")),
                Outcome(
                    "applied",
                    {"user": {LICENCE_URN: {"zoomOneBizPlus": "on"}}, "not_taken": []},
                ),
            ),
        ),
    ),
    Scenario(
        name="rename-kept",
        prepare=_with_ada,
        calls=(
            # Answered with 200, and the address stays as it was.
            Call(
                "patch_user",
                (ADA_ID, _change("userName", "ada.king@example.com")),
                _applied("userName", 'emails[type eq "work"].value', userName="ada@example.com"),
            ),
        ),
    ),
    Scenario(
        name="rename-applied",
        prepare=_of_ada_in_account(email_change="applied"),
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("userName", "ada.king@example.com")),
                _applied(userName="ada.king@example.com"),
            ),
        ),
    ),
    Scenario(
        name="rename-refused",
        prepare=_of_ada_in_account(email_change="refused"),
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("userName", "ada.king@example.com")),
                Outcome("RejectedUser", {"text": "Domain name doesn't match"}),
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
        name="unknown-id",
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
        name="token-expired",
        prepare=_with_ada,
        calls=(
            Call("authenticate", (), Outcome("facts")),
            Call("get_user", (BY_NAME,), FOUND, before=ZoomSandbox.expire_tokens),
        ),
    ),
    Scenario(
        name="throttled",
        prepare=_throttled,
        calls=(Call("get_user", (BY_NAME,), FOUND),),
        waits_seconds=None,
    ),
    Scenario(
        name="daily-limit",
        prepare=_in_account(daily_limits={"Medium": 0}),
        calls=(
            # Retry-After is an instant, the next midnight; nobody sleeps until then.
            Call("get_user", (BY_NAME,), Outcome("Throttled", {"text": str(_SECONDS_TO_MIDNIGHT)})),
        ),
    ),
    Scenario(
        name="vendor-error",
        prepare=_failing_reads,
        calls=(Call("get_user", (BY_NAME,), Outcome("VendorBroken", {"text": "500"})),),
        waits_seconds=None,
    ),
    Scenario(
        name="jwt-app",
        settings=_JWT_APP,
        prepare=_of_ada_in_account(accepts_jwt=True),
        calls=(Call("get_user", (BY_NAME,), FOUND),),
    ),
    Scenario(
        name="jwt-app-retired",
        settings=_JWT_APP,
        calls=(Call("get_user", (BY_NAME,), Outcome("CredentialsRefused")),),
    ),
)

SUITE = Suite(
    connector="zoom",
    source="jackfield_zoom.sandbox, written from Zoom's published documents",
    sandbox=zoom_sandbox,
    settings=_SERVER_TO_SERVER,
    scenarios=(*_LOOK_UPS, *_CREATIONS, *_CHANGES, *_CONDITIONS),
)
