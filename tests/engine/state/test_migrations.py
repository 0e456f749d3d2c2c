"""Older states become new ones: whole, with a copy, however often it is killed."""

import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from support.states import make_version_1

from jackfield import ConfigurationError
from jackfield.engine import Store
from jackfield.engine.state import migrations
from jackfield.engine.state.migrating import VERSION_TABLE
from jackfield.engine.state.tables import SCHEMA_VERSION, metadata

KILLED_AT_EVERY_THIRD_STATEMENT = """
import json, os, random, shutil, signal, sys
import alembic.command, sqlalchemy as sa
from jackfield.engine import Store

url, template = sys.argv[1:]
count = 0

def kill_at(wanted):
    def look(*_):
        global count
        count += 1
        if count == wanted:
            os.kill(os.getpid(), signal.SIGKILL)
    sa.event.listen(sa.Engine, "before_cursor_execute", look)
    sa.event.listen(sa.Engine, "commit", look)

def attempt(wanted):
    child = os.fork()
    if child == 0:
        kill_at(wanted)
        Store.connect(url).close()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

def begin_anew():
    if template:
        file = sa.make_url(url).database
        for ending in ("", "-wal", "-shm"):
            if os.path.exists(file + ending):
                os.unlink(file + ending)
        shutil.copy(template, file)
        return
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        name = connection.exec_driver_sql("SELECT current_schemas(false)").scalar()[0]
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    engine.dispose()

def reopen():
    store = Store.connect(url)
    found = {"links": list(store.links("example")), "open": len(store.open_intents("example"))}
    store.jobs.set_watermark("example", "w")
    store.close()
    return found

kills, seen, last = 0, [], random.randrange(1, 4)
while True:
    begin_anew()
    code = attempt(last)
    seen.append(reopen())
    if code == 0:
        break
    assert code == -signal.SIGKILL, code
    kills += 1
    last += 3
print(json.dumps([kills, seen]))
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "jackfield.db"
    make_version_1(path)
    return path


def kill_again_and_again(url: str, template: str = "") -> tuple[int, list[dict[str, object]]]:
    done = subprocess.run(
        [sys.executable, "-c", KILLED_AT_EVERY_THIRD_STATEMENT, url, template],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    kills, seen = json.loads(done.stdout)
    return kills, seen


def test_the_migrations_lead_to_the_tables_as_they_are_written(store: Store):
    database = store._database
    # Alembic does not read SQLite's empty defaults back.
    options = {
        "version_table": VERSION_TABLE,
        "compare_server_default": not database.is_sqlite,
    }
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts=options)

        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_version_that_is_checked():
    folder = Path(migrations.__file__).parent

    assert ScriptDirectory(folder).get_current_head() == str(SCHEMA_VERSION)


def test_a_state_from_before_the_migrations_is_adopted(old: Path):
    store = Store.open(old)

    link = store.links("example")["id-1"]
    assert (link.user_name, link.linked_at) == ("ada@example.com", link.changed_at)
    assert [intent.change_id for intent in store.open_intents("example")] == ["i-1"]
    assert store.cycles.latest("example")[0].progress is None
    assert store.jobs.get("example").watermark == ""
    store.close()


def test_links_without_access_say_so_unless_a_write_is_open(old: Path):
    link = "('example', 'id-{0}', 'u-{0}', 'p{0}', 0, '', '{{}}', '2026-11-20 12:00:00.000000')"
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(f"INSERT INTO links VALUES {link.format(2)}, {link.format(3)}")
        connection.execute(
            "INSERT INTO intents SELECT 'i-3', cycle_id, job, at, 'enable', 'id-3', 'u-3', 'p3', ''"
            " FROM intents"
        )
    store = Store.open(old)

    told = {source_id: found.wanted for source_id, found in store.links("example").items()}
    assert told == {"id-1": "f", "id-2": "off", "id-3": ""}
    store.close()


def test_a_file_is_copied_before_it_is_migrated(old: Path):
    Store.open(old).close()

    copy = old.with_name("jackfield.db.version-1.backup")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT version FROM meta").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM links").fetchone() == (1,)


def test_a_state_of_today_is_neither_migrated_nor_copied(tmp_path: Path):
    Store.open(tmp_path / "jackfield.db").close()
    Store.open(tmp_path / "jackfield.db").close()

    assert [path.name for path in tmp_path.iterdir()] == ["jackfield.db"]


def test_a_damaged_file_is_not_migrated(old: Path):
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with old.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xff" * 4096)
    damaged = old.read_bytes()

    with pytest.raises(ConfigurationError, match=r"damaged .* restore it from a backup"):
        Store.open(old)

    assert old.read_bytes() == damaged


@pytest.fixture
def blocked(old: Path) -> Path:
    """A folder in the copy's place, so that no copy can be made."""
    place = old.with_name("jackfield.db.version-1.backup")
    place.mkdir()
    (place / "kept").touch()
    return old


def test_a_file_that_cannot_be_copied_is_left_as_it_is(blocked: Path):
    with pytest.raises(ConfigurationError, match="no copy of the state could be made"):
        Store.open(blocked)

    with closing(sqlite3.connect(blocked)) as connection:
        assert connection.execute("SELECT version FROM meta").fetchone() == (1,)


def test_a_migration_killed_at_any_statement_begins_anew(old: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/work.db"

    kills, seen = kill_again_and_again(url, str(old))

    assert kills > 6
    assert all(found == {"links": ["id-1"], "open": 1} for found in seen)


def test_the_first_opening_of_a_server_killed_at_any_statement_begins_anew(server_url: str):
    kills, seen = kill_again_and_again(server_url)

    assert kills > 8
    assert all(found == {"links": [], "open": 0} for found in seen)


KILLED_WHILE_MAKING = """
import os, signal, sys
import sqlalchemy as sa
from jackfield.engine import Store
sa.event.listen(sa.Engine, "commit", lambda _: os.kill(os.getpid(), signal.SIGKILL))
Store.connect(sys.argv[1])
"""


def test_a_new_file_is_there_complete_or_not_at_all(tmp_path: Path):
    path = tmp_path / "jackfield.db"

    subprocess.run([sys.executable, "-c", KILLED_WHILE_MAKING, str(path)], check=False)

    assert not path.exists()
    Store.open(path).close()


OPENS = "import sys; from jackfield.engine import Store; Store.connect(sys.argv[1]).close()"


def test_several_processes_may_be_the_first_to_open(store_url: str):
    command = [sys.executable, "-c", OPENS, store_url]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]

    errors = [process.communicate()[1] for process in processes]

    assert errors == [b""] * 4
    Store.connect(store_url).close()
