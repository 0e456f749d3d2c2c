"""A made-up company for the engine's tests: people, a vendor over real HTTP, and a job between."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jackfield import (
    Applied,
    Attribute,
    AttributeMapping,
    BaseUrl,
    Capabilities,
    Changes,
    Connector,
    ConnectorSettings,
    Flow,
    MatchKey,
    NotFound,
    Page,
    Registry,
    Secret,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.engine import CycleResult, GuardLimits, How, Job, Plan, Store, plan_job, run_job
from jackfield.engine.progress import Report, nobody
from jackfield.engine.state.lease import Lease
from jackfield.scim import ScimService
from jackfield.sources import SourceObject, SourceRead
from jackfield.testing.sandbox import ScimSandbox, serve

WORK_EMAIL = 'emails[type eq "work"].value'
SERVICE = ScimService()

MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping("title", source="jobTitle"),
    AttributeMapping("userType", source="userType", default="Employee"),
    AttributeMapping("active", source="IsActive"),
)


class ExampleSettings(ConnectorSettings):
    url: BaseUrl
    token: Secret


class ExampleConnector:
    """An ordinary SCIM vendor."""

    settings = ExampleSettings

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(
            hosts=frozenset(),
            match_on=("userName",),
            delete=True,
            list_users=True,
            attributes={
                "userName": Attribute(create="required", case_exact=False),
                "name.givenName": Attribute(),
                "name.familyName": Attribute(create="required"),
                "title": Attribute(),
                "userType": Attribute(patch=False),
                "active": Attribute(),
            },
            mappings=MAPPINGS,
        )

    @hookimpl
    def authenticate(self, settings: ExampleSettings) -> Flow[Token]:
        return Token(settings.token, f"{settings.url}/scim/v2")
        yield

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        return (yield from SERVICE.get_user(key))

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        return (yield from SERVICE.create_user(user))

    @hookimpl
    def patch_user(self, user_id: UserId, changes: Changes) -> Flow[Applied]:
        return (yield from SERVICE.patch_user(user_id, changes))

    @hookimpl
    def list_users(self, cursor: str | None) -> Flow[Page]:
        return (yield from SERVICE.list_users(cursor))

    @hookimpl
    def delete_user(self, user_id: UserId) -> Flow[None]:
        return (yield from SERVICE.delete_user(user_id))


def person(number: int, **attributes: str) -> SourceObject:
    """Return person number so-and-so, as a directory export has them."""
    usual = {
        "userPrincipalName": f"person{number}@example.com",
        "givenName": f"Given{number}",
        "surname": f"Family{number}",
        "jobTitle": "Engineer",
        "accountEnabled": "True",
    }
    filled = {name: value for name, value in {**usual, **attributes}.items() if value}
    return SourceObject(f"id-{number}", filled, f"people.csv:{number + 1}")


ATTRIBUTES = frozenset(
    {"userPrincipalName", "givenName", "surname", "jobTitle", "userType", "accountEnabled"}
)


@dataclass
class Company:
    """The directory's people, the vendor's sandbox, and what the engine remembers."""

    vendor: ScimSandbox
    connector: Connector
    store: Store
    people: list[SourceObject] = field(default_factory=list)
    is_complete: bool = True

    def job(self, **changes: Any) -> Job:
        settings: dict[str, Any] = {
            "name": "example",
            "read_source": self._read,
            "connector": self.connector,
            "mappings": MAPPINGS,
            "matching": "userName",
            "workers": 1,
            "guard": GuardLimits(people=100, percent=100, at_most=1000),
        }
        return Job(**{**settings, **changes})

    def run(
        self,
        approval: str = "",
        how: How | None = None,
        *,
        report: Report = nobody,
        lease: Lease | None = None,
        **changes: Any,
    ) -> CycleResult:
        job = self.job(**changes)
        return run_job(job, self.store, approval=approval, report=report, lease=lease, how=how)

    def plan(self, how: How | None = None, **changes: Any) -> Plan:
        return plan_job(self.job(**changes), self.store, how=how)

    @property
    def accounts(self) -> dict[str, dict[str, Any]]:
        return {user["userName"]: user for user in self.vendor.store}

    @property
    def writes(self) -> list[str]:
        return [f"{r.method} {r.path}" for r in self.vendor.requests if r.method != "GET"]

    def _read(self, _since: str | None = None) -> SourceRead:
        return SourceRead(tuple(self.people), self.is_complete, ATTRIBUTES)


@contextmanager
def company(folder: Path, **settings: Any) -> Iterator[Company]:
    """Open a company with nobody in it."""
    vendor = ScimSandbox(unlimited=True)
    registry = Registry(connectors={"example": ExampleConnector})
    with serve(vendor) as origin:
        wanted = {"url": origin, "token": vendor.TOKEN, "allow_loopback": True, **settings}
        with registry.connect("example", wanted) as connector:
            store = Store.open(folder / "jackfield.db")
            yield Company(vendor, connector, store)
            store.close()
