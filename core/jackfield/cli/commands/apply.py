"""`jackfield apply`: exactly what a plan file says, where that is still so."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from jackfield.cli.commands.plan import SCHEMA, digest_of
from jackfield.cli.progress import Kind
from jackfield.cli.results import Cycles
from jackfield.cli.screen import show_json
from jackfield.cli.session import Session
from jackfield.engine import How, Plan
from jackfield.engine.configuration import Configuration
from jackfield.errors import ConfigurationError

APPLY_SCHEMA = "jackfield.apply/1"
LARGEST_FILE_BYTES = 1024 * 1024 * 1024

_CLOCKS_APART = dt.timedelta(minutes=5)
"""How far the clocks of two machines may differ."""


@click.command("apply")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--approve", metavar="WORD", default="", help="Let the removals of this hold pass.")
@click.option(
    "--max-age",
    "max_age_hours",
    type=click.FloatRange(min=0, min_open=True, max=24 * 28),
    default=24.0,
    show_default=True,
    metavar="HOURS",
    help="Refuse a plan that is older.",
)
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
    ctx: click.Context,
    file: Path,
    *,
    approve: str,
    max_age_hours: float,
    as_json: bool,
    progress: Kind,
) -> None:
    """Do what a plan file says, and nothing else.

    FILE is what `plan --out` wrote. Every step is compared with what would be planned now, and
    skipped where that is something else. Exit codes are those of `run`, 4 also where a step was
    skipped for that.
    """
    session = Session.open(ctx.obj)
    planned = PlanFile.read(file)
    planned.check(session.configuration, dt.timedelta(hours=max_age_hours))
    words = ("apply", str(file))
    cycles = Cycles(session, is_shown=not as_json, approval=approve, progress=progress, words=words)
    names = session.jobs(tuple(planned.jobs)) if planned.jobs else ()
    code = session.each(
        names, lambda name: cycles.run(name, How(planned=planned.plan(name))), cycles.fail
    )
    if as_json:
        show_json({"schema": APPLY_SCHEMA, "jobs": cycles.documents})
    ctx.exit(code)


@dataclass(frozen=True, slots=True)
class PlanFile:
    """What `plan --out` wrote: `jobs` has the document of each job, a plan or an error."""

    path: Path
    made_at: dt.datetime
    configuration: str
    jobs: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> "PlanFile":
        """Read a plan file.

        Raises: ConfigurationError where it cannot be read or is no plan of this format.
        """
        document = _parsed(path)
        schema = document.get("schema") if isinstance(document, dict) else None
        if schema != SCHEMA:
            raise ConfigurationError(
                f"{path}: this is no plan file of the format {SCHEMA}; make one with "
                f"`jackfield plan --out {path.name}`"
            )
        try:
            made_at = dt.datetime.fromisoformat(document["madeAt"])
            jobs = {str(job["job"]): job for job in document["jobs"]}
            if made_at.tzinfo is None or len(jobs) != len(document["jobs"]):
                raise ValueError
            return cls(path, made_at, str(document["configuration"]), jobs)
        except (KeyError, TypeError, ValueError):
            raise ConfigurationError(
                f"{path}: the plan is damaged, or an older Jackfield made it; make it anew"
            ) from None

    def check(self, configuration: Configuration, most: dt.timedelta) -> None:
        """Refuse a plan that is too old, or that another configuration led to.

        Raises: ConfigurationError.
        """
        age = dt.datetime.now(dt.UTC) - self.made_at
        made = self.made_at.astimezone().isoformat(" ", "minutes")
        if age > most:
            hours = most.total_seconds() / 3600
            raise ConfigurationError(
                f"{self.path}: the plan is of {made}, more than {hours:g} hours ago; make a new one"
            )
        if age < -_CLOCKS_APART:
            raise ConfigurationError(
                f"{self.path}: the plan is of {made}, which is still to come; set the clocks right"
            )
        if self.configuration != digest_of(configuration):
            raise ConfigurationError(
                f"{self.path}: the plan was made with another content of {configuration.path}; "
                "make a new one"
            )

    def plan(self, job: str) -> Plan:
        """Return the plan of one job.

        Raises: ConfigurationError where planning had failed, or the plan is damaged.
        """
        document = self.jobs[job]
        if "error" in document:
            raise ConfigurationError(f"{self.path}: this job could not be planned; make a new plan")
        try:
            return Plan.from_json(document)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.path}: {error}") from None


def _parsed(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ConfigurationError(f"{path}: is over 1 GiB, too large for a plan")
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise ConfigurationError(f"{path}: this is no JSON document; name a plan file") from None
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
