"""References that wait: an attribute names a person whom the vendor does not have yet."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from jackfield.engine.state.database import Database, chunks, upsert
from jackfield.engine.state.tables import pending_references


@dataclass(frozen=True, slots=True)
class PendingReference:
    """`attribute` of one person is to name another, who is known by source id alone."""

    source_id: str
    attribute: str
    wanted_id: str


class PendingReferences:
    """The waiting references of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> list[PendingReference]:
        """Return everything that waits."""
        return self._find(pending_references.c.job == job)

    def put(self, job: str, references: Iterable[PendingReference]) -> None:
        """Store references that cannot be resolved yet; the same one twice is one."""
        with self._database.write() as connection:
            for some in chunks(references):
                upsert(connection, pending_references, [{"job": job, **asdict(r)} for r in some])

    def clear(self, job: str, source_ids: Iterable[str], attribute: str = "") -> None:
        """Forget what these people waited for, in one attribute or in all."""
        table = pending_references
        with self._database.write() as connection:
            for some in chunks(source_ids):
                query = table.delete().where(table.c.job == job, table.c.source_id.in_(some))
                if attribute:
                    query = query.where(table.c.attribute == attribute)
                connection.execute(query)

    def _find(self, condition: sa.ColumnElement[bool]) -> list[PendingReference]:
        table = pending_references.c
        query = sa.select(table.source_id, table.attribute, table.wanted_id).where(condition)
        with self._database.read() as connection:
            rows: Iterable[Any] = connection.execute(query.order_by(*table))
            return [PendingReference(*row) for row in rows]
