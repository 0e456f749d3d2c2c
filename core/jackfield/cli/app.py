"""The command itself: global options, the list of commands, and how errors end."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from jackfield.cli.exits import Terminated, exit_of
from jackfield.cli.screen import complain, note

COMMANDS = {
    "init": "Write a configuration to begin with.",
    "validate": "Check the configuration file, without asking a vendor.",
    "doctor": "Look whether everything around the jobs is well.",
    "connectors": "List installed connectors, or show what one can do.",
    "authorize": "Let an administrator authorise a connection in the browser.",
    "test": "Try connections: credentials, and one look-up.",
    "plan": "Show what a run would do. Sends no write.",
    "run": "Provision people: create, update, enable, disable.",
    "apply": "Do what a plan file says, and nothing else.",
    "provision": "Provision one person now, by the rules of a whole cycle.",
    "hold": "List, approve or reject removals that the guard holds.",
    "pause": "Let no schedule run a job until it is restarted.",
    "restart": "Let a job begin anew: forget its watermark, failures and quarantine.",
    "serve": "Run every job at its interval, until it is stopped.",
    "status": "Show how each job is: health, last cycle, progress, failures, held removals.",
    "links": "List who is linked to which account, forget one link, rename a job, or bind it anew.",
    "lease": "List who holds which job, or throw a holder out.",
    "log": "Show what was decided and done, the newest last.",
    "prune": "Remove old entries of the log.",
    "schema": "Print the JSON schema of jackfield.toml, for editors.",
    "new-connector": "Write a connector package to begin with.",
}
"""Command → its line in `--help`, so that listing the commands imports none of them."""

DEFAULT_PATH = Path("jackfield.toml")

EPILOG = """\b
Exit codes: 0 fine, 1 error, 2 usage, 3 changes (plan --detailed-exitcode),
4 some users failed, 5 held by the guard, 6 authorisation needed,
7 another run holds the job, 130 interrupted, 143 terminated."""


@dataclass(frozen=True, slots=True)
class Options:
    """The global options."""

    config: Path
    debug: bool

    def command_line(self, *words: str) -> tuple[str, ...]:
        """Return the words of a further command on the same configuration."""
        named = () if self.config == DEFAULT_PATH else ("--config", str(self.config))
        return ("jackfield", *named, *words)


@contextmanager
def _ending_on_sigterm() -> Iterator[None]:
    """Let SIGTERM raise `Terminated` until the end of the block; in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> NoReturn:
        raise Terminated

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class LazyGroup(click.Group):
    """Commands that are imported when they are called, and errors that end in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module = cmd_name.replace("-", "_")
        command: click.Command = import_module(f"jackfield.cli.commands.{module}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            with _ending_on_sigterm():
                return super().invoke(ctx)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise  # click's own, and its way with a reader that went away
        except KeyboardInterrupt as error:
            note("interrupted; the next run looks at whatever was under way")
            sys.exit(exit_of(error))
        except Exception as error:  # noqa: BLE001 - the border of the program
            complain(error, debug=ctx.params["debug"])
            sys.exit(exit_of(error))


@click.group(cls=LazyGroup, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_PATH,
    envvar="JACKFIELD_CONFIG",
    show_default=True,
    show_envvar=True,
    help="The configuration file.",
)
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.version_option(package_name="jackfield")
@click.pass_context
def app(ctx: click.Context, config: Path, *, debug: bool) -> None:
    """Plug a company's directory into its communication vendors."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False
    ctx.obj = Options(config, debug)
