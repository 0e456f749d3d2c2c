"""The engine's memory: links, intents, outcomes and the provisioning log.

A write to a vendor is surrounded by two rows: an intent, durable before the request leaves, and an
outcome after it. An intent without an outcome is a write nobody knows the end of.
"""

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import sqlalchemy as sa

from jackfield.engine.log import Entry, LogFilter
from jackfield.engine.plan import AttributeChange, Step
from jackfield.engine.tables import SCHEMA_VERSION, cycles, entries, intents, links, meta, metadata
from jackfield.errors import ConfigurationError


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
    """One database of jobs. Each method is one transaction."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the SQLite file, making it (mode 0600) where there is none.

        Raises: ConfigurationError for a file that is damaged, unreadable or from a newer Jackfield;
        it is never replaced, for an empty store would look like nobody being linked.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.touch(mode=0o600)
            engine = sa.create_engine(f"sqlite:///{path}")
            sa.event.listen(engine, "connect", _prepare)
            metadata.create_all(engine)
            store = cls(engine)
            store._check_version(path)
        except (OSError, sa.exc.DatabaseError) as error:
            why = getattr(error, "orig", None) or error
            raise ConfigurationError(
                f"{path}: the state cannot be used ({why}); restore it from a backup, or name "
                "another file"
            ) from None
        return store

    def close(self) -> None:
        self._engine.dispose()

    def links(self, job: str) -> dict[str, Link]:
        """Return the links of a job by source id."""
        query = sa.select(links).where(links.c.job == job)
        with self._engine.connect() as connection:
            return {row.source_id: _link(row) for row in connection.execute(query)}

    def open_intents(self, job: str) -> list[Intent]:
        """Return the writes of a job whose outcome nobody recorded, oldest first."""
        query = (
            sa.select(intents)
            .outerjoin(entries, entries.c.change_id == intents.c.change_id)
            .where(intents.c.job == job, entries.c.change_id.is_(None))
            .order_by(intents.c.at)
        )
        with self._engine.connect() as connection:
            return [_intent(row) for row in connection.execute(query)]

    def begin_cycle(self, job: str) -> str:
        """Record that a cycle begins; return its id."""
        cycle_id = str(uuid4())
        with self._engine.begin() as connection:
            connection.execute(cycles.insert().values(id=cycle_id, job=job, began_at=_now()))
        return cycle_id

    def end_cycle(self, cycle_id: str, outcome: str, counts: Mapping[str, int]) -> None:
        """Record how a cycle ended."""
        values = {"ended_at": _now(), "outcome": outcome, "counts": json.dumps(dict(counts))}
        with self._engine.begin() as connection:
            connection.execute(cycles.update().where(cycles.c.id == cycle_id).values(**values))

    def record_intent(self, job: str, cycle_id: str, step: Step) -> str:
        """Make the intent durable before its request leaves; return the change id.

        The link's fingerprint is emptied with it: until the outcome is known, nobody knows what the
        vendor holds.
        """
        change_id = str(uuid4())
        values = {
            "change_id": change_id,
            "cycle_id": cycle_id,
            "job": job,
            "at": _now(),
            "action": step.action,
            "source_id": step.source_id,
            "target_id": step.target_id,
            "user_name": step.user_name,
            "place": step.place,
        }
        with self._engine.begin() as connection:
            connection.execute(intents.insert().values(**values))
            connection.execute(
                links.update().where(_is_link(job, step.source_id)).values(wanted="")
            )
        return change_id

    def record(self, entries_: Iterable[Entry], link: Link | None = None) -> None:
        """Write log entries and, with them or not at all, the link they lead to."""
        rows = [_entry_row(entry) for entry in entries_]
        if not rows:
            return
        with self._engine.begin() as connection:
            connection.execute(entries.insert(), rows)
            if link is not None:
                connection.execute(links.delete().where(_is_link(rows[0]["job"], link.source_id)))
                connection.execute(links.insert().values(_link_row(rows[0]["job"], link)))

    def skips(self, job: str) -> frozenset[tuple[str, str]]:
        """Return whom the log already says skipped, and why: one entry for it is enough."""
        query = sa.select(entries.c.source_id, entries.c.reason).where(
            entries.c.job == job, entries.c.status == "skipped"
        )
        with self._engine.connect() as connection:
            return frozenset((row.source_id, row.reason) for row in connection.execute(query))

    def log(self, wanted: LogFilter) -> list[Entry]:
        """Return the newest entries that fit, oldest of them first."""
        query = sa.select(entries).order_by(entries.c.number.desc()).limit(wanted.limit)
        for column, value in (("job", wanted.job), ("status", wanted.status)):
            if value:
                query = query.where(entries.c[column] == value)
        if wanted.cycle_id:
            query = query.where(entries.c.cycle_id == wanted.cycle_id)
        if wanted.user:
            known_as = sa.func.lower(entries.c.user_name) == wanted.user.lower()
            by_id = sa.or_(entries.c.source_id == wanted.user, entries.c.target_id == wanted.user)
            named = sa.select(entries.c.source_id).where(known_as)
            query = query.where(sa.or_(known_as, by_id, entries.c.source_id.in_(named)))
        with self._engine.connect() as connection:
            return [_entry(row) for row in reversed(connection.execute(query).all())]

    def _check_version(self, path: Path) -> None:
        with self._engine.begin() as connection:
            found = connection.execute(sa.select(meta.c.version)).scalar()
            if found is None:
                connection.execute(meta.insert().values(version=SCHEMA_VERSION))
            elif found != SCHEMA_VERSION:
                raise ConfigurationError(
                    f"{path}: its format is {found}, this Jackfield writes {SCHEMA_VERSION}; "
                    "install the Jackfield that made it, or a newer one"
                )


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """Open a store and close it in the end."""
    store = Store.open(path)
    try:
        yield store
    finally:
        store.close()


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    # FULL: an intent that is not on the disk is no intent.
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=5000", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _is_link(job: str, source_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(links.c.job == job, links.c.source_id == source_id)


def _link_row(job: str, link: Link) -> dict[str, Any]:
    return {
        "job": job,
        "source_id": link.source_id,
        "target_id": link.target_id,
        "user_name": link.user_name,
        "is_on": link.is_on,
        "wanted": link.wanted,
        "kept": json.dumps(dict(link.kept)),
        "updated_at": _now(),
    }


def _link(row: Any) -> Link:
    return Link(
        source_id=row.source_id,
        target_id=row.target_id,
        user_name=row.user_name,
        is_on=row.is_on,
        wanted=row.wanted,
        kept=json.loads(row.kept),
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


_PLAIN_COLUMNS = (
    "change_id",
    "cycle_id",
    "job",
    "at",
    "action",
    "status",
    "source_id",
    "user_name",
    "place",
    "reason",
    "code",
    "target_id",
    "request_id",
    "duration_seconds",
)


def _entry_row(entry: Entry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _PLAIN_COLUMNS}
    row["changes"] = json.dumps([[c.path, c.old, c.new] for c in entry.changes])
    return row


def _entry(row: Any) -> Entry:
    values = {name: getattr(row, name) for name in _PLAIN_COLUMNS}
    values["at"] = row.at.replace(tzinfo=dt.UTC)
    changes = tuple(AttributeChange(*change) for change in json.loads(row.changes))
    return Entry(**values, changes=changes)
