"""A PostgreSQL for the tests: the one of TEST_PG_URL, else one of the system's own binaries."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from support.canaries import canary, find_canary

BINARIES = "/usr/lib/postgresql"


@contextmanager
def postgresql() -> Iterator[str]:
    """Yield the URL of a server; skip, saying why, where there is none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed: the extra `postgres`")
    if given := os.environ.get("TEST_PG_URL"):
        yield given
        return
    found = sorted(Path(BINARIES).glob("*/bin"), key=lambda path: int(path.parent.name))
    if not found:
        pytest.skip(f"no PostgreSQL: neither TEST_PG_URL nor {BINARIES}/*/bin")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        with server(found[-1], folder) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def server(binaries: Path, folder: Path) -> Iterator[str]:
    """Run a server on a unix socket in the folder; as the user postgres where we are root."""
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []}
    place, log = f"{folder}/data", folder.with_suffix(".log")

    def call(program: str, *arguments: str) -> None:
        command = [str(binaries / program), "-D", place, *arguments]
        with log.open("ab") as output:
            subprocess.run(command, check=True, cwd="/", stdout=output, stderr=output, **as_user)

    call("initdb", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale", "C")
    # fsync off: the machine will not fail during a test.
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -F"
    call("pg_ctl", "-w", "-l", f"{place}/log", "-o", options, "start")
    try:
        yield f"postgresql://postgres:{canary('database')}@/postgres?host={folder}"
    finally:
        call("pg_ctl", "-w", "-m", "immediate", "stop")
        log.unlink()


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Yield a URL whose tables are its own, gone afterwards; no row of them may hold a secret."""
    name = f"t{uuid4().hex}"
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema(name))
    own = sa.make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
    try:
        yield own.render_as_string(hide_password=False)
    finally:
        with engine.begin() as connection:
            found = secrets_in(connection, name)
            connection.execute(sa.schema.DropSchema(name, cascade=True))
        engine.dispose()
    assert not found, f"planted secrets stand in tables: {found}"


def secrets_in(connection: sa.Connection, name: str) -> list[str]:
    """Return what is planted and stands in a row of a schema's tables."""
    found = []
    for table in sa.inspect(connection).get_table_names(schema=name):
        rows = connection.exec_driver_sql(f'SELECT t::text FROM "{name}"."{table}" AS t')
        found += [f"{table}: {at}" for at in map(find_canary, rows.scalars()) if at]
    return found
