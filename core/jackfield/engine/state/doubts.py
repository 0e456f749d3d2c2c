"""Creations whose end nobody knows: what was looked for since, and what the looks have shown."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from jackfield.engine.state.database import Database, upsert
from jackfield.engine.state.tables import doubts


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """An account that a creation may have made for somebody who is not linked to it.

    `match_value` is what it would be found by, and `match_form` the form of that. `looks` counts
    the looks that were answered and found nobody, the last at `last_look_at`.
    """

    source_id: str
    match_form: str
    match_value: str
    user_name: str
    place: str
    tenant: str
    cycle_id: str
    began_at: dt.datetime
    looks: int = 0
    last_look_at: dt.datetime | None = None

    def looked(self, at: dt.datetime) -> "Doubt":
        """Return the doubt after one look more that found nobody."""
        return replace(self, looks=self.looks + 1, last_look_at=at)

    @property
    def looked_for(self) -> dt.timedelta:
        """How long after the creation nobody was seen yet."""
        if self.last_look_at is None:
            return dt.timedelta()
        return self.last_look_at - self.began_at


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

    def put(self, job: str, items: Iterable[Doubt], *, token: int | None = None) -> None:
        """Store what looks have shown, in place of what was known of the same doubts."""
        rows = [doubt_row(job, doubt) for doubt in items]
        if rows:
            with self._database.write(job, token) as connection:
                upsert(connection, doubts, rows)

    def end(self, job: str, items: Iterable[Doubt], *, token: int | None = None) -> None:
        """Forget these: enough was seen."""
        with self._database.write(job, token) as connection:
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
