"""`jackfield init`: a configuration to begin with, commented, without a secret."""

import json
import os
import re
import shlex
import sys
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ValidationError

from jackfield.cli.app import Options
from jackfield.cli.commands.schema import configuration_schema
from jackfield.cli.draft import Draft, fits, quoted, toml_lines, ways_to_sign_in
from jackfield.cli.screen import note, show, show_json
from jackfield.engine.configuration.file import ConfigurationFile
from jackfield.engine.configuration.sources import load_source
from jackfield.engine.problems import nearest
from jackfield.errors import ConfigurationError
from jackfield.registry import Registry
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.csv_file import CsvFile

SCHEMA = "jackfield.init/1"
SCHEMA_FILE = "jackfield.schema.json"
SOURCES = ("csv", "entra", "scim")

_EXCEL_ENCODING = "windows-1252"
_WRONG_IN_NAME = re.compile(r"[^a-z0-9-]+")


@click.command("init")
@click.option(
    "--source", type=click.Choice(SOURCES), help="Where people come from; csv by default."
)
@click.option("--connector", metavar="NAME", help="The vendor; see `jackfield connectors`.")
@click.option("--file", "people", metavar="PATH", help="The CSV file, for --source csv.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="PLACE.NAME=VALUE",
    help="A setting of `source` or `connection`, never a secret: connection.base_url=https://…",
)
@click.option(
    "--use",
    metavar="NAME,…",
    help="The settings that the connection signs in with; the fewest by default.",
)
@click.option("--ask/--no-ask", default=None, help="Ask for what is missing; on a terminal only.")
@click.option("--schema", "has_schema", is_flag=True, help=f"Write {SCHEMA_FILE}, too.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    ask: bool | None,
    has_schema: bool,
    as_json: bool,
    settings: tuple[str, ...],
    **named: str | None,
) -> None:
    """Write a configuration to begin with.

    Nothing is overwritten, and no secret is asked for: the file names environment variables, for
    you to set. The next commands are shown in the end.
    """
    options: Options = ctx.obj
    _refuse_existing(options.config)
    if ask is None:
        ask = sys.stdin is not None and sys.stdin.isatty()
    tables = _tables(options, named, settings, is_asking=ask)
    text = _text(tables, has_schema=has_schema)
    # A connector's name, or a text of somebody, must not make a file that does not load.
    ConfigurationFile.model_validate(tomllib.loads(text))
    _write(options.config, text)
    schema = options.config.with_name(SCHEMA_FILE)
    if has_schema and not schema.exists():
        _write(schema, json.dumps(configuration_schema()[0], indent=2) + "\n")
    variables = [table.variable(name) for table in tables for name in table.referenced()]
    commands = [list(options.command_line(word)) for word in ("validate", "test", "plan", "run")]
    if as_json:
        document = {"file": str(options.config), "variables": variables, "next": commands}
        show_json({"schema": SCHEMA, **document})
        return
    show(f"{options.config} is written")
    if variables:
        show(
            f"Set in the environment, or name another place with file: or keyring: "
            f"{', '.join(variables)}"
        )
    show("Next:")
    explained = ("look for flaws", "try the credentials", "see what would happen", "do it")
    for words, why in zip(commands, explained, strict=True):
        show(f"  {shlex.join(words)}  # {why}")


def _refuse_existing(path: Path) -> None:
    if path.exists() or path.is_symlink():
        raise ConfigurationError(
            f"{path}: there is one already, and it is kept; name another file with --config"
        )


def _tables(
    options: Options,
    named: Mapping[str, str | None],
    settings: Iterable[str],
    *,
    is_asking: bool,
) -> tuple[Draft, Draft]:
    registry = Registry()
    kind = named["source"] or _chosen("Where do people come from?", SOURCES, is_asking=is_asking)
    installed = [listing.name for listing in registry.connectors() if not listing.problem]
    connector = named["connector"]
    if connector is None:
        if not is_asking and len(installed) != 1:
            raise click.UsageError(f"name the vendor with --connector: {', '.join(installed)}")
        connector = _chosen("Which vendor?", installed, is_asking=is_asking)
    source = Draft("source", "sources.people", ("type", kind), load_source(kind).settings)
    name = _WRONG_IN_NAME.sub("-", connector.lower()).strip("-")
    model: type[BaseModel] = registry.load(connector).settings
    connection = Draft("connection", f"connections.{name}", ("connector", connector), model)
    for text in settings:
        _set(text, (source, connection))
    if kind == "csv":
        people = named["people"] or source.given.get("path")
        people = people or _asked("CSV file of the people", "people.csv", is_asking=is_asking)
        source.given["path"] = _beside(options.config, people)
        if "encoding" not in source.given and (encoding := _encoding(Path(people))):
            source.given["encoding"] = encoding
            note(f"{people} is not UTF-8 but, it seems, {encoding}: look at the names in the plan")
        _look_at(Path(people), source.given)
    elif named["people"]:
        raise click.UsageError("--file is for --source csv")
    for table, use in ((source, None), (connection, named["use"])):
        _complete(table, use, is_asking=is_asking)
    return source, connection


def _encoding(people: Path) -> str:
    """Return how a CSV file is encoded where that is not UTF-8; empty where it is unclear."""
    for encoding in ("utf-8-sig", _EXCEL_ENCODING):
        with suppress(ConfigurationError):
            CsvFile.open(people, encoding)
            return encoding if encoding == _EXCEL_ENCODING else ""
    return ""


def _look_at(people: Path, given: Mapping[str, str]) -> None:
    """Say at once what keeps the people's file from being read; it may be put right later."""
    settings: dict[str, Any] = {n: given[n] for n in ("encoding", "delimiter") if n in given}
    with suppress(ValidationError):  # `--set` gave it, and its flaw is told by others
        try:
            CsvSource().read(CsvSettings(path=people.name, **settings), people.parent)
        except ConfigurationError as error:
            note(f"to be put right first: {error}", colour="yellow")


def _set(text: str, tables: tuple[Draft, ...]) -> None:
    """Take one `--set`; its value is in no message, for it may be what it must not be."""
    where, equals, value = text.partition("=")
    place, _, name = where.partition(".")
    table = next((table for table in tables if table.place == place), None)
    if table is None or not name or not equals:
        raise click.UsageError("--set takes source.NAME=VALUE or connection.NAME=VALUE")
    if name not in table.model.model_fields:
        hint = nearest(name, table.model.model_fields)
        raise click.UsageError(f"--set: the {place} has no setting {name}; {hint}")
    if name in table.secret:
        raise click.UsageError(
            f"--set: {where} is a secret, which no command line takes; set the environment "
            f"variable {table.variable(name)} instead"
        )
    table.given[name] = value


def _complete(table: Draft, use: str | None, *, is_asking: bool) -> None:
    """Settle how the table signs in, and ask for what is missing and no secret."""
    ways = ways_to_sign_in(table)
    if use is not None:
        table.used = tuple(filter(None, map(str.strip, use.split(","))))
        for name in table.used:
            if name not in table.model.model_fields:
                hint = nearest(name, table.model.model_fields)
                raise click.UsageError(f"--use: there is no setting {name}; {hint}")
        if not fits(table, table.used):
            told = "; ".join(", ".join(way) for way in ways)
            raise click.UsageError(f"--use: these do not fit together; possible are {told}")
    elif len(ways) > 1 and is_asking:
        words = [",".join(way) for way in ways]
        chosen = _chosen(f"How does the {table.place} sign in?", words, is_asking=True)
        table.used = ways[words.index(chosen)]
    elif ways:
        table.used = ways[0]
    if is_asking:
        for name in list(table.referenced()):
            if name not in table.secret:
                table.given[name] = _asked(f"{table.place}: {name}", "", is_asking=True)


def _chosen(question: str, choices: Iterable[str], *, is_asking: bool) -> str:
    names = list(choices)
    if not names:
        raise ConfigurationError("no connector is installed; try: pip install jackfield-webex")
    if not is_asking or len(names) == 1:
        return names[0]
    answer: str = click.prompt(question, type=click.Choice(names), default=names[0], err=True)
    return answer


def _asked(question: str, default: str, *, is_asking: bool) -> str:
    if not is_asking:
        return default
    answer: str = click.prompt(question, default=default or None, err=True)
    return answer


def _beside(config: Path, people: str) -> str:
    """Return a path as the configuration file needs it: relative to its own folder."""
    path = Path(people)
    if path.is_absolute() or config.parent == Path():
        return people
    try:
        return Path(os.path.relpath(path, config.parent)).as_posix()
    except ValueError:  # on another drive
        return str(path.absolute())


_REST = """
[jobs.{job}]
source = "people"
connection = {connection}
# `jackfield serve` runs the job so often:
# interval_minutes = 40
# User names, or the vendor's ids, that are never disabled or deleted:
# protected = []
# What becomes of the account for each way to leave: keep, disable or delete.
# leavers = {{ unassigned = "disable", disabled = "disable", deleted = "disable" }}
# Of somebody whose account was deleted at the vendor: rematch (by name, else create), recreate
# (never link to another account), or fail (until you decide).
# on_missing_target = "rematch"

# Beyond people and percent together, or at_most alone, in one cycle or within the window,
# removals wait for your word.
[jobs.{job}.guard]
people = 3
percent = 10.0
at_most = 200
window_hours = 24

# So many failures at least, and such a share of all, put the job into quarantine: rarer attempts.
# [jobs.{job}.quarantine]
# failures = 50
# percent = 40.0

# Each line replaces the default of its target. The defaults are shown by
# jackfield connectors {connector}
# [[jobs.{job}.mappings]]
# target = "title"
# source = "jobTitle"

# Who is told when a job fails as a whole, or removals wait.
# [notifications.mail]
# host = "smtp.example.com"
# user = "jackfield"
# password = "env:SMTP_PASSWORD"
# sender = "jackfield@example.com"
# recipients = ["it@example.com"]

# What the provisioning log keeps of values (full, hashed or names), and for how long.
# [log]
# values = "full"
# retention_days = 30
"""


def _text(tables: tuple[Draft, Draft], *, has_schema: bool) -> str:
    job = tables[1].header.rpartition(".")[2]
    lines = [f"#:schema ./{SCHEMA_FILE}"] if has_schema else []
    lines += [
        "# Who gets an account where. Secrets stand elsewhere and are named here: env:NAME,",
        "# file:/run/secrets/name or keyring:service/user.",
        "schema_version = 1",
        "",
        "# What Jackfield remembers: links, log, progress. A file, or postgresql://…",
        '# state = "jackfield.db"',
    ]
    for table in tables:
        lines += ["", *toml_lines(table)]
    rest = _REST.format(job=job, connection=quoted(job), connector=tables[1].kind[1])
    return "\n".join([*lines, rest])


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError:
        _refuse_existing(path)
    except (OSError, UnicodeEncodeError) as error:
        why = getattr(error, "strerror", None) or "a name holds what no text can"
        note(f"{path}: not written")
        raise ConfigurationError(
            f"{path}: cannot be written ({why}); name another file with --config"
        ) from None
