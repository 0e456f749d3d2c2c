"""Fingerprints of source rows: what changed is found before anything is mapped.

A fingerprint is stored only after its person was dealt with, so a run that dies in between sees the
change again.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jackfield.engine.state.database import Database, chunks, upsert
from jackfield.engine.tables import links, source_rows

_ROWS_AT_ONCE = 1000  # in one transaction


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that is new (`before` is empty) or differs from the one remembered."""

    source_id: str
    fingerprint: str
    before: str


class RowScan:
    """One read of a source, compared as it comes. Any order, memory for one chunk."""

    def __init__(self, connection: sa.Connection, job: str) -> None:
        self._connection = connection
        self._job = job
        self._is_sqlite = connection.dialect.name == "sqlite"
        # For this connection alone. In a transaction of its own at a time: a slow source must not
        # keep one open for hours.
        self._seen = sa.Table(
            f"seen_{uuid4().hex}",
            sa.MetaData(),
            sa.Column("source_id", sa.Text, primary_key=True),
            prefixes=["TEMPORARY"],
            sqlite_with_rowid=False,
        )
        with connection.begin():
            self._seen.create(connection)

    def compare(self, rows: Iterable[tuple[str, str]]) -> Iterator[RowChange]:
        """Yield those of (source id, fingerprint) that changed or are new."""
        for some in chunks(rows):
            wanted = dict(some)
            with self._connection.begin():
                known = self._known(list(wanted))
                self._note(list(wanted))
            for source_id, fingerprint in wanted.items():
                before = known.get(source_id, "")
                if before != fingerprint:
                    yield RowChange(source_id, fingerprint, before)

    def vanished(self) -> list[str]:
        """Return whom this job remembers and the read did not show, in order of their ids.

        Only after a complete read does it mean that anybody left.
        """
        shown = sa.exists().where(self._seen.c.source_id == source_rows.c.source_id)
        query = (
            sa.select(source_rows.c.source_id)
            .where(source_rows.c.job == self._job, ~shown)
            .order_by(source_rows.c.source_id)
        )
        with self._connection.begin():
            return list(self._connection.execute(query).scalars())

    def close(self) -> None:
        with self._connection.begin():
            self._seen.drop(self._connection)

    def _known(self, source_ids: list[str]) -> dict[str, str]:
        query = sa.select(source_rows.c.source_id, source_rows.c.fingerprint).where(
            source_rows.c.job == self._job
        )
        if self._is_sqlite:
            query = query.where(source_rows.c.source_id.in_(source_ids))
        else:
            query = query.where(source_rows.c.source_id == sa.any_(_array(source_ids)))
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def _note(self, source_ids: list[str]) -> None:
        """Add to those seen; on PostgreSQL an array is four times as fast as row after row."""
        if self._is_sqlite:
            statement = sqlite.insert(self._seen).on_conflict_do_nothing()
            text = str(statement.compile(dialect=self._connection.dialect))
            self._connection.exec_driver_sql(text, [(source_id,) for source_id in source_ids])
            return
        shown = sa.select(sa.func.unnest(_array(source_ids)))
        adding = postgresql.insert(self._seen).from_select(["source_id"], shown)
        self._connection.execute(adding.on_conflict_do_nothing())


def _array(values: Sequence[str]) -> sa.BindParameter[Sequence[str]]:
    return sa.bindparam(None, values, type_=postgresql.ARRAY(sa.Text))


class SourceRows:
    """The remembered rows of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def scan(self, job: str) -> Iterator[RowScan]:
        """Compare one read of the source with what is remembered; stores nothing."""
        with self._database.read() as connection:
            scan = RowScan(connection, job)
            try:
                yield scan
            finally:
                scan.close()

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

    def linked(self, job: str, source_ids: Iterable[str]) -> Iterator[sa.Row[Any]]:
        """Yield the rows of the links of these people."""
        for some in chunks(source_ids):
            query = sa.select(links).where(links.c.job == job, links.c.source_id.in_(some))
            with self._database.read() as connection:
                yield from connection.execute(query).all()

    def remember(
        self, job: str, rows: Iterable[tuple[str, str]], *, token: int | None = None
    ) -> None:
        """Store the fingerprints of people who were dealt with, a thousand in one transaction."""
        for some in chunks(rows, _ROWS_AT_ONCE):
            values = [{"job": job, "source_id": k, "fingerprint": f} for k, f in some]
            with self._database.write(job, token) as connection:
                upsert(connection, source_rows, values)

    def forget(self, job: str, source_ids: Iterable[str], *, token: int | None = None) -> None:
        """Drop rows of people who left, or who are to be looked at again."""
        for some in chunks(source_ids):
            with self._database.write(job, token) as connection:
                connection.execute(
                    source_rows.delete().where(
                        source_rows.c.job == job, source_rows.c.source_id.in_(some)
                    )
                )

    def count(self, job: str) -> int:
        """Return how many rows are remembered."""
        query = sa.select(sa.func.count()).where(source_rows.c.job == job)
        with self._database.read() as connection:
            return connection.execute(query).scalar_one()
