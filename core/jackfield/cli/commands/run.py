"""`jackfield run`: one cycle of each job."""

import click

from jackfield.cli.progress import Kind
from jackfield.cli.results import Cycles
from jackfield.cli.screen import show_json
from jackfield.cli.session import Session

SCHEMA = "jackfield.run/1"


@click.command("run")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--approve", metavar="WORD", default="", help="Let the removals of this hold pass.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--progress",
    type=click.Choice(["auto", "bar", "plain", "none"]),
    default="auto",
    show_default=True,
    help="How to show progress on standard error.",
)
@click.pass_context
def command(
    ctx: click.Context, jobs: tuple[str, ...], *, approve: str, as_json: bool, progress: Kind
) -> None:
    """Provision people: create, update, enable, disable.

    Removals beyond the guard's limit are held: the output names exactly these people and the
    command that lets them pass.
    """
    session = Session.open(ctx.obj)
    cycles = Cycles(session, is_shown=not as_json, approval=approve, progress=progress)
    code = session.each(session.jobs(jobs), cycles.run, cycles.fail)
    if as_json:
        show_json({"schema": SCHEMA, "jobs": cycles.documents})
    ctx.exit(code)
