"""Opens a database by path or URL: checks it, makes or migrates it, or says why not."""

import os
from pathlib import Path

import sqlalchemy as sa

from jackfield.engine.state.database import (
    Database,
    StateUnavailable,
    postgresql_engine,
    sqlite_engine,
    why_not,
)
from jackfield.engine.state.migrating import bring_up_to_date
from jackfield.engine.state.sqlite_file import check_file, check_place, file_database, make_file
from jackfield.errors import ConfigurationError

_POSTGRESQL = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


def open_database(place: str | Path, wait_seconds: float) -> Database:
    """Return an open database of the newest format.

    Raises: ConfigurationError, without the URL's password.
    """
    if isinstance(place, Path) or "://" not in place:
        return _open_file(Path(place), wait_seconds)
    try:
        url = sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigurationError("state: this is no URL of a database") from None
    if url.drivername == "sqlite" and url.database:
        return _open_file(Path(url.database), wait_seconds)
    if url.drivername in _POSTGRESQL:
        return _open_server(url, wait_seconds)
    raise ConfigurationError(
        f"state: {url.drivername} is not supported; name a file, or a URL with postgresql://"
    )


def _open_file(path: Path, wait_seconds: float) -> Database:
    try:
        check_place(path)
        if not path.exists():
            make_file(path, lambda draft: _fill(draft, wait_seconds))
        check_file(path)
        return _current(file_database(path, wait_seconds), path)
    except StateUnavailable as error:
        if error.__cause__ is None:  # it stands on nothing that the database said
            raise ConfigurationError(
                f"{path}: an older Jackfield made this state, and it cannot be brought up to date "
                "on a read-only file system; copy it to where it can be written"
            ) from None
        raise ConfigurationError(f"{path}: {why_not(error.__cause__ or error)}") from None
    except (OSError, sa.exc.DatabaseError) as error:
        raise ConfigurationError(f"{path}: {why_not(error)}") from None


def _open_server(url: sa.URL, wait_seconds: float) -> Database:
    name = url.render_as_string(hide_password=True)
    database = Database(postgresql_engine(url, wait_seconds), name)
    return _current(database, is_new=True)


def _current(database: Database, path: Path | None = None, *, is_new: bool = False) -> Database:
    try:
        bring_up_to_date(database, path, is_new=is_new)
    except BaseException:
        database.close()
        raise
    return database


def _fill(draft: Path, wait_seconds: float) -> None:
    database = Database(sqlite_engine(draft, wait_seconds), str(draft))
    _current(database, is_new=True).close()
    if os.name == "posix":
        draft.chmod(0o600)
