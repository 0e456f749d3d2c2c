"""A made-up directory and the job that provisions it: the ground under the benchmarks of cycles."""

import csv
import datetime as dt
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from pydantic import SecretStr

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
    Rate,
    Registry,
    Token,
    User,
    UserId,
    hookimpl,
)
from jackfield.engine import GuardLimits, Job
from jackfield.engine.map.mapper import Mapper, fingerprint
from jackfield.engine.state.database import upsert
from jackfield.engine.state.opening import open_database
from jackfield.engine.state.tables import links
from jackfield.scim import ScimService
from jackfield.sources import SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.headers import HEADERS
from jackfield.testing.sandbox import ScimSandbox

JOB = "bench"
SERVICE = ScimService()
MAPPINGS = (
    AttributeMapping("userName", source="userPrincipalName"),
    AttributeMapping("name.givenName", source="givenName"),
    AttributeMapping("name.familyName", source="surname"),
    AttributeMapping("displayName", source="displayName"),
    AttributeMapping("title", source="jobTitle"),
    AttributeMapping("active", source="IsActive"),
)


class BenchSettings(ConnectorSettings):
    """Where the vendor is, and how many requests a second it takes; 0 for any number."""

    url: BaseUrl
    limit: int = 0


class ScimConnector:
    """An ordinary SCIM vendor without a limit."""

    settings = BenchSettings
    rates: tuple[Rate, ...] = ()

    @hookimpl
    def capabilities(self) -> Capabilities:
        return Capabilities(
            hosts=frozenset(),
            match_on=("userName",),
            list_users=True,
            attributes={mapping.target: Attribute() for mapping in MAPPINGS},
            rates=self.rates,
        )

    @hookimpl
    def authenticate(self, settings: BenchSettings) -> Flow[Token]:
        yield from ()
        return Token(SecretStr(ScimSandbox.TOKEN), f"{settings.url}/scim/v2")

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


class LimitedConnector(ScimConnector):
    """The same with a published limit of ten requests a second."""

    rates = (Rate("all", requests=10, per_seconds=1.0),)


class SilentConnector(ScimConnector):
    """Has nobody, takes every user and sends nothing: what is left of a cycle is the engine."""

    @hookimpl
    def get_user(self, key: MatchKey | UserId) -> Flow[User | NotFound]:
        yield from ()
        return NotFound(key)

    @hookimpl
    def create_user(self, user: User) -> Flow[User]:
        yield from ()
        document = user.to_scim()
        return User.from_scim({**document, "id": f"u-{document['userName']}"})

    @hookimpl
    def list_users(self, cursor: str | None) -> Flow[Page]:
        del cursor
        yield from ()
        return Page(())


CONNECTORS = {"open": ScimConnector, "limited": LimitedConnector, "silent": SilentConnector}


@contextmanager
def connected(name: str, url: str) -> Iterator[Connector]:
    registry = Registry(connectors=CONNECTORS)
    with registry.connect(name, {"url": url, "allow_loopback": True}) as connector:
        yield connector


def job_of(connector: Connector, file: Path, *, workers: int = 8) -> Job:
    return Job(
        name=JOB,
        read_source=reader(file),
        connector=connector,
        mappings=MAPPINGS,
        matching="userName",
        guard=GuardLimits(people=100, percent=100, at_most=1000),
        workers=workers,
    )


def reader(file: Path) -> Callable[[str | None], SourceRead]:
    settings = CsvSettings(path=file.name)
    return lambda _since: CsvSource().read(settings, file.parent)


def write_people(file: Path, count: int) -> Path:
    """Write an Entra export of so many people; 17 of its 29 columns are filled."""
    ids = random.Random(count)  # noqa: S311 - the same people in every run
    columns = HEADERS[0].columns
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        for number in range(count):
            filled = _person(number, str(UUID(int=ids.getrandbits(128))))
            writer.writerow([filled.get(column, "") for column in columns])
    return file


def _person(number: int, source_id: str) -> dict[str, str]:
    return {
        "id": source_id,
        "userPrincipalName": f"person{number}@example.com",
        "displayName": f"Given{number} Family{number}",
        "givenName": f"Given{number}",
        "surname": f"Family{number}",
        "mail": f"person{number}@example.com",
        "userType": "Member",
        "jobTitle": f"Engineer {number % 50}",
        "department": f"Department {number % 200}",
        "accountEnabled": "True",
        "usageLocation": "FR",
        "country": "France",
        "city": "Lyon",
        "officeLocation": f"Building {number % 20}",
        "companyName": "Example",
        "directorySynced": "True",
        "createdDateTime": "2026-01-02T03:04:05Z",
    }


def link_everybody(file: Path, state: Path) -> None:
    """Fill a state as an initial cycle leaves it, without the hours that the requests take."""
    mapper, now = Mapper(MAPPINGS), dt.datetime.now(dt.UTC)
    database = open_database(state, 5.0)
    rows = [
        {
            "job": JOB,
            "source_id": person.id,
            "target_id": f"u-{person.id}",
            "user_name": person.attributes["userPrincipalName"],
            "is_on": True,
            "wanted": fingerprint(mapper.desired(person)),
            "kept": "{}",
            "updated_at": now,
        }
        for person in reader(file)(None).objects
    ]
    with database.write() as connection:
        upsert(connection, links, rows)
    database.close()
