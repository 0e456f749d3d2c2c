"""Creations whose end nobody knows: what was looked for since, and what the looks have shown."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.doubt import Doubt
from jackfield.engine.state.database import Database, upsert
from jackfield.engine.state.tables import doubts


class Doubts:
    """The doubts of all jobs. The journal writes them with the outcome they come from."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> list[Doubt]:
        """Return the doubts of a job, the oldest first."""
        query = sa.select(doubts).where(doubts.c.job == job)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(doubts.c.began_at, doubts.c.source_id)).all()
        return [_doubt(row) for row in rows]

    def put(self, job: str, items: Iterable[Doubt]) -> None:
        """Store what looks have shown, in place of what was known of the same doubts."""
        rows = [doubt_row(job, doubt) for doubt in items]
        if rows:
            with self._database.write() as connection:
                upsert(connection, doubts, rows)

    def end(self, job: str, items: Iterable[Doubt]) -> None:
        """Forget these: enough was seen."""
        with self._database.write() as connection:
            for each in items:
                connection.execute(
                    doubts.delete().where(
                        doubts.c.job == job,
                        doubts.c.source_id == each.source_id,
                        doubts.c.match_form == each.match_form,
                    )
                )


def doubt_row(job: str, doubt: Doubt) -> dict[str, Any]:
    return {"job": job, **asdict(doubt)}


def _doubt(row: Any) -> Doubt:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    del values["job"]
    return Doubt(**values)
