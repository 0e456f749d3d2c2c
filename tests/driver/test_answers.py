"""Answers to writes are checked as answers to reads are: every connector, both colours."""

import asyncio
import threading

import pytest
from support.example import (
    ACCESS_TOKEN,
    BOTH_COLOURS,
    CAPABILITIES,
    ExampleConnector,
    connect,
    user_document,
)
from support.loopback import LoopbackServer, reply

from jackfield import (
    Applied,
    Attribute,
    Change,
    ConnectorError,
    InDoubt,
    NotDeleted,
    Page,
    PluginFault,
    RejectedUser,
    Request,
    UnknownUser,
    User,
    UserId,
    VendorBroken,
    hookimpl,
)
from jackfield.scim.identity import is_same_id, problem_of_id

TOKEN = reply(200, {"access_token": ACCESS_TOKEN})
ANN = User(userName="ann@example.com")
ONE = UserId("1")
FOUND = reply(200, user_document())
GONE = reply(404)
TITLE = (Change("replace", "title", "x"),)
ARGUMENTS = {
    "get_user": (ONE,),
    "create_user": (ANN,),
    "patch_user": (ONE, TITLE),
    "list_users": (),
    "delete_user": (ONE,),
}


def returning(hook, result, capabilities=CAPABILITIES):
    """Return a connector whose hook sends one request and returns this."""
    method_of = {"get_user": "GET", "list_users": "GET", "create_user": "POST"}

    def method(self):
        yield Request(method_of.get(hook, "PATCH"), "/users/1")
        if isinstance(result, Exception):
            raise result
        return result

    method.__name__ = hook
    return type("Odd", (ExampleConnector,), {hook: hookimpl(method)})(capabilities)


def fails(call, connector, hook, kind, match=None):
    with LoopbackServer(TOKEN, reply(204)) as server, pytest.raises(kind, match=match) as caught:
        call(connect(connector, url=server.origin), hook, *ARGUMENTS[hook])
    assert not isinstance(caught.value, PluginFault)
    assert (caught.value.connector, caught.value.hook) == ("example", hook)
    return caught.value


# --- deletion ----------------------------------------------------------------------------------


@BOTH_COLOURS
@pytest.mark.parametrize("is_on", [True, False, None], ids=["on", "off", "not said"])
def test_deletion_that_leaves_the_account_there_is_told(call, is_on):
    shown = reply(200, {"id": "1", "userName": "ann", "active": is_on})
    with LoopbackServer(TOKEN, reply(204), shown) as server, pytest.raises(NotDeleted) as caught:
        call(connect(url=server.origin), "delete_user", ONE)

    assert server.targets()[1:] == ["DELETE /users/1", "GET /users/1"]
    assert (caught.value.user_id, caught.value.is_on) == ("1", is_on)
    assert (caught.value.hook, caught.value.may_have_acted) == ("delete_user", True)


@BOTH_COLOURS
def test_deletion_is_a_success_when_a_read_shows_nobody(call):
    with LoopbackServer(TOKEN, reply(204), GONE) as server:
        assert call(connect(url=server.origin), "delete_user", ONE) is None

    assert server.targets()[1:] == ["DELETE /users/1", "GET /users/1"]


@BOTH_COLOURS
@pytest.mark.parametrize("read", [reply(403), reply(200, user_document(id="2"))])
def test_deletion_that_cannot_be_looked_at_is_in_doubt(call, read):
    with LoopbackServer(TOKEN, reply(204), read) as server, pytest.raises(InDoubt) as caught:
        call(connect(url=server.origin), "delete_user", ONE)

    assert "whether the user is gone could not be read" in str(caught.value)


@BOTH_COLOURS
def test_deletion_never_says_that_the_user_exists_already(call):
    class Refused(ExampleConnector):
        @hookimpl
        def delete_user(self, user_id):
            (yield Request("DELETE", f"/users/{user_id}")).checked()

    with LoopbackServer(TOKEN, reply(409)) as server, pytest.raises(RejectedUser, match="409"):
        call(connect(Refused(), url=server.origin), "delete_user", ONE)


@BOTH_COLOURS
def test_deletion_of_an_unknown_user_is_looked_at_as_well(call):
    unknown = returning("delete_user", UnknownUser("nobody", user_id="1"))
    with LoopbackServer(TOKEN, GONE, FOUND) as server, pytest.raises(NotDeleted):
        call(connect(unknown, url=server.origin), "delete_user", ONE)


@BOTH_COLOURS
def test_look_after_a_deletion_that_is_no_look_is_the_plugins_fault(call):
    class Blind(ExampleConnector):
        @hookimpl
        def get_user(self, key):
            yield Request("GET", f"/users/{key}")
            return {}

    with LoopbackServer(TOKEN, reply(204), GONE) as server, pytest.raises(PluginFault) as caught:
        call(connect(Blind(), url=server.origin), "delete_user", ONE)

    assert caught.value.may_have_acted is True


# --- whose answer it is ------------------------------------------------------------------------

OTHERS = (
    ("get_user", User(id="2"), VendorBroken, "answered for 1 with another user, 2"),
    ("create_user", User(id="2", userName="bob"), InDoubt, "answered with another user, bob"),
    ("patch_user", Applied(UserId("2")), InDoubt, "change of 1 .* another user, 2"),
    ("patch_user", Applied(ONE, User(id="2")), InDoubt, "change of 1 .* another user, 2"),
)


@BOTH_COLOURS
@pytest.mark.parametrize(("hook", "result", "kind", "said"), OTHERS)
def test_answer_about_another_user_is_that_users_failure(call, hook, result, kind, said):
    fails(call, returning(hook, result), hook, kind, said)


@pytest.mark.parametrize(
    "shown",
    [
        User(id="1", userName="ANN@example.com"),
        User(id="1", userName=" ann@example.com "),
        User(id="1"),
    ],
    ids=["another case", "blanks around", "no name"],
)
def test_new_user_in_another_spelling_is_the_one_created(shown):
    with LoopbackServer(TOKEN, reply(204)) as server:
        connector = connect(returning("create_user", shown), url=server.origin)
        created = connector.create_user(ANN)

    assert created == shown


def test_vendor_that_is_known_to_rewrite_names_may_answer_with_another():
    known = {"userName": Attribute(rewrites=True)}
    capabilities = type(CAPABILITIES)(hosts=frozenset(), match_on=("userName",), attributes=known)
    odd = returning("create_user", User(id="1", userName="ann_example"), capabilities)
    with LoopbackServer(TOKEN, reply(204)) as server:
        assert connect(odd, url=server.origin).create_user(ANN).userName == "ann_example"


def test_new_user_without_a_name_is_known_by_what_it_is_matched_by():
    path = 'emails[type eq "work"].value'
    capabilities = type(CAPABILITIES)(hosts=frozenset(), match_on=(path,))
    wanted, shown = (
        User.from_scim({"id": "1", "emails": [{"type": "work", "value": value}]})
        for value in ("ann@example.com", "bob@example.com")
    )
    odd = returning("create_user", shown, capabilities)
    with LoopbackServer(TOKEN, reply(204)) as server, pytest.raises(InDoubt, match="bob@"):
        connect(odd, url=server.origin).create_user(wanted)


@BOTH_COLOURS
def test_user_read_by_id_has_the_id_it_was_asked_for(call):
    with LoopbackServer(TOKEN, reply(200, {"id": "AB"})) as server:
        assert call(connect(url=server.origin), "get_user", UserId("ab")).id == "ab"


UUID = "5b1c0000-0000-4000-8000-00000000abcd"


@pytest.mark.parametrize(
    ("other", "is_same"),
    [
        (UUID.upper(), True),
        (f"{{{UUID}}}", True),
        (f"urn:uuid:{UUID}", True),
        (UUID.replace("-", ""), True),
        (UUID[:-1] + "e", False),
        ("", False),
        (f"x{UUID}", False),
    ],
)
def test_spellings_of_one_id_are_one_and_nothing_else_is(other, is_same):
    assert is_same_id(UUID, other) is is_same
    assert is_same_id(other, UUID) is is_same


# --- ids that nobody can be asked for ----------------------------------------------------------

UNUSABLE = [None, "", "  ", "\ud800", "a\0", ".", "..", "a\nb", "a\u2028b", "x" * 200_000]


@BOTH_COLOURS
@pytest.mark.parametrize("id_", UNUSABLE, ids=lambda id_: ascii(id_)[:12])
@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        ("get_user", VendorBroken),
        ("create_user", InDoubt),
        ("patch_user", InDoubt),
        ("list_users", VendorBroken),
    ],
)
def test_unusable_id_is_the_vendors_and_one_persons_failure(call, hook, kind, id_):
    user = User(id=id_, userName="ann@example.com")
    result = {"patch_user": Applied(UserId(id_ or ""), user), "list_users": Page((user,))}

    error = fails(call, returning(hook, result.get(hook, user)), hook, kind)

    assert len(str(error)) < 200


@pytest.mark.parametrize("id_", ["1", "k&Sandbox1", "ada@example.com", "a/b", "…", "x" * 512])
def test_usable_ids_have_no_problem(id_):
    assert problem_of_id(id_) == ""


@BOTH_COLOURS
def test_question_that_conflicts_is_no_user_that_exists(call):
    class Odd(ExampleConnector):
        @hookimpl
        def list_users(self):
            (yield Request("GET", "/users")).checked()

    with LoopbackServer(TOKEN, reply(409)) as server, pytest.raises(VendorBroken):
        call(connect(Odd(), url=server.origin), "list_users")


# --- the vendor's own ids of its exchanges ------------------------------------------------------


class Notebook:
    def __init__(self):
        self.completed = []

    @hookimpl
    def after_operation(self, completed):
        self.completed.append((completed.hook, completed.request_id))


def marked(status, text, body=None):
    return reply(status, body, {"x-request-id": text})


@BOTH_COLOURS
def test_observers_hear_the_vendors_id_of_the_write(call):
    notebook = Notebook()
    turns = (TOKEN, marked(204, "deletion"), marked(404, "look"))
    with LoopbackServer(*turns) as server:
        call(connect(url=server.origin, observers=[notebook]), "delete_user", ONE)

    assert ("delete_user", "deletion") in notebook.completed


def test_who_makes_a_write_hears_its_id_and_nobody_elses():
    heard, others = [], []
    turns = (TOKEN, marked(200, "a", user_document()), marked(201, "b", user_document()), FOUND)
    with LoopbackServer(*turns) as server, connect(url=server.origin) as connector:
        connector.get_user(ONE)
        other = threading.Thread(target=connector.create_user, args=(ANN,))
        with connector.write_ids_heard_by(heard.append):
            other.start()
            other.join()
            others.extend(heard)
            connector.create_user(ANN)
        connector.get_user(ONE)

    assert others == []
    assert heard == ["", ""]


def test_listeners_may_stop_in_another_order_than_they_began():
    first, second = [], []
    turns = (TOKEN, *(marked(201, each, user_document()) for each in "abc"))
    with LoopbackServer(*turns) as server, connect(url=server.origin) as connector:
        one, other = (connector.write_ids_heard_by(each.append) for each in (first, second))
        one.__enter__()
        other.__enter__()
        connector.create_user(ANN)
        one.__exit__(None, None, None)
        connector.create_user(ANN)
        other.__exit__(None, None, None)
        connector.create_user(ANN)

    assert [each[-1] for each in (first, second)] == ["a", "b"]


def test_id_of_a_write_is_heard_when_its_answer_comes():
    heard = []
    turns = (TOKEN, marked(201, "b", user_document()), marked(200, "c", user_document()))
    with (
        LoopbackServer(*turns) as server,
        connect(url=server.origin) as connector,
        connector.write_ids_heard_by(heard.append),
    ):
        connector.create_user(ANN)
        connector.get_user(ONE)

    assert heard == ["", "b"]


def test_tasks_of_one_loop_hear_their_own_writes():
    async def create(connector, heard):
        with connector.aio.write_ids_heard_by(heard.append):
            await connector.aio.create_user(ANN)

    async def both(connector):
        async with connector.aio:
            heard = ([], [])
            await asyncio.gather(*(create(connector, each) for each in heard))
            return heard

    turns = (TOKEN, marked(201, "a", user_document()), marked(201, "b", user_document()))
    with LoopbackServer(*turns) as server, connect(url=server.origin) as connector:
        found = asyncio.run(both(connector))

    assert sorted(ids[-1] for ids in found) == ["a", "b"]
    assert [len(ids) for ids in found] == [2, 2]


def test_listener_that_raises_does_not_hide_that_the_user_was_created(caplog):
    def burst(_):
        raise OSError("disk full")

    with (
        LoopbackServer(TOKEN, FOUND) as server,
        connect(url=server.origin) as connector,
        connector.write_ids_heard_by(burst),
    ):
        assert connector.create_user(ANN).id == "1"

    assert "a listener for ids of writes raised OSError" in caplog.text


@BOTH_COLOURS
def test_error_bears_the_vendors_id_of_its_exchange(call):
    turns = (TOKEN, marked(403, "abc-1"))
    with LoopbackServer(*turns) as server, pytest.raises(ConnectorError) as caught:
        call(connect(url=server.origin), "create_user", ANN)

    assert caught.value.request_id == "abc-1"


class TwoSteps(ExampleConnector):
    @hookimpl
    def create_user(self, user):
        created = (yield Request("POST", "/users", json={})).checked()
        (yield Request("PUT", "/users/1/licence", json={})).checked()
        return User.from_scim(created)


@BOTH_COLOURS
def test_refused_second_step_says_that_the_first_one_may_have_acted(call):
    with LoopbackServer(TOKEN, FOUND, reply(400)) as server, pytest.raises(RejectedUser) as caught:
        call(connect(TwoSteps(), url=server.origin), "create_user", ANN)

    assert caught.value.may_have_acted is True
