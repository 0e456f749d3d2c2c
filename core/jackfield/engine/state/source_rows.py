"""Fingerprints of source rows: what changed is found before anything is mapped.

A fingerprint is stored only after its person was dealt with, so a run that dies in between sees the
change again.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.link import Link
from jackfield.engine.state.database import Database, chunks, upsert
from jackfield.engine.state.journal import LINK_COLUMNS, link_of
from jackfield.engine.state.tables import links, source_rows

_ROWS_AT_ONCE = 1000  # in one transaction


class SourceRows:
    """The remembered rows of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def told(self, job: str) -> Iterator[Sequence[tuple[str, bool, str]]]:
        """Yield source id, whether it is on, and what was told, of every link, many at once."""
        query = sa.select(links.c.source_id, links.c.is_on, links.c.wanted)
        # From the table's beginning to its end: through the index it takes four times as long.
        yield from self._streamed(query.where(links.c.job + "" == job))

    def remembered(self, job: str) -> Iterator[Sequence[tuple[str, str]]]:
        """Yield source id and fingerprint of every row remembered, many at once."""
        query = sa.select(source_rows.c.source_id, source_rows.c.fingerprint)
        yield from self._streamed(query.where(source_rows.c.job == job))

    def _streamed(self, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
        with self._database.read() as connection:
            if not self._database.is_sqlite:
                streaming = connection.execution_options(stream_results=True)
                yield from streaming.execute(query).partitions(_ROWS_AT_ONCE)
                return
            # As the driver gives them: wrapping the rows takes longer than reading them.
            result = connection.execute(query)
            while result.cursor is not None and (some := result.cursor.fetchmany(_ROWS_AT_ONCE)):
                yield some
            result.close()

    def linked(self, job: str, source_ids: Iterable[str]) -> Iterator[Link]:
        """Yield the links of these people."""
        query = sa.select(*LINK_COLUMNS).where(links.c.job == job)
        for some in chunks(source_ids):
            with self._database.read() as connection:
                rows = connection.execute(query.where(links.c.source_id.in_(some))).all()
            yield from map(link_of, rows)

    def remember(self, job: str, rows: Iterable[tuple[str, str]]) -> None:
        """Store the fingerprints of people who were dealt with, a thousand in one transaction."""
        for some in chunks(rows, _ROWS_AT_ONCE):
            values = [{"job": job, "source_id": k, "fingerprint": f} for k, f in some]
            with self._database.write() as connection:
                upsert(connection, source_rows, values)

    def forget(self, job: str, source_ids: Iterable[str]) -> None:
        """Drop rows of people who left, or who are to be looked at again."""
        for some in chunks(source_ids):
            with self._database.write() as connection:
                connection.execute(
                    source_rows.delete().where(
                        source_rows.c.job == job, source_rows.c.source_id.in_(some)
                    )
                )
