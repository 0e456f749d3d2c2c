"""The engine's memory: links, intents, outcomes and the provisioning log.

A write to a vendor is surrounded by two rows: an intent, durable before the request leaves, and an
outcome after it. An intent without an outcome is a write nobody knows the end of.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import sqlalchemy as sa

from jackfield.engine.lease import LEASE_SECONDS, Lease, held
from jackfield.engine.log import Entry, LogFilter
from jackfield.engine.plan import Step
from jackfield.engine.state.cycles import Cycles
from jackfield.engine.state.database import WAIT_SECONDS, Database, now, upsert
from jackfield.engine.state.escrows import Escrow, Escrows, escrow_row
from jackfield.engine.state.holds import Holds
from jackfield.engine.state.jobs import JobStates
from jackfield.engine.state.log_entries import LogEntries, LogPage, LogQuery, entry_of, entry_row
from jackfield.engine.state.opening import open_database
from jackfield.engine.state.references import PendingReferences
from jackfield.engine.state.source_rows import SourceRows
from jackfield.engine.state.told import Told
from jackfield.engine.tables import entries, escrows, intents, links

CLEARING = frozenset({"success", "warning"})
"""Outcomes after which a person's earlier failures are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The stored pair of one source object and one target user.

    `is_on` is False once the engine took the access away. `wanted` is the fingerprint of what the
    vendor was last told, empty while a write is under way or has failed. `kept` remembers values
    that the vendor answered with success and did not take: path → [wanted, kept].
    """

    source_id: str
    target_id: str
    user_name: str
    is_on: bool
    wanted: str
    kept: Mapping[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Intent:
    """A write about to leave."""

    change_id: str
    cycle_id: str
    action: str
    source_id: str
    target_id: str | None
    user_name: str
    place: str


class Store:
    """One database of jobs. Each method is one short transaction, in any thread.

    `token` is the number of the lease a run holds; with it, a write that comes after another run
    took over raises AlreadyRunning and changes nothing. Every method raises StateUnavailable, a
    ConfigurationError, where the database fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.jobs = JobStates(database)
        self.cycles = Cycles(database)
        self.escrows = Escrows(database)
        self.holds = Holds(database)
        self.rows = SourceRows(database)
        self.references = PendingReferences(database)
        self.told = Told(database)
        self._log = LogEntries(database)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the SQLite file, making it (mode 0600) where there is none.

        Raises: ConfigurationError for a file that is damaged, empty, not writable, on a network
        file system or from a newer Jackfield; it is never replaced, for an empty store would look
        like nobody being linked.
        """
        return cls.connect(path)

    @classmethod
    def connect(cls, place: str | Path, *, wait_seconds: float = WAIT_SECONDS) -> Self:
        """Open a SQLite file, or PostgreSQL by its URL (`postgresql://…`); migrate it if needed.

        `wait_seconds` bounds how long a write waits for another writer.

        Raises: ConfigurationError as `open` does, or where the server refuses.
        """
        return cls(open_database(place, wait_seconds))

    def close(self) -> None:
        self._database.close()

    def lease(
        self, job: str, *, holder: str = "", seconds: float = LEASE_SECONDS
    ) -> AbstractContextManager[Lease]:
        """Hold the right to run a job, renewed until the end of the block.

        A holder that is silent for `seconds`, or a dead process of this machine, is replaced.

        Raises: AlreadyRunning with the other holder's name and age.
        """
        return held(self._database, job, holder=holder, seconds=seconds)

    def links(self, job: str) -> dict[str, Link]:
        """Return the links of a job by source id."""
        query = sa.select(*_LINK_COLUMNS).where(links.c.job == job)
        with self._database.read() as connection:
            return {row[0]: _link(row) for row in connection.execute(query)}

    def open_intents(self, job: str) -> list[Intent]:
        """Return the writes of a job whose outcome nobody recorded, oldest first."""
        query = (
            sa.select(intents)
            .outerjoin(entries, entries.c.change_id == intents.c.change_id)
            .where(intents.c.job == job, entries.c.change_id.is_(None))
            .order_by(intents.c.at)
        )
        with self._database.read() as connection:
            return [_intent(row) for row in connection.execute(query)]

    def doubts(self, job: str, since: dt.datetime) -> list[Entry]:
        """Return the creations since an instant that may have happened, of people without a link.

        One for each name a person was to get, the newest first.
        """
        is_linked = sa.exists().where(links.c.job == job, links.c.source_id == entries.c.source_id)
        query = (
            sa.select(entries)
            .where(entries.c.job == job, entries.c.action == "create", ~is_linked)
            .where(entries.c.status == "in_doubt", entries.c.at >= since)
            .order_by(entries.c.number.desc())
        )
        with self._database.read() as connection:
            found = [entry_of(row) for row in connection.execute(query)]
        return list({(each.source_id, each.user_name): each for each in reversed(found)}.values())

    def begin_cycle(self, job: str, *, token: int | None = None) -> str:
        """Record that a cycle begins; return its id."""
        return self.cycles.begin(job, token=token)

    def end_cycle(
        self, cycle_id: str, outcome: str, counts: Mapping[str, int], *, token: int | None = None
    ) -> None:
        """Record how a cycle ended."""
        self.cycles.end(cycle_id, outcome, counts, token=token)

    def record_intent(
        self, job: str, cycle_id: str, step: Step, *, token: int | None = None
    ) -> str:
        """Make the intent durable before its request leaves; return the change id.

        The link's fingerprint is emptied with it: until the outcome is known, nobody knows what the
        vendor holds.
        """
        change_id = str(uuid4())
        values = {
            "change_id": change_id,
            "cycle_id": cycle_id,
            "job": job,
            "at": now(),
            "action": step.action,
            "source_id": step.source_id,
            "target_id": step.target_id,
            "user_name": step.user_name,
            "place": step.place,
        }
        with self._database.write(job, token) as connection:
            connection.execute(intents.insert().values(**values))
            connection.execute(
                links.update().where(_is_of(links, job, step.source_id)).values(wanted="")
            )
        return change_id

    def record(
        self,
        entries_: Iterable[Entry],
        link: Link | None = None,
        *,
        escrow: Escrow | None = None,
        token: int | None = None,
    ) -> None:
        """Write log entries of one job and, with them or not at all, what they lead to.

        `escrow` stands for a failure. An entry that tells of success or warning ends the escrow its
        person had.
        """
        rows = [entry_row(entry) for entry in entries_]
        if not rows:
            return
        job = rows[0]["job"]
        done = sorted({row["source_id"] for row in rows if row["status"] in CLEARING})
        with self._database.write(job, token) as connection:
            connection.execute(entries.insert(), rows)
            for source_id in done:
                connection.execute(escrows.delete().where(_is_of(escrows, job, source_id)))
            if escrow is not None:
                upsert(connection, escrows, [escrow_row(job, escrow)])
            if link is not None:
                connection.execute(links.delete().where(_is_of(links, job, link.source_id)))
                connection.execute(links.insert().values(_link_row(job, link)))

    def unlink(self, job: str, source_id: str, *, token: int | None = None) -> None:
        """Forget the link of one person: the account is gone, or belongs to somebody else."""
        with self._database.write(job, token) as connection:
            connection.execute(links.delete().where(_is_of(links, job, source_id)))

    def skips(self, job: str) -> frozenset[tuple[str, str]]:
        """Return whom the log already says skipped, and why: one entry for it is enough."""
        return self._log.skips(job)

    def log(self, wanted: LogFilter) -> list[Entry]:
        """Return the newest entries that fit, oldest of them first."""
        return self._log.newest(wanted)

    def log_page(self, wanted: LogQuery) -> LogPage:
        """Return one page of the entries that fit, the newest first."""
        return self._log.page(wanted)

    def prune(self, before: dt.datetime) -> int:
        """Remove log entries older than an instant but for what is in doubt; return how many."""
        return self._log.prune(before)


@contextmanager
def opened(place: str | Path) -> Iterator[Store]:
    """Open a store and close it in the end."""
    store = Store.connect(place)
    try:
        yield store
    finally:
        store.close()


_LINK_COLUMNS = (
    links.c.source_id,
    links.c.target_id,
    links.c.user_name,
    links.c.is_on,
    links.c.wanted,
    links.c.kept,
)


def _is_of(table: sa.Table, job: str, source_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.job == job, table.c.source_id == source_id)


def _link_row(job: str, link: Link) -> dict[str, Any]:
    return {
        "job": job,
        "source_id": link.source_id,
        "target_id": link.target_id,
        "user_name": link.user_name,
        "is_on": link.is_on,
        "wanted": link.wanted,
        "kept": json.dumps(dict(link.kept)),
        "updated_at": now(),
    }


def _link(row: Any) -> Link:
    source_id, target_id, user_name, is_on, wanted, kept = row
    return Link(
        source_id=source_id,
        target_id=target_id,
        user_name=user_name,
        is_on=is_on,
        wanted=wanted,
        kept={} if kept == "{}" else json.loads(kept),
    )


def _intent(row: Any) -> Intent:
    return Intent(
        row.change_id,
        row.cycle_id,
        row.action,
        row.source_id,
        row.target_id,
        row.user_name,
        row.place,
    )
