"""A database that dies in the middle of a run, and one in which time has passed."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jackfield.engine import Store
from jackfield.engine.state.database import Database, sqlite_engine
from jackfield.engine.state.tables import Instant, metadata


class Killed(BaseException):
    """The process is gone."""


class MortalDatabase(Database):
    """Takes so many writes and no more; the last one is stored or not."""

    def __init__(self, path: Path) -> None:
        super().__init__(sqlite_engine(path), str(path))
        self.revive()

    def revive(self) -> None:
        self.left, self.stores_last = -1, False

    def doom(self, writes: int, *, stores_last: bool) -> None:
        self.left, self.stores_last = writes, stores_last

    @contextmanager
    def write(self, *fence: Any, **named: Any) -> Iterator[sa.Connection]:
        if self.left == 0:
            raise Killed
        is_last, self.left = self.left == 1, self.left - 1
        if is_last:
            self.left = 0
        if is_last and not self.stores_last:
            raise Killed
        with super().write(*fence, **named) as connection:
            yield connection
        if is_last:
            raise Killed


def age(store: Store, by: dt.timedelta) -> None:
    """Make every instant in the store so much older, as if that time had passed."""
    with store._database.write() as connection:
        for table in metadata.sorted_tables:
            _age(connection, table, by)


def _age(connection: sa.Connection, table: sa.Table, by: dt.timedelta) -> None:
    instants = [column for column in table.c if isinstance(column.type, Instant)]
    keys = list(table.primary_key)
    if not instants:
        return
    rows = connection.execute(sa.select(*keys, *instants)).all()
    change = table.update().where(*(key == sa.bindparam(f"old_{key.name}") for key in keys))
    change = change.values({one.name: sa.bindparam(f"new_{one.name}") for one in instants})
    older = [
        {f"old_{key.name}": row._mapping[key.name] for key in keys}
        | {f"new_{one.name}": _older(row._mapping[one.name], by) for one in instants}
        for row in rows
    ]
    if older:
        connection.execute(change, older)


def _older(instant: dt.datetime | None, by: dt.timedelta) -> dt.datetime | None:
    return None if instant is None else instant - by
