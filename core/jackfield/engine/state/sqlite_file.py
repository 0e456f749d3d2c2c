"""The SQLite file as a file: made whole, refused where unfit, copied before it changes."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

from jackfield.engine.state.database import (
    WAIT_SECONDS,
    Database,
    reading_engine,
    sqlite_engine,
    sync_folder,
)
from jackfield.errors import ConfigurationError

READ_ONLY = (
    "the state lies on a read-only file system: it can be read, and nothing can be run; make it "
    "writable, or name another file"
)

UNFIT = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "ceph", "glusterfs", "lustre"),
        *("fuse.sshfs", "fuse.s3fs", "fuse.rclone", "fuse.glusterfs", "fuse.gcsfuse", "vboxsf"),
    )
)
"""File systems where locks or shared memory do not hold. Source: SQLite, "Write-Ahead Logging",
"does not work over a network filesystem" (read 2026-11-20)."""


def check_file(path: Path) -> None:
    """Refuse a file that must not be opened; it is never replaced.

    Raises: ConfigurationError for one that is empty or cannot be written: an empty store would look
    like nobody being linked. Of a read-only file system it can be read all the same.
    """
    if path.stat().st_size == 0:
        raise ConfigurationError(
            f"{path}: the state is empty, which it never is by itself; restore it from a backup, "
            "or delete it to begin with nobody linked"
        )
    if is_on_read_only(path):
        return
    for needed in (path, path.parent):
        if not os.access(needed, os.W_OK):
            raise ConfigurationError(
                f"{needed}: the state cannot be written; give this user the right, or restore it "
                "where it can be written"
            )


def is_on_read_only(path: Path) -> bool:
    """Say whether a file lies on a file system that takes no writes; unknown is no."""
    if os.name != "posix" or not path.exists():
        return False
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)


def file_database(path: Path, wait_seconds: float = WAIT_SECONDS) -> Database:
    """Return the database of a file that is there, to be read alone where nothing can be written.

    Raises: ConfigurationError where it could be read only without its newest part.
    """
    if is_on_read_only(path):
        return reading_database(path)
    return Database(sqlite_engine(path, wait_seconds), str(path))


def reading_database(path: Path) -> Database:
    """Return the database of a file that cannot be written here; see `file_database`."""
    is_immutable = not _can_share(path)
    log = Path(f"{path}-wal")
    if is_immutable and log.exists() and log.stat().st_size:
        raise ConfigurationError(
            f"{path}: the newest part of the state is in {log.name}, which cannot be read on a "
            "read-only file system; copy both to where they can be written"
        )
    engine = reading_engine(path, is_immutable=is_immutable)
    return Database(engine, str(path), why_read_only=READ_ONLY)


def _can_share(path: Path) -> bool:
    """Say whether the file can be read as one that others write meanwhile."""
    url = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(url, uri=True)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error:
        return False
    return True


def check_place(path: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Refuse a file system without dependable locks, where the system tells its kind."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    kind = file_system_of(path.resolve(), table)
    if kind in UNFIT:
        raise ConfigurationError(
            f"{path}: the state lies on {kind}, a file system without dependable locks; keep it on "
            "a local disk, or use PostgreSQL"
        )


def file_system_of(path: Path, mounts: str) -> str:
    """Return the kind of the file system that holds a path, by a table as in /proc/mounts."""
    best = ("", "")
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        place = fields[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        if path.is_relative_to(place) and len(place) >= len(best[0]):
            best = (place, fields[2])
    return best[1]


def make_file(path: Path, fill: Callable[[Path], None]) -> None:
    """Make a file (mode 0600) that is either complete or not there, whoever else makes it too.

    Raises: ConfigurationError where what was filled is not whole in the file: on a full disk SQLite
    may leave a part of it in its log, and says so to nobody.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        draft.touch(mode=0o600)
        fill(draft)
        _seal(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
            sync_folder(path.parent)
    except (OSError, sqlite3.Error) as error:
        raise ConfigurationError(
            f"{path}: no new state could be made ({error}), and nothing was left behind; free some "
            "space or name another place, and run again"
        ) from error
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{draft}{end}").unlink(missing_ok=True)


def _seal(draft: Path) -> None:
    """Move everything into the file itself, and look whether the file alone is whole.

    Source: SQLite, "PRAGMA wal_checkpoint": busy, then the pages of the log and those moved.

    Raises: sqlite3.Error, OSError.
    """
    with closing(sqlite3.connect(draft)) as connection:
        busy, logged, moved = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    log = Path(f"{draft}-wal")
    if busy or logged != moved or (log.exists() and log.stat().st_size):
        raise sqlite3.OperationalError("a part of it stayed in the log")
    if (damage := damage_of(draft)) is not None:
        raise sqlite3.DatabaseError(damage)
    with draft.open("rb+") as written:
        os.fsync(written.fileno())


def damage_of(path: Path) -> str | None:
    """Return what is wrong with a file by itself, without its log; None where it is whole.

    Raises: sqlite3.Error where it cannot be read at all.
    """
    url = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(url, uri=True)) as connection:
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            return "it is empty"
        found: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if found == "ok" else found.replace("\n", " ")


def back_up(path: Path, version: int) -> Path:
    """Copy the state next to itself, named for its version; an older copy of that name goes."""
    copy = path.with_name(f"{path.name}.version-{version}.backup")
    draft = copy.with_name(f".{copy.name}.new")
    try:
        draft.unlink(missing_ok=True)
        draft.touch(mode=0o600)
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as target:
            damage = source.execute("PRAGMA quick_check(1)").fetchone()[0].replace("\n", " ")
            if damage != "ok":
                raise ConfigurationError(
                    f"{path}: the state is damaged ({damage}); restore it from a backup"
                )
            source.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")
        _seal(draft)
        draft.replace(copy)
        sync_folder(copy.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise ConfigurationError(
            f"{copy}: no copy of the state could be made ({error}), so it was left as it is; free "
            "some space and run again"
        ) from error
    return copy
