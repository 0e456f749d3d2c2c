"""`jackfield plan`: what a run would do, without doing it."""

import datetime as dt
import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from jackfield.cli.exits import Exit, worst
from jackfield.cli.progress import reporting
from jackfield.cli.screen import note, show_json
from jackfield.cli.session import Session, error_document
from jackfield.cli.steps import show_plan
from jackfield.engine import Hold, Plan, preview_job
from jackfield.engine.configuration import Configuration
from jackfield.engine.model.plan import without_values
from jackfield.engine.state.store import Store
from jackfield.errors import ConfigurationError

SCHEMA = "jackfield.plan/1"
_FIRST_BYTES = 200


@click.command("plan")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where a run would change.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the JSON document to this file, too.",
)
@click.pass_context
def command(
    ctx: click.Context,
    jobs: tuple[str, ...],
    *,
    as_json: bool,
    detailed_exitcode: bool,
    out: Path | None,
) -> None:
    """Show what a run would do. Sends no write.

    Removals come first, then other changes, then people who cannot be provisioned.
    """
    session = Session.open(ctx.obj)
    if out is not None:
        _refuse_other_files(out)
    plans = _Plans(session, is_shown=not as_json)
    with session.looked_at() as store:
        code = session.each(session.jobs(jobs), lambda name: plans.add(name, store), plans.fail)
    if as_json:
        show_json(plans.document)
    if out is not None:
        plans.write(out)
    changes = plans.has_changes and detailed_exitcode
    ctx.exit(worst((code, Exit.CHANGES if changes else Exit.FINE)))


class _Plans:
    """The plans of one command, shown as they are made."""

    def __init__(self, session: Session, *, is_shown: bool) -> None:
        self._session = session
        self._is_shown = is_shown
        self._made_at = dt.datetime.now(dt.UTC)
        self.has_changes = False
        self.documents: list[dict[str, Any]] = []

    @property
    def document(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "madeAt": self._made_at.isoformat(),
            "configuration": digest_of(self._session.configuration),
            "jobs": self.documents,
        }

    def add(self, name: str, store: Store) -> Exit:
        with self._session.job(name, dry_run=True) as job:
            approval = store.holds.approval(name)
            with reporting("auto", name, job.connector) as report:
                preview = preview_job(job, store, approval=approval, report=report)
        plan, hold = without_values(preview.plan, job.mapper.redacted), preview.hold
        self.has_changes |= plan.has_changes
        self.documents.append(_document(plan, hold))
        if self._is_shown:
            show_plan(plan, hold, self._session.options)
        return Exit.FINE

    def fail(self, name: str, error: Exception) -> None:
        self.documents.append(error_document(name, error))

    def write(self, out: Path) -> None:
        """Write the document where any job could be planned."""
        if all("error" in each for each in self.documents):
            note(f"{out} is not written, for no job could be planned")
        else:
            _write(out, self.document)


def digest_of(configuration: Configuration) -> str:
    """Return what changes with every value of the configuration, and with no comment."""
    content = configuration.file.model_dump(mode="json")
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _document(plan: Plan, hold: Hold | None) -> dict[str, Any]:
    document = {key: given for key, given in plan.to_json().items() if key != "schema"}
    return document | {"hold": asdict(hold) if hold else None}


def _refuse_other_files(path: Path) -> None:
    """Raise ConfigurationError where something else than a plan would be overwritten."""
    try:
        with path.open("rb") as file:
            is_plan = SCHEMA.encode() in file.read(_FIRST_BYTES)
    except FileNotFoundError:
        return
    except OSError as error:
        raise ConfigurationError(
            f"{path}: cannot be written ({error.strerror}); name another file with --out"
        ) from None
    if not is_plan:
        raise ConfigurationError(
            f"{path}: this is no plan, and it is kept; name another file with --out"
        )


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write a whole file or none, for its owner's eyes: it holds people."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        partial.touch(mode=0o600, exist_ok=False)
        partial.write_text(json.dumps(document, indent=2, default=str) + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ConfigurationError(
            f"{path}: cannot be written ({error.strerror}); name another file with --out"
        ) from None
    note(f"the plan is in {path}")
