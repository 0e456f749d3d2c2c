"""A new state file is whole or not there, however the disk fills."""

import os
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from jackfield import ConfigurationError
from jackfield.engine import Store
from jackfield.engine.state.sqlite_file import back_up, damage_of, make_file

FILLS = """
import resource, sqlite3, sys
from pathlib import Path
from jackfield.engine.state.sqlite_file import make_file

def fill(draft):
    connection = sqlite3.connect(draft, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE links (job TEXT)")
    connection.executemany("INSERT INTO links VALUES (?)", [("x" * 1000,)] * 100)
    # From here on no file may grow beyond this: the log is written, its pages cannot be moved.
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
    connection.close()

make_file(Path(sys.argv[1]), fill)
"""


def raw(path: Path, *statements: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    return connection


def leave_half(draft: Path) -> None:
    """Leave a file whose second half is missing, and no word of it."""
    with closing(raw(draft, "CREATE TABLE links (job TEXT)")) as connection:
        connection.executemany("INSERT INTO links VALUES (?)", [("x" * 1000,)] * 100)
    os.truncate(draft, draft.stat().st_size // 2)


def leave_nothing(draft: Path) -> None:
    draft.write_bytes(b"")


@pytest.mark.parametrize("limit", [0, 512, 4096, 16384, 65536])
def test_state_whose_pages_find_no_room_is_not_published(tmp_path: Path, limit: int):
    path = tmp_path / "state" / "jackfield.db"

    done = subprocess.run(
        [sys.executable, "-c", FILLS, str(path), str(limit)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "ConfigurationError" in done.stderr
    assert "no new state could be made" in done.stderr
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("fill", [leave_half, leave_nothing])
def test_state_that_is_not_whole_is_not_published(tmp_path: Path, fill):
    path = tmp_path / "state" / "jackfield.db"

    with pytest.raises(ConfigurationError, match="nothing was left behind; free some space"):
        make_file(path, fill)

    assert list(path.parent.iterdir()) == []


def test_state_a_part_of_which_stays_in_the_log_is_not_published(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    with ExitStack() as still_open:

        def leave_a_reader(draft: Path) -> None:
            wal = "PRAGMA journal_mode=WAL"
            writer = still_open.enter_context(closing(raw(draft, wal, "CREATE TABLE links (job)")))
            still_open.enter_context(closing(raw(draft, "BEGIN", "SELECT * FROM links")))
            writer.execute("INSERT INTO links VALUES ('x')")

        with pytest.raises(ConfigurationError, match="a part of it stayed in the log"):
            make_file(path, leave_a_reader)

    assert not path.exists()


def test_next_attempt_makes_the_state_once_there_is_room(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    with pytest.raises(ConfigurationError):
        make_file(path, leave_half)

    Store.open(path).close()

    assert damage_of(path) is None


def test_new_state_is_whole_without_its_log(tmp_path: Path):
    path = tmp_path / "jackfield.db"

    store = Store.open(path)

    assert damage_of(path) is None
    store.close()
    assert [each.name for each in tmp_path.iterdir()] == ["jackfield.db"]


def test_copy_before_a_change_is_whole_by_itself(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    with closing(raw(path, "PRAGMA journal_mode=WAL", "CREATE TABLE t (a)")) as connection:
        connection.execute("INSERT INTO t VALUES (1)")

        copy = back_up(path, 3)

    assert damage_of(copy) is None
    with closing(sqlite3.connect(copy)) as found:
        assert found.execute("SELECT a FROM t").fetchall() == [(1,)]
