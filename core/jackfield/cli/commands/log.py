"""`jackfield log`: what was decided and done."""

from pathlib import Path
from typing import get_args

import click

from jackfield.cli.screen import note, show, show_json, show_table
from jackfield.cli.session import Session
from jackfield.cli.steps import show_changes
from jackfield.engine import Entry
from jackfield.engine.log import LogFilter, Status
from jackfield.engine.store import opened

SCHEMA = "jackfield.log/1"


@click.command("log")
@click.argument("user", default="")
@click.option("--job", default="", help="Entries of this job alone.")
@click.option("--status", type=click.Choice(get_args(Status)), help="This status.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=100,
    show_default=True,
    help="At most so many, the newest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    ctx: click.Context, user: str, *, job: str, status: str | None, limit: int, as_json: bool
) -> None:
    """Show what was decided and done, the newest last.

    USER is a userName, a source id or a vendor's id; with it, each change is shown old → new.
    """
    state = Session.open(ctx.obj).configuration.state
    entries = _entries(state, LogFilter(user=user, job=job, status=status or "", limit=limit))
    if as_json:
        show_json({"schema": SCHEMA, "entries": [entry.to_json() for entry in entries]})
    elif not entries:
        note("no entry fits")
    elif user:
        for entry in entries:
            _show_entry(entry)
    else:
        header = ("time", "job", "action", "status", "user", "reason")
        show_table(header, [_row(entry) for entry in entries])


def _entries(state: Path | str, wanted: LogFilter) -> list[Entry]:
    if isinstance(state, Path) and not state.exists():
        note(f"nothing has run yet: there is no {state}")
        return []
    with opened(state) as store:
        return store.log(wanted)


def _row(entry: Entry) -> tuple[str, ...]:
    """Return the columns of an entry; its time is local, with the offset."""
    time = entry.at.astimezone().isoformat(" ", "seconds")
    return (time, entry.job, entry.action, entry.status, entry.user_name, entry.reason)


def _show_entry(entry: Entry) -> None:
    show("  ".join(_row(entry)))
    details = {
        "source": f"{entry.source_id} {entry.place}".strip(),
        "target": entry.target_id or "",
        "code": entry.code,
        "request id": entry.request_id,
    }
    told = [f"{name} {text}" for name, text in details.items() if text]
    show(f"    {', '.join(told)}")
    show_changes(entry.changes, is_new=entry.action == "create")
