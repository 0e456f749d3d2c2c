"""`jackfield new-connector`: a package to begin with, for authors of connectors."""

from pathlib import Path

import click

from jackfield.cli.screen import show
from jackfield.testing.new_connector import next_steps, write_connector


@click.command("new-connector")
@click.argument("name")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    metavar="DIR",
    help="Where to put it; here, where it is left out.",
)
def command(name: str, folder: Path) -> None:
    """Write a connector package to begin with.

    Its tests pass, about a vendor that does not exist; nothing is overwritten.
    """
    for line in next_steps(write_connector(name, folder)).splitlines():
        show(line)
