"""`jackfield pause`: a person keeps a job from running by the clock."""

import datetime as dt
import shlex

import click

from jackfield.cli.screen import show
from jackfield.cli.session import Session, login_name
from jackfield.engine.health.health import pause
from jackfield.engine.state.store import opened


@click.command("pause")
@click.argument("job")
@click.option("--why", metavar="TEXT", default="", help="The reason, for everybody who asks.")
@click.option("--as", "by", metavar="NAME", default="", help="Who pauses it; else the login name.")
@click.pass_context
def command(ctx: click.Context, job: str, *, why: str, by: str) -> None:
    """Let no schedule run a job until it is restarted.

    A cycle under way goes on to its end, and `run` by hand still works. Leavers keep their access
    as long as the job is paused.
    """
    session = Session.open(ctx.obj)
    session.jobs((job,))
    with opened(session.configuration.state) as store:
        pause(store, job, by or login_name(), why=why, now=dt.datetime.now(dt.UTC))
        said = store.jobs.get(job).quarantine
    show(f"{job}: {said.error if said else 'paused'}; leavers keep their access meanwhile")
    line = session.options.command_line("restart", job, "--quarantine")
    show(f"  To let it run again: {shlex.join(line)}")
