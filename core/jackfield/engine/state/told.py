"""What people were told of a job last, by channel and topic, so that nobody is told twice."""

from collections.abc import Iterable
from dataclasses import asdict

import sqlalchemy as sa

from jackfield.engine.model.told import LastTold
from jackfield.engine.state.database import Database, upsert
from jackfield.engine.state.tables import told


class Told:
    """The last messages about all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self, job: str) -> list[LastTold]:
        """Return what each channel was told last of each topic."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(told).where(told.c.job == job))
            return [LastTold(**row._mapping) for row in rows]  # noqa: SLF001 - its public name

    def put(self, news: Iterable[LastTold]) -> None:
        """Store what was delivered, in place of what was told before."""
        rows = [asdict(each) for each in news]
        if rows:
            with self._database.write() as connection:
                upsert(connection, told, rows)

    def forget(self, job: str, topic: str) -> None:
        """Forget one topic: it is over, and may be news again."""
        with self._database.write() as connection:
            connection.execute(told.delete().where(told.c.job == job, told.c.topic == topic))
