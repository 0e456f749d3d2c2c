"""A tenant on this machine, and the ways to read it."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from jackfield.driver.steps import Clock, Policy
from jackfield.driver.transport import Limits
from jackfield.sources import SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.entra import EntraSettings, EntraSource
from jackfield.sources.entra.source import POLICY
from jackfield.testing.sandbox import Fault, serve
from jackfield.testing.sandbox.entra import EntraSandbox
from jackfield.testing.sandbox.entra_directory import Directory

START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@dataclass
class Time:
    """What the sandbox and the source take for the time; it passes when somebody sleeps."""

    seconds: float = 0.0
    pauses: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.seconds += seconds

    def pass_by(self, **span: float) -> None:
        self.seconds += dt.timedelta(**span).total_seconds()

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.seconds,
            sleep=self.sleep,
            now=lambda: START + dt.timedelta(seconds=self.seconds),
        )


@dataclass
class Tenant:
    """The imitated tenant, and a source that reads it."""

    sandbox: EntraSandbox
    origin: str
    time: Time
    policy: Policy = POLICY

    @property
    def directory(self) -> Directory:
        return self.sandbox.directory

    def settings(self, **more: Any) -> EntraSettings:
        ordinary: dict[str, Any] = {
            "tenant": self.sandbox.TENANT,
            "client_id": self.sandbox.CLIENT.client_id,
            "client_secret": self.sandbox.CLIENT.client_secret,
            "service_principal": self.sandbox.service_principal,
            "graph_url": self.origin,
            "login_url": self.origin,
            "allow_loopback": True,
        }
        return EntraSettings.model_validate(ordinary | more)

    def read(self, since: str | None = None, **more: Any) -> SourceRead:
        source = EntraSource(policy=self.policy, clock=self.time.clock())
        return source.read(self.settings(**more), Path(), since=since)

    def read_all(self, since: str | None = None, **more: Any) -> SourceRead:
        return self.read(since, scope="all", service_principal="", **more)

    def hire(self, *names: str, assign: bool = True) -> list[str]:
        """Make users; return their ids."""
        ids = [self.directory.hire(name)["id"] for name in names]
        for user_id in ids if assign else ():
            self.directory.assign(user_id)
        return ids

    def fail(self, **fault: Any) -> None:
        self.sandbox.faults.add(Fault(**fault))

    def be_impatient(self) -> None:
        limits = Limits(deadline_seconds=0.3, connect_seconds=0.3)
        self.policy = replace(POLICY, attempts=1, patience_seconds=5.0, limits=limits)

    def paths(self) -> list[str]:
        """Return what was asked of Graph, without its version."""
        asked = (request.path for request in self.sandbox.requests)
        return [path.removeprefix("/v1.0") for path in asked if path.startswith("/v1.0")]


@pytest.fixture(scope="session")
def served_tenant():
    time = Time()
    sandbox = EntraSandbox(clock=lambda: time.seconds)
    with serve(sandbox) as origin:
        yield sandbox, origin, time


@pytest.fixture
def tenant(served_tenant) -> Tenant:
    sandbox, origin, time = served_tenant
    time.seconds, time.pauses = 0.0, []
    sandbox.reset()
    return Tenant(sandbox, origin, time)


@pytest.fixture
def names() -> Callable[[SourceRead], list[str]]:
    """Give the names before the @ of everybody in a read, sorted."""

    def names_of(read: SourceRead) -> list[str]:
        found = (one.attributes["userPrincipalName"] for one in read.objects)
        return sorted(name.partition("@")[0] for name in found)

    return names_of


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a CSV file of this content, with these settings."""

    def read_in(content: bytes | str, *, roles: str = "", **settings: object) -> SourceRead:
        body = content.encode() if isinstance(content, str) else content
        (tmp_path / "people.csv").write_bytes(body)
        if roles:
            (tmp_path / "roles.csv").write_text(roles, encoding="utf-8")
            settings["assignments"] = "roles.csv"
        return CsvSource().read(CsvSettings(path="people.csv", **settings), Path(tmp_path))

    return read_in
