"""A connection in both colours, against a server on loopback and connectors that misbehave."""

import asyncio
import traceback

import pytest
from support.clock import ScriptedClock
from support.example import (
    ACCESS_TOKEN,
    BOTH_COLOURS,
    CLIENT_SECRET,
    ExampleConnector,
    connect,
    user_document,
)
from support.loopback import LOST_ANSWERS, LoopbackServer, raw, reply

from jackfield import (
    Applied,
    Change,
    InDoubt,
    MatchKey,
    NotFound,
    NotSent,
    Page,
    PluginFault,
    RejectedUser,
    Request,
    User,
    UserId,
    VendorBroken,
    WriteRefused,
    hookimpl,
)
from jackfield.driver.steps import Policy

TOKEN = reply(200, {"access_token": ACCESS_TOKEN})
ANN = User(userName="ann@example.com")
ANN_ID = UserId("1")
FOUND = reply(200, user_document())


@BOTH_COLOURS
def test_each_operation_reaches_the_vendor_and_comes_back(call):
    turns = (TOKEN, FOUND, reply(404), FOUND, reply(200, {}), reply(204), reply(404))
    with LoopbackServer(*turns) as server:
        connector = connect(url=server.origin)

        assert call(connector, "get_user", ANN_ID).userName == "ann@example.com"
        assert call(connector, "get_user", MatchKey("userName", "b")) == NotFound(
            MatchKey("userName", "b")
        )
        assert call(connector, "create_user", ANN).id == "1"
        assert call(connector, "patch_user", ANN_ID, (Change("replace", "title", "x"),)) == Applied(
            ANN_ID
        )
        assert call(connector, "delete_user", ANN_ID) is None
        assert call(connector, "authenticate") == {"org": "a"}

    assert [target.split()[0] for target in server.targets()] == [
        *("POST", "GET", "GET", "POST", "PATCH", "DELETE", "GET")
    ]


@BOTH_COLOURS
@pytest.mark.parametrize("shape", [name for name in LOST_ANSWERS if name != "silence"])
def test_lost_answer_to_create_is_in_doubt_and_nothing_is_sent_again(call, shape):
    with LoopbackServer(TOKEN, LOST_ANSWERS[shape]) as server, pytest.raises(InDoubt):
        call(connect(url=server.origin), "create_user", ANN)

    assert server.targets() == ["POST /token", "POST /users"]


@BOTH_COLOURS
@pytest.mark.parametrize("shape", [name for name in LOST_ANSWERS if name != "silence"])
def test_lost_answer_to_get_is_asked_for_again(call, shape):
    with LoopbackServer(TOKEN, LOST_ANSWERS[shape], FOUND) as server:
        assert call(connect(url=server.origin), "get_user", ANN_ID).id == "1"

    assert server.targets().count("GET /users/1") == 2


@BOTH_COLOURS
def test_refused_connection_is_not_sent_after_all_attempts(call):
    clock = ScriptedClock()
    with LoopbackServer(FOUND) as server:
        connector = connect(url=server.origin, clock=clock.clock())

    with pytest.raises(NotSent):
        call(connector, "create_user", ANN)
    assert len(clock.pauses) == 2


@BOTH_COLOURS
def test_dry_run_lets_no_write_leave(call):
    with LoopbackServer(TOKEN, FOUND) as server:
        connector = connect(url=server.origin, policy=Policy(dry_run=True))
        call(connector, "get_user", ANN_ID)
        for method, arguments in (
            ("create_user", (ANN,)),
            ("patch_user", (ANN_ID, (Change("replace", "active", False),))),
            ("delete_user", (ANN_ID,)),
        ):
            with pytest.raises(WriteRefused):
                call(connector, method, *arguments)

    assert server.targets() == ["POST /token", "GET /users/1"]


# --- guests that misbehave ---------------------------------------------------------------------


def returning(hook, result):
    """Return a connector whose hook sends one write and returns this."""

    def method(self):
        yield Request("DELETE", "/users/1")
        return result

    method.__name__ = hook
    return type("Odd", (ExampleConnector,), {hook: hookimpl(method)})()


def coroutine():
    async def nothing(): ...

    started = nothing()
    started.close()
    return started


ODD_RESULTS = (
    ("get_user", None),
    ("get_user", {"id": "1"}),
    ("get_user", coroutine()),
    ("create_user", None),
    ("create_user", NotFound(ANN_ID)),
    ("patch_user", None),
    ("list_users", []),
    ("list_users", Page(({"id": "1"},))),
    ("delete_user", True),
)
ARGUMENTS = {
    "get_user": (ANN_ID,),
    "create_user": (ANN,),
    "patch_user": (ANN_ID, ()),
    "list_users": (),
    "delete_user": (ANN_ID,),
}


@BOTH_COLOURS
@pytest.mark.parametrize(("hook", "result"), ODD_RESULTS, ids=lambda value: repr(value)[:30])
def test_result_of_the_wrong_kind_stops_at_the_border(call, hook, result):
    with LoopbackServer(TOKEN, reply(204)) as server, pytest.raises(PluginFault) as caught:
        call(connect(returning(hook, result), url=server.origin), hook, *ARGUMENTS[hook])

    assert (caught.value.connector, caught.value.hook) == ("example", hook)


class Leaky(ExampleConnector):
    """Puts every secret it knows into what it raises."""

    error: type[Exception] = RuntimeError

    @hookimpl
    def get_user(self, settings):
        said = f"{settings.client_secret.get_secret_value()} {ACCESS_TOKEN}"
        yield Request("GET", "/users")
        try:
            raise KeyError(said)
        except KeyError as inner:
            if self.error is RejectedUser:
                raise RejectedUser(reason=said) from inner
            raise self.error(said) from inner


@BOTH_COLOURS
@pytest.mark.parametrize("error", [RuntimeError, VendorBroken, RejectedUser])
def test_secret_in_a_plugin_error_is_on_no_sink(call, error):
    """Neither in text, nor attributes, nor the printed traceback."""
    connector = type("Odd", (Leaky,), {"error": error})()
    with LoopbackServer(TOKEN, FOUND) as server, pytest.raises(Exception, match="secret") as caught:
        call(connect(connector, url=server.origin), "get_user", ANN_ID)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value))
    assert CLIENT_SECRET not in shown
    assert ACCESS_TOKEN not in shown


class Exiting(ExampleConnector):
    @hookimpl
    def get_user(self, key):
        yield Request("GET", "/users")
        raise SystemExit(1)


class Stubborn(ExampleConnector):
    @hookimpl
    def get_user(self, key):
        try:
            yield "not a request"
        finally:
            raise RuntimeError("from the clean-up")


@BOTH_COLOURS
@pytest.mark.parametrize(("guest", "said"), [(Exiting, "SystemExit"), (Stubborn, "yielded str")])
def test_plugin_cannot_end_the_host_nor_hide_what_happened(call, guest, said):
    with LoopbackServer(TOKEN, FOUND) as server, pytest.raises(PluginFault, match=said):
        call(connect(guest(), url=server.origin), "get_user", ANN_ID)


class Confiding(ExampleConnector):
    """Uses a token that it has just got before the driver hears of it."""

    @hookimpl
    def authenticate(self, settings):
        token = yield from super().authenticate(settings)
        answer = yield Request("GET", f"{settings.url}/me", authorize=token.access_token)
        raise VendorBroken(f"said: {answer.document['echo']}")


@BOTH_COLOURS
def test_token_is_redacted_from_the_moment_it_is_used(call):
    turns = (TOKEN, reply(200, {"echo": ACCESS_TOKEN}))
    with LoopbackServer(*turns) as server, pytest.raises(VendorBroken) as caught:
        call(connect(Confiding(), url=server.origin), "authenticate")

    assert str(caught.value) == "said: [secret]"


# --- listing -----------------------------------------------------------------------------------


def page(*ids, following=None):
    return reply(200, {"users": [{"id": each} for each in ids], "next": following})


@BOTH_COLOURS
def test_pages_are_walked_to_the_end_and_nobody_comes_twice(call):
    turns = (TOKEN, page("1", "2", following="b"), page("2", "3"))
    with LoopbackServer(*turns) as server:
        found = call(connect(url=server.origin), "list_users")

    assert [user.id for user in found] == ["1", "2", "3"]


@BOTH_COLOURS
def test_user_twice_on_one_page_is_one_user(call):
    turns = (TOKEN, page("1", "1", "2", following="b"), page("3", "3"))
    with LoopbackServer(*turns) as server:
        found = call(connect(url=server.origin), "list_users")

    assert [user.id for user in found] == ["1", "2", "3"]


@BOTH_COLOURS
@pytest.mark.parametrize(
    "pages",
    [
        (page("1", following="b"), page("1", following="c")),
        (page("1", following="b"), page("2", following="b")),
        (page(following="b"),),
    ],
    ids=["a page again", "a cursor again", "an empty page before the end"],
)
def test_listing_that_goes_round_in_circles_is_not_complete(call, pages):
    with LoopbackServer(TOKEN, *pages) as server, pytest.raises(VendorBroken) as caught:
        call(connect(url=server.origin), "list_users")

    assert "circles" in str(caught.value)
    assert caught.value.connector == "example"


# --- observers ---------------------------------------------------------------------------------


class Notebook:
    def __init__(self):
        self.heard = []

    @hookimpl
    def before_request(self, sending):
        self.heard.append(sending)

    @hookimpl
    def after_response(self, answered):
        self.heard.append(answered)

    @hookimpl
    def after_operation(self, completed):
        self.heard.append(completed)


@BOTH_COLOURS
def test_observers_hear_of_everything_but_secrets_queries_and_bodies(call):
    notebook = Notebook()
    turns = (TOKEN, raw(b"garbage"), reply(200, user_document(), {"trackingid": ACCESS_TOKEN}))
    with LoopbackServer(*turns) as server:
        connector = connect(url=server.origin, observers=[notebook])
        call(connector, "get_user", MatchKey("userName", "ann@example.com"))

    kinds = [type(event).__name__ for event in notebook.heard]
    once = ["Sending", "Answered"]
    assert kinds == [*once, "Completed", *once, *once, "Completed"]
    told = repr(notebook.heard)
    for word in (CLIENT_SECRET, ACCESS_TOKEN, "ann", "filter", "?"):
        assert word not in told


class Failing:
    @hookimpl
    def before_request(self, sending):
        raise OSError("disk full")

    after_response = after_operation = None


class FailingAfterwards:
    @hookimpl
    def after_response(self, answered):
        raise OSError("disk full")

    @hookimpl
    def after_operation(self, completed):
        raise OSError("disk full")


@BOTH_COLOURS
@pytest.mark.parametrize("observer", [Failing, FailingAfterwards])
def test_failing_observer_does_not_hide_that_the_user_was_created(call, observer, caplog):
    with LoopbackServer(TOKEN, FOUND) as server:
        created = call(connect(url=server.origin, observers=[observer()]), "create_user", ANN)

    assert created.id == "1"
    assert "an observer of example raised OSError" in caplog.text


def test_stopped_operation_is_not_reported_as_a_success():
    notebook = Notebook()
    connector = connect(observers=[notebook])
    steps = connector._calls.get_user(ANN_ID)
    next(steps)

    with pytest.raises(KeyboardInterrupt):
        steps.throw(KeyboardInterrupt())
    connector.close()

    assert notebook.heard[-1].failure == "stopped by KeyboardInterrupt"


# --- life --------------------------------------------------------------------------------------


def test_connection_serves_several_event_loops_one_after_another():
    async def ask(connector):
        async with connector.aio as aio:
            return await aio.get_user(ANN_ID)

    with LoopbackServer(TOKEN, FOUND) as server, connect(url=server.origin) as connector:
        assert [asyncio.run(ask(connector)).id for _ in range(2)] == ["1", "1"]

    assert server.targets().count("POST /token") == 1


def test_sync_calls_work_inside_a_running_loop():
    async def ask(connector):
        return connector.get_user(ANN_ID)

    with LoopbackServer(TOKEN, FOUND) as server, connect(url=server.origin) as connector:
        assert asyncio.run(ask(connector)).id == "1"


def test_connecting_sends_nothing():
    with LoopbackServer(FOUND) as server:
        connect(url=server.origin).close()

    assert server.requests == []
