"""Disks that fill, writers that wait, files that must not be opened."""

import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.company import Company, person
from support.states import entry, step

from jackfield import ConfigurationError
from jackfield.engine import Store
from jackfield.engine.model.change import Change
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.sqlite_file import check_place, file_system_of
from jackfield.sources import SourceRead

MOUNTS = """\
/dev/vda / ext4 rw 0 0
server:/home /home nfs4 rw 0 0
/dev/vdb /home/local/my\\040disk xfs rw 0 0
"""


def fill_up(store: Store) -> None:
    """Let the database grow no further: SQLite then answers as on a full disk."""
    with store._database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")


def test_an_intent_that_finds_the_disk_full_is_an_error(tmp_path: Path):
    store = Store.open(tmp_path / "jackfield.db")
    cycle = store.begin_cycle("example")
    fill_up(store)
    stored = 0

    def store_many() -> None:
        nonlocal stored
        for number in range(10_000):
            store.journal.write("example", ahead=[Change(f"c-{number}", cycle, step(number))])
            stored += 1

    with pytest.raises(StateUnavailable, match="the disk is full and nothing was stored"):
        store_many()

    assert 0 < len(store.open_intents("example")) == stored
    store.close()


def test_no_request_is_sent_whose_intent_finds_the_disk_full(firm: Company):
    firm.people = [person(number, jobTitle="Engineer" * 500) for number in range(200)]
    fill_up(firm.store)

    with pytest.raises(StateUnavailable, match="the disk is full"):
        firm.run()

    known = {entry.source_id for entry in firm.store.log(LogFilter(limit=1000))}
    doubtful = {intent.source_id for intent in firm.store.open_intents("example")}
    assert len(firm.writes) == len(known | doubtful)
    assert len(firm.writes) < 200


def test_a_full_disk_loses_no_outcome_for_good(firm: Company):
    firm.people = [person(number, jobTitle="Engineer" * 500) for number in range(200)]
    fill_up(firm.store)
    with suppress(StateUnavailable):
        firm.run()
    with firm.store._database.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")

    firm.run()

    assert len(firm.accounts) == len(firm.store.links("example")) == 200


def test_a_full_disk_does_not_hide_what_ended_the_cycle(firm: Company):
    def read(_since: str | None) -> SourceRead:
        fill_up(firm.store)
        raise ConfigurationError("people.csv: there is no such file" + " " * 100_000)

    with pytest.raises(ConfigurationError, match=r"people\.csv") as raised:
        firm.run(read_source=read)

    (note,) = raised.value.__notes__
    assert "the disk is full" in note


def test_a_second_writer_waits_so_long_and_not_longer(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    store = Store.connect(path, wait_seconds=0.3)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()

        with pytest.raises(StateUnavailable, match="kept the state busy for too long"):
            store.begin_cycle("example")

        assert 0.2 < time.monotonic() - began < 3
        assert store.links("example") == {}
        other.execute("ROLLBACK")
    store.begin_cycle("example")
    store.close()


def test_a_locked_table_is_waited_for_so_long_and_not_longer(server_url: str):
    store = Store.connect(server_url, wait_seconds=0.3)
    other = sa.create_engine(sa.make_url(server_url).set(drivername="postgresql+psycopg"))
    with other.begin() as connection:
        connection.exec_driver_sql("LOCK TABLE cycles IN EXCLUSIVE MODE")

        with pytest.raises(StateUnavailable, match="kept the state busy for too long"):
            store.begin_cycle("example")

        assert store.cycles.latest("example") == []
    other.dispose()
    store.begin_cycle("example")
    store.close()


def test_a_short_write_beside_another_one_succeeds(store: Store, store_url: str):
    cycle = store.begin_cycle("example")
    second = Store.connect(store_url)
    for number in range(20):
        (store, second)[number % 2].record([entry(cycle, number)])
    second.close()

    assert len(store.log(LogFilter())) == 20


def test_an_empty_file_is_refused(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    path.touch()

    with pytest.raises(ConfigurationError, match=r"the state is empty, .* restore it"):
        Store.open(path)

    assert path.read_bytes() == b""


def test_the_database_of_another_program_is_refused(tmp_path: Path):
    path = tmp_path / "jackfield.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE people (id)")

    with pytest.raises(ConfigurationError, match="holds no state of Jackfield"):
        Store.open(path)


def test_a_newer_state_is_refused(store: Store, store_url: str):
    with store._database.write() as connection:
        connection.exec_driver_sql("UPDATE meta SET version = 99")

    with pytest.raises(ConfigurationError, match=r"its format is 99, .* or a newer one"):
        Store.connect(store_url)


OPENS_AS_NOBODY = """
import os, sys
from pathlib import Path
from jackfield.engine import Store
Store.open(Path(sys.argv[1])).close()  # imports all it needs while it may
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
Store.open(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("place", ["file", "folder"])
def test_a_state_that_cannot_be_written_is_refused(place: str):
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        path = Path(folder) / "jackfield.db"
        Store.open(path).close()
        Path(folder).chmod(0o555 if place == "folder" else 0o777)
        path.chmod(0o666 if place == "folder" else 0o444)

        done = subprocess.run(
            [sys.executable, "-c", OPENS_AS_NOBODY, str(path)],
            capture_output=True,
            text=True,
            check=False,
        )

        Path(folder).chmod(0o700)
    assert "ConfigurationError" in done.stderr
    assert "the state cannot be written; give this user the right" in done.stderr


def test_a_network_file_system_is_refused(tmp_path: Path):
    mounts = tmp_path / "mounts"
    mounts.write_text(f"server:/ {tmp_path} nfs4 rw 0 0\n")

    with pytest.raises(ConfigurationError, match=r"nfs4, .* on a local disk, or use PostgreSQL"):
        check_place(tmp_path / "jackfield.db", mounts)

    check_place(tmp_path / "jackfield.db")
    check_place(tmp_path / "jackfield.db", tmp_path / "no mounts on this system")


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/state.db", "ext4"),
        ("/home/ada/state.db", "nfs4"),
        ("/homeless/state.db", "ext4"),
        ("/home/local/my disk/state.db", "xfs"),
    ],
)
def test_the_longest_mount_point_tells_the_file_system(path: str, kind: str):
    assert file_system_of(Path(path), MOUNTS) == kind


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://ada:secret@localhost/x", "mysql is not supported"),
        ("postgresql://ada:secret@127.0.0.1:9/x", r"ada:\*\*\*@127.0.0.1:9/x: .*refused"),
        ("postgresql://ada:secret@127.0.0.1:nine/x", "no URL of a database"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(url: str, told: str):
    pytest.importorskip("psycopg")

    with pytest.raises(ConfigurationError, match=told) as caught:
        Store.connect(url)

    assert "secret" not in str(caught.value)


def test_a_server_that_drops_the_connection_between_two_writes_is_found_again(server_url: str):
    store = Store.connect(server_url)
    with store._database.read() as connection:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
    other = sa.create_engine(sa.make_url(server_url).set(drivername="postgresql+psycopg"))
    with other.begin() as connection:
        connection.execute(sa.select(sa.func.pg_terminate_backend(number)))
    other.dispose()

    store.begin_cycle("example")

    assert len(store.cycles.latest("example")) == 1
    store.close()


def test_a_message_that_no_database_takes_does_not_keep_the_outcome_out(store: Store):
    cycle = store.begin_cycle("example")

    store.record([entry(cycle, reason="a\0b \ud800", request_id="\0")])

    (found,) = store.log(LogFilter())
    assert (found.reason, found.request_id) == ("a\ufffdb \ufffd", "\ufffd")


def test_the_files_beside_the_state_are_for_its_owner_alone(tmp_path: Path):
    store = Store.open(tmp_path / "jackfield.db")
    store.begin_cycle("example")

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    store.close()
    assert modes.keys() == {"jackfield.db", "jackfield.db-wal", "jackfield.db-shm"}
    assert set(modes.values()) == {0o600}
