"""The connector against a SCIM server that others wrote: scim2-server, over HTTP on loopback."""

import asyncio
import threading
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest

from jackfield import (
    AlreadyExists,
    Change,
    CredentialsRefused,
    MatchKey,
    MultiValue,
    Name,
    NotFound,
    Registry,
    UnknownUser,
    User,
    UserId,
    hookimpl,
)
from jackfield.scim import ENTERPRISE_URN, read
from jackfield_scim import ScimConnector
from jackfield_scim.capabilities import WORK_EMAIL

pytest.importorskip("scim2_server")

from scim2_server.memory import InMemoryStorage
from scim2_server.testserver.application import BearerTokenApplication
from scim2_server.utils import load_default_provider

TOKEN = "made-up-token"
NAME = "ada@example.com"
ADA = User(
    userName=NAME,
    externalId="hr-1",
    displayName="Ada Byron",
    active=True,
    name=Name(givenName="Ada", familyName="Byron"),
    emails=(
        MultiValue(type="work", value=NAME, primary=True),
        MultiValue(type="home", value="ada@home.example"),
    ),
)


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    block_on_close = False


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def serving(application):
    server = make_server("127.0.0.1", 0, application, ThreadingServer, Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def connected(**settings):
    provider = load_default_provider()
    application = BearerTokenApplication(InMemoryStorage(), provider, bearer_tokens=[TOKEN])
    registry = Registry(connectors={"any-scim": ScimConnector})
    with serving(application) as base_url:
        given = {"base_url": base_url, "token": TOKEN, "allow_loopback": True} | settings
        connector = registry.connect("any-scim", given)
        with connector:
            yield connector


class Watched:
    count = 0

    @hookimpl
    def before_request(self):
        self.count += 1


class OnAsync:
    """The asynchronous side behind the calls of the synchronous one."""

    def __init__(self, connector):
        self._connector = connector
        self._runner = asyncio.Runner()

    def __getattr__(self, name):
        return lambda *given: self._runner.run(getattr(self._connector.aio, name)(*given))

    def list_users(self):
        async def listed():
            return [user async for user in self._connector.aio.list_users()]

        return self._runner.run(listed())

    def close(self):
        self._runner.run(self._connector.aio.aclose())
        self._runner.close()


@pytest.fixture(params=["sync", "async"])
def scim(request):
    with connected() as connector:
        if request.param == "sync":
            yield connector
            return
        side = OnAsync(connector)
        yield side
        side.close()


@pytest.fixture
def ada(scim):
    return scim.create_user(ADA)


def kept(scim, ada, path):
    return read(scim.get_user(UserId(ada.id)).to_scim(), path)


# --- what the server says of itself ----------------------------------------------------------


def test_an_empty_server_is_understood(scim):
    facts = scim.authenticate()

    assert facts == {
        "users": "/Users",
        "patch": "yes",
        "required": "userName",
        "read-only": f"{ENTERPRISE_URN}:manager.displayName",
    }


def test_searching_is_proven_by_a_user_who_is_there():
    with connected() as first:
        first.create_user(ADA)
        second = Registry(connectors={"any-scim": ScimConnector}).connect(
            "any-scim", first.settings
        )
        with second:
            facts = second.authenticate()

    assert facts["found by filter"] == f"userName, externalId, {WORK_EMAIL}"


def test_absence_costs_one_request_where_searching_is_proven():
    watched = Watched()
    with connected() as first:
        first.create_user(ADA)
        registry = Registry(observers=[watched], connectors={"any-scim": ScimConnector})
        with registry.connect("any-scim", first.settings) as second:
            second.authenticate()
            watched.count = 0
            second.get_user(MatchKey("userName", "nobody@example.com"))

    assert watched.count == 1


def test_a_wrong_token_is_told():
    with connected(token="another") as connector, pytest.raises(CredentialsRefused):
        connector.authenticate()


# --- look-ups --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value"),
    [("userName", NAME), ("userName", NAME.upper()), ("externalId", "hr-1"), (WORK_EMAIL, NAME)],
)
def test_a_user_is_found(scim, ada, path, value):
    assert scim.get_user(MatchKey(path, value)).id == ada.id


@pytest.mark.parametrize("path", ["userName", "externalId", WORK_EMAIL])
def test_nobody_is_found_on_an_empty_server(scim, path):
    key = MatchKey(path, 'nobody" or userName pr or userName eq "x')

    assert scim.get_user(key) == NotFound(key)


@pytest.mark.parametrize("path", ["userName", "externalId", WORK_EMAIL])
def test_nobody_is_found_beside_others(scim, ada, path):
    key = MatchKey(path, "nobody@example.com")

    assert scim.get_user(key) == NotFound(key)


def test_another_external_id_in_other_case_is_another(scim, ada):
    key = MatchKey("externalId", "HR-1")

    assert scim.get_user(key) == NotFound(key)


def test_a_home_address_is_no_work_address(scim, ada):
    key = MatchKey(WORK_EMAIL, "ada@home.example")

    assert scim.get_user(key) == NotFound(key)


def test_an_unknown_id_is_not_found(scim):
    assert scim.get_user(UserId("nobody")) == NotFound("nobody")


def test_every_user_is_listed(scim):
    for number in range(5):
        scim.create_user(User(userName=f"user{number}@example.com"))

    assert len(list(scim.list_users())) == 5


def test_a_list_of_several_pages_is_read_to_its_end():
    with connected(page_size=2) as scim:
        for number in range(5):
            scim.create_user(User(userName=f"user{number}@example.com"))

        assert len({user.id for user in scim.list_users()}) == 5


# --- writes ----------------------------------------------------------------------------------


def test_a_created_user_is_kept_whole(scim, ada):
    found = scim.get_user(UserId(ada.id))

    assert found.to_scim().items() >= ADA.to_scim().items()


def test_a_second_user_of_the_same_name_exists_already(scim, ada):
    with pytest.raises(AlreadyExists):
        scim.create_user(ADA)


CHANGES = [
    Change("replace", "userName", "byron@example.com"),
    Change("replace", "externalId", "hr-2"),
    Change("replace", "displayName", "A. Byron"),
    Change("replace", "active", False),
    Change("add", "title", "Analyst"),
    Change("replace", "name.familyName", "Lovelace"),
    Change("add", "name.middleName", "Augusta"),
    Change("replace", WORK_EMAIL, "ada@work.example"),
    Change("replace", "emails", [{"type": "work", "value": "only@example.com"}]),
    Change("add", 'phoneNumbers[type eq "mobile"].value', "+43 1 5550100"),
    Change("add", 'addresses[type eq "work"].locality', "London"),
    Change("add", f"{ENTERPRISE_URN}:department", "Analysis"),
    Change("add", f"{ENTERPRISE_URN}:manager.value", "42"),
    Change("add", "preferredLanguage", "en-GB"),
]
REMOVALS = [
    Change("remove", "displayName"),
    Change("remove", "externalId"),
    Change("remove", "name.familyName"),
    Change("remove", 'emails[type eq "home"]'),
    Change("remove", "emails"),
    Change("remove", f"{ENTERPRISE_URN}:department"),
]


@pytest.mark.parametrize("update", ["patch", "put"])
@pytest.mark.parametrize(
    "change", [*CHANGES, *REMOVALS], ids=lambda change: f"{change.op} {change.path}"
)
def test_a_change_of_each_kind_is_kept(change, update):
    with connected(update=update) as scim:
        ada = scim.create_user(ADA)

        applied = scim.patch_user(UserId(ada.id), (change,))

        assert applied.not_taken == ()
        assert kept(scim, ada, change.path) == change.value


def test_all_changes_at_once_are_kept_by_both_sides(scim, ada):
    first = tuple(change for change in CHANGES if change.path != "emails")

    applied = scim.patch_user(UserId(ada.id), first)

    assert applied.not_taken == ()
    assert [kept(scim, ada, change.path) for change in first] == [c.value for c in first]


@pytest.mark.parametrize("dialect", ["entra", "entra-flag"])
def test_what_a_dialect_is_not_understood_for_is_told_or_kept(dialect):
    changes = (Change("replace", "displayName", "A."), Change("replace", "name.givenName", "A"))
    with connected(dialect=dialect) as scim:
        ada = scim.create_user(ADA)
        applied = scim.patch_user(UserId(ada.id), changes)
        found = [kept(scim, ada, change.path) for change in changes]

    missing = {difference.path for difference in applied.not_taken}
    assert [
        value for change, value in zip(changes, found, strict=True) if change.path not in missing
    ] == [change.value for change in changes if change.path not in missing]


def test_a_user_is_disabled_and_enabled(scim, ada):
    for state in (False, False, True):
        applied = scim.patch_user(UserId(ada.id), (Change("replace", "active", state),))

        assert (applied.not_taken, kept(scim, ada, "active")) == ((), state)


def test_a_second_patch_of_the_same_changes_nothing(scim, ada):
    changes = tuple(change for change in CHANGES if change.path != "emails")
    scim.patch_user(UserId(ada.id), changes)
    before = kept(scim, ada, "meta.version")

    assert scim.patch_user(UserId(ada.id), changes).not_taken == ()
    assert kept(scim, ada, "meta.version") == before


def test_what_is_read_only_is_not_sent_and_told(scim, ada):
    path = f"{ENTERPRISE_URN}:manager.displayName"

    applied = scim.patch_user(UserId(ada.id), (Change("add", path, "Babbage"),))

    assert [difference.path for difference in applied.not_taken] == [path]


def test_an_unknown_user_is_told(scim):
    with pytest.raises(UnknownUser):
        scim.patch_user(UserId("nobody"), (Change("replace", "title", "x"),))


def test_a_user_is_deleted_once_or_twice(scim, ada):
    scim.delete_user(UserId(ada.id))
    scim.delete_user(UserId(ada.id))

    assert scim.get_user(UserId(ada.id)) == NotFound(ada.id)
