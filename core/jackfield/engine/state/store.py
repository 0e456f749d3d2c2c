"""The engine's memory: links, intents, outcomes and the provisioning log.

A write to a vendor is surrounded by two rows: an intent, durable before the request leaves, and an
outcome after it. An intent without an outcome is a write nobody knows the end of.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from jackfield.engine.model.change import Settled
from jackfield.engine.model.entry import Entry, LogFilter
from jackfield.engine.model.link import Link
from jackfield.engine.state.cycles import Cycles
from jackfield.engine.state.database import WAIT_SECONDS, Database, FencedDatabase, chunks
from jackfield.engine.state.doubts import Doubts
from jackfield.engine.state.escrows import Escrows
from jackfield.engine.state.gone import Gone
from jackfield.engine.state.holds import Holds
from jackfield.engine.state.jobs import JobStates
from jackfield.engine.state.journal import LINK_COLUMNS, Journal, link_of
from jackfield.engine.state.lease import LEASE_SECONDS, Lease, held
from jackfield.engine.state.log_entries import LogEntries, LogPage, LogQuery
from jackfield.engine.state.opening import open_database
from jackfield.engine.state.references import PendingReferences
from jackfield.engine.state.source_rows import SourceRows
from jackfield.engine.state.tables import doubts, entries, intents, links
from jackfield.engine.state.told import Told
from jackfield.engine.state.urls import place_of


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
    tenant: str = ""
    match_value: str = ""


class Store:
    """One database of jobs. Each method is one short transaction, in any thread.

    Of one `under` a lease, a write that comes after another run took over raises AlreadyRunning and
    changes nothing. Every method raises StateUnavailable, a ConfigurationError, where the database
    fails.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.jobs = JobStates(database)
        self.cycles = Cycles(database)
        self.escrows = Escrows(database)
        self.doubts = Doubts(database)
        self.holds = Holds(database)
        self.gone = Gone(database)
        self.rows = SourceRows(database)
        self.references = PendingReferences(database)
        self.told = Told(database)
        self.journal = Journal(database)
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
        place = place_of(place)
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

    def under(self, lease: Lease) -> "Store":
        """Return the store of one run: it writes as long as that run holds its job, no longer."""
        return Store(FencedDatabase(self._database, (lease.job, lease.token)))

    def links(self, job: str) -> dict[str, Link]:
        """Return the links of a job by source id."""
        query = sa.select(*LINK_COLUMNS).where(links.c.job == job)
        with self._database.read() as connection:
            return {row[0]: link_of(row) for row in connection.execute(query)}

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

    def tenants(self, job: str) -> dict[str, int]:
        """Return how many links of a job are bound to each tenant; to "" those not proven yet."""
        query = sa.select(links.c.tenant, sa.func.count()).where(links.c.job == job)
        with self._database.read() as connection:
            return {row[0]: row[1] for row in connection.execute(query.group_by(links.c.tenant))}

    def rebind(self, job: str) -> int:
        """Let each link of a job be bound anew, by its next proven look; return how many.

        Creations in doubt are looked for there, too.
        """
        with self._database.write() as connection:
            _unbind(connection, doubts, job)
            return _unbind(connection, links, job)

    def owners(
        self, job: str, tenant: str, match_forms: Iterable[str]
    ) -> dict[str, tuple[str, Link]]:
        """Return whose accounts of a tenant are linked by other jobs: target id → job and link.

        Of links that no look has bound to a tenant yet, those of these matching values.
        """
        query = sa.select(links.c.job, *LINK_COLUMNS).where(links.c.job != job)
        unbound = query.where(links.c.tenant == "")
        with self._database.read() as connection:
            rows = list(connection.execute(query.where(links.c.tenant == tenant)))
            for some in chunks(match_forms):
                rows += connection.execute(unbound.where(links.c.match_form.in_(some)))
        return {row[2]: (row[0], link_of(row[1:])) for row in rows}

    def other_owner(self, job: str, tenant: str, target_id: str) -> str:
        """Return the other job that is linked to an account of a tenant; empty for none.

        A link that no look has bound to a tenant yet may be to this one.
        """
        query = sa.select(links.c.job).where(
            links.c.job != job,
            links.c.target_id == target_id,
            links.c.tenant.in_((tenant, "")),
        )
        with self._database.read() as connection:
            return connection.scalars(query).first() or ""

    def begin_cycle(self, job: str) -> str:
        """Record that a cycle begins; return its id."""
        return self.cycles.begin(job)

    def end_cycle(
        self,
        cycle_id: str,
        outcome: str,
        counts: Mapping[str, int],
        *,
        is_whole: bool = True,
    ) -> None:
        """Record how a cycle ended; one that was `is_whole` also as its job's last one."""
        self.cycles.end(cycle_id, outcome, counts, is_whole=is_whole)

    def record(self, entries_: Iterable[Entry]) -> None:
        """Write log entries of one job."""
        settled = [Settled(entry=entry) for entry in entries_]
        if settled:
            self.journal.write(settled[0].entry.job, settled=settled)

    def skips(self, job: str) -> frozenset[tuple[str, str]]:
        """Return whom the log already says skipped, and why: one entry for it is enough."""
        return self._log.skips(job)

    def removed_since(self, job: str, since: dt.datetime) -> frozenset[str]:
        """Return who lost access since an instant without anybody's approval, by source id."""
        return self._log.removed_since(job, since)

    def log(self, wanted: LogFilter) -> list[Entry]:
        """Return the newest entries that fit, oldest of them first."""
        return self._log.newest(wanted)

    def log_page(self, wanted: LogQuery) -> LogPage:
        """Return one page of the entries that fit, the newest first."""
        return self._log.page(wanted)

    def prune(self, before: dt.datetime, user: str = "") -> int:
        """Remove log entries older than an instant but for what is in doubt; return how many.

        With a `user`, a userName or an id, those of one person alone.
        """
        return self._log.prune(before, user)


@contextmanager
def opened(place: str | Path) -> Iterator[Store]:
    """Open a store and close it in the end."""
    place = place_of(place)
    store = Store.connect(place)
    try:
        yield store
    finally:
        store.close()


def _intent(row: Any) -> Intent:
    return Intent(
        row.change_id,
        row.cycle_id,
        row.action,
        row.source_id,
        row.target_id,
        row.user_name,
        row.place,
        row.tenant,
        row.match_value,
    )


def _unbind(connection: sa.Connection, table: sa.Table, job: str) -> int:
    """Take the tenant from each row of a job; return from how many."""
    query = table.update().where(table.c.job == job, table.c.tenant != "")
    return connection.execute(query.values(tenant="")).rowcount
