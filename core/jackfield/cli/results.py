"""One cycle of one job for a command: under the job's lease, shown, and as a JSON document."""

import datetime as dt
from dataclasses import asdict, dataclass, field
from typing import Any

from jackfield.cli.exits import Exit, exit_of, sentence_of, worst
from jackfield.cli.progress import Kind, reporting
from jackfield.cli.screen import complain, note, show
from jackfield.cli.session import Session, error_document
from jackfield.cli.steps import show_hold, show_interrupted, show_result
from jackfield.engine import CycleResult, How, Step, run_cycle
from jackfield.engine.model.job_state import JobState
from jackfield.engine.model.plan import NOT_DONE, PLAN_OUTDATED
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.store import Store, opened


@dataclass(slots=True)
class Cycles:
    """The cycles of one command, shown as they end; `documents` are what `--json` prints.

    `words` are those of the command that goes on after an approval; else it is `run` with the job.
    """

    session: Session
    is_shown: bool
    approval: str = ""
    progress: Kind = "auto"
    words: tuple[str, ...] = ()
    documents: list[dict[str, Any]] = field(default_factory=list)

    def run(self, name: str, how: How | None = None) -> Exit:
        """Run one cycle, holding the lease; a hold that was approved before passes."""
        with (
            self.session.job(name, dry_run=False) as job,
            opened(self.session.configuration.state) as store,
            reporting(self.progress, name, job.connector) as report,
        ):
            result = run_cycle(
                job, store, approval=self.approval, report=report, how=how, begun=self._warn
            )
            self._prune(store)
        self.documents.append(document_of(name, result))
        if self.is_shown:
            self._show(name, result)
        if result.stopped is not None:
            complain(result.stopped, name, debug=self.session.options.debug)
        return exit_of_result(result)

    def fail(self, name: str, error: Exception) -> None:
        self.documents.append(error_document(name, error))

    def _warn(self, state: JobState) -> None:
        """Say that the job does not run as usual; by hand it does all the same."""
        if self.is_shown and state.quarantine is not None:
            how = "disabled" if state.status == "disabled" else "in quarantine"
            note(
                f"{state.job}: {how}: {state.quarantine.error}; tried all the same", colour="yellow"
            )

    def _show(self, name: str, result: CycleResult) -> None:
        for text in result.notes:
            note(f"{name}: {text}", colour="yellow")
        if not result.knows_leavers:
            note(f"{name}: the source was read in part, so nobody is removed", colour="yellow")
        show_interrupted(result.interrupted)
        for step in _outdated(result):
            show(f"  . {step.user_name}: skipped: {step.reason}", colour="yellow")
        for entry in result.put_off:
            show(f"  . {entry.user_name}: put off: {entry.reason}", colour="yellow")
        show_result(name, result.entries)
        if result.doubt_count:
            note(f"{name}: {doubts_told(result.doubt_count)}", colour="yellow")
        if result.hold is not None:
            if self.approval:
                note(f"{name}: the approval {self.approval} is for other people than these")
            words = (*(self.words or ("run", name)), "--approve", result.hold.approval)
            show_hold(name, result.hold, self.session.options.command_line(*words))

    def _prune(self, store: Store) -> None:
        """Remove what the log need not keep any longer; that this fails undoes no cycle."""
        before = self.session.configuration.log_ends_at(dt.datetime.now(dt.UTC))
        try:
            if before is not None:
                store.prune(before)
        except StateUnavailable as error:
            note(f"old log entries stay: {sentence_of(error)}", colour="yellow")


def exit_of_result(result: CycleResult) -> Exit:
    """Return the exit code that a cycle leads to."""
    return worst(
        (
            Exit.SOME_FAILED if _is_short(result) else Exit.FINE,
            Exit.HELD if result.hold else Exit.FINE,
            exit_of(result.stopped) if result.stopped else Exit.FINE,
        )
    )


def document_of(name: str, result: CycleResult) -> dict[str, Any]:
    """Return a cycle as it stands in a JSON document."""
    document = error_document(name, result.stopped) if result.stopped else {"job": name}
    return document | {
        "cycle": result.cycle_id,
        "notes": list(result.notes),
        "sourceCount": result.plan.source_count,
        "sourceComplete": result.plan.is_complete,
        "sourceDelta": result.plan.is_delta,
        "leaversKnown": result.knows_leavers,
        "counts": result.counts,
        "hold": asdict(result.hold) if result.hold else None,
        "inDoubt": result.doubt_count,
        "outdated": [asdict(step) for step in _outdated(result)],
        "interrupted": [entry.to_json() for entry in result.interrupted],
        "entries": [entry.to_json() for entry in result.entries],
    }


def doubts_told(count: int) -> str:
    """Return what is to be known of creations in doubt."""
    what = "1 creation is" if count == 1 else f"{count} creations are"
    return f"{what} in doubt: each run looks for the accounts until enough was seen"


def _is_short(result: CycleResult) -> bool:
    """Say whether anybody failed, was put off, may have an account, or was not done as read."""
    return bool(result.failed or result.put_off or result.doubt_count) or _refused(result)


def _outdated(result: CycleResult) -> list[Step]:
    """Return what a saved plan said and was not done."""
    return [step for step in result.plan.steps if step.code in NOT_DONE]


def _refused(result: CycleResult) -> bool:
    """Say whether anything that a person had read and let happen was not done."""
    return any(step.code == PLAN_OUTDATED for step in result.plan.steps)
