"""The kill loop: a run dies at a crash point, is started again until it ends well, and is judged.

Each seed is a company of twenty that is hired, then changed: titles, names, leavers. Half of them
are read whole, half by what changed since the watermark. The vendor lives in this process and sees
everything; the runs are processes of their own, which SIGKILL ends.
Run it as `scripts/chaos`, which knows where `support` is.
"""

import argparse
import datetime as dt
import itertools
import multiprocessing as mp
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import get_args

import pytest
from chaos_tally import Tally, show
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, person
from support.databases import postgresql, schema
from support.evidence import Evidence, Memory, Run, links_on, remember
from support.invariants import Violation, violations
from support.settled import unsettled
from support.witness import WitnessedVendor

from jackfield import Connector, Registry
from jackfield.engine import GuardLimits, How, Store, run_job
from jackfield.engine.crash_points import VARIABLE, CrashPoint
from jackfield.errors import AlreadyRunning
from jackfield.sources import Removal, SourceObject, SourceRead
from jackfield.testing.sandbox import serve

JOB = "example"
PEOPLE = 20
LIMITS = GuardLimits(people=3, percent=10, at_most=200)
ONCE = frozenset(get_args(CrashPoint)) - {
    "before-intent",
    "after-intent",
    "after-answer",
    "after-outcome",
}
"""Points that a run reaches once; the others, once for every write."""

MOST_KILLS = 2
"""So often a run dies before it may end well; every other run after that."""

MOST_STARTS = 20
BUSY = 75
LATER_HOURS = 2
"""After so long nobody waits for a doubt any more."""

People = tuple[SourceObject, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody, as often as somebody changed; the newest last.

    Where it `tells_changes`, the number of a version is the watermark. As in Microsoft Graph, who
    was touched is told of even where the change was taken back.
    """

    versions: tuple[People, ...]
    tells_changes: bool

    def read(self, since: str | None) -> SourceRead:
        now = self.versions[-1]
        if not self.tells_changes:
            return SourceRead(now, is_complete=True, attributes=ATTRIBUTES)
        watermark = str(len(self.versions) - 1)
        if since is None:
            return SourceRead(now, is_complete=True, attributes=ATTRIBUTES, watermark=watermark)
        touched = self._touched(int(since))
        here = {one.id for one in now}
        return SourceRead(
            tuple(one for one in now if one.id in touched),
            is_complete=False,
            attributes=ATTRIBUTES,
            removed=tuple(Removal(id_, "soft") for id_ in sorted(touched - here)),
            watermark=watermark,
            is_delta=True,
        )

    def _touched(self, since: int) -> set[str]:
        known = ({one.id: one for one in people} for people in self.versions[since:])
        pairs = itertools.pairwise(known)
        return {id_ for old, new in pairs for id_ in old | new if old.get(id_) != new.get(id_)}


@dataclass(frozen=True, slots=True)
class Order:
    """What one process is to do. `crash_at` is empty for a run that may end well."""

    place: str
    origin: str
    token: str
    directory: "Directory"
    workers: int
    crash_at: str = ""
    approval: str = ""
    hours_later: int = 0


# --- in the process that dies ----------------------------------------------------------------


def obey(order: Order, answer: Connection) -> None:
    """Run one cycle as the command does, and answer with the removals that are held."""
    if order.crash_at:
        os.environ[VARIABLE] = order.crash_at
    registry = Registry(connectors={JOB: ExampleConnector})
    settings = {"url": order.origin, "token": order.token, "allow_loopback": True}
    with registry.connect(JOB, settings) as connector:
        store = Store.connect(order.place)
        company = Company(None, connector, store)  # type: ignore[arg-type]
        read = order.directory.read
        job = company.job(read_source=read, guard=LIMITS, mappings=MAPPINGS, workers=order.workers)
        try:
            with store.lease(JOB) as lease:
                now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=order.hours_later)
                how = How(now=now)
                result = run_job(job, store, approval=order.approval, token=lease.token, how=how)
        except AlreadyRunning:
            sys.exit(BUSY)
        hold = result.hold
        answer.send((hold.approval, [step.source_id for step in hold.steps]) if hold else ("", []))
        store.close()


# --- in the process that watches -------------------------------------------------------------


class Trial:
    """One seed at one point: a company, its vendor, its state, and the runs it was given.

    In a restless company the directory changes between a kill and the next start.
    """

    def __init__(self, vendor: WitnessedVendor, origin: str, place: str, seed: str) -> None:
        self.vendor, self.origin, self.place = vendor, origin, place
        self.luck = random.Random(seed)  # noqa: S311 - a seed, no secret
        self.workers = self.luck.choice((1, 4))
        self.is_restless = self.luck.choice((False, True))
        self.tells_changes = self.luck.choice((False, True))
        self.versions: list[People] = []
        self.processes = mp.get_context("forkserver")
        self.processes.set_forkserver_preload(["__main__", "support.company"])
        self.runs: list[Run] = []
        self.present: list[dict[str, SourceObject]] = []
        self.kills = 0
        vendor.reset()
        stranger = {"userName": "stranger@example.com", "active": True}
        self.untouchable = frozenset(user["id"] for user in vendor.seed([stranger]))
        self.store = Store.connect(place)
        vendor.look = lambda: self.store.open_intents(JOB)

    def live(self, point: str) -> list[Violation]:
        """Hire, change, rest; be killed on the way; return what was broken."""
        people = tuple(person(number) for number in range(1, PEOPLE + 1))
        dies_at_first = self.luck.random() < 0.5
        with closing(self.store):
            people = self.finish(people, point if dies_at_first else "")
            changed = self.finish(self.change(people, self.luck.choice((1, 2, 6))), point)
            self.start(changed, hours_later=LATER_HOURS)
            sent = len(self.vendor.writes)
            self.start(changed, hours_later=LATER_HOURS)
            late = tuple(self.vendor.writes[sent:])
            evidence = replace(self.evidence(), late_writes=late)
            with self.connector() as connector:
                job = Company(self.vendor, connector, self.store).job()
                return violations(evidence) + unsettled(evidence, job)

    def finish(self, people: People, point: str) -> People:
        """Start runs until one ends well with nothing held; return who is there then."""
        kills, approval, approved = 0, "", frozenset[str]()
        for _ in range(MOST_STARTS):
            crash_at = self.crash(point) if kills < MOST_KILLS else ""
            killed, approval, held = self.start(people, crash_at, approval, approved)
            kills += killed
            approved = frozenset(held)
            if killed and self.is_restless:
                people = self.change(people, 1)
            if not killed and not approval:
                return people
        raise RuntimeError(f"{self.place}: {MOST_STARTS} starts were not enough")

    def start(
        self,
        people: People,
        crash_at: str = "",
        approval: str = "",
        approved: frozenset[str] = frozenset(),
        *,
        hours_later: int = 0,
    ) -> tuple[bool, str, list[str]]:
        """Run one process; return whether it was killed, and the word and people of its hold."""
        before = self.memory()
        order = Order(
            self.place,
            self.origin,
            self.vendor.TOKEN,
            self.directory(people),
            self.workers,
            crash_at,
            approval,
            hours_later,
        )
        code, word, held = self.send(order)
        killed = code == -signal.SIGKILL
        if code not in (0, -signal.SIGKILL):
            raise RuntimeError(f"a run ended with {code} at {crash_at or 'no crash point'}")
        self.kills += killed
        self.present.append({one.id: one for one in people})
        after = self.memory()
        cycle_id = next(iter(after.cycles.keys() - before.cycles.keys()), "")
        self.runs.append(
            Run(
                cycle_id=cycle_id,
                limits=LIMITS,
                source_count=len(people),
                links_on=links_on(before, after, cycle_id),
                approved=approved,
                is_whole=not killed,
            )
        )
        return killed, word, held

    def send(self, order: Order) -> tuple[int | None, str, list[str]]:
        for _ in range(200):
            ours, theirs = self.processes.Pipe(duplex=False)
            process = self.processes.Process(target=obey, args=(order, theirs))
            process.start()
            theirs.close()
            try:
                word, held = ours.recv()
            except EOFError:
                word, held = "", []
            process.join()
            if process.exitcode != BUSY:
                return process.exitcode, word, held
            time.sleep(0.02)  # the dead one is not buried yet
        raise RuntimeError("the lease of a dead run was not taken over")

    def directory(self, people: People) -> Directory:
        """Return the directory with these people in it now."""
        if not self.versions or self.versions[-1] != people:
            self.versions.append(people)
        return Directory(tuple(self.versions), self.tells_changes)

    def crash(self, point: str) -> str:
        if not point:
            return ""
        return f"{point}:{1 if point in ONCE else self.luck.randint(1, 6)}"

    def change(self, people: People, leavers: int) -> People:
        """Return the company a month later; somebody always comes, goes and is renamed."""
        someone = list(people)
        self.luck.shuffle(someone)
        stayed = someone[leavers:]
        number = 1 + max(int(one.id.removeprefix("id-")) for one in people)
        month = len(self.runs)
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

    def evidence(self) -> Evidence:
        return Evidence(
            present=tuple(self.present),
            accounts=dict(self.vendor.store.users),
            writes=tuple(self.vendor.writes),
            memory=self.memory(),
            runs=tuple(self.runs),
            untouchable=self.untouchable,
        )

    def memory(self) -> Memory:
        return remember(self.store, JOB)

    def connector(self) -> Connector:
        settings = {"url": self.origin, "token": self.vendor.TOKEN, "allow_loopback": True}
        return Registry(connectors={JOB: ExampleConnector}).connect(JOB, settings)


def _with(someone: SourceObject, **attributes: str) -> SourceObject:
    return replace(someone, attributes={**someone.attributes, **attributes})


@contextmanager
def fresh_place(url: str) -> Iterator[str]:
    """Yield a place for a state: a schema of a server, or a file where there is no URL."""
    if url:
        with schema(url) as place:
            yield place
        return
    with tempfile.TemporaryDirectory(prefix="chaos-") as folder:
        yield str(Path(folder) / "jackfield.db")


def try_point(point: str, url: str, seeds: range) -> Tally:
    """Live through every seed at one point."""
    tally = Tally("PostgreSQL" if url else "SQLite", point)
    vendor = WitnessedVendor()
    with serve(vendor) as origin:
        for seed in seeds:
            with fresh_place(url) as place:
                trial = Trial(vendor, origin, place, f"{point} {seed}")
                tally.judge(seed, trial.live(point))
            tally.runs += len(trial.runs)
            tally.kills += trial.kills
    return tally


def _noted(tally: Tally) -> Tally:
    print(f"{tally.store} {tally.point}: {tally.kills} kills", file=sys.stderr, flush=True)
    return tally


def main() -> int:
    points = get_args(CrashPoint)
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many per point")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="the first seed")
    parser.add_argument("--point", choices=points, action="append", help="this point alone")
    parser.add_argument("--store", choices=("sqlite", "postgresql"), help="this store alone")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="points at once")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # ends the server, too
    with ExitStack() as stack:
        urls = [] if options.store == "postgresql" else [""]
        if options.store != "sqlite":
            try:
                urls.append(stack.enter_context(postgresql()))
            except pytest.skip.Exception as missing:
                print(f"PostgreSQL is left out: {missing}")
        orders = [(p, url, seeds) for url in urls for p in options.point or points]
        if options.jobs == 1:
            coming = itertools.starmap(try_point, orders)
        else:
            context = mp.get_context("spawn")
            pool = stack.enter_context(ProcessPoolExecutor(options.jobs, mp_context=context))
            coming = pool.map(try_point, *zip(*orders, strict=True))
        tallies = [_noted(tally) for tally in coming]
    is_well = bool(tallies) and show(tallies)
    verdict = "well" if is_well else "NOT WELL"
    print(f"{len(seeds)} seeds, {time.monotonic() - began:.0f} seconds: {verdict}")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
