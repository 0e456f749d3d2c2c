"""One seed of the kill loop: a company, its vendor, its state, and the runs it was given."""

import datetime as dt
import itertools
import math
import multiprocessing as mp
import random
import signal
import time
from contextlib import closing
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any, get_args

from chaos_runs import BUSY, LIMITS, NOTHING, STOPPED, Directory, Held, Order, People, obey
from support.company import Company, ExampleConnector, person
from support.evidence import Evidence, Memory, Run, links_on, open_intents, remember
from support.holders import holder_of
from support.invariants import Violation, violations
from support.keys import FIRST, JOBS, job_of, key_of
from support.mortal import age
from support.settled import unsettled
from support.witness import VendorWrite, WitnessedVendor

from jackfield import Connector, Registry
from jackfield.engine import Store
from jackfield.engine.apply.crash_points import CrashPoint
from jackfield.sources import SourceObject

PEOPLE = 20
POINTS: tuple[str, ...] = get_args(CrashPoint)
ONCE = frozenset(POINTS) - {
    "before-intent",
    "after-intent",
    "after-answer",
    "after-outcome",
}
"""Points that a run reaches once; the others, once for every write."""

MOST_KILLS = 2
"""So often a run dies before it may end well; every other run after that."""

MOST_STARTS = 20
PAUSE = dt.timedelta(hours=25)
"""After a few of these nobody waits for a doubt any more."""

PAUSES = 3


@dataclass(slots=True)
class Begun:
    """A run under way, and what was known when it was started."""

    order: Order
    process: Any
    answer: Connection
    before: Memory
    source_count: int
    approved: frozenset[str]
    held: Held = NOTHING


class Trial:
    """One seed at one crash point, or at any; a scenario is a trial in which something differs.

    In a restless company the directory changes between a kill and the next start.
    """

    jobs: tuple[str, ...] = (FIRST,)
    may_stop = False
    """Whether a run may end because its job does not start as things are."""

    def __init__(
        self, vendor: WitnessedVendor, origin: str, place: str, seed: str, point: str = ""
    ) -> None:
        self.point = point
        self.vendor, self.origin, self.place = vendor, origin, place
        self.luck = random.Random(seed)  # noqa: S311 - a seed, no secret
        self.workers = self.luck.choice((1, 4))
        self.is_restless = self.luck.choice((False, True))
        self.tells_changes = self.luck.choice((False, True))
        self.versions: dict[str, list[People]] = {job: [] for job in JOBS}
        self.processes = mp.get_context("forkserver")
        self.processes.set_forkserver_preload(["chaos_runs"])
        self.runs: list[Run] = []
        self.present: list[dict[str, SourceObject]] = []
        self.kills = self.names = 0
        vendor.reset()
        stranger = {"userName": "stranger@example.com", "active": True}
        self.untouchable = frozenset(user["id"] for user in vendor.seed([stranger]))
        self.store = Store.connect(place)
        self.prepare()
        vendor.look = lambda: open_intents(self.store, *self.jobs)
        vendor.holder = lambda sender: holder_of(self.store, job_of(sender))

    def prepare(self) -> None:
        """Make of the vendor what a scenario wants."""

    def live(self) -> list[Violation]:
        """Hire, change, rest; be killed on the way; return what was broken."""
        people = tuple(person(number) for number in range(1, PEOPLE + 1))
        dies_at_first = self.luck.random() < 0.5
        with closing(self.store):
            people = self.finish(people, dies=dies_at_first)
            changed = self.finish(self.change(people, self.luck.choice((1, 2, 6))), dies=True)
            return self.judge(changed)

    def judge(self, people: People, **others: People) -> list[Violation]:
        """Let some days pass in which nothing changes; return what was broken by then."""
        self.vendor.faults.clear()
        self.vendor.down_after_creation = 0
        late: tuple[VendorWrite, ...] = ()
        for number in range(PAUSES + 1):
            age(self.store, PAUSE)
            sent = len(self.vendor.writes)
            for job, each in {FIRST: people, **others}.items():
                if number < PAUSES:
                    self.finish(each, job=job)
                else:
                    self.start(each, job=job)
            late = tuple(self.vendor.writes[sent:])
        evidence = replace(self.evidence(), late_writes=late)
        with self.connector() as connector:
            job = Company(self.vendor, connector, self.store).job()
            return violations(evidence) + unsettled(evidence, job)

    def finish(self, people: People, *, dies: bool = False, job: str = FIRST) -> People:
        """Start runs until one ends well with nothing held; return who is there then.

        The first few die on the way, where somebody `dies` at all.
        """
        kills, held = 0, NOTHING
        for _ in range(MOST_STARTS):
            crash_at = self.crash() if dies and kills < MOST_KILLS else ""
            code, held = self.start(people, crash_at, held, job=job)
            kills += code == -signal.SIGKILL
            if code == -signal.SIGKILL and self.is_restless:
                people = self.change(people, 1)
            if not code and not held.word:
                return people
        raise RuntimeError(f"{self.place}: {MOST_STARTS} starts were not enough")

    def start(
        self, people: People, crash_at: str = "", held: Held = NOTHING, *, job: str = FIRST
    ) -> tuple[int, Held]:
        """Run one process to its end; return its exit code, and what it holds.

        `held` is what the run before held and is approved now.
        """
        for _ in range(200):
            begun = self.begin(people, crash_at, held, job=job)
            code = self.end(begun)
            if code != BUSY:
                return code, begun.held
            time.sleep(0.02)  # the dead one is not buried yet
        raise RuntimeError("the lease of a dead run was not taken over")

    def begin(
        self,
        people: People,
        crash_at: str = "",
        held: Held = NOTHING,
        *,
        job: str = FIRST,
        **more: Any,
    ) -> Begun:
        """Start one process under credentials of its own."""
        self.names += 1
        name = f"{job}/run-{self.names}"
        token = self.vendor.tokens.issue(math.inf)
        self.vendor.senders[token] = name
        order = Order(
            place=self.place,
            origin=self.origin,
            token=token,
            directory=self.directory(job, people),
            workers=self.workers,
            name=name,
            job=job,
            crash_at=crash_at,
            approval=held.word,
            **more,
        )
        ours, theirs = self.processes.Pipe(duplex=False)
        before = self.memory(job)
        process = self.processes.Process(target=obey, args=(order, theirs))
        process.start()
        theirs.close()
        approved = frozenset(key_of(job, each) for each in held.source_ids)
        return Begun(order, process, ours, before, len(people), approved)

    def end(self, begun: Begun) -> int:
        """Wait for the end of a process and note its run; return its exit code."""
        try:
            begun.held = begun.answer.recv()
        except EOFError:
            begun.held = NOTHING
        begun.process.join()
        code: int = begun.process.exitcode
        if code == BUSY:
            return code
        if code not in {0, -signal.SIGKILL} and not (self.may_stop and code == STOPPED):
            raise RuntimeError(f"a run ended with {code}: {begun.order}")
        self.kills += code == -signal.SIGKILL
        self.note(begun, is_whole=code != -signal.SIGKILL)
        return code

    def note(self, begun: Begun, *, is_whole: bool) -> None:
        """Note a run that has ended, or can do nothing more."""
        after = self.memory(begun.order.job)
        cycle_id = next(iter(after.cycles.keys() - begun.before.cycles.keys()), "")
        self.present.append(self.everybody())
        self.runs.append(
            Run(
                cycle_id=cycle_id,
                job=begun.order.job,
                limits=LIMITS,
                source_count=begun.source_count,
                links_on=links_on(begun.before, after, cycle_id),
                approved=begun.approved,
                is_whole=is_whole,
            )
        )

    def directory(self, job: str, people: People) -> Directory:
        """Return the directory with these people in it now."""
        versions = self.versions[job]
        if not versions or versions[-1] != people:
            versions.append(people)
        return Directory(tuple(versions), self.tells_changes)

    def crash(self) -> str:
        """Return where and when a run is to die."""
        point = self.point or self.luck.choice(POINTS)
        return f"{point}:{1 if point in ONCE else self.luck.randint(1, 6)}"

    def change(self, people: People, leavers: int) -> People:
        """Return the company a month later; somebody always comes, goes and is renamed."""
        someone = list(people)
        self.luck.shuffle(someone)
        stayed = someone[leavers:]
        number = 1 + max(int(one.id.removeprefix("id-")) for one in people)
        month = self.names
        ways = itertools.cycle(
            (
                {"jobTitle": f"Month {month}"},
                {"userPrincipalName": f"renamed{number}@example.com"},
                {"accountEnabled": "False"},
                {"surname": f"Married{month}"},
            )
        )
        changed = [_with(one, **next(ways)) for one in stayed[:4]]
        return (*changed, *stayed[4:], person(number))

    def everybody(self) -> dict[str, SourceObject]:
        """Return who is in the sources now, by key."""
        return {
            key_of(job, one.id): one
            for job, versions in self.versions.items()
            for one in (versions[-1] if versions else ())
        }

    def evidence(self) -> Evidence:
        return Evidence(
            present=tuple(self.present),
            accounts=dict(self.vendor.store.users),
            writes=tuple(self.vendor.writes),
            refused=tuple(self.vendor.refused),
            memory=self.memory(*self.jobs),
            runs=tuple(self.runs),
            untouchable=self.untouchable,
        )

    def memory(self, *jobs: str) -> Memory:
        return remember(self.store, *jobs)

    def connector(self) -> Connector:
        settings = {"url": self.origin, "token": self.vendor.TOKEN, "allow_loopback": True}
        return Registry(connectors={"example": ExampleConnector}).connect("example", settings)


def _with(someone: SourceObject, **attributes: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, **attributes})
