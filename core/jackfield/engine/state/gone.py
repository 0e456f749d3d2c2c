"""Whom a source told is gone, and how: a source of changes tells it once."""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from jackfield.engine.state.database import Database, chunks, upsert
from jackfield.engine.state.tables import gone
from jackfield.sources import Removal


class Gone:
    """The people of all jobs who are gone from their source and not settled yet."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> dict[str, Removal]:
        """Return those of one job by source id."""
        query = sa.select(gone.c.source_id, gone.c.kind).where(gone.c.job == job)
        with self._database.read() as connection:
            return {row[0]: Removal(row[0], row[1]) for row in connection.execute(query)}

    def put(self, job: str, removals: Iterable[Removal]) -> None:
        """Store these, in place of what was told of them before."""
        rows = [{"job": job, "source_id": each.id, "kind": each.kind} for each in removals]
        if rows:
            with self._database.write() as connection:
                upsert(connection, gone, rows)

    def clear(self, job: str, source_ids: Collection[str]) -> None:
        """Forget these: they are back, or nothing is left of them."""
        if not source_ids:
            return
        with self._database.write() as connection:
            for some in chunks(source_ids):
                connection.execute(
                    gone.delete().where(gone.c.job == job, gone.c.source_id.in_(some))
                )
