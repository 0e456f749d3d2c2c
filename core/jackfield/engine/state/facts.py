"""Looks at a database as it is: neither makes nor migrates one, and changes nothing."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa

from jackfield.engine.model.instants import since
from jackfield.engine.state.database import Database, moment, postgresql_engine
from jackfield.engine.state.lease import is_live
from jackfield.engine.state.sqlite_file import file_database
from jackfield.engine.state.tables import (
    SCHEMA_VERSION,
    doubts,
    entries,
    intents,
    leases,
    links,
    meta,
)
from jackfield.engine.state.urls import DatabaseUrl, place_of, shown_url, url_redactor


@dataclass(frozen=True, slots=True)
class HeldLease:
    """Who holds a job. `is_live` False: dead, or silent for too long: the next run is free.

    Instants that a clock ahead of now wrote are told as now.
    """

    job: str
    holder: str
    taken_at: dt.datetime
    heartbeat_at: dt.datetime
    is_live: bool


@dataclass(frozen=True, slots=True)
class StateFacts:
    """A state as it stands. `leases` and `open_intents` are empty for another format than ours."""

    format: int
    leases: tuple[HeldLease, ...] = ()
    open_intents: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Job → how many linked people have access, and how many have it no more."""
    doubts: Mapping[str, int] = field(default_factory=dict)
    """Job → how many creations may have made an account that nobody has seen yet."""
    unseen: Mapping[str, int] = field(default_factory=dict)
    """Job → how many linked accounts the vendor did not show when it was asked last."""


def look_at_state(state: Path | str) -> StateFacts:
    """Return the facts of a database.

    Raises: ConfigurationError, without the URL's secrets; sqlalchemy's errors where it is no
    database of ours.
    """
    state = place_of(state)
    database = _opened_as_it_is(state)
    try:
        with database.read() as connection:
            found: int = connection.execute(sa.select(meta.c.version)).scalar_one()
            if found != SCHEMA_VERSION:
                # Links are as they were in every older format.
                return StateFacts(found, links=_links(connection) if found < SCHEMA_VERSION else {})
            return StateFacts(
                found,
                tuple(_leases(connection)),
                dict(_counts(connection)),
                _links(connection),
                dict(_counted(connection, doubts)),
                dict(_counted(connection, links, links.c.missing_since.is_not(None))),
            )
    finally:
        database.close()


def _opened_as_it_is(state: Path | DatabaseUrl) -> Database:
    if isinstance(state, Path):
        return file_database(state)
    if state.driver == "sqlite" and state.database:
        return file_database(Path(state.database))
    return Database(postgresql_engine(state), shown_url(state), url_redactor(state))


def _leases(connection: sa.Connection) -> Iterator[HeldLease]:
    instant = moment(connection)
    query = sa.select(leases).where(leases.c.holder != "").order_by(leases.c.job)
    for row in connection.execute(query):
        taken_at, heard_at = since(row.taken_at, instant), since(row.heartbeat_at, instant)
        yield HeldLease(row.job, row.holder, taken_at, heard_at, is_live(row, instant))


def _counts(connection: sa.Connection) -> Iterator[tuple[str, int]]:
    query = (
        sa.select(intents.c.job, sa.func.count())
        .outerjoin(entries, entries.c.change_id == intents.c.change_id)
        .where(entries.c.change_id.is_(None))
        .group_by(intents.c.job)
    )
    for row in connection.execute(query):
        yield row[0], row[1]


def _counted(
    connection: sa.Connection, table: sa.Table, condition: sa.ColumnElement[bool] | None = None
) -> Iterator[tuple[str, int]]:
    query = sa.select(table.c.job, sa.func.count()).group_by(table.c.job)
    for row in connection.execute(query if condition is None else query.where(condition)):
        yield row[0], row[1]


def _links(connection: sa.Connection) -> dict[str, tuple[int, int]]:
    columns = (links.c.job, links.c.is_on)
    query = sa.select(*columns, sa.func.count()).group_by(*columns)
    found: dict[str, tuple[int, int]] = {}
    for job, is_on, count in connection.execute(query):
        on, off = found.get(job, (0, 0))
        found[job] = (count, off) if is_on else (on, count)
    return found
