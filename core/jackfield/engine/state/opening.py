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
from jackfield.engine.state.urls import DatabaseUrl, place_of, shown_url, url_redactor
from jackfield.errors import ConfigurationError

_POSTGRESQL = frozenset({"postgres", "postgresql", "postgresql+psycopg"})


def open_database(place: str | Path, wait_seconds: float) -> Database:
    """Return an open database of the newest format.

    Raises: ConfigurationError, without the URL's secrets.
    """
    place = place_of(place)
    if isinstance(place, Path):
        return _open_file(place, wait_seconds)
    driver = place.driver
    if driver == "sqlite" and place.database:
        return _open_file(Path(place.database), wait_seconds)
    if driver in _POSTGRESQL:
        return _open_server(place, wait_seconds)
    raise ConfigurationError(
        f"state: {driver} is not supported; name a file, or a URL with postgresql://"
    )


def _open_file(path: Path, wait_seconds: float) -> Database:
    try:
        check_place(path)
        if not path.exists():
            make_file(path, lambda draft: _fill(draft, wait_seconds))
        check_file(path)
        return _current(file_database(path, wait_seconds), path)
    except StateUnavailable as error:
        if not error.why:  # it stands on nothing that the database said
            raise ConfigurationError(
                f"{path}: an older Jackfield made this state, and it cannot be brought up to date "
                "on a read-only file system; copy it to where it can be written"
            ) from None
        raise ConfigurationError(f"{path}: {error.why or error}") from None
    except (OSError, sa.exc.DatabaseError) as error:
        raise ConfigurationError(f"{path}: {why_not(error)}") from None


def _open_server(url: DatabaseUrl, wait_seconds: float) -> Database:
    engine = postgresql_engine(url, wait_seconds)
    database = Database(engine, shown_url(url), url_redactor(url))
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
