"""The life of a company at one vendor: its runs, and the judgement after each and in the end.

What happens in it stands in `life_events`.
"""

import datetime as dt
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant
from support.clock import ScriptedClock
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, person
from support.evidence import Evidence, Memory, Run, links_on, open_intents, remember
from support.invariants import Violation, violations
from support.keys import FIRST, JOBS, key_of
from support.mortal import Killed, MortalDatabase, age
from support.settled import unsettled
from support.witness import WitnessedVendor

from jackfield import AttributeMapping, Registry
from jackfield.engine import CycleResult, GuardLimits, Job, Store
from jackfield.engine.model.codes import AnotherTenant
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.job_state import RestartScope
from jackfield.engine.scope.leavers import Fate, Leavers
from jackfield.errors import ProvisioningError
from jackfield.sources import SourceObject, SourceRead
from jackfield.testing.sandbox import Listing

LIMITS = GuardLimits(people=1, percent=30, at_most=3)
AWAY = "Away"
BY_COLUMN = AttributeMapping("active", expression='IIF([employeeType]="Away", "False", [IsActive])')
SETTLING_RUNS, QUIET_RUNS = 12, 3
ANY_NUMBER = st.integers(0, 2**16)
MANY = 52
"""So many people at once are looked for in the vendor's list."""

MANY_STRANGERS = 60
"""With these before them, a list that is cut short ends before all of them are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What one life has of its own from the start.

    `is_large`: many people have accounts already when the first run comes.
    """

    count: int
    is_large: bool
    is_unique: bool
    has_second_job: bool
    maps_access: bool
    listing: Listing
    leavers: Leavers


def _leavers(fate: Fate, days: int) -> Leavers:
    return Leavers(deleted=fate, soft_deleted=fate, delete_after_days=days)


LEAVERS = st.sampled_from((Leavers(), _leavers("delete", 0), _leavers("delete", 30)))
LISTINGS: tuple[Listing, ...] = ("honest", "page-total", "ignores-start", "capped", "repeats")
KINDS = st.builds(
    Kind,
    count=st.integers(1, 5),
    is_large=st.sampled_from((False,) * 7 + (True,)),
    is_unique=st.booleans(),
    has_second_job=st.booleans(),
    maps_access=st.booleans(),
    listing=st.sampled_from(LISTINGS),
    leavers=LEAVERS,
)

People = dict[str, SourceObject]


class Life(RuleBasedStateMachine):
    """A vendor, a state, one or two jobs between them, and everything a judge needs."""

    def __init__(self, vendor: WitnessedVendor, origin: str) -> None:
        super().__init__()
        self.vendor, self.origin = vendor, origin
        self.stack = ExitStack()
        self.people: dict[str, People] = {}
        self.gone: dict[str, SourceObject] = {}
        self.number = 0
        self.present: list[Mapping[str, SourceObject]] = []
        self.runs: list[Run] = []
        self.judged = 0
        self.is_over = False
        self.edited: set[str] = set()
        self.reopened: set[str] = set()
        self.holds: dict[str, Hold] = {}
        self.astray: set[str] = set()
        self.used_words: list[tuple[str, str]] = []
        self.is_complete = True

    @initialize(kind=KINDS)
    def found(self, kind: Kind) -> None:
        self.vendor.reset()
        self.kind = kind
        self.vendor.unique, self.vendor.listing = kind.is_unique, kind.listing
        self.jobs = JOBS if kind.has_second_job else (FIRST,)
        self.people = {job: {} for job in self.jobs}
        self.open_company(Path(self.stack.enter_context(tempfile.TemporaryDirectory())))
        strangers = [
            {"userName": f"stranger{number}@example.com", "active": True}
            for number in range(MANY_STRANGERS if kind.is_large else 1)
        ]
        self.strangers = {user["id"] for user in self.vendor.seed(strangers)}
        for _ in range(MANY if kind.is_large else kind.count):
            self.join(FIRST)
        if kind.is_large:
            names = (one.attributes["userPrincipalName"] for one in self.people[FIRST].values())
            self.vendor.seed([{"userName": name, "active": True} for name in names])

    def open_company(self, folder: Path) -> None:
        Store.open(folder / "jackfield.db").close()
        self.database = MortalDatabase(folder / "jackfield.db")
        store = Store(self.database)
        self.stack.callback(store.close)
        self.vendor.look = lambda: open_intents(store, *JOBS)
        registry = Registry(connectors={"example": ExampleConnector})
        wanted = {"url": self.origin, "token": self.vendor.TOKEN, "allow_loopback": True}
        connector = registry.connect("example", wanted, clock=ScriptedClock().clock())
        self.stack.enter_context(connector)
        self.company = Company(self.vendor, connector, store)

    # Judgement.

    @invariant()
    def nothing_is_broken(self) -> None:
        if len(self.runs) > self.judged:
            self.judged = len(self.runs)
            found = violations(self.evidence())
            self.is_over = bool(found)
            well(found)

    def teardown(self) -> None:
        with self.stack:
            if self.runs and not self.is_over:
                self.come_to_rest()

    def come_to_rest(self) -> None:
        """The faults end: the vendor comes right by itself, then also where hands were at it."""
        self.vendor.faults.clear()
        self.vendor.deaf_deletions = self.vendor.down_after_creation = 0
        self.settle()
        well(unsettled(self.evidence(), self.job(FIRST), self.edited))
        for people in self.people.values():
            for source_id, each in people.items():
                people[source_id] = changed(each, jobTitle="Retrained")
        self.settle()
        left = self.evidence()
        well(unsettled(left, self.job(FIRST), self.out_of_reach()))
        well(violations(left))

    def settle(self) -> None:
        """Run each job, a few days apart, until nothing has happened a few times in a row.

        What the vendor refuses each time, for a name that is taken, say, has not happened. Where
        hands deleted the accounts of everybody, a person does what the job says of that.
        """
        quiet = 0
        for number in range(SETTLING_RUNS):
            done = len(self.vendor.writes)
            for job in self.jobs:
                forgotten: set[RestartScope] = {"links"} if job in self.astray else set()
                self.company.store.jobs.restart(job, {"escrows", "quarantine", *forgotten})
                self.approve_and_run(job)
            self.wait(days=1 + number)
            is_quiet = len(self.vendor.writes) == done and not self.holds
            quiet = quiet + 1 if is_quiet else 0
            if quiet == QUIET_RUNS:
                return
        raise AssertionError("the runs do not come to rest")

    # Means.

    def wait(self, days: int) -> None:
        """Let days pass in which nothing is run."""
        age(self.company.store, dt.timedelta(days=days))
        self.vendor.index_catches_up()

    def approve_and_run(self, job: str) -> None:
        """Run a job with the approval of what it holds, where it holds anything."""
        hold = self.holds.get(job)
        if hold is None:
            self.attempt(job)
            return
        approved = frozenset(key_of(job, step.source_id) for step in hold.steps)
        self.attempt(job, hold.approval, approved)
        if self.runs[-1].is_whole and job not in self.holds:
            self.used_words.append((job, hold.approval))

    def attempt(self, job: str, word: str = "", approved: frozenset[str] = frozenset()) -> None:
        """Run a job once, with the word for what it held and the people whom that is about."""
        before = self.memory(job)
        self.present.append(self.everybody())
        self.holds.pop(job, None)
        self.astray.discard(job)
        is_whole = True
        try:
            self.note(job, self.company.run(word, **self.settings(job)))
        except ProvisioningError as error:  # it could not even plan
            self.note_stop(job, error)
        except Killed:
            is_whole = False
        self.database.revive()
        after = self.memory(job)
        cycle_id = next(iter(after.cycles.keys() - before.cycles.keys()), "")
        self.runs.append(
            Run(
                cycle_id=cycle_id,
                job=job,
                limits=LIMITS,
                source_count=len(self.people[job]),
                links_on=links_on(before, after, cycle_id),
                approved=approved,
                is_whole=is_whole,
            )
        )

    def note(self, job: str, result: CycleResult) -> None:
        if result.hold is not None:
            self.holds[job] = result.hold
        self.note_stop(job, result.stopped)

    def note_stop(self, job: str, error: ProvisioningError | None) -> None:
        """Remember whether a job found none of its accounts where they were."""
        if isinstance(error, AnotherTenant):
            self.astray.add(job)

    def settings(self, job: str) -> dict[str, Any]:
        """Return what is particular to a job of this life."""
        mappings = tuple(m for m in MAPPINGS if m.target != "active")
        return {
            "name": job,
            "read_source": lambda _since: self.read(job),
            "mappings": (*mappings, BY_COLUMN) if self.kind.maps_access else MAPPINGS,
            "leavers": self.kind.leavers,
            "guard": LIMITS,
        }

    def job(self, job: str) -> Job:
        return self.company.job(**self.settings(job))

    def read(self, job: str) -> SourceRead:
        people = tuple(self.people[job].values())
        return SourceRead(people, self.is_complete, ATTRIBUTES | {"employeeType"})

    def memory(self, *jobs: str) -> Memory:
        return remember(self.company.store, *(jobs or self.jobs))

    def evidence(self) -> Evidence:
        return Evidence(
            present=tuple(self.present),
            accounts=dict(self.vendor.store.users),
            writes=tuple(self.vendor.writes),
            refused=tuple(self.vendor.refused),
            memory=self.memory(),
            runs=tuple(self.runs),
            untouchable=frozenset(self.strangers),
            edited=frozenset(self.edited),
        )

    def everybody(self) -> dict[str, SourceObject]:
        """Return the people of all jobs by their keys."""
        return {
            key_of(job, source_id): one
            for job, people in self.people.items()
            for source_id, one in people.items()
        }

    def made(self) -> set[str]:
        return set(self.vendor.store.users) - self.strangers

    def out_of_reach(self) -> set[str]:
        """Return accounts that hands were at and nobody's change can reach any more.

        Who lost access and has it again by hand is not looked at while nothing else is wanted.
        """
        links, now = self.memory().links, self.everybody()
        reachable = {link.target_id for key, link in links.items() if key in now}
        off = {key for key, one in now.items() if not one.is_enabled}
        closed = {link.target_id for key, link in links.items() if key in off}
        return (self.edited - reachable) | (self.reopened & closed)

    def join(self, job: str) -> None:
        self.number += 1
        fresh = person(self.number)
        self.people[job][fresh.id] = fresh

    def some(self, data: st.DataObject, choices: Any) -> Any:
        """Draw one; what is drawn is the same kind of number however many there are this time.

        Many people are dealt with by several threads, so not each time equally many have accounts.
        """
        known = sorted(choices)
        return data.draw(ANY_NUMBER.map(lambda number: known[number % len(known)]))

    def someone(self, data: st.DataObject) -> tuple[str, str]:
        """Draw a job and one of its people."""
        found: tuple[str, str] = self.some(
            data, [(job, source_id) for job, people in self.people.items() for source_id in people]
        )
        return found

    def may_join(self, job: str, one: SourceObject) -> bool:
        """Say whether a source has nobody of this id or name; two of them are another story."""
        name = one.attributes["userPrincipalName"]
        return not any(
            each.id.lower() == one.id.lower() or each.attributes["userPrincipalName"] == name
            for each in self.people[job].values()
        )

    def change(self, data: st.DataObject, **attributes: str) -> None:
        job, source_id = self.someone(data)
        self.people[job][source_id] = changed(self.people[job][source_id], **attributes)


def well(found: list[Violation]) -> None:
    """Fail with everything that was found."""
    assert not found, "; ".join(f"{one.rule}: {one.what}" for one in found)


def changed(someone: SourceObject, **attributes: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, **attributes})
