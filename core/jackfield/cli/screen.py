"""Prints: results on standard output, all else on standard error, nothing decorative in a pipe."""

import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from typing import Any

import click

from jackfield.cli.exits import sentence_of
from jackfield.cli.text import printable


def show(line: str = "", *, colour: str | None = None) -> None:
    """Print one line; whatever it holds of others is made printable here."""
    click.secho(printable(line), fg=colour)


def note(line: str, *, colour: str | None = None) -> None:
    """Print one line on standard error."""
    click.secho(printable(line), fg=colour, err=True)


def complain(error: BaseException, subject: str = "", *, debug: bool = False) -> None:
    """Print what went wrong in one line, after its traceback where that is wanted."""
    if debug:
        for line in "".join(traceback.format_exception(error)).splitlines():
            note(line)
    note(f"error: {sentence_of(error, subject)}", colour="red")


def show_json(document: dict[str, Any]) -> None:
    """Print one JSON document, in ASCII: exact, and harmless on a terminal."""
    click.echo(json.dumps(document, indent=2, default=str))


def show_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows in columns: a table on a terminal, aligned lines elsewhere."""
    cells = [[printable(cell) for cell in row] for row in rows]
    if sys.stdout is not None and sys.stdout.isatty():
        _show_rich_table(header, cells)
        return
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for row in (list(header), *cells):
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(padded).rstrip())


def _show_rich_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.box import SIMPLE  # noqa: PLC0415 - for terminals alone
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(*header, box=SIMPLE, pad_edge=False)
    for row in rows:
        # Text, never str: rich would read str as markup.
        table.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console(highlight=False).print(table)
