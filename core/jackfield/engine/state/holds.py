"""Holds: removals that were counted, not sent, and wait for a person's word."""

from collections.abc import Collection, Iterable
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.hold import StagedRemoval
from jackfield.engine.state.database import Database, chunks, now, upsert
from jackfield.engine.state.tables import holds


class Holds:
    """The staged removals of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> list[StagedRemoval]:
        """Return what waits, in the order it was staged."""
        query = (
            sa.select(holds)
            .where(holds.c.job == job)
            .order_by(holds.c.staged_at, holds.c.source_id)
        )
        with self._database.read() as connection:
            return [_removal(row) for row in connection.execute(query)]

    def stage(self, job: str, removals: Collection[StagedRemoval]) -> None:
        """Make this set what waits, in place of the former one; an empty set ends the hold.

        Whoever was held already for the same removal keeps `staged_at`. An approval is kept only
        where its word is still the set's.
        """
        before = sa.select(holds).where(holds.c.job == job)
        with self._database.write() as connection:
            old = {row.source_id: row for row in connection.execute(before)}
            connection.execute(holds.delete().where(holds.c.job == job))
            rows = [_row(job, removal, old.get(removal.source_id)) for removal in removals]
            for some in chunks(rows):
                upsert(connection, holds, some)

    def approve(self, job: str, approval: str, by: str) -> int:
        """Let exactly the set with this word pass; return how many removals that is.

        None of them where the word is another set's: then somebody read an older list; nor where
        somebody approved it before, whose name stays.
        """
        query = holds.update().where(
            holds.c.job == job, holds.c.approval == approval, holds.c.approved_at.is_(None)
        )
        with self._database.write() as connection:
            return connection.execute(query.values(approved_by=by, approved_at=now())).rowcount

    def approval(self, job: str) -> str:
        """Return the word a person has said for what waits; empty where nobody has."""
        query = sa.select(holds.c.approval).where(
            holds.c.job == job, holds.c.approved_at.is_not(None)
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).scalar() or ""

    def clear(self, job: str, source_ids: Iterable[str]) -> None:
        """Forget the holds of these people: they were removed, or came back."""
        with self._database.write() as connection:
            for some in chunks(source_ids):
                connection.execute(
                    holds.delete().where(holds.c.job == job, holds.c.source_id.in_(some))
                )


def _row(job: str, removal: StagedRemoval, old: Any | None) -> dict[str, Any]:
    row = {"job": job} | {name: getattr(removal, name) for name in _COLUMNS}
    if old is None:
        return row
    if (old.action, old.target_id) == (removal.action, removal.target_id):
        row["staged_at"] = old.staged_at
    if old.approval == removal.approval:
        row |= {"approved_by": old.approved_by, "approved_at": old.approved_at}
    return row


def _removal(row: Any) -> StagedRemoval:
    return StagedRemoval(**{name: getattr(row, name) for name in _COLUMNS})


_COLUMNS = tuple(column.name for column in holds.columns if column.name != "job")
