"""Never run, only type-checked: what a host application and a connector's author see."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import assert_type

from jackfield import (
    Applied,
    Change,
    Connector,
    MatchKey,
    NotFound,
    Registry,
    Request,
    Response,
    User,
    UserId,
)
from jackfield.flow import Flow


def a_host(registry: Registry) -> None:
    connector = registry.connect("webex", {"token": "env:WEBEX_TOKEN"})
    assert_type(connector, Connector)
    found = connector.get_user(MatchKey("userName", "ada@example.com"))
    assert_type(found, User | NotFound)
    if isinstance(found, NotFound):
        found = connector.create_user(User(userName="ada@example.com"))
    assert_type(found, User)
    applied = connector.patch_user(UserId("1"), (Change("replace", "active", value=False),))
    assert_type(applied, Applied)
    assert_type(connector.list_users(), Iterator[User])
    assert_type(connector.authenticate(), Mapping[str, str])


async def an_async_host(connector: Connector) -> None:
    assert_type(await connector.aio.get_user(UserId("1")), User | NotFound)
    assert_type(connector.aio.list_users(), AsyncIterator[User])
    await connector.aio.delete_user(UserId("1"))


def an_author() -> Flow[User]:
    reply = yield Request("GET", "/Users/1")
    assert_type(reply, Response)
    return User.from_scim(reply.checked())


def a_wrong_host(connector: Connector) -> None:
    connector.get_user("ada@example.com")  # type: ignore[arg-type]
    connector.patch_user(UserId("1"), {"active": False})  # type: ignore[arg-type]
