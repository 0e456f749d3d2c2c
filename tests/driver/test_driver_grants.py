"""Grants: stored before they are used, reused while good, renewed by one process at a time."""

import asyncio
import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from support.clock import ScriptedClock
from support.example import ORIGIN, ExampleConnector, ExampleSettings, answer, operate, play

from jackfield import CredentialsRefused, Flow, Registry, Token, hookimpl
from jackfield.driver.driver import Driver
from jackfield.driver.steps import Policy
from jackfield.grants import Grant, MemoryGrants
from jackfield.oauth import Authorization, renew
from jackfield.resources import UserId

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
VENDOR = Authorization(
    authorize_url=f"{ORIGIN}/authorize",
    token_url=f"{ORIGIN}/token",
    client_id="app",
    client_secret=SecretStr("app-secret"),
)


class GrantSettings(ExampleSettings):
    def authorization(self) -> Authorization:
        return VENDOR


class GrantConnector(ExampleConnector):
    """A vendor that rotates refresh tokens."""

    settings = GrantSettings

    @hookimpl
    def authenticate(
        self, settings: GrantSettings, grant: Grant | None, now: dt.datetime
    ) -> Flow[Token]:
        assert now.tzinfo is not None
        if grant is None:
            raise CredentialsRefused("nobody has authorised this connection")
        if grant.access_token is not None:
            return Token(grant.access_token, settings.url)
        tokens = yield from renew(VENDOR, grant.refresh_token)
        kept = Grant(tokens.refresh_token or grant.refresh_token)
        return Token(tokens.access_token, settings.url, tokens.lifetime_seconds, grant=kept)


def driver_with(grants: Any) -> Driver:
    settings = GrantSettings(url=ORIGIN, allow_loopback=True)
    manager = Registry()._manager("example", GrantConnector())
    clock = replace(ScriptedClock().clock(), now=lambda: NOW)
    return Driver("example", manager.hook, settings, policy=Policy(), clock=clock, grants=grants)


def renewed(number: int) -> Any:
    tokens = {"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"}
    return answer(200, {**tokens, "expires_in": 3600})


FOUND = answer(200, {"id": "1", "userName": "ann@example.com"})


def test_a_rotated_token_is_stored_before_the_first_request_with_it():
    order: list[str] = []
    grants = MemoryGrants(Grant(SecretStr("refresh-0")), saved=lambda _: order.append("saved"))
    steps = operate(driver_with(grants), "get_user", key=UserId("1"))

    played = play(steps, renewed(1), FOUND)

    assert order == ["saved"]
    assert [wire.headers.get("authorization", "")[:6] for wire in played.wires] == [
        "Basic ",
        "Bearer",
    ]
    kept = grants.load()
    assert kept is not None
    assert kept.refresh_token == SecretStr("refresh-1")
    assert kept.good_until == NOW.timestamp() + 3240


def test_a_token_that_cannot_be_stored_is_not_used():
    def refuse(_: Grant) -> None:
        raise OSError("disk full")

    grants = MemoryGrants(Grant(SecretStr("refresh-0")), saved=refuse)
    steps = operate(driver_with(grants), "get_user", key=UserId("1"))

    with pytest.raises(Exception, match="disk full"):
        play(steps, renewed(1))


def test_a_stored_access_token_is_used_while_it_is_good():
    good = Grant(SecretStr("refresh-0"), SecretStr("access-0"), NOW.timestamp() + 60)
    steps = operate(driver_with(MemoryGrants(good)), "get_user", key=UserId("1"))

    played = play(steps, FOUND)

    assert played.wires[0].headers["authorization"] == "Bearer access-0"


def test_a_stored_access_token_that_is_over_is_renewed():
    over = Grant(SecretStr("refresh-0"), SecretStr("access-0"), NOW.timestamp() - 1)
    steps = operate(driver_with(MemoryGrants(over)), "get_user", key=UserId("1"))

    played = play(steps, renewed(1), FOUND)

    assert played.sent[0] == "POST /token"


def test_stored_access_token_of_a_clock_that_was_a_year_ahead_is_renewed():
    ahead = Grant(SecretStr("refresh-0"), SecretStr("access-0"), NOW.timestamp() + 365 * 86400)
    steps = operate(driver_with(MemoryGrants(ahead)), "get_user", key=UserId("1"))

    played = play(steps, renewed(1), FOUND)

    assert played.sent[0] == "POST /token"


def test_a_stored_access_token_that_is_refused_is_renewed_once():
    good = Grant(SecretStr("refresh-0"), SecretStr("access-0"), NOW.timestamp() + 60)
    steps = operate(driver_with(MemoryGrants(good)), "get_user", key=UserId("1"))

    played = play(steps, answer(401), renewed(1), FOUND)

    assert played.wires[2].headers["authorization"] == "Bearer access-1"


def test_a_dead_grant_names_the_command_that_helps():
    grants = MemoryGrants(Grant(SecretStr("refresh-0")))
    steps = operate(driver_with(grants), "get_user", key=UserId("1"))

    with pytest.raises(CredentialsRefused, match="jackfield authorize example"):
        play(steps, answer(400, {"error": "invalid_grant"}))


def test_an_administrator_signs_in_and_the_grant_is_kept():
    registry = Registry(connectors={"example": GrantConnector})
    grants = MemoryGrants()
    settings = {"url": ORIGIN, "allow_loopback": True}
    connector = registry.connect("example", settings, grants=grants)
    pending = connector.begin_authorization("http://127.0.0.1:5000/callback")
    back = f"{pending.redirect_uri}?code=c&state={pending.state.get_secret_value()}"
    calls = connector._calls.finish_authorization(pending, back)

    played = play(calls, renewed(1), renewed(2))
    connector.close()

    assert b"authorization_code" in (played.wires[0].content or b"")
    assert b"refresh-1" in (played.wires[1].content or b"")
    kept = grants.load()
    assert kept is not None
    assert kept.refresh_token == SecretStr("refresh-2")


def test_only_one_process_at_a_time_signs_in():
    grants = MemoryGrants(Grant(SecretStr("refresh-0")))
    steps = operate(driver_with(grants), "get_user", key=UserId("1"))
    assert grants.try_acquire()

    waits = next(steps)
    grants.release()
    played = play(steps, renewed(1), FOUND)

    assert type(waits).__name__ == "Pause"
    assert played.result.id == "1"


def test_a_cancelled_task_gives_the_lock_back():
    grants = MemoryGrants()
    registry = Registry(connectors={"example": GrantConnector})
    settings = {"url": ORIGIN, "allow_loopback": True}
    connector = registry.connect("example", settings, grants=grants)

    async def start_and_stop() -> None:
        task = asyncio.create_task(connector.aio.authenticate())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connector.aio.aclose()

    asyncio.run(start_and_stop())
    connector.close()
    assert grants.try_acquire()
