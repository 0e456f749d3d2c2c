"""What the recordings below `cassettes/fuze` show, and what must come of each.

Played against the sandbox of this package by `scripts/record fuze`.
"""

from types import MappingProxyType

from jackfield import Change, Json, MatchKey, MultiValue, Name, User, UserId
from jackfield.testing.sandbox import Fault
from jackfield.testing.scenario import Call, Outcome, Scenario, Suite
from jackfield_fuze.capabilities import LOCATION, SKU, WORK_EMAIL
from jackfield_fuze.sandbox import EXTENSION_URN, FuzeAccount, FuzeSandbox

ADA_ID = UserId("5b1c0000-0000-4000-8000-000000000001")
NOBODY_ID = UserId("5b1c0000-0000-4000-8000-00000000ffff")
BY_NAME = MatchKey("userName", "ada@example.com")
BY_EMAIL = MatchKey(WORK_EMAIL, "ada@example.com")

ADA = User(
    userName="ada@example.com",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
CODES: Json = [
    {"type": "sku", "value": "EXAMPLE-SKU-1"},
    {"type": "location", "value": "LOC-01"},
    {"type": "department", "value": "DEP-01"},
]
ENTITLED = User.from_scim({**ADA.to_scim(), "entitlements": CODES})
WRONG_SITE = User.from_scim(
    {**ADA.to_scim(), "entitlements": [{"type": "location", "value": "LOC-99"}]}
)
BOB = {"userName": "bob@example.com", "emails": [{"value": "bob@example.com", "type": "work"}]}
FOUND = Outcome("user", {"id": ADA_ID, "userName": "ada@example.com"})

_SETTINGS = MappingProxyType(
    {
        # What Microsoft's tutorial named before 2020-11; each customer is told its own since.
        "base_url": "https://api.fuze.com/scim/v2",
        "token": FuzeSandbox.TOKEN,
        "skus": ("EXAMPLE-SKU-1", "EXAMPLE-SKU-2"),
        "locations": ("LOC-01", "LOC-02"),
        "departments": ("DEP-01", "DEP-02"),
    }
)
_BY_FILTER = MappingProxyType({**_SETTINGS, "lookup": "email-filter"})
_BY_PAGES_OF_ONE = MappingProxyType({**_SETTINGS, "page_size": 1})
_IN_EXTENSION = MappingProxyType(
    {
        **_SETTINGS,
        "extension_urn": EXTENSION_URN,
        "location_name": "locationCode",
        "department_name": "departmentCode",
    }
)


def _with_ada(sandbox: FuzeSandbox) -> None:
    sandbox.seed([ADA.to_scim()])


def _with_entitled_ada(sandbox: FuzeSandbox) -> None:
    sandbox.seed([ENTITLED.to_scim()])


def _with_disabled_ada(sandbox: FuzeSandbox) -> None:
    sandbox.seed([{**ADA.to_scim(), "active": False}])


def _with_ada_and_bob(sandbox: FuzeSandbox) -> None:
    sandbox.seed([ADA.to_scim(), BOB])


def _with_nameless_ada(sandbox: FuzeSandbox) -> None:
    document = ADA.to_scim()
    del document["userName"]
    sandbox.seed([document])


def _without_email_filter(sandbox: FuzeSandbox) -> None:
    sandbox.account = FuzeAccount(filters_email=False)


def _with_extension(sandbox: FuzeSandbox) -> None:
    sandbox.account = FuzeAccount(entitlements_in="extension")


def _throttled(sandbox: FuzeSandbox) -> None:
    _with_ada(sandbox)
    sandbox.faults.add(Fault(path="/Users$", status=429, headers={"Retry-After": "1"}))


def _failing_reads(sandbox: FuzeSandbox) -> None:
    sandbox.faults.add(Fault(path="/Users$", status=500, times=3))


def _create_in_doubt(sandbox: FuzeSandbox) -> None:
    sandbox.faults.add(Fault(method="POST", path="/Users$", commit_then_status=503))


def _change(path: str, value: Json) -> tuple[Change, ...]:
    return (Change("replace", path, value),)


def _applied(*not_taken: Json, **user: Json) -> Outcome:
    return Outcome("applied", {"id": ADA_ID, "user": {**user}, "not_taken": list(not_taken)})


_LOOK_UPS = (
    Scenario(
        name="found",
        prepare=_with_ada_and_bob,
        # No filter by name: page after page is compared, here one user a page.
        settings=_BY_PAGES_OF_ONE,
        calls=(
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (BY_EMAIL,), FOUND),
            Call("get_user", (ADA_ID,), FOUND),
        ),
    ),
    Scenario(
        name="found-by-filter",
        prepare=_with_ada_and_bob,
        settings=_BY_FILTER,
        calls=(
            Call("get_user", (BY_NAME,), FOUND),
            Call("get_user", (BY_EMAIL,), FOUND),
        ),
    ),
    Scenario(
        name="filter-refused",
        prepare=_without_email_filter,
        settings=_BY_FILTER,
        calls=(Call("get_user", (BY_NAME,), Outcome("VendorBroken", {"text": 'lookup = "list"'})),),
    ),
    Scenario(
        name="without-user-name",
        prepare=_with_nameless_ada,
        calls=(
            Call("get_user", (BY_NAME,), Outcome("user", {"id": ADA_ID, "userName": None})),
            Call(
                "patch_user",
                (ADA_ID, _change("userName", "ada@example.com")),
                _applied(userName="ada@example.com"),
            ),
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
        name="absent-by-filter",
        settings=_BY_FILTER,
        calls=(Call("get_user", (BY_NAME,), Outcome("absent", {"key": str(BY_NAME)})),),
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
        name="create-with-entitlements",
        calls=(
            Call("create_user", (ENTITLED,), Outcome("user", {"entitlements": CODES})),
            Call("get_user", (ADA_ID,), Outcome("user", {"entitlements": CODES})),
        ),
    ),
    Scenario(
        name="create-with-extension",
        prepare=_with_extension,
        settings=_IN_EXTENSION,
        # Jobs write entitlements in one form, wherever Fuze keeps them.
        calls=(Call("create_user", (ENTITLED,), Outcome("user", {"entitlements": CODES})),),
    ),
    Scenario(
        name="wrong-code",
        is_live=True,
        calls=(
            Call("get_user", (NOBODY_ID,), Outcome("absent")),
            # Refused before it leaves, for no correction is possible: the recording holds no write.
            Call(
                "create_user",
                (WRONG_SITE,),
                Outcome("RejectedUser", {"attribute": LOCATION, "text": "LOC-99"}),
            ),
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
            Call("get_user", (NOBODY_ID,), Outcome("absent")),
            # Refused before it leaves: the recording holds no write.
            Call(
                "create_user",
                (User(name=Name(givenName="Ada")),),
                Outcome("RejectedUser", {"attribute": "userName"}),
            ),
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
)

_CHANGES = (
    Scenario(
        name="patch",
        prepare=_with_ada,
        calls=(
            Call(
                "patch_user",
                (ADA_ID, _change("name.familyName", "King")),
                _applied(name={"givenName": "Ada", "familyName": "King"}),
            ),
            Call(
                "patch_user",
                (ADA_ID, _change(WORK_EMAIL, "ada.king@example.com")),
                _applied(emails=[{"value": "ada.king@example.com"}]),
            ),
        ),
    ),
    Scenario(
        name="entitlement-differs",
        prepare=_with_entitled_ada,
        calls=(
            # Never sent, only reported; what stands beside it is changed all the same.
            Call(
                "patch_user",
                (
                    ADA_ID,
                    (
                        *_change(SKU, "EXAMPLE-SKU-2"),
                        *_change("name.familyName", "King"),
                    ),
                ),
                _applied(SKU, name={"familyName": "King"}, entitlements=CODES),
            ),
            Call(
                "patch_user",
                (ADA_ID, _change(LOCATION, "LOC-02")),
                Outcome("applied", {"id": ADA_ID, "user": None, "not_taken": [LOCATION]}),
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
                (NOBODY_ID, _change("name.familyName", "King")),
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
            Call("get_user", (ADA_ID,), FOUND),
            # No refresh exists: the representative gives another token.
            Call(
                "get_user",
                (ADA_ID,),
                Outcome("CredentialsRefused"),
                before=FuzeSandbox.expire_tokens,
            ),
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
)

SUITE = Suite(
    connector="fuze",
    source="jackfield_fuze.sandbox, written from Microsoft's tutorial; the rest is assumed",
    sandbox=FuzeSandbox,
    settings=_SETTINGS,
    scenarios=(*_LOOK_UPS, *_CREATIONS, *_CHANGES, *_CONDITIONS),
)
