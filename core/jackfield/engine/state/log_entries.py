"""The provisioning log's rows: found by page, kept as long as they are wanted."""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.codes import APPROVED, TAKES_ACCESS, WITHOUT_ACCESS
from jackfield.engine.model.entry import Entry, LogFilter, ProvisioningStep
from jackfield.engine.model.plan import REMOVALS, AttributeChange
from jackfield.engine.state.database import Database
from jackfield.engine.state.tables import cycles, entries, intents, links

_ROWS_AT_ONCE = 1000  # in one transaction, so that nobody waits long for a prune
_ENCODER = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class LogQuery(LogFilter):
    """A filter with a time range, read page by page.

    `since` is included, `until` is not. `before` is a page's `next`, empty for the newest page.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    before: str = ""


@dataclass(frozen=True, slots=True)
class LogPage:
    """Entries, the newest first; `next` asks for the older ones, empty at the end."""

    entries: tuple[Entry, ...]
    next: str


class LogEntries:
    """The log of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(self, wanted: LogQuery) -> LogPage:
        """Return one page. Entries that are written meanwhile do not move the others.

        Raises: ValueError for a `before` that no page has given.
        """
        query = _filtered(wanted).limit(wanted.limit + 1)
        if wanted.since is not None:
            query = query.where(entries.c.at >= wanted.since)
        if wanted.until is not None:
            query = query.where(entries.c.at < wanted.until)
        if wanted.before:
            query = query.where(entries.c.number < int(wanted.before))
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        shown = rows[: wanted.limit]
        following = str(shown[-1].number) if shown and len(rows) > len(shown) else ""
        return LogPage(tuple(entry_of(row) for row in shown), following)

    def newest(self, wanted: LogFilter) -> list[Entry]:
        """Return the newest entries that fit, oldest of them first."""
        query = _filtered(wanted).limit(wanted.limit)
        with self._database.read() as connection:
            return [entry_of(row) for row in reversed(connection.execute(query).all())]

    def removed_since(self, job: str, since: dt.datetime) -> frozenset[str]:
        """Return who lost access since an instant, and has not got it back, by source id.

        Those whom a person let pass do not count.
        """
        is_back = sa.exists().where(
            links.c.job == job,
            links.c.source_id == entries.c.source_id,
            links.c.is_on,
            entries.c.code != TAKES_ACCESS,
        )
        query = (
            sa.select(entries.c.source_id)
            .where(entries.c.job == job, entries.c.at >= since, ~is_back)
            .where(sa.or_(entries.c.action.in_(REMOVALS), entries.c.code == TAKES_ACCESS))
            .where(entries.c.status.in_(("success", "warning")))
            .where(entries.c.code.not_in((APPROVED, WITHOUT_ACCESS)))
        )
        with self._database.read() as connection:
            return frozenset(connection.execute(query).scalars())

    def skips(self, job: str) -> frozenset[tuple[str, str]]:
        """Return whom the log already says skipped, and why."""
        query = sa.select(entries.c.source_id, entries.c.reason).where(
            entries.c.job == job, entries.c.status == "skipped"
        )
        with self._database.read() as connection:
            return frozenset((row.source_id, row.reason) for row in connection.execute(query))

    def prune(self, before: dt.datetime, user: str = "") -> int:
        """Remove entries older than an instant, and their intents; return how many entries.

        With a `user`, as `LogFilter` knows one, that person's alone, and SQLite overwrites them.
        What is in doubt stays however old it is: intents without an outcome, and entries that say
        `in_doubt`. So do cycles that anything still belongs to.
        """
        old = (
            sa.select(entries.c.number, entries.c.change_id)
            .where(entries.c.at < before, entries.c.status != "in_doubt")
            .order_by(entries.c.at)
            .limit(_ROWS_AT_ONCE)
        )
        if user:
            old = old.where(_is_about(user))
        removed = 0
        while True:
            with self._database.write() as connection:
                if user and self._database.is_sqlite:
                    connection.exec_driver_sql("PRAGMA secure_delete = ON")
                rows = connection.execute(old).all()
                _delete(connection, rows)
            removed += len(rows)
            if len(rows) < _ROWS_AT_ONCE:
                break
        self._prune_cycles(before)
        return removed

    def _prune_cycles(self, before: dt.datetime) -> None:
        is_used = sa.or_(
            sa.exists().where(entries.c.cycle_id == cycles.c.id),
            sa.exists().where(intents.c.cycle_id == cycles.c.id),
        )
        query = cycles.delete().where(cycles.c.ended_at < before, ~is_used)
        with self._database.write() as connection:
            connection.execute(query)


def _delete(connection: sa.Connection, rows: Any) -> None:
    if not rows:
        return
    # The intent first, and with its entry: alone it would look like a write without an outcome.
    change_ids = [row.change_id for row in rows]
    connection.execute(intents.delete().where(intents.c.change_id.in_(change_ids)))
    numbers = [row.number for row in rows]
    connection.execute(entries.delete().where(entries.c.number.in_(numbers)))


def _filtered(wanted: LogFilter) -> sa.Select[Any]:
    query = sa.select(entries).order_by(entries.c.number.desc())
    for column, value in (
        ("job", wanted.job),
        ("status", wanted.status),
        ("cycle_id", wanted.cycle_id),
    ):
        if value:
            query = query.where(entries.c[column] == value)
    return query.where(_is_about(wanted.user)) if wanted.user else query


def _is_about(user: str) -> sa.ColumnElement[bool]:
    """Say of an entry whether it is about a person, or of a person ever known by this name."""
    known_as = sa.func.lower(entries.c.user_name) == user.lower()
    ids = (entries.c.source_id, entries.c.target_id, entries.c.change_id)
    by_id = sa.or_(*(column == user for column in ids))
    named = sa.select(entries.c.source_id).where(known_as)
    return sa.or_(known_as, by_id, entries.c.source_id.in_(named))


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


def entry_row(entry: Entry) -> dict[str, Any]:
    row = {name: getattr(entry, name) for name in _PLAIN_COLUMNS}
    row["changes"] = json.dumps([[c.path, c.old, c.new] for c in entry.changes])
    row["steps"] = _steps_text(entry)
    return row


def entry_of(row: Any) -> Entry:
    values = {name: getattr(row, name) for name in _PLAIN_COLUMNS}
    changes = tuple(AttributeChange(*change) for change in json.loads(row.changes))
    return Entry(**values, changes=changes, steps=tuple(_steps(row)))


def _steps_text(entry: Entry) -> str:
    """Return the steps as short JSON; a description that is the entry's reason is left out."""
    shown = (
        (step.type, step.status, "" if step.description == entry.reason else step.description)
        for step in entry.steps
    )
    return _ENCODER.encode(list(shown))


def _steps(row: Any) -> Iterator[ProvisioningStep]:
    for type_, status, description in json.loads(row.steps or "[]"):
        yield ProvisioningStep(type_, status, description or row.reason)
