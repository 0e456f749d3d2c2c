"""The token of a connection: got once, renewed early, by one caller at a time."""

import asyncio
import threading

import pytest
from pydantic import SecretStr
from support.clock import ScriptedClock
from support.example import (
    ACCESS_TOKEN,
    ExampleConnector,
    Played,
    answer,
    connect,
    driver_of,
    operate,
    play,
    token_answer,
    user_document,
)
from support.loopback import LoopbackServer, reply

from jackfield import CredentialsRefused, PluginFault, Request, Token, UserId, hookimpl
from jackfield.driver.steps import Await, Call, Send
from jackfield.driver.tokens import TokenCache

FOUND = answer(200, user_document())
TWENTY = 20


def get(driver, *answers, **options):
    steps = operate(driver, "get_user", key=UserId("1"))
    return play(steps, *answers, clock=driver._clock, **options)


# --- credentials -------------------------------------------------------------------------------


def test_refused_token_is_renewed_once_and_the_request_repeated():
    driver = driver_of()

    played = get(driver, token_answer("old-token"), answer(401), token_answer(), FOUND)

    assert played.sent == ["POST /token", "GET /users/1", "POST /token", "GET /users/1"]
    assert played.wires[-1].headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_token_refused_twice_stops_with_credentials_refused():
    played = Played([], [])

    with pytest.raises(CredentialsRefused):
        get(driver_of(), token_answer(), answer(401), token_answer(), answer(401), played=played)

    assert len(played.wires) == 4


def test_expiring_token_is_renewed_before_it_is_refused():
    clock = ScriptedClock()
    driver = driver_of(clock=clock.clock())
    get(driver, token_answer(lifetime=3600), FOUND)

    clock.pass_by(3541)

    assert get(driver, token_answer("new-token"), FOUND).sent[0] == "POST /token"


@pytest.mark.parametrize("lifetime", ["3600", 0, -5, float("nan"), True, [1]], ids=repr)
def test_useless_lifetime_neither_hangs_nor_renews_before_every_request(lifetime):
    class Odd(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            token = yield from super().authenticate(settings)
            return type(token)(token.access_token, token.base_url, lifetime)

    driver = driver_of(Odd())

    assert get(driver, token_answer(), FOUND).result.id == "1"
    assert get(driver, FOUND).result.id == "1"


@pytest.mark.parametrize(
    "found", [None, "a-token", SecretStr("a-token")], ids=["none", "text", "secret"]
)
def test_authenticate_that_returns_no_token_is_a_plugin_fault(found):
    """And everybody who waits for the token hears of it."""

    class Wrong(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            yield Request("POST", f"{settings.url}/token", authorize=False)
            return found

    driver = driver_of(Wrong())

    for _ in range(2):
        with pytest.raises(PluginFault, match="authenticate"):
            get(driver, token_answer())


def test_token_that_is_no_secret_fails_and_leaves_nobody_waiting():
    class Plain(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            token = yield from super().authenticate(settings)
            return type(token)("plain text", token.base_url)

    driver = driver_of(Plain())

    for _ in range(2):
        with pytest.raises(PluginFault):
            get(driver, token_answer())


def test_authenticate_cannot_ask_for_the_token_it_is_to_get():
    class Circular(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            yield Request("GET", "/me")

    with pytest.raises(PluginFault, match="asked for the token"):
        get(driver_of(Circular()))


# --- twenty at once ----------------------------------------------------------------------------


def slow_token(connection):
    threading.Event().wait(0.15)
    reply(200, {"access_token": ACCESS_TOKEN})(connection)


def counting_server():
    """Return a server whose first answer is a slow token; then users for ever."""
    return LoopbackServer(slow_token, reply(200, user_document()))


def test_twenty_threads_authenticate_once():
    found = []
    with counting_server() as server, connect(url=server.origin) as connector:
        threads = [
            threading.Thread(target=lambda: found.append(connector.get_user(UserId("1"))))
            for _ in range(TWENTY)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)

    assert len(found) == TWENTY
    assert server.targets().count("POST /token") == 1


def test_twenty_tasks_authenticate_once():
    async def main(connector):
        async with connector.aio as aio:
            return await asyncio.gather(*(aio.get_user(UserId("1")) for _ in range(TWENTY)))

    with counting_server() as server, connect(url=server.origin) as connector:
        found = asyncio.run(main(connector))

    assert len(found) == TWENTY
    assert server.targets().count("POST /token") == 1


def test_cancelled_task_that_authenticates_leaves_the_work_to_the_next():
    async def main(connector):
        async with connector.aio as aio:
            first = asyncio.create_task(aio.get_user(UserId("1")))
            await asyncio.sleep(0.05)
            second = asyncio.create_task(aio.get_user(UserId("1")))
            await asyncio.sleep(0.02)
            first.cancel()
            return await asyncio.wait_for(second, 5)

    turns = (slow_token, reply(200, {"access_token": "second"}), reply(200, user_document()))
    with LoopbackServer(*turns) as server, connect(url=server.origin) as connector:
        found = asyncio.run(main(connector))

    assert found.id == "1"
    assert server.targets() == ["POST /token", "POST /token", "GET /users/1"]


def test_cancelled_waiter_does_not_take_the_token_from_the_others():
    async def main(connector):
        async with connector.aio as aio:
            first = asyncio.create_task(aio.get_user(UserId("1")))
            await asyncio.sleep(0.05)
            waiter = asyncio.create_task(aio.get_user(UserId("1")))
            await asyncio.sleep(0.02)
            waiter.cancel()
            return await asyncio.wait_for(first, 5)

    with counting_server() as server, connect(url=server.origin) as connector:
        assert asyncio.run(main(connector)).id == "1"


def test_refusal_that_ends_authentication_reaches_everybody_who_waits():
    driver = driver_of()
    owner = operate(driver, "get_user", key=UserId("1"))
    waiter = operate(driver, "get_user", key=UserId("1"))
    assert isinstance(next(owner), Call)  # looks whether there is a grant
    assert isinstance(owner.send(None), Send)
    step = next(waiter)
    assert isinstance(step, Await)

    with pytest.raises(CredentialsRefused):
        owner.send(answer(401))

    assert isinstance(step.future.exception(timeout=1), CredentialsRefused)
    waiter.close()


# --- the cache ---------------------------------------------------------------------------------


def token(text="a-token", seconds=None):
    return Token(SecretStr(text), "https://api.example.com", seconds)


def test_one_refusal_seen_by_many_leads_to_one_renewal():
    cache = TokenCache(lambda: 0.0)
    old, new = token("old"), token("new")
    cache.claim()
    cache.fulfil(old)

    assert cache.claim(refused=old) is None
    cache.fulfil(new)

    assert cache.claim(refused=old) is new


def test_second_claimant_waits_for_the_first():
    cache = TokenCache(lambda: 0.0)
    cache.claim()
    waiting = cache.claim()

    cache.fulfil(token())

    assert waiting.result(timeout=0).access_token.get_secret_value() == "a-token"


def test_stopped_claimant_tells_the_waiting_to_claim_again():
    cache = TokenCache(lambda: 0.0)
    cache.claim()
    waiting = cache.claim()

    cache.fail(KeyboardInterrupt())

    assert waiting.result(timeout=0) is None
    assert cache.claim() is None


def test_token_is_renewed_ahead_of_its_end():
    clock = ScriptedClock()
    cache = TokenCache(clock.clock().monotonic)
    cache.claim()
    cache.fulfil(token(seconds=100.0))

    clock.pass_by(89)
    assert isinstance(cache.claim(), Token)
    clock.pass_by(2)
    assert cache.claim() is None


def test_token_of_unknown_lifetime_is_used_until_refused():
    clock = ScriptedClock()
    cache = TokenCache(clock.clock().monotonic)
    cache.claim()
    cache.fulfil(token())

    clock.pass_by(10**9)

    assert isinstance(cache.claim(), Token)
