"""A state that nobody can write any more can still be read."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from support.states import entry

from jackfield.engine import Store
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.facts import look_at_state
from jackfield.engine.state.sqlite_file import is_on_read_only, reading_database

SCRIPT = """
set -e
mount -t tmpfs tmpfs {folder}
{python} -c "
import os
from jackfield.engine import Store
s = Store.connect('{path}')
s.begin_cycle('a')
{make}"
mount -o remount,ro {folder}
{python} -c "
from jackfield.engine import Store
s = Store.connect('{path}')
print(len(s.cycles.latest()), flush=True)
s.begin_cycle('a')"
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A state with a cycle and an entry, closed."""
    path = tmp_path / "jackfield.db"
    with closing(Store.open(path)) as store:
        cycle = store.begin_cycle("example")
        store.record([entry(cycle)])
    return path


def test_everything_is_read(path: Path):
    with closing(Store(reading_database(path))) as store:
        assert len(store.cycles.latest()) == len(store.log(LogFilter())) == 1
        assert store.links("example") == {}


@pytest.mark.parametrize(
    "write",
    [
        lambda store: store.begin_cycle("example"),
        lambda store: store.lease("example").__enter__(),
        lambda store: store.jobs.set_watermark("example", "w"),
    ],
    ids=["cycle", "lease", "watermark"],
)
def test_every_write_says_that_nothing_can_be_run(path: Path, write):
    said = "it can be read, and nothing can be run"

    with (
        closing(Store(reading_database(path))) as store,
        pytest.raises(StateUnavailable, match=said),
    ):
        write(store)


def test_state_that_another_process_writes_is_read_with_its_log(path: Path):
    with closing(Store.open(path)) as writer, closing(Store(reading_database(path))) as reader:
        writer.begin_cycle("example")

        assert len(reader.cycles.latest()) == 2


def test_ordinary_file_system_takes_writes(path: Path):
    assert not is_on_read_only(path)
    assert look_at_state(path).format


def on_read_only(folder: Path, make: str) -> subprocess.CompletedProcess[str]:
    """Make a state in a file system of its own, let that take no writes any more, look at it."""
    given = {"folder": folder, "path": folder / "jackfield.db", "python": sys.executable}
    done = subprocess.run(
        ["unshare", "--mount", "--map-root-user", "sh", "-c", SCRIPT.format(make=make, **given)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("this machine lets nobody mount in a name space of their own")
    return done


def test_state_on_a_read_only_file_system_is_read_and_not_run(tmp_path: Path):
    done = on_read_only(tmp_path, "s.close()")

    assert done.stdout == "1\n"
    assert "it can be read, and nothing can be run" in done.stderr


def test_log_of_a_killed_run_is_read_on_a_read_only_file_system(tmp_path: Path):
    done = on_read_only(tmp_path, "os._exit(0)")

    assert done.stdout == "1\n"


def test_log_that_cannot_be_read_is_not_left_out_in_silence(tmp_path: Path):
    done = on_read_only(tmp_path, f"os.unlink('{tmp_path}/jackfield.db-shm'); os._exit(0)")

    assert done.stdout == ""
    assert "the newest part of the state is in jackfield.db-wal" in done.stderr
