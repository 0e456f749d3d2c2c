"""What a judgement is made from: the people, the runs, and the rows of the store as they stand."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from support.keys import FIRST, key_of
from support.witness import VendorWrite

from jackfield.engine import GuardLimits, Store
from jackfield.engine.model.link import Link
from jackfield.engine.state.store import Intent
from jackfield.engine.state.tables import cycles, entries, intents
from jackfield.sources import SourceObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as the person who started it knows it.

    `cycle_id` is empty for a run that ended before its cycle began. `approved` are the people whose
    steps this run was told to let pass. `is_whole`: it was not killed.
    """

    cycle_id: str
    job: str = FIRST
    limits: GuardLimits
    source_count: int
    links_on: int
    approved: frozenset[str] = frozenset()
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """The rows of the store. Outcomes and entries are rows of the log, oldest first.

    Their `source_id` is the key of a person, for the rows of several jobs may stand together.
    """

    links: Mapping[str, Link]
    intents: tuple[Any, ...]
    entries: tuple[Any, ...]
    cycles: Mapping[str, dt.datetime | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Everything a judgement needs.

    `present` are the people of the source at each run, by key. `untouchable` are accounts
    that no run may write to, `edited` those that hands were at. `refused` are writes that the
    vendor did not carry out. `late_writes` were sent by runs that had nothing to do.
    """

    present: tuple[Mapping[str, SourceObject], ...]
    accounts: Mapping[str, Mapping[str, Any]]
    writes: tuple[VendorWrite, ...]
    memory: Memory
    runs: tuple[Run, ...]
    refused: tuple[VendorWrite, ...] = ()
    untouchable: frozenset[str] = frozenset()
    edited: frozenset[str] = frozenset()
    late_writes: tuple[VendorWrite, ...] = ()

    @property
    def now(self) -> Mapping[str, SourceObject]:
        """The people of the source at the last run."""
        return self.present[-1] if self.present else {}

    @property
    def latest(self) -> dict[str, Any]:
        """What the log said last of each person."""
        return {entry.source_id: entry for entry in self.memory.entries}

    @property
    def unsettled_people(self) -> frozenset[str]:
        """Those of whom something is open: a write without an outcome, or a doubt."""
        told = {entry.change_id for entry in self.memory.entries}
        doubtful = {key for key, entry in self.latest.items() if entry.status == "in_doubt"}
        waiting = {one.source_id for one in self.memory.intents if one.change_id not in told}
        return frozenset(doubtful | waiting)


def remember(store: Store, *jobs: str) -> Memory:
    """Read everything that the store holds of some jobs."""
    with store._database.read() as connection:
        begun = connection.execute(sa.select(cycles).where(cycles.c.job.in_(jobs)))
        ended = {row.id: row.ended_at for row in begun}
        query = sa.select(intents).where(intents.c.job.in_(jobs)).order_by(intents.c.at)
        sent = tuple(map(_keyed, connection.execute(query)))
        query = sa.select(entries).where(entries.c.job.in_(jobs)).order_by(entries.c.number)
        told = tuple(map(_keyed, connection.execute(query)))
    return Memory(links=_links(store, jobs), intents=sent, entries=told, cycles=ended)


def open_intents(store: Store, *jobs: str) -> Iterator[Intent]:
    """Yield the writes of some jobs that nobody knows the outcome of."""
    for job in jobs:
        for intent in store.open_intents(job):
            yield replace(intent, source_id=key_of(job, intent.source_id))


def links_on(before: Memory, after: Memory, cycle_id: str) -> int:
    """Count who had access when a run counted: also those whom it found before its cycle began."""
    news = after.entries[len(before.entries) :]
    found = {e.source_id for e in news if e.action == "link" and e.cycle_id != cycle_id}
    return len(found | {source_id for source_id, link in before.links.items() if link.is_on})


def creators(writes: Iterable[VendorWrite]) -> dict[str, str]:
    """Return for whom each account was made: target id → person."""
    return {
        write.target_id: write.intents[0].source_id
        for write in writes
        if write.method == "POST" and write.intents and not write.tenant
    }


def _keyed(row: Any) -> SimpleNamespace:
    return SimpleNamespace(**{**row._mapping, "source_id": key_of(row.job, row.source_id)})


def _links(store: Store, jobs: Iterable[str]) -> dict[str, Link]:
    """Return all links; one of two that differ in the letters of their id alone keeps its id."""
    found = [(job, link) for job in jobs for link in store.links(job).values()]
    counts = Counter(key_of(job, link.source_id) for job, link in found)
    return {
        key if counts[key] == 1 else f"{job}//{link.source_id}": link
        for job, link in found
        for key in (key_of(job, link.source_id),)
    }
