"""`jackfield run`: one cycle of each job."""

import datetime as dt
from dataclasses import asdict
from typing import Any

import click

from jackfield.cli.exits import Exit, exit_of, sentence_of, worst
from jackfield.cli.progress import Kind, reporting
from jackfield.cli.screen import complain, note, show_json
from jackfield.cli.session import Session, error_document
from jackfield.cli.steps import show_hold, show_interrupted, show_result
from jackfield.engine import CycleResult, run_job
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.store import Store, opened

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
    runs = _Runs(session, approve, progress, is_shown=not as_json)
    code = session.each(session.jobs(jobs), runs.add, runs.fail)
    if as_json:
        show_json({"schema": SCHEMA, "jobs": runs.documents})
    ctx.exit(code)


class _Runs:
    """The cycles of one command, shown as they end."""

    def __init__(self, session: Session, approve: str, progress: Kind, *, is_shown: bool) -> None:
        self._session = session
        self._approve = approve
        self._progress = progress
        self._is_shown = is_shown
        self.documents: list[dict[str, Any]] = []

    def add(self, name: str) -> Exit:
        with (
            self._session.job(name, dry_run=False) as job,
            opened(self._session.configuration.state) as store,
            store.lease(name) as lease,
            reporting(self._progress, name) as report,
        ):
            approval = self._approve or store.holds.approval(name)
            result = run_job(job, store, approval=approval, report=report, token=lease.token)
            self._prune(store)
        self.documents.append(_document(name, result))
        if self._is_shown:
            self._show(name, result)
        if result.stopped is not None:
            complain(result.stopped, name, debug=self._session.options.debug)
        return _exit(result)

    def _prune(self, store: Store) -> None:
        """Remove what the log need not keep any longer; that this fails undoes no cycle."""
        before = self._session.configuration.log_ends_at(dt.datetime.now(dt.UTC))
        try:
            if before is not None:
                store.prune(before)
        except StateUnavailable as error:
            note(f"old log entries stay: {sentence_of(error)}", colour="yellow")

    def fail(self, name: str, error: Exception) -> None:
        self.documents.append(error_document(name, error))

    def _show(self, name: str, result: CycleResult) -> None:
        show_interrupted(result.interrupted)
        show_result(name, result.entries)
        if result.hold is not None:
            if self._approve:
                note(f"{name}: the approval {self._approve} is for other people than these")
            show_hold(name, result.hold, self._session.options)


def _exit(result: CycleResult) -> Exit:
    return worst(
        (
            Exit.SOME_FAILED if result.failed else Exit.FINE,
            Exit.HELD if result.hold else Exit.FINE,
            exit_of(result.stopped) if result.stopped else Exit.FINE,
        )
    )


def _document(name: str, result: CycleResult) -> dict[str, Any]:
    document = error_document(name, result.stopped) if result.stopped else {"job": name}
    return document | {
        "cycle": result.cycle_id,
        "counts": result.counts,
        "hold": asdict(result.hold) if result.hold else None,
        "interrupted": [entry.to_json() for entry in result.interrupted],
        "entries": [entry.to_json() for entry in result.entries],
    }
