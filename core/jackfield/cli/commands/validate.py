"""`jackfield validate`: every flaw of the configuration, without asking a vendor."""

from dataclasses import asdict

import click

from jackfield.cli.app import Options
from jackfield.cli.exits import Exit
from jackfield.cli.screen import show, show_json
from jackfield.engine.configuration.inspection import Finding, Inspection, inspect_file
from jackfield.registry import Registry

SCHEMA = "jackfield.validate/1"
COLOURS = {"error": "red", "warning": "yellow"}


@click.command("validate")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, *, as_json: bool) -> None:
    """Check the configuration file, without asking a vendor.

    Every flaw is told with its place and a remedy: tables, sources and their files, connections,
    mappings, scope, expressions, guard. Exits with 1 where there are errors.
    """
    options: Options = ctx.obj
    found = inspect_file(options.config, Registry())
    if as_json:
        show_json(_document(found))
    else:
        _show(found)
    ctx.exit(Exit.ERROR if found.count("error") else Exit.FINE)


def _show(found: Inspection) -> None:
    for finding in found.findings:
        show(
            f"{finding.severity}: {_where(found, finding)}: {finding.message}",
            colour=COLOURS[finding.severity],
        )
    for source, count in found.people.items():
        show(f"sources.{source}: {count} people could be read")
    errors, warnings = found.count("error"), found.count("warning")
    show(f"{found.path}: {_number(errors, 'error')}, {_number(warnings, 'warning')}")


def _where(found: Inspection, finding: Finding) -> str:
    return f"{found.path}: {finding.place}" if finding.place else str(found.path)


def _number(count: int, word: str) -> str:
    return f"{count or 'no'} {word}" + ("" if count == 1 else "s")


def _document(found: Inspection) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "file": str(found.path),
        "errors": found.count("error"),
        "warnings": found.count("warning"),
        "findings": [asdict(finding) for finding in found.findings],
        "people": found.people,
    }
