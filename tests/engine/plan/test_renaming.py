"""A job that gets another name keeps its memory."""

import datetime as dt

import pytest
import sqlalchemy as sa

from jackfield import AlreadyRunning, ConfigurationError
from jackfield.engine import Store
from jackfield.engine.health.health import pause
from jackfield.engine.state.lease import take
from jackfield.engine.state.renaming import rename_job
from jackfield.engine.state.tables import cycles, entries, escrows, jobs, leases, links, metadata

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def value_for(column: sa.Column, number: int) -> object:
    """Return something that fits a column."""
    kinds = {bool: True, int: number, float: 1.0, dt.datetime: NOON}
    stored = getattr(column.type, "impl_instance", column.type)
    return kinds.get(stored.python_type, f"{column.name}-{number}")


def fill_every_table(store: Store, job: str, number: int = 1) -> None:
    """Write one row of a job into every table that knows jobs, whatever tables there are."""
    with store._database.write() as connection:
        for table in metadata.sorted_tables:
            if "job" not in table.columns or table is leases:
                continue
            row = {column.name: value_for(column, number) for column in table.columns}
            row |= {"job": job, "status": "active"} if "status" in row else {"job": job}
            if "cycle_id" in row:
                row["cycle_id"] = f"id-{number}"
            if table is jobs:
                row |= {"last_cycle": "", "last_success": ""}
            connection.execute(table.insert().values(**row))


def names(store: Store) -> dict[str, set[str]]:
    """Return the jobs that each table knows, but for the leases."""
    with store._database.read() as connection:
        return {
            table.name: {row[0] for row in connection.execute(sa.select(table.c.job))}
            for table in metadata.sorted_tables
            if "job" in table.columns and table is not leases
        }


def people(store: Store, table: sa.Table) -> list[str]:
    """Return whom a table has rows of under the new name."""
    query = sa.select(table.c.source_id).where(table.c.job == "new").order_by(table.c.source_id)
    with store._database.read() as connection:
        return list(connection.execute(query).scalars())


def rename(store: Store, old: str = "old", new: str = "new") -> int:
    return rename_job(store._database, old, new, by="ada")


def test_every_table_knows_the_new_name_alone(store: Store):
    fill_every_table(store, "old")

    assert rename(store) == 1

    assert set(map(frozenset, names(store).values())) == {frozenset({"new"})}
    assert store.jobs.get("new").watermark == ""
    with store._database.read() as connection:
        outcomes = set(connection.execute(sa.select(cycles.c.outcome)).scalars())
    assert outcomes == {"outcome-1", "renamed from old by ada"}


def test_other_jobs_keep_theirs(store: Store):
    fill_every_table(store, "old")
    fill_every_table(store, "another", 2)

    rename(store)

    assert set(map(frozenset, names(store).values())) == {frozenset({"new", "another"})}


def test_new_name_that_ran_in_vain_keeps_its_log_and_gets_the_rest(store: Store):
    fill_every_table(store, "old")
    fill_every_table(store, "new", 2)
    with store._database.write() as connection:
        connection.execute(links.delete().where(links.c.job == "new"))

    rename(store)

    assert people(store, links) == people(store, escrows) == ["source_id-1"]
    assert people(store, entries) == ["source_id-1", "source_id-2"]


def test_links_of_the_new_name_are_never_mixed_with_those_of_the_old(store: Store):
    fill_every_table(store, "old")
    fill_every_table(store, "new", 2)
    before = names(store)

    with pytest.raises(ConfigurationError, match="new: this job has 1 links of its own"):
        rename(store)

    assert names(store) == before


@pytest.mark.parametrize("running", ["old", "new"])
def test_nothing_is_renamed_while_either_job_runs(store: Store, running):
    fill_every_table(store, "old")

    with store.lease(running), pytest.raises(AlreadyRunning, match=running):
        rename(store)

    assert set(map(frozenset, names(store).values())) == {frozenset({"old"})}


def test_paused_run_of_the_old_name_can_write_nothing_more(store: Store):
    fill_every_table(store, "old")
    old = take(store._database, "old", seconds=0)

    rename(store)

    with pytest.raises(AlreadyRunning):
        store.under(old).begin_cycle("old")


@pytest.mark.parametrize("paused", ["old", "new"])
def test_job_that_a_person_paused_stays_paused(store: Store, paused):
    fill_every_table(store, "old")
    pause(store, paused, "ada", why="audit", now=NOON)

    rename(store)

    state = store.jobs.get("new")
    assert (state.status, state.quarantine and state.quarantine.error) == (
        "disabled",
        "paused by ada: audit",
    )


def test_unknown_old_name_is_an_error_that_tells_the_names_there_are(store: Store):
    fill_every_table(store, "odl")

    with pytest.raises(ConfigurationError, match="nothing is stored of this job; there is odl"):
        rename(store)
