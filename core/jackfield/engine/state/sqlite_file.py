"""The SQLite file as a file: made whole, refused where unfit, copied before it changes."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from uuid import uuid4

from jackfield.engine.state.database import sync_folder
from jackfield.errors import ConfigurationError

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
    like nobody being linked.
    """
    if path.stat().st_size == 0:
        raise ConfigurationError(
            f"{path}: the state is empty, which it never is by itself; restore it from a backup, "
            "or delete it to begin with nobody linked"
        )
    for needed in (path, path.parent):
        if not os.access(needed, os.W_OK):
            raise ConfigurationError(
                f"{needed}: the state cannot be written; give this user the right, or restore it "
                "where it can be written"
            )


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
    """Make a file (mode 0600) that is either complete or not there, whoever else makes it too."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{uuid4().hex}.new")
    try:
        draft.touch(mode=0o600)
        fill(draft)
        with suppress(FileExistsError):
            os.link(draft, path)
            sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


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
        with draft.open("rb+") as written:
            os.fsync(written.fileno())
        draft.replace(copy)
        sync_folder(copy.parent)
    except (OSError, sqlite3.Error) as error:
        draft.unlink(missing_ok=True)
        raise ConfigurationError(
            f"{copy}: no copy of the state could be made ({error}), so it was left as it is; free "
            "some space and run again"
        ) from error
    return copy
