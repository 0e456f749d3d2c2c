"""The application: look a person up, and provision one in the background."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field

from desk.failures import answer_for
from desk.provisioning import provision
from desk.telling import Telling
from jackfield import AsyncConnector, MatchKey, NotFound, ProvisioningError, Registry, User

WEBEX = MappingProxyType({"token": "env:WEBEX_TOKEN"})


class Joiner(BaseModel):
    """Who is to get an account."""

    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)
    given_name: str = Field(min_length=1)
    family_name: str = Field(min_length=1)


class Account(BaseModel):
    """What the desk sees of an account."""

    id: str
    email: str
    active: bool


def create_app(connection: Mapping[str, object] = WEBEX) -> FastAPI:
    """Return the application; it connects when it starts, and sends nothing before it is asked."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry = Registry(observers=[Telling()], packages={"jackfield-webex"})
        async with registry.connect("webex", connection).aio as webex:
            app.state.webex = webex
            yield

    app = FastAPI(title="Accounts", lifespan=lifespan)
    app.add_exception_handler(ProvisioningError, answer_for)
    app.get("/people/{email}")(show)
    app.post("/people", status_code=202)(invite)
    return app


def connected(request: Request) -> AsyncConnector:
    """Return the connection that all requests of this process share."""
    webex: AsyncConnector = request.app.state.webex
    return webex


Webex = Annotated[AsyncConnector, Depends(connected)]


async def show(email: str, webex: Webex) -> Account:
    """Return a person's account."""
    found = await webex.get_user(MatchKey("userName", email))
    if isinstance(found, NotFound):
        raise HTTPException(404, f"nobody has the account {email}")
    return account(found)


async def invite(joiner: Joiner, webex: Webex, tasks: BackgroundTasks) -> dict[str, Any]:
    """Provision a person after the answer has left; `GET /people/{email}` shows when it is done."""
    user = User.from_scim(
        {
            "userName": joiner.email,
            "name": {"givenName": joiner.given_name, "familyName": joiner.family_name},
            "emails": [{"value": joiner.email, "type": "work", "primary": True}],
            "active": True,
        }
    )
    tasks.add_task(provision, webex, user)
    return {"accepted": joiner.email}


def account(user: User) -> Account:
    """Return what the desk may see of a vendor's user."""
    return Account(id=user.id or "", email=user.userName or "", active=bool(user.active))
