"""Brings an older state to this version's format: all of it in one transaction, or nothing.

Killed in the middle, it begins anew the next time. Alembic is imported only when there is something
to do: it takes half a second.
"""

import threading
from pathlib import Path

import sqlalchemy as sa

from jackfield.engine.state.database import Database
from jackfield.engine.state.sqlite_file import back_up
from jackfield.engine.state.tables import SCHEMA_VERSION, meta
from jackfield.errors import ConfigurationError

VERSION_TABLE = "jackfield_version"
"""Alembic's own; named so that a database may be shared with an application that uses Alembic."""

_LOCK_NUMBER = 0x6A61636B66696C64
_ALEMBIC = threading.Lock()  # its contexts are global to the process


def bring_up_to_date(database: Database, path: Path | None = None, *, is_new: bool = False) -> None:
    """Migrate to the newest format where that is not there yet.

    `path` is the SQLite file, copied before it changes. `is_new`: the database may be empty.

    Raises: ConfigurationError for a newer format, or for a database that is not ours.
    """
    with database.read() as connection:
        found = _version(connection, database.name)
    if found == SCHEMA_VERSION:
        return
    if found is None and not is_new:
        raise ConfigurationError(
            f"{database.name}: this database holds no state of Jackfield; restore it from a "
            "backup, or name another file"
        )
    with _ALEMBIC, database.write() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK_NUMBER)))
        found = _version(connection, database.name)  # another process may have been quicker
        if found == SCHEMA_VERSION:
            return
        if path is not None and found is not None:
            back_up(path, found)
        _migrate(connection, found)


def _version(connection: sa.Connection, name: str) -> int | None:
    """Return the number of the format; None for a database without our tables."""
    if not sa.inspect(connection).has_table(meta.name):
        return None
    found: int | None = connection.execute(sa.select(meta.c.version)).scalar()
    if found is None or not 1 <= found <= SCHEMA_VERSION:
        raise ConfigurationError(
            f"{name}: its format is {found}, this Jackfield writes {SCHEMA_VERSION}; "
            "install the Jackfield that made it, or a newer one"
        )
    return found


def _migrate(connection: sa.Connection, found: int | None) -> None:
    from alembic import command  # noqa: PLC0415 - half a second, and rarely needed
    from alembic.config import Config  # noqa: PLC0415

    folder = Path(__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["version_table"] = VERSION_TABLE
    if found is not None and not sa.inspect(connection).has_table(VERSION_TABLE):
        command.stamp(config, str(found))  # made before there were migrations
    command.upgrade(config, "head")
    connection.execute(meta.update().values(version=SCHEMA_VERSION))
