"""`jackfield prune`: the log does not grow for ever."""

import datetime as dt
from pathlib import Path

import click

from jackfield.cli.commands.log import age
from jackfield.cli.screen import note, show, show_json
from jackfield.cli.session import Session
from jackfield.engine.state.store import opened

SCHEMA = "jackfield.prune/1"


@click.command("prune")
@click.option(
    "--older-than",
    "before",
    metavar="AGE",
    callback=age,
    help="Remove what is older: 30d, 4w, 12h. By default as [log] retention_days says.",
)
@click.option("--user", metavar="USER", default="", help="Remove what is about one person alone.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, *, before: dt.datetime | None, user: str, as_json: bool) -> None:
    """Remove old entries of the log, or those of one person.

    What is in doubt stays, however old it is. Links, failures that wait and held removals are no
    part of the log and stay, too. `run` and `serve` remove old entries after each cycle.

    USER is a userName, a source id or a vendor's id. Of one person everything is removed that the
    guard does not count any more: what is older than its window, a day by default. The link stays
    (`jackfield links`), and so do copies of the state.
    """
    configuration = Session.open(ctx.obj).configuration
    state = configuration.state
    now = dt.datetime.now(dt.UTC)
    newest = configuration.guard_counts_from(now)
    if user:
        before = before or newest
    before = before or configuration.log_ends_at(now)
    if before is None:
        raise click.UsageError("[log] retention_days is 0: say what to remove, with --older-than")
    before = min(before, newest)
    removed = 0
    if isinstance(state, Path) and not state.exists():
        note(f"nothing has run yet: there is no {state}")
    else:
        with opened(state) as store:
            removed = store.prune(before, user)
    if as_json:
        show_json({"schema": SCHEMA, "before": before.isoformat(), "removed": removed})
    else:
        whose = f" about {user}" if user else ""
        when = f"{before.astimezone():%Y-%m-%d %H:%M %z}"
        show(f"{removed} log entries{whose} removed, of before {when}")
