"""Months in the life of a company, drawn at random: whatever goes wrong, the vendor comes right.

A run is killed in the middle by a database that stops taking writes, before or after a commit: for
the engine that is a power cut at any of its crash points.
"""

import datetime as dt
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from support.clock import ScriptedClock
from support.company import Company, ExampleConnector, person
from support.evidence import Evidence, Run, links_on, open_intents, remember
from support.invariants import violations
from support.settled import unsettled
from support.witness import WitnessedVendor

from jackfield import Registry
from jackfield.engine import CycleResult, GuardLimits, How, Store
from jackfield.engine.state.database import Database, sqlite_engine
from jackfield.errors import ProvisioningError
from jackfield.sources import SourceObject
from jackfield.testing.sandbox import Fault, serve

LIMITS = GuardLimits(people=1, percent=30, at_most=3)
TITLES = st.sampled_from(("Engineer", "Lead", "Clerk"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"status": 409},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 429, "headers": {"Retry-After": "1"}, "times": 2},
    {"commit_then_drop": True},
    {"commit_then_status": 500},
    {"truncate": True},
    {"empty": True},
)
SETTLING_RUNS = 5


class Killed(BaseException):
    """The process is gone."""


class MortalDatabase(Database):
    """Takes so many writes and no more; the last one is stored or not."""

    def __init__(self, path: Path) -> None:
        super().__init__(sqlite_engine(path), str(path))
        self.revive()

    def revive(self) -> None:
        self.left, self.stores_last = -1, False

    def doom(self, writes: int, *, stores_last: bool) -> None:
        self.left, self.stores_last = writes, stores_last

    @contextmanager
    def write(self, job: str = "", token: int | None = None) -> Iterator[sa.Connection]:
        if self.left == 0:
            raise Killed
        is_last, self.left = self.left == 1, self.left - 1
        if is_last:
            self.left = 0
        if is_last and not self.stores_last:
            raise Killed
        with super().write(job, token) as connection:
            yield connection
        if is_last:
            raise Killed


class CompanyLife(RuleBasedStateMachine):
    """What people, administrators, vendors and power supplies do between and during runs."""

    def __init__(self, vendor: WitnessedVendor, origin: str) -> None:
        super().__init__()
        self.vendor, self.origin = vendor, origin
        self.stack = ExitStack()
        self.people: dict[str, SourceObject] = {}
        self.gone: dict[str, SourceObject] = {}
        self.number = 0
        self.present: list[dict[str, SourceObject]] = []
        self.runs: list[Run] = []
        self.judged = 0
        self.edited: set[str] = set()
        self.result: CycleResult | None = None

    @initialize(count=st.integers(1, 5))
    def found(self, count: int) -> None:
        self.vendor.reset()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        Store.open(folder / "jackfield.db").close()
        self.database = MortalDatabase(folder / "jackfield.db")
        store = Store(self.database)
        self.stack.callback(store.close)
        self.vendor.look = lambda: open_intents(store, "example")
        stranger = {"userName": "stranger@example.com", "active": True}
        self.strangers = {user["id"] for user in self.vendor.seed([stranger])}
        registry = Registry(connectors={"example": ExampleConnector})
        wanted = {"url": self.origin, "token": self.vendor.TOKEN, "allow_loopback": True}
        connector = registry.connect("example", wanted, clock=ScriptedClock().clock())
        self.stack.enter_context(connector)
        self.company = Company(self.vendor, connector, store)
        for _ in range(count):
            self.hire()

    # What happens in the directory.

    @rule()
    def hire(self) -> None:
        self.number += 1
        fresh = person(self.number)
        self.people[fresh.id] = fresh

    @precondition(lambda self: self.people)
    @rule(data=st.data(), title=TITLES)
    def change_title(self, data: st.DataObject, title: str) -> None:
        self.change(data, jobTitle=title)

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        self.number += 1
        source_id = self.some(data, self.people)
        name = f"renamed{self.number}@example.com"
        self.people[source_id] = _changed(self.people[source_id], userPrincipalName=name)

    @precondition(lambda self: self.people)
    @rule(data=st.data(), is_enabled=st.booleans())
    def disable_at_source(self, data: st.DataObject, is_enabled: bool) -> None:
        self.change(data, accountEnabled=str(is_enabled))

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        source_id = self.some(data, self.people)
        self.gone[source_id] = self.people.pop(source_id)

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), has_new_id=st.booleans())
    def rehire(self, data: st.DataObject, has_new_id: bool) -> None:
        back = self.gone.pop(self.some(data, self.gone))
        if has_new_id:
            self.number += 1
            back = replace(back, id=f"id-{self.number}")
        self.people[back.id] = back

    # What somebody does at the vendor by hand.

    @precondition(lambda self: self.made())
    @rule(data=st.data(), edit=st.sampled_from(("delete", "deactivate", "retitle")))
    def edit_by_hand(self, data: st.DataObject, edit: str) -> None:
        target_id = self.some(data, self.made())
        self.edited.add(target_id)
        if edit == "delete":
            self.vendor.store.remove(target_id)
            return
        account = self.vendor.store.users[target_id]
        change = {"active": False} if edit == "deactivate" else {"title": "By hand"}
        self.vendor.store.replace(target_id, {**account, **change})

    # What goes wrong.

    @rule(
        fault=st.sampled_from(FAULTS),
        method=st.sampled_from(("POST", "PATCH", "GET")),
        after=st.integers(0, 3),
    )
    def go_wrong(self, fault: dict[str, Any], method: str, after: int) -> None:
        self.vendor.faults.add(Fault(method=method, after=after, **fault))

    @rule(lag=st.integers(1, 3))
    def index_lags(self, lag: int) -> None:
        self.vendor.faults.add(Fault(method="POST", lag=lag, commit_then_drop=True))

    @rule(times=st.integers(1, 3))
    def filter_is_ignored(self, times: int) -> None:
        self.vendor.faults.add(Fault(method="GET", ignore_filter=True, times=times))

    # Runs.

    @rule()
    def run(self) -> None:
        self.attempt()

    @rule()
    def run_on_half_an_export(self) -> None:
        whole = dict(self.people)
        self.people = dict(list(whole.items())[: len(whole) // 2])
        self.company.is_complete = False
        removed = sum(write.is_removal for write in self.vendor.writes)
        self.attempt()
        self.company.is_complete, self.people = True, whole
        told = {key for key, each in whole.items() if not each.is_enabled}
        assert told or removed == sum(write.is_removal for write in self.vendor.writes)

    @rule(writes=st.integers(1, 12), stores_last=st.booleans())
    def run_and_be_killed(self, writes: int, stores_last: bool) -> None:
        self.database.doom(writes, stores_last=stores_last)
        try:
            self.attempt()
        finally:
            self.database.revive()

    @precondition(lambda self: self.result is not None and self.result.hold is not None)
    @rule()
    def approve(self) -> None:
        self.attempt(is_approved=True)

    @rule()
    def plan(self) -> None:
        sent = len(self.company.writes)
        with suppress(ProvisioningError):
            self.company.plan(guard=LIMITS)
        assert len(self.company.writes) == sent

    # Judgement.

    @invariant()
    def nothing_is_broken(self) -> None:
        if len(self.runs) > self.judged:
            self.judged = len(self.runs)
            assert violations(self.evidence()) == []

    def teardown(self) -> None:
        with self.stack:
            if self.runs:
                self.come_to_rest()

    def come_to_rest(self) -> None:
        """The faults end: the vendor comes right by itself, then also where hands were at it."""
        self.vendor.faults.clear()
        self.settle()
        evidence = self.evidence()
        assert unsettled(evidence, self.company.job(), self.edited) == []
        for source_id, each in self.people.items():
            self.people[source_id] = _changed(each, jobTitle="Retrained")
        self.settle()
        left = self.evidence()
        assert unsettled(left, self.company.job(), self.orphans()) == []
        assert violations(left) == []

    def settle(self) -> None:
        for _ in range(SETTLING_RUNS):
            sent = len(self.company.writes)
            self.company.store.jobs.restart("example", {"escrows", "quarantine"})
            self.attempt(is_approved=True, hours_later=2)  # so that nobody waits for a doubt
            if len(self.company.writes) == sent and not (self.result and self.result.hold):
                return
        raise AssertionError("the runs do not come to rest")

    # Means.

    def attempt(self, *, is_approved: bool = False, hours_later: int = 0) -> None:
        """Run once, with the approval of the last hold where a person gives it."""
        now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours_later)
        hold = self.result.hold if is_approved and self.result else None
        before = remember(self.company.store, "example")
        self.company.people = list(self.people.values())
        self.present.append(dict(self.people))
        self.result, is_whole = None, True
        try:
            approval = hold.approval if hold else ""
            self.result = self.company.run(approval, How(now=now), guard=LIMITS)
        except ProvisioningError:
            pass  # it could not even plan
        except Killed:
            is_whole = False
        self.database.revive()
        after = remember(self.company.store, "example")
        cycle_id = next(iter(after.cycles.keys() - before.cycles.keys()), "")
        self.runs.append(
            Run(
                cycle_id=cycle_id,
                limits=LIMITS,
                source_count=len(self.people),
                links_on=links_on(before, after, cycle_id),
                approved=frozenset(step.source_id for step in hold.steps) if hold else frozenset(),
                is_whole=is_whole,
            )
        )

    def evidence(self) -> Evidence:
        return Evidence(
            present=tuple(self.present),
            accounts=dict(self.vendor.store.users),
            writes=tuple(self.vendor.writes),
            memory=remember(self.company.store, "example"),
            runs=tuple(self.runs),
            untouchable=frozenset(self.strangers),
        )

    def made(self) -> set[str]:
        return set(self.vendor.store.users) - self.strangers

    def orphans(self) -> set[str]:
        """Return accounts that hands were at and nobody's change can reach any more."""
        links = self.company.store.links("example")
        reachable = {link.target_id for key, link in links.items() if key in self.people}
        return self.edited - reachable

    def change(self, data: st.DataObject, **attributes: str) -> None:
        source_id = self.some(data, self.people)
        self.people[source_id] = _changed(self.people[source_id], **attributes)

    def some(self, data: st.DataObject, choices: Any) -> str:
        return data.draw(st.sampled_from(sorted(choices)))


def _changed(someone: SourceObject, **attributes: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, **attributes})


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[WitnessedVendor, str]]:
    vendor = WitnessedVendor()
    with serve(vendor) as origin:
        yield vendor, origin


LIVES = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_the_vendor_comes_right_whatever_happens(served: tuple[WitnessedVendor, str]):
    life: Callable[[], CompanyLife] = lambda: CompanyLife(*served)  # noqa: E731

    run_state_machine_as_test(life, settings=LIVES)
