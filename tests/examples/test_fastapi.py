"""The FastAPI example runs as its README says, against an imitated vendor on this machine."""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jackfield import ConfigurationError
from jackfield.testing.sandbox import Fault, serve
from jackfield_webex.sandbox import WebexSandbox

EXAMPLE = Path(__file__).parents[2] / "examples" / "fastapi"
EMAIL = "ada@example.com"
ADA = {"email": EMAIL, "given_name": "Ada", "family_name": "Byron"}
Use = Callable[[httpx.AsyncClient], Awaitable[Any]]


@pytest.fixture
def create_app(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from desk import create_app  # noqa: PLC0415 - importable from here on

    yield create_app
    for name in [name for name in sys.modules if name.partition(".")[0] == "desk"]:
        del sys.modules[name]


@pytest.fixture
def vendor() -> WebexSandbox:
    return WebexSandbox(unlimited=True)


@pytest.fixture
def desk(create_app: Callable[..., Any], vendor: WebexSandbox) -> Iterator[Callable[[Use], Any]]:
    """Run requests against the application, between its start and its end."""
    with serve(vendor) as origin:
        settings = {
            "token": vendor.TOKEN,
            "rest_url": f"{origin}/v1",
            "scim_url": f"{origin}/identity/scim",
            "allow_loopback": True,
        }

        async def run(use: Use) -> Any:
            app = create_app(settings)
            transport = httpx.ASGITransport(app)
            async with (
                app.router.lifespan_context(app),
                httpx.AsyncClient(transport=transport, base_url="http://desk") as client,
            ):
                return await use(client)

        yield lambda use: asyncio.run(run(use))


def test_stranger_is_not_found(desk):
    answer = desk(lambda client: client.get(f"/people/{EMAIL}"))

    assert answer.status_code == 404
    assert answer.json() == {"detail": f"nobody has the account {EMAIL}"}


def test_person_is_looked_up(desk, vendor):
    (ada,) = vendor.seed([{"userName": EMAIL, "active": True}])

    answer = desk(lambda client: client.get(f"/people/{EMAIL}"))

    assert answer.json() == {"id": ada["id"], "email": EMAIL, "active": True}


def test_joiner_is_provisioned_in_the_background(desk, vendor):
    async def invite_twice(client: httpx.AsyncClient) -> list[httpx.Response]:
        invited = [await client.post("/people", json=ADA) for _ in range(2)]
        return [*invited, await client.get(f"/people/{EMAIL}")]

    first, second, found = desk(invite_twice)

    assert (first.status_code, second.status_code) == (202, 202)
    assert found.json()["active"] is True
    assert len(vendor.store) == 1


def test_lost_answer_makes_no_second_account_and_no_complaint(desk, vendor, caplog):
    vendor.faults.add(Fault(method="POST", path="/Users$", commit_then_drop=True))

    desk(lambda client: client.post("/people", json=ADA))

    assert len(vendor.store) == 1
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


def test_failure_in_the_background_is_logged_with_its_remedy(desk, vendor, caplog):
    vendor.expire_tokens()

    answer = desk(lambda client: client.post("/people", json=ADA))

    assert answer.status_code == 202
    (complaint,) = [r.getMessage() for r in caplog.records if r.levelno >= logging.ERROR]
    assert complaint.startswith(EMAIL)
    assert "authorise again" in complaint


def test_refused_credentials_are_a_bad_gateway_to_the_client(desk, vendor):
    vendor.expire_tokens()

    answer = desk(lambda client: client.get(f"/people/{EMAIL}"))

    assert answer.status_code == 502
    assert vendor.TOKEN not in answer.text


def test_observer_feeds_the_log_without_naming_whom_was_asked_for(desk, caplog):
    caplog.set_level(logging.DEBUG, logger="desk.telling")

    desk(lambda client: client.get(f"/people/{EMAIL}"))

    told = [r.getMessage() for r in caplog.records if r.name == "desk.telling"]
    assert any("webex get_user: well after" in line for line in told)
    assert not any(EMAIL in line for line in told)


def test_joiner_without_a_name_is_refused_before_the_vendor_hears_of_it(desk, vendor):
    answer = desk(lambda client: client.post("/people", json={**ADA, "given_name": ""}))

    assert answer.status_code == 422
    assert vendor.requests == []


def test_missing_secret_stops_the_start_and_is_named(create_app, monkeypatch):
    monkeypatch.delenv("WEBEX_TOKEN", raising=False)
    app = create_app()

    async def start() -> None:
        async with app.router.lifespan_context(app):
            raise AssertionError("it started")

    with pytest.raises(ConfigurationError, match="WEBEX_TOKEN is not set"):
        asyncio.run(start())
