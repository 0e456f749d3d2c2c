"""Scenarios of the kill loop: what else may be wrong while runs die, each a trial that differs.

In each of them runs are killed at crash points drawn from the seed, too.
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chaos_runs import NOTHING, Held, People
from chaos_trial import PAUSE, Begun, Trial
from support.company import person
from support.holders import is_free
from support.invariants import Violation
from support.keys import FIRST, JOBS, SECOND
from support.mortal import age
from support.witness import WitnessedVendor

from jackfield.testing.sandbox import Fault, Listing, serve

LIES: tuple[Listing, ...] = ("page-total", "ignores-start", "capped", "repeats")
HAVE_ACCOUNTS, LISTED_PEOPLE, STRANGERS = 55, 60, 60
READS_OF_ONE_LOOK = 6
TROUBLED_RUNS = 6
SHORT_LEASE_SECONDS = 0.6
RETRY_AFTER_SECONDS = 2
PATIENCE_SECONDS = 30
TENANT = "another"
TURNS = 3
"""So often each of two jobs is run beside the other one."""


def people_of(*numbers: int) -> People:
    return tuple(person(number) for number in numbers)


class NoUniqueness(Trial):
    """The vendor takes a name twice; answers of creations are lost, and the looks after them."""

    may_stop = True

    def prepare(self) -> None:
        self.vendor.unique = False

    def begin(self, people: People, crash_at: str = "", held: Held = NOTHING, **more: Any) -> Begun:
        if self.names < TROUBLED_RUNS:
            if self.luck.random() < 0.5:
                age(self.store, PAUSE)  # a run a day, and some days without one
            self.vendor.down_after_creation = self.luck.choice((0, READS_OF_ONE_LOOK))
            lost = Fault(method="POST", commit_then_drop=True, after=self.luck.randint(0, 3))
            self.vendor.faults.add(lost)
        return super().begin(people, crash_at, held, **more)


class LyingLists(Trial):
    """Most people have accounts already, and the vendor's list does not show them all."""

    def prepare(self) -> None:
        self.vendor.unique = False
        self.vendor.listing = self.luck.choice(LIES)
        strangers = [{"userName": f"stranger{n}@example.com"} for n in range(1, STRANGERS)]
        self.untouchable |= {user["id"] for user in self.vendor.seed(strangers)}
        known = [{"userName": f"person{n}@example.com"} for n in range(1, HAVE_ACCOUNTS + 1)]
        self.vendor.seed(known)

    def live(self) -> list[Violation]:
        people = people_of(*range(1, LISTED_PEOPLE + 1))
        with closing(self.store):
            people = self.finish(people, dies=True)
            return self.judge(self.finish(self.change(people, 1)))


class StoppedInAWait(Trial):
    """A run is stopped while it waits for the vendor; another one does its work; it wakes up."""

    def live(self) -> list[Violation]:
        people = people_of(*range(1, 13))
        self.vendor.unique = self.luck.choice((False, True))
        with closing(self.store):
            if self.luck.random() < 0.5:
                people = self.finish(people)
                people = self.stopped(self.change(people, 1), self.luck.choice(("PATCH", "POST")))
            else:
                people = self.stopped(people, "POST")
            return self.judge(self.finish(self.change(people, 1)))

    def stopped(self, people: People, method: str) -> People:
        """Stop a run in a wait, let others finish, wake it up; return who is there then."""
        wait = {"Retry-After": str(RETRY_AFTER_SECONDS)}
        after = self.luck.randint(0, 2) if method == "PATCH" else 0
        self.vendor.faults.add(Fault(method=method, status=429, headers=wait, after=after))
        begun = self.begin(people, lease_seconds=SHORT_LEASE_SECONDS)
        if not self.stop_in_the_wait(begun):
            self.vendor.faults.clear()
            self.end(begun)
            return self.finish(people)
        self.kills += 1
        time.sleep(2 * SHORT_LEASE_SECONDS)
        self.note(begun, is_whole=False)
        if self.luck.random() < 0.5:
            people = self.change(people, 1)
        people = self.finish(people)
        os.kill(begun.process.pid, signal.SIGCONT)
        begun.process.join(PATIENCE_SECONDS)
        return people

    def stop_in_the_wait(self, begun: Begun) -> bool:
        """Stop the process once it was told to wait, and while it holds nothing of the state."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not any(one.status == 429 for one in self.vendor.requests):
            if not begun.process.is_alive() or time.monotonic() > end:
                return False
            time.sleep(0.01)
        while True:
            stop(begun.process.pid)
            if is_free(self.place):
                return True
            os.kill(begun.process.pid, signal.SIGCONT)
            time.sleep(0.01)


def stop(pid: int | None) -> None:
    """Stop a process and return once all of it stands still: the signal arrives a little later."""
    assert pid is not None  # noqa: S101 - it has begun
    os.kill(pid, signal.SIGSTOP)
    while not all(map(_stands_still, Path(f"/proc/{pid}/task").glob("*/stat"))):
        time.sleep(0.001)


def _stands_still(stat: Path) -> bool:
    """Say whether a thread is stopped, or over; Linux, proc(5)."""
    try:
        state = stat.read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state in "TtZX"


class TwoJobs(Trial):
    """Two jobs on one connection, both at once: some people move, some have one name in both."""

    jobs = JOBS

    def live(self) -> list[Violation]:
        self.vendor.unique = self.luck.choice((False, True))
        first = people_of(*range(1, 11))
        namesakes = tuple(replace(person(n), id=f"id-{100 + n}") for n in (1, 2))
        second = (*people_of(*range(11, 21)), *namesakes)
        with closing(self.store):
            self.together(first, second)
            moving, first = first[4:6], (*first[:4], *first[6:])
            second = (*second, *moving)
            self.together(first, second)
            return self.judge(first, **{SECOND: second})

    def together(self, first: People, second: People) -> None:
        """Run both jobs at once, one of them to die, until both have ended well."""
        held = {FIRST: NOTHING, SECOND: NOTHING}
        for turn in range(TURNS):
            dying = "" if turn else self.luck.choice(JOBS)
            begun = []
            for job, people in ((FIRST, first), (SECOND, second)):
                crash_at = self.crash() if job == dying else ""
                begun.append(self.begin(people, crash_at, held[job], job=job))
            for each in begun:
                self.end(each)
                held[each.order.job] = each.held
        self.finish(first)
        self.finish(second, job=SECOND)


class SecondTenant(Trial):
    """For some runs the connection leads to another tenant, whose ids are of the same kind.

    It is at another address, or at the same; it is empty, or full of strangers with our ids.
    """

    may_stop = True

    def live(self) -> list[Violation]:
        people = people_of(*range(1, 13))
        with closing(self.store):
            people = self.finish(people)
            people = self.change(people, 2)
            self.astray(people)
            people = self.finish(people, dies=True)
            return self.judge(people)

    def astray(self, people: People) -> None:
        """Run a few times in the wrong tenant, then be back in the right one."""
        others = WitnessedVendor()
        others.tenant = TENANT
        if self.luck.random() < 0.5:
            others.seed([self.stranger(user) for user in self.vendor.store])
        is_elsewhere = self.luck.random() < 0.5
        with self.elsewhere(others) if is_elsewhere else self.exchanged(others):
            held = NOTHING
            crash_at = self.luck.choice(("", self.crash()))
            for _ in range(TURNS):
                _, held = self.start(people, crash_at, held)
                crash_at = ""

    @contextmanager
    def elsewhere(self, others: WitnessedVendor) -> Iterator[None]:
        """Let the connection lead to another address until the end of the block."""
        others.look, others.holder = self.vendor.look, self.vendor.holder
        others.senders, others.tokens = self.vendor.senders, self.vendor.tokens
        right = self.origin
        with serve(others) as self.origin:
            yield
        self.origin = right
        self.vendor.writes.extend(others.writes)

    @contextmanager
    def exchanged(self, others: WitnessedVendor) -> Iterator[None]:
        """Let the vendor's address lead to another tenant until the end of the block."""
        right = self.vendor.store
        self.vendor.store, self.vendor.tenant = others.store, TENANT
        yield
        self.vendor.store, self.vendor.tenant = right, ""

    def stranger(self, user: dict[str, Any]) -> dict[str, Any]:
        """Return somebody else who has the id of one of us."""
        number = self.luck.randint(1000, 9999)
        return {"id": user["id"], "userName": f"other{number}-{user['userName']}", "active": True}


SCENARIOS: MappingProxyType[str, type[Trial]] = MappingProxyType(
    {
        "no-uniqueness": NoUniqueness,
        "lying-lists": LyingLists,
        "stopped-in-a-wait": StoppedInAWait,
        "two-jobs": TwoJobs,
        "second-tenant": SecondTenant,
    }
)
