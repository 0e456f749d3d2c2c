"""Escrows: people who failed, how often, and when the next attempt is due."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.escrow import Escrow
from jackfield.engine.state.database import CHUNK_ROWS, Database, chunks, upsert
from jackfield.engine.state.tables import escrows


class Escrows:
    """The escrows of all jobs. `Store.record` writes them with the log entry they belong to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> dict[str, Escrow]:
        """Return the escrows of a job by source id."""
        query = sa.select(escrows).where(escrows.c.job == job)
        with self._database.read() as connection:
            return {row.source_id: _escrow(row) for row in connection.execute(query)}

    def put(self, job: str, items: Iterable[Escrow]) -> None:
        """Store escrows in place of those the same people had."""
        with self._database.write() as connection:
            for some in chunks(items):
                upsert(connection, escrows, [escrow_row(job, escrow) for escrow in some])

    def clear(self, job: str, source_ids: Iterable[str]) -> None:
        """Forget the failures of these people."""
        with self._database.write() as connection:
            for some in chunks(source_ids, CHUNK_ROWS):
                connection.execute(
                    escrows.delete().where(escrows.c.job == job, escrows.c.source_id.in_(some))
                )


def escrow_row(job: str, escrow: Escrow) -> dict[str, Any]:
    return {"job": job, **asdict(escrow)}


def _escrow(row: Any) -> Escrow:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["job"]
    return Escrow(**values)
