"""A small connector, the ways to connect it, and both colours of calling it."""

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import SecretStr
from support.clock import ScriptedClock

from jackfield import (
    Applied,
    BaseUrl,
    Capabilities,
    Connector,
    ConnectorSettings,
    NotFound,
    Page,
    Rate,
    Request,
    Secret,
    Token,
    User,
    hookimpl,
)
from jackfield.driver.driver import Driver
from jackfield.driver.steps import Await, Call, Clock, Pause, Policy, Send, Steps
from jackfield.driver.transport import Answer, Limits, Wire
from jackfield.grants import MemoryGrants
from jackfield.registry import Registry
from jackfield.resources import UserId

CLIENT_SECRET = "canary-horse-battery/staple"
ACCESS_TOKEN = "canary-at-6b1f3c9d2e"
ORIGIN = "http://127.0.0.1:9999"
QUICK = Limits(deadline_seconds=2.0, connect_seconds=1.0)
CAPABILITIES = Capabilities(hosts=frozenset(), match_on=("userName",), delete=True, list_users=True)


class ExampleSettings(ConnectorSettings):
    url: BaseUrl = ORIGIN
    client_secret: Secret = SecretStr(CLIENT_SECRET)


class ExampleConnector:
    """Plain REST: `/token`, `/users`, `/users/<id>`."""

    settings = ExampleSettings

    def __init__(self, capabilities: Capabilities = CAPABILITIES) -> None:
        self._capabilities = capabilities

    @hookimpl
    def capabilities(self):
        return self._capabilities

    @hookimpl
    def authenticate(self, settings):
        form = {"client_secret": settings.client_secret}
        answer = yield Request("POST", f"{settings.url}/token", form=form, authorize=False)
        found = answer.checked()
        return Token(
            SecretStr(found["access_token"]), settings.url, found.get("lifetime"), {"org": "a"}
        )

    @hookimpl
    def get_user(self, key):
        if isinstance(key, str):
            answer = yield Request("GET", f"/users/{key}")
        else:
            answer = yield Request("GET", "/users", {"filter": str(key)})
        return NotFound(key) if answer.status == 404 else User.from_scim(answer.checked())

    @hookimpl
    def create_user(self, user):
        answer = yield Request("POST", "/users", json=user.to_scim())
        return User.from_scim(answer.checked())

    @hookimpl
    def patch_user(self, user_id, changes):
        document = {change.path: change.value for change in changes}
        (yield Request("PATCH", f"/users/{user_id}", json=document)).checked()
        return Applied(user_id)

    @hookimpl
    def list_users(self, cursor):
        found = (yield Request("GET", "/users", {"cursor": cursor or ""})).checked()
        users = tuple(User.from_scim(each) for each in found["users"])
        return Page(users, found.get("next"))

    @hookimpl
    def delete_user(self, user_id):
        yield Request("DELETE", f"/users/{user_id}")


def with_rate(requests: int, per_seconds: float, **more: Any) -> Capabilities:
    rate = Rate("all", requests, per_seconds, **more)
    return Capabilities(hosts=frozenset(), match_on=("userName",), list_users=True, rates=(rate,))


def driver_of(
    connector: Any = None,
    *,
    url: str = ORIGIN,
    policy: Policy | None = None,
    clock: Clock | None = None,
    observers: Iterable[object] = (),
) -> Driver:
    connector = connector or ExampleConnector()
    settings = connector.settings(url=url, allow_loopback=True)
    manager = Registry(observers=observers)._manager("example", connector)
    return Driver(
        "example",
        manager.hook,
        settings,
        policy=policy or Policy(),
        clock=clock or ScriptedClock().clock(),
        grants=MemoryGrants(),
    )


def connect(connector: Any = None, *, limits: Limits = QUICK, **options: Any) -> Connector:
    clock = options.setdefault("clock", ScriptedClock().clock())
    return Connector(driver_of(connector, **options), limits, clock)


Colour = Callable[..., Any]


def call_sync(connector: Connector, method: str, *arguments: Any) -> Any:
    try:
        result = getattr(connector, method)(*arguments)
        return list(result) if method == "list_users" else result
    finally:
        connector.close()


def call_async(connector: Connector, method: str, *arguments: Any) -> Any:
    async def call() -> Any:
        async with connector.aio as aio:
            if method == "list_users":
                return [user async for user in aio.list_users()]
            return await getattr(aio, method)(*arguments)

    try:
        return asyncio.run(call())
    finally:
        connector.close()


BOTH_COLOURS = pytest.mark.parametrize("call", [call_sync, call_async], ids=["sync", "async"])


# --- driving by hand ---------------------------------------------------------------------------


def answer(status: int, document: Any = None, **headers: str) -> Answer:
    """Return an answer as the transport would; `retry_after` becomes `retry-after`."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    content = b"" if document is None else json.dumps(document).encode()
    return Answer(status, {"content-type": "application/json", **given}, content)


def token_answer(token: str = ACCESS_TOKEN, **more: Any) -> Answer:
    return answer(200, {"access_token": token, **more})


@dataclass
class Played:
    """What a driven operation did: its requests, its pauses, its result."""

    wires: list[Wire]
    pauses: list[float]
    result: Any = None

    @property
    def sent(self) -> list[str]:
        return [f"{wire.method} {wire.url.removeprefix(ORIGIN)}" for wire in self.wires]


def play(
    steps: Steps[Any],
    *answers: Answer | BaseException,
    played: Played | None = None,
    clock: Clock | None = None,
) -> Played:
    """Carry out the driver's effects without a socket; each Send gets the next answer."""
    played = played or Played([], [])
    queue = list(answers)
    given: Any = None
    failure: BaseException | None = None
    while True:
        try:
            step = steps.throw(failure) if failure else steps.send(given)
        except StopIteration as done:
            assert queue == [], "answers left over"
            played.result = done.value
            return played
        given = failure = None
        match step:
            case Send(wire):
                played.wires.append(wire)
                given = queue.pop(0)
                if isinstance(given, BaseException):
                    given, failure = None, given
            case Pause(seconds):
                played.pauses.append(seconds)
                if clock:
                    clock.sleep(seconds)
            case Await(future):
                given = future.result(timeout=5)
            case Call(function):
                given = function()


def operate(driver: Driver, hook: str, **arguments: Any) -> Steps[Any]:
    return driver.operate(hook, driver.flow(hook, **arguments), (object,))


def user_id(text: str) -> UserId:
    return UserId(text)


def user_document(**more: Any) -> Mapping[str, Any]:
    return {"id": "1", "userName": "ann@example.com", **more}
