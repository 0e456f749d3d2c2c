"""The database under the store: SQLite by default, PostgreSQL by its URL.

A write is one short transaction that first checks its lease's number, so a run that was paused and
replaced cannot change anything any more. Readers never wait for it.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from jackfield.engine.state.tables import leases
from jackfield.engine.state.urls import DatabaseUrl, connection_of
from jackfield.errors import AlreadyRunning, ConfigurationError
from jackfield.redact import Redactor

CHUNK_ROWS = 500
"""How many ids one look-up names: measured fastest on SQLite, small in memory on both."""

WAIT_SECONDS = 5.0
"""How long a write waits for another writer before it gives up."""

Rows = Sequence[Mapping[str, Any]]
_T = TypeVar("_T")


class StateUnavailable(ConfigurationError):
    """The state could not be read or written; what was under way there did not happen.

    An intent that meets it is not stored, so its request must not be sent.
    """

    next_step = "free the disk or wait for the database, then run again"
    why: str = ""
    """What the database said and what helps, without the name of the database."""


Fence: TypeAlias = tuple[str, int]
"""A job, and the number of the lease under which a run may write for it."""


class Database:
    """One opened database; `name` is its path or its URL without its secrets.

    `why_read_only` is why every write raises StateUnavailable; empty where writes are possible.
    """

    def __init__(
        self,
        engine: sa.Engine,
        name: str,
        redactor: Redactor | None = None,
        *,
        why_read_only: str = "",
    ) -> None:
        self.name = name
        self.why_read_only = why_read_only
        self._redactor = redactor or Redactor()
        self._engine = engine
        self._writing = engine.execution_options(is_write=True)

    @property
    def is_fenced(self) -> bool:
        """Whether it writes for one run, as long as that holds its job."""
        return False

    @property
    def is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that sees one moment of the database."""
        with self._telling(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, fence: Fence | None = None) -> Iterator[sa.Connection]:
        """Open a transaction that is kept whole or not at all.

        Raises: AlreadyRunning where the number of the `fence` is not that of its job's lease.
        """
        if self.why_read_only:
            raise StateUnavailable(f"{self.name}: {self.why_read_only}")
        with self._telling(), self._writing.begin() as connection:
            if fence is not None:
                _check_token(connection, *fence)
            yield connection

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            why = self._redactor.redact(why_not(error))
            failure = StateUnavailable(f"{self.name}: {why}")
            failure.why = why
            try:
                raise failure from None
            finally:
                failure.__context__ = None  # the driver's error and its frames hold the password


class FencedDatabase(Database):
    """The same database for one run: each write makes sure that the run still holds its job."""

    def __init__(self, database: Database, fence: Fence) -> None:
        self.name = database.name
        self.why_read_only = database.why_read_only
        self._database = database
        self._fence = fence

    @property
    def is_fenced(self) -> bool:
        return True

    @property
    def is_sqlite(self) -> bool:
        return self._database.is_sqlite

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        with self._database.read() as connection:
            yield connection

    @contextmanager
    def write(self, fence: Fence | None = None) -> Iterator[sa.Connection]:
        with self._database.write(fence or self._fence) as connection:
            yield connection

    def close(self) -> None:
        self._database.close()


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def sqlite_engine(path: Path, wait_seconds: float = WAIT_SECONDS) -> sa.Engine:
    """Return an engine on a SQLite file: write-ahead log, every commit on the disk."""
    url = sa.URL.create("sqlite", database=str(path))
    engine = sa.create_engine(url, connect_args={"timeout": wait_seconds})

    def prepare(connection: Any, _: object) -> None:
        # The driver must not begin and commit by itself: tables change within a transaction, too.
        connection.isolation_level = None
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise ConfigurationError(
                f"{path}: this file system offers no write-ahead log (mode {mode}); keep the state "
                "on a local disk, or use PostgreSQL"
            )
        # FULL: an intent that is not on the disk is no intent.
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        # SQLite's own knows ASCII alone.
        connection.create_function("lower", 1, _lower, deterministic=True)

    def begin(connection: sa.Connection) -> None:
        # A transaction that reads first and writes later would fail at once beside another writer.
        is_write = connection.get_execution_options().get("is_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")

    sa.event.listen(engine, "connect", prepare)
    sa.event.listen(engine, "begin", begin)
    return engine


def reading_engine(path: Path, *, is_immutable: bool) -> sa.Engine:
    """Return an engine on a SQLite file that cannot be written; it makes no file beside it.

    Source: SQLite, "Uniform Resource Identifiers": with `immutable` no log and no lock is looked
    at, so it is for a file that nobody can change.
    """
    query = {"uri": "true", "mode": "ro"} | ({"immutable": "1"} if is_immutable else {})
    engine = sa.create_engine(
        sa.URL.create("sqlite", database=path.absolute().as_uri(), query=query)
    )

    def prepare(connection: Any, _: object) -> None:
        connection.create_function("lower", 1, _lower, deterministic=True)

    sa.event.listen(engine, "connect", prepare)
    return engine


def postgresql_engine(url: DatabaseUrl, wait_seconds: float = WAIT_SECONDS) -> sa.Engine:
    """Return an engine on PostgreSQL through psycopg 3.

    Raises: ConfigurationError where psycopg is not installed.
    """
    engine = _psycopg_engine(url)
    if engine is None:
        raise ConfigurationError(
            "PostgreSQL needs psycopg: install jackfield with its extra `postgres`"
        )

    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            milliseconds = f"{round(wait_seconds * 1000)}ms"
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [milliseconds])
            # An intent that is not on the disk is no intent; stricter settings are kept.
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false) "
                "WHERE current_setting('synchronous_commit') = 'off'"
            )
        connection.commit()

    sa.event.listen(engine, "connect", prepare)
    return engine


def _psycopg_engine(url: DatabaseUrl) -> sa.Engine | None:
    plain, apart = connection_of(url)
    arguments = {"connect_timeout": 10, "application_name": "jackfield", **apart}
    fitting = plain.set(drivername="postgresql+psycopg")
    try:
        return sa.create_engine(fitting, connect_args=arguments, pool_pre_ping=True)
    except ImportError:
        return None


def why_not(error: BaseException) -> str:
    """Return what the database said and what helps, by its code rather than by its words."""
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorname", "") or getattr(cause, "sqlstate", "") or ""
    for prefix, advice in _ADVICE.items():
        if code.startswith(prefix):
            return advice
    said = str(cause).strip().splitlines()
    why = f"the state cannot be used ({said[0] if said else type(cause).__name__})"
    return f"{why}; restore it from a backup, or name another file" if code in _DAMAGE else why


_DAMAGE = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})
_ADVICE = {
    "SQLITE_FULL": "the disk is full and nothing was stored; free some space and run again",
    "SQLITE_IOERR": "the disk failed or is full and nothing was stored; check it and run again",
    "SQLITE_BUSY": "another process kept the state busy for too long; wait until it ends",
    "SQLITE_READONLY": "the state cannot be written; give this user the right to write it",
    "53100": "the database's disk is full and nothing was stored; free some space and run again",
    "55P03": "another process kept the state busy for too long; wait until it ends",
    "25006": "the database takes no writes; name one that does, or a user with the right",
    "28": "the database refuses the user or the password; correct the URL",
    "3D000": "there is no such database; make it first, it stays empty until the first run",
    "42501": "the database user lacks a right on the tables or the schema; grant it",
}


def upsert(
    connection: sa.Connection, table: sa.Table, rows: Rows, keep: Iterable[str] = ()
) -> None:
    """Insert rows or replace those of the same key, but for the columns in `keep`."""
    if not rows:
        return
    insert: Callable[..., Any] = sqlite.insert if _is_sqlite(connection) else postgresql.insert
    statement = insert(table)
    keys = [column.name for column in table.primary_key]
    fixed = {*keys, *keep}
    fresh = {name: statement.excluded[name] for name in rows[0] if name not in fixed}
    if fresh:
        statement = statement.on_conflict_do_update(index_elements=keys, set_=fresh)
    else:
        statement = statement.on_conflict_do_nothing()
    connection.execute(statement, rows)


def chunks(items: Iterable[_T], size: int = CHUNK_ROWS) -> Iterator[list[_T]]:
    """Yield the items in lists of at most `size`."""
    remaining = iter(items)
    while some := list(islice(remaining, size)):
        yield some


def moment(connection: sa.Connection) -> dt.datetime:
    """Return now by the one clock that all who share the database have."""
    if _is_sqlite(connection):
        return now()
    instant: dt.datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return instant.astimezone(dt.UTC)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, where the system can."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_sqlite(connection: sa.Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _check_token(connection: sa.Connection, job: str, token: int) -> None:
    # Shared, so that no takeover can happen between this look and the commit.
    query = sa.select(leases.c.token, leases.c.holder).where(leases.c.job == job)
    row = connection.execute(query.with_for_update(read=True)).one_or_none()
    if row is not None and row.token == token and row.holder:
        return
    after = f" by {row.holder}" if row is not None and row.holder else ""
    raise AlreadyRunning(
        f"{job}: this run's lease (number {token}) ended or was taken over{after}; nothing more "
        "is written, and what it left open is looked at by the next run"
    )
