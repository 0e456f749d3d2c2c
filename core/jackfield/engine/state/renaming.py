"""Gives a job's memory to another name: the job was renamed in the configuration."""

import datetime as dt
from uuid import uuid4

import sqlalchemy as sa

from jackfield.engine.state.database import Database, moment, upsert
from jackfield.engine.state.lease import held
from jackfield.engine.state.tables import cycles, jobs, leases, links, metadata
from jackfield.errors import ConfigurationError

_STANDING = (
    *("status", "reason", "error"),
    *("began_at", "series_began_at", "series_count", "next_attempt_at"),
)
"""Of a job's row, what a person or a failure of the new name may have set."""


def rename_job(database: Database, old: str, new: str, *, by: str) -> int:
    """Move everything stored of one job to another name, all or nothing; return how many links.

    The numbers of the two leases stay where they are: they belong to the names, and never fall.
    What the new name has stored without ever having had a link goes, but for its log; a job that
    was stopped under either name stays so. Its next cycle reads the whole source.

    Raises: AlreadyRunning where either job runs; ConfigurationError where the new name has links,
    or nothing is stored of the old one.
    """
    with (
        held(database, old) as lease,
        held(database, new),
        database.write((old, lease.token)) as connection,
    ):
        count = _checked(connection, old, new)
        stopped = _stopped(connection, new)
        for table in metadata.sorted_tables:
            if "job" in table.columns and table is not leases:
                _move(connection, table, old, new)
        upsert(connection, jobs, [{"job": new, "watermark": "", **stopped}])
        _record(connection, old, new, by)
    return count


def _checked(connection: sa.Connection, old: str, new: str) -> int:
    """Return how many links the old name has."""
    query = sa.select(links.c.job, sa.func.count()).group_by(links.c.job)
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(query)}
    if found := counts.get(new, 0):
        raise ConfigurationError(
            f"{new}: this job has {found} links of its own; forget them first with `jackfield "
            f"restart {new} --links --yes`, where those of {old} are the right ones"
        )
    known = {row[0] for row in connection.execute(sa.select(jobs.c.job))} | counts.keys()
    if old not in known:
        names = ", ".join(sorted(known)) or "nothing"
        raise ConfigurationError(f"{old}: nothing is stored of this job; there is {names}")
    return counts.get(old, 0)


def _stopped(connection: sa.Connection, job: str) -> dict[str, object]:
    """Return why a job does not run as usual; nothing where it does."""
    columns = [jobs.c[name] for name in _STANDING]
    row = connection.execute(sa.select(*columns).where(jobs.c.job == job)).one_or_none()
    return {} if row is None or row.status == "active" else dict(row._mapping)  # noqa: SLF001


def _move(connection: sa.Connection, table: sa.Table, old: str, new: str) -> None:
    if table.columns["job"].primary_key:  # else rows of both names can stand side by side
        connection.execute(table.delete().where(table.c.job == new))
    connection.execute(table.update().where(table.c.job == old).values(job=new))


def _record(connection: sa.Connection, old: str, new: str, by: str) -> None:
    """Let the list of cycles tell of it."""
    at: dt.datetime = moment(connection)
    values = {"began_at": at, "ended_at": at, "outcome": f"renamed from {old} by {by}"}
    row = {"id": str(uuid4()), "job": new, "counts": "{}", **values}
    connection.execute(cycles.insert().values(**row))
