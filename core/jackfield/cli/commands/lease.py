"""`jackfield lease`: who holds which job, and how to throw a holder out."""

import datetime as dt
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import click

from jackfield.cli.screen import note, show, show_json, show_table
from jackfield.cli.session import Session
from jackfield.engine.state.database import WAIT_SECONDS
from jackfield.engine.state.facts import HeldLease, look_at_state
from jackfield.engine.state.lease import break_lease
from jackfield.engine.state.opening import open_database

SCHEMA = "jackfield.lease/1"


@click.command("lease")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--break", "broken", metavar="JOB", default="", help="Throw the holder of JOB out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, jobs: tuple[str, ...], *, broken: str, as_json: bool) -> None:
    """List who holds which job, or throw a holder out.

    A run holds its job until it ends; whoever is dead or silent is replaced by the next run without
    a word of yours. Break a lease where its holder surely runs no more, or must not: it can write
    nothing from then on, and the next run looks at what it left open.
    """
    session = Session.open(ctx.obj)
    state = session.configuration.state
    if broken and jobs:
        raise click.UsageError("--break names its job itself: give no other")
    held = _held(state)
    if broken:
        session.known(broken)
        held = [lease for lease in held if lease.job == broken]
        _break(state, broken)
    elif jobs:
        names = [session.known(name) for name in jobs]
        held = [lease for lease in held if lease.job in names]
    if as_json:
        leases = [asdict(lease) for lease in held]
        show_json({"schema": SCHEMA, "broken": bool(broken), "leases": leases})
    elif broken:
        _show_broken(broken, held)
    elif held:
        header = ("job", "holder", "since", "last heard of", "state")
        show_table(header, [_row(lease) for lease in held])
    else:
        note("no job is held")


def _held(state: Path | str) -> list[HeldLease]:
    if isinstance(state, Path) and not state.exists():
        return []
    return list(look_at_state(state).leases)


def _break(state: Path | str, job: str) -> None:
    if isinstance(state, Path) and not state.exists():
        return
    with closing(open_database(state, WAIT_SECONDS)) as database:
        break_lease(database, job)


def _show_broken(job: str, held: list[HeldLease]) -> None:
    if not held:
        note(f"{job}: nobody holds this job")
    for lease in held:
        show(
            f"{job}: {lease.holder} is thrown out ({_health(lease)}, since {_time(lease.taken_at)},"
            f" last heard of {_time(lease.heartbeat_at)}); it can write nothing more, and the next "
            "run looks at what it left open"
        )


def _row(lease: HeldLease) -> tuple[str, ...]:
    times = (_time(lease.taken_at), _time(lease.heartbeat_at))
    return (lease.job, lease.holder, *times, _health(lease))


def _health(lease: HeldLease) -> str:
    return "live" if lease.is_live else "ended without a word"


def _time(instant: dt.datetime) -> str:
    return f"{instant.astimezone():%Y-%m-%d %H:%M:%S %z}"
