"""Error reporters print the variables of every frame: no error of any kind has a secret in one."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from pydantic import SecretStr
from support.canaries import canary, find_canary
from support.clock import ScriptedClock
from support.example import (
    ACCESS_TOKEN,
    BOTH_COLOURS,
    CLIENT_SECRET,
    QUICK,
    ExampleConnector,
)
from support.frames import shown_with_variables
from support.loopback import HALF_BODY, LoopbackServer, Turn, http, raw, reply, reset

from jackfield import AlreadyExists as Exists
from jackfield import (
    AmbiguousMatch,
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    NotDeleted,
    NotSent,
    PluginFault,
    ProvisioningError,
    Registry,
    RejectedUser,
    Request,
    Throttled,
    Token,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
    WriteRefused,
    hookimpl,
)
from jackfield.connector import Connector
from jackfield.driver.driver import Driver
from jackfield.driver.steps import Policy
from jackfield.grants import FileGrants, Grant, MemoryGrants

PASSWORD = canary("user-password")
REFRESH = canary("refresh-token")
FRESH = canary("received")
READ_ECHO = f"{ACCESS_TOKEN} {CLIENT_SECRET} {REFRESH}"
ECHO = f"{READ_ECHO} {PASSWORD}"
JSON = {"content-type": "application/json"}
TOKEN = reply(200, {"access_token": ACCESS_TOKEN})
PLAIN = Policy(limits=QUICK)
LIMITED = replace(QUICK, body_bytes=20_000)
CREATE = ("create_user", User(userName="ann", password=PASSWORD))
READ = ("get_user", UserId("1"))


class Guest(ExampleConnector):
    """A plugin that holds secrets in plain variables, and fails in every way."""

    def __init__(self, deed: Callable[[str], object]) -> None:
        super().__init__()
        self._deed = deed

    @hookimpl
    def get_user(self, key):
        yield Request("GET", f"/users/{key}")
        plain = {"token": ACCESS_TOKEN, "secret": CLIENT_SECRET}
        try:
            raise LookupError(str(plain))
        except LookupError:
            return self._deed(plain["token"])


class Forgetful(ExampleConnector):
    """A plugin whose token is plain text."""

    @hookimpl
    def authenticate(self, settings):
        yield from ()
        return Token(ACCESS_TOKEN, settings.url)  # type: ignore[arg-type]


class Granted(ExampleConnector):
    """A plugin that renews a grant, and says what it was answered."""

    @hookimpl
    def authenticate(self, settings, grant):
        form = {"refresh_token": grant.refresh_token, "password": PASSWORD}
        answer = yield Request("POST", f"{settings.url}/token", form=form, authorize=False)
        found = answer.checked()
        if "refresh_token" not in found:
            raise RuntimeError(f"what is this: {found}")
        return Token(SecretStr(found["access_token"]), settings.url)


def throw(error: BaseException) -> Callable[[str], object]:
    def deed(_: str) -> object:
        error.add_note(READ_ECHO)
        raise error

    return deed


def exit_with(secret: str) -> object:
    raise SystemExit(secret)


@dataclass(frozen=True)
class Case:
    """One way to fail."""

    kind: type[ProvisioningError]
    turns: tuple[Turn, ...]
    call: tuple[str, Any] = CREATE
    connector: Callable[[], object] = ExampleConnector
    policy: Policy = PLAIN
    scheme: str = "http"


def refused(status: int, **headers: str) -> tuple[Turn, ...]:
    body = {"detail": ECHO, "message": ECHO, "error": ECHO}
    return (TOKEN, reply(status, body, {"x-echo": ECHO, **headers}))


def page(status: int, text: str) -> Turn:
    return raw(http(status, text.encode(), {"content-type": "text/html", "x-echo": text}))


UNREADABLE = f"<p>{FRESH}"
CASES = {
    "reset": Case(InDoubt, (TOKEN, reset)),
    "half a body": Case(VendorBroken, (TOKEN, HALF_BODY), READ),
    "401 twice": Case(CredentialsRefused, (TOKEN, reply(401), TOKEN, reply(401)), READ),
    "403": Case(NotAllowed, refused(403)),
    "409": Case(Exists, refused(409)),
    "400": Case(RejectedUser, refused(400)),
    "429": Case(Throttled, refused(429, **{"retry-after": "90000"})),
    "500": Case(VendorBroken, (TOKEN, page(500, READ_ECHO)), READ),
    "500 after a write": Case(InDoubt, refused(500)),
    "HTML": Case(InDoubt, (TOKEN, page(200, ECHO))),
    "damaged JSON": Case(InDoubt, (TOKEN, raw(http(201, b'{"a": "' + ECHO.encode(), JSON)))),
    "redirect elsewhere": Case(
        VendorBroken, (TOKEN, reply(302, headers={"location": f"https://{ACCESS_TOKEN}.x/"})), READ
    ),
    "no HTTP": Case(InDoubt, (TOKEN, raw(ECHO.encode() + b"\r\n\r\n"))),
    "a large answer": Case(
        VendorBroken, (TOKEN, reply(200, {"a": ECHO * 10_000})), READ, policy=Policy(limits=LIMITED)
    ),
    "no TLS": Case(NotSent, (TOKEN,), policy=replace(PLAIN, attempts=1), scheme="https"),
    "dry run": Case(WriteRefused, (TOKEN,), policy=replace(PLAIN, dry_run=True)),
    "half a character": Case(RejectedUser, (TOKEN,), ("create_user", User(userName="\ud800"))),
    "token in HTML": Case(InDoubt, (page(200, UNREADABLE),)),
    "token without HTTP": Case(InDoubt, (raw(f"{FRESH}\r\n\r\n".encode()),)),
    "token in a large answer": Case(
        InDoubt, (reply(200, {"access_token": FRESH * 10_000}),), policy=Policy(limits=LIMITED)
    ),
    "token refused": Case(RejectedUser, (reply(400, {"error_description": ECHO}),)),
    "token under another name": Case(PluginFault, (reply(200, {"accessToken": FRESH}),)),
    "plain token": Case(PluginFault, (TOKEN,), connector=Forgetful),
    "grant refused": Case(RejectedUser, (reply(400, {"error": ECHO}),), connector=Granted),
    "grant not understood": Case(
        PluginFault, (reply(200, {"access_token": FRESH}),), connector=Granted
    ),
    "token under no name": Case(PluginFault, (reply(200, {"a": FRESH}),), connector=Granted),
    "plugin raises": Case(
        PluginFault, (TOKEN,), READ, connector=lambda: Guest(throw(ValueError(READ_ECHO)))
    ),
    "plugin exits": Case(PluginFault, (TOKEN,), READ, connector=lambda: Guest(exit_with)),
    "plugin rejects": Case(
        RejectedUser,
        (TOKEN,),
        READ,
        connector=lambda: Guest(throw(RejectedUser(attribute=ACCESS_TOKEN, reason=CLIENT_SECRET))),
    ),
    "plugin finds several": Case(
        AmbiguousMatch,
        (TOKEN,),
        READ,
        connector=lambda: Guest(throw(AmbiguousMatch(CLIENT_SECRET, user_ids=("1", "2")))),
    ),
    "plugin finds nobody": Case(
        UnknownUser,
        (TOKEN,),
        READ,
        connector=lambda: Guest(throw(UnknownUser(CLIENT_SECRET, user_id="1"))),
    ),
    "plugin deletes nobody": Case(
        NotDeleted,
        (TOKEN,),
        READ,
        connector=lambda: Guest(throw(NotDeleted(CLIENT_SECRET, user_id="1", is_on=True))),
    ),
    "plugin is not configured": Case(
        ConfigurationError,
        (TOKEN,),
        READ,
        connector=lambda: Guest(throw(ConfigurationError(CLIENT_SECRET))),
    ),
    "plugin returns another thing": Case(
        PluginFault, (TOKEN, reply(200)), READ, connector=lambda: Guest(str.upper)
    ),
}


def connected(case: Case, origin: str) -> Connector:
    connector = case.connector()
    clock = ScriptedClock().clock()
    driver = Driver(
        "example",
        Registry()._manager("example", connector).hook,
        connector.settings(url=origin.replace("http", case.scheme), allow_loopback=True),
        policy=case.policy,
        clock=clock,
        grants=MemoryGrants(Grant(SecretStr(REFRESH))),
    )
    return Connector(driver, case.policy.limits, clock)


def error_of(case: Case, call) -> BaseException:
    with LoopbackServer(*case.turns) as server, pytest.raises(case.kind) as caught:
        call(connected(case, server.origin), *case.call)
    return caught.value


@BOTH_COLOURS
@pytest.mark.parametrize("name", CASES)
def test_no_variable_of_any_frame_of_an_error_holds_a_secret(name, call):
    error = error_of(CASES[name], call)

    assert find_canary(shown_with_variables(error)) == ""


@BOTH_COLOURS
def test_no_variable_holds_a_secret_where_nobody_listens(call):
    with LoopbackServer(TOKEN) as server:
        case = Case(NotSent, ())
    with pytest.raises(NotSent) as caught:
        call(connected(case, server.origin), *CREATE)

    assert find_canary(shown_with_variables(caught.value)) == ""


def test_every_error_that_a_connection_raises_is_looked_at():
    branches = (ProvisioningError, ConnectorError)
    elsewhere = {"GuardTripped", "AlreadyRunning"}
    found = {kind for branch in branches for kind in branch.__subclasses__()}
    kinds = {kind for kind in found if kind.__module__ == "jackfield.errors"}

    looked_at = {case.kind for case in CASES.values()} | set(branches)

    assert {kind.__name__ for kind in kinds - looked_at} == elsewhere


@pytest.mark.parametrize(
    "given",
    [
        {"client_secret": CLIENT_SECRET, "url": "ftp://a.example"},
        {"client_secret": f"{CLIENT_SECRET} \u2019", "url": "https://a.example"},
        {"client_secret": CLIENT_SECRET, "url": "env:NO_SUCH_VARIABLE_HERE"},
        {"client_secret": CLIENT_SECRET, "ulr": "https://a.example"},
    ],
    ids=["another setting", "the secret itself", "a reference", "an unknown name"],
)
def test_settings_that_are_refused_show_in_no_variable(given):
    registry = Registry(connectors={"example": ExampleConnector})

    with pytest.raises(ConfigurationError) as caught:
        registry.connect("example", given)

    assert find_canary(shown_with_variables(caught.value)) == ""


@pytest.mark.holds_secrets("the stored grant is damaged", "*.json")
def test_a_stored_grant_that_cannot_be_read_shows_in_no_variable(tmp_path):
    path = tmp_path / "grant.json"
    path.write_text(f'{{"refresh_token": "{REFRESH}", "access_token": 1, "good_until": null}}')

    with pytest.raises(ConfigurationError) as caught:
        FileGrants(path).load()

    assert find_canary(shown_with_variables(caught.value)) == ""


def test_the_frames_of_an_error_are_really_searched():
    def leaking(plain: str) -> None:
        ssl.create_default_context(cafile=plain)

    with pytest.raises(OSError, match="No such file") as caught:
        leaking(f"/{REFRESH}")

    assert find_canary(shown_with_variables(caught.value))
