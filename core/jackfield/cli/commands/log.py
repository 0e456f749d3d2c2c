"""`jackfield log`: what was decided and done."""

import csv
import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, get_args

import click

from jackfield.cli.screen import note, show, show_json, show_table
from jackfield.cli.session import Session
from jackfield.cli.steps import show_changes
from jackfield.cli.text import printable
from jackfield.engine import Action, Entry
from jackfield.engine.model.entry import Status
from jackfield.engine.state.log_entries import LogQuery
from jackfield.engine.state.store import Store
from jackfield.errors import ConfigurationError

SCHEMA = "jackfield.log/1"
SHOWN = 100
PAGE_ENTRIES = 1000

FILES = {
    "entries.csv": (
        *("changeId", "cycleId", "jobId", "activityDateTime", "provisioningAction", "status"),
        *("errorCode", "reason", "sourceId", "sourcePlace", "targetId", "targetName"),
        *("vendorRequestId", "durationInMilliseconds"),
    ),
    "steps.csv": ("changeId", "name", "provisioningStepType", "status", "description"),
    "modifiedProperties.csv": ("changeId", "displayName", "oldValue", "newValue"),
}
"""The files of `--csv` and their columns, with Microsoft Graph's names."""

# A table's program would take such a cell for a formula. Source: OWASP, "CSV Injection".
_FORMULA = re.compile("[=+\\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - the wide forms count, too
_HARMFUL = re.compile(r"[^\t\r\n]+|(?<!^)\r(?!\n)")
"""Everything but tabs and line ends; a carriage return alone lets a terminal write over a line."""

_AGE = re.compile(r"([1-9]\d{0,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age(_ctx: click.Context, _param: click.Parameter, given: str | None) -> dt.datetime | None:
    """Return the instant so long ago as `90m`, `12h`, `30d` or `4w` says."""
    if given is None:
        return None
    if (found := _AGE.fullmatch(given)) is None:
        raise click.BadParameter(f"{given!r} is no age such as 90m, 12h, 30d or 4w")
    return dt.datetime.now(dt.UTC) - dt.timedelta(**{_UNITS[found[2]]: int(found[1])})


def instant(ctx: click.Context, param: click.Parameter, given: str | None) -> dt.datetime | None:
    """Return a date or time of ISO 8601, local where it names no zone; or what `age` returns."""
    if given is None or _AGE.fullmatch(given):
        return age(ctx, param, given)
    try:
        return dt.datetime.fromisoformat(given).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        said = f"{given!r} is neither 2026-11-20, 2026-11-20T08:00 nor 7d"
        raise click.BadParameter(said) from None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries to read; `action` is compared here, for the store cannot."""

    query: LogQuery
    action: str
    limit: int | None

    def entries(self, store: Store) -> Iterator[Entry]:
        """Yield the entries that fit, the newest first."""
        return islice(self._all(store), self.limit)

    def _all(self, store: Store) -> Iterator[Entry]:
        query = self.query
        while True:
            page = store.log_page(query)
            yield from (e for e in page.entries if self.action in {"", e.action})
            if not page.next:
                return
            query = replace(query, before=page.next)


@click.command("log")
@click.argument("user", default="")
@click.option("--job", default="", help="Entries of this job alone.")
@click.option("--cycle", default="", metavar="ID", help="Entries of this cycle alone.")
@click.option("--status", type=click.Choice(get_args(Status)), help="This status.")
@click.option("--action", type=click.Choice([*get_args(Action), "unlink"]), help="This action.")
@click.option(
    "--since",
    metavar="TIME",
    callback=instant,
    help="From then on: 2026-11-20, 2026-11-20T08:00, 7d.",
)
@click.option("--until", metavar="TIME", callback=instant, help="Before then.")
@click.option("--steps", "with_steps", is_flag=True, help="Show the provisioning steps, too.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    help=f"At most so many, the newest. By default {SHOWN}, and all with --csv.",
)
@click.option(
    "--csv",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write three files into this folder, joined by changeId.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    limit: int | None,
    folder: Path | None,
    as_json: bool,
    with_steps: bool,
    **given: Any,
) -> None:
    """Show what was decided and done, the newest last.

    USER is a userName, a source id, a vendor's id, or the changeId of one entry; with it, each
    change is shown old → new.

    In the files of --csv the newest comes first, a cell that a table's program would take for a
    formula begins with an apostrophe, and control characters are escapes; --json is exact.
    """
    if folder is not None and as_json:
        raise click.UsageError("--csv writes files and --json prints: give one of them")
    session = Session.open(ctx.obj)
    state = session.configuration.state
    wanted = _wanted(limit if folder else limit or SHOWN, **given)
    if isinstance(state, Path) and not state.exists():
        note(f"nothing has run yet: there is no {state}")
        entries: list[Entry] = []
    else:
        with session.looked_at() as store:
            if folder is not None:
                _export(wanted.entries(store), folder)
                return
            entries = list(wanted.entries(store))[::-1]
    if as_json:
        show_json({"schema": SCHEMA, "entries": [entry.to_json() for entry in entries]})
    else:
        _show(entries, in_full=bool(given["user"]), with_steps=with_steps)


def _wanted(
    limit: int | None, *, action: str | None, cycle: str, status: str | None, **given: Any
) -> Wanted:
    action = action or ""
    size = PAGE_ENTRIES if action or limit is None else min(limit, PAGE_ENTRIES)
    query = LogQuery(cycle_id=cycle, status=status or "", limit=size, **given)
    return Wanted(query, action, limit)


def _show(entries: Sequence[Entry], *, in_full: bool, with_steps: bool) -> None:
    if not entries:
        note("no entry fits")
    elif in_full or with_steps:
        for entry in entries:
            _show_entry(entry)
            if with_steps:
                _show_steps(entry)
    else:
        header = ("time", "job", "action", "status", "user", "reason")
        show_table(header, [_row(entry) for entry in entries])


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


def _show_steps(entry: Entry) -> None:
    for step in entry.steps:
        show(f"    {step.type}: {step.status}, {step.description}")
    if not entry.steps:
        show("    no steps: an earlier version wrote this entry, or nobody was provisioned")


def _export(entries: Iterator[Entry], folder: Path) -> None:
    """Write whole files or none, for their owner's eyes: they hold people."""
    partial = {name: folder / f".{name}.{os.getpid()}" for name in FILES}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        count = _write_all(entries, partial)
        for name, path in partial.items():
            path.replace(folder / name)
    except OSError as error:
        raise ConfigurationError(
            f"{folder}: the files cannot be written ({error.strerror}); name another folder"
        ) from None
    finally:
        for path in partial.values():
            path.unlink(missing_ok=True)
    note(f"{count} entries are in {folder}: {', '.join(FILES)}")


def _write_all(entries: Iterator[Entry], paths: Mapping[str, Path]) -> int:
    count = 0
    with ExitStack() as stack:
        rows, steps, changes = (_writer(stack, paths[name], FILES[name]) for name in FILES)
        for entry in entries:
            count += 1
            rows.writerow(map(cell, _entry_row(entry)))
            for step in entry.steps:
                told = (entry.change_id, step.name, step.type, step.status, step.description)
                steps.writerow(map(cell, told))
            for change in entry.changes:
                row = (entry.change_id, change.path, change.old, change.new)
                changes.writerow(map(cell, row))
    return count


def _writer(stack: ExitStack, path: Path, columns: Sequence[str]) -> Any:
    path.touch(mode=0o600, exist_ok=False)
    # With the mark in front, table programs read names of every script.
    opened_file = path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="")
    writer = csv.writer(stack.enter_context(opened_file), quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    return writer


def _entry_row(entry: Entry) -> tuple[object, ...]:
    return (
        *(entry.change_id, entry.cycle_id, entry.job, entry.at.isoformat(), entry.action),
        *(entry.status, entry.code, entry.reason, entry.source_id, entry.place),
        *(entry.target_id, entry.user_name, entry.request_id),
        round(entry.duration_seconds * 1000),
    )


def cell(given: object) -> str:
    """Return a value as a cell that is text alone, to a table's program and to a terminal.

    What would begin a formula comes behind an apostrophe; control and format characters are visible
    as escapes, but for tabs and line ends.
    """
    if given is None:
        return ""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False, default=str)
    text = _HARMFUL.sub(lambda found: printable(found[0]), text)
    return f"'{text}" if _FORMULA.match(text) else text
