"""`jackfield provision`: one person, now, with every step on the way."""

import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import click

from jackfield.cli.exits import Exit, sentence_of, worst
from jackfield.cli.results import exit_of_result
from jackfield.cli.screen import complain, note, show, show_json
from jackfield.cli.session import Session, error_document
from jackfield.cli.steps import STATUSES, show_changes
from jackfield.cli.text import value
from jackfield.engine import CycleResult, Entry, Hold, How, Job, Plan, Step, preview_job, run_job
from jackfield.engine.model.plan import AttributeChange
from jackfield.engine.plan.explanation import Explainer, Explanation
from jackfield.engine.state.lease import Lease
from jackfield.engine.state.store import Store, opened
from jackfield.errors import ProvisioningError

SCHEMA = "jackfield.provision/1"


@click.command("provision")
@click.argument("user")
@click.argument("job", default="")
@click.option("--explain", is_flag=True, help="Show every step on the way to the decision.")
@click.option("--dry-run", is_flag=True, help="Send no write.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(
    ctx: click.Context, user: str, job: str, *, explain: bool, dry_run: bool, as_json: bool
) -> None:
    """Provision one person now, by the rules of a whole cycle.

    USER is a userName, a mail address or a source id; without JOB, every job is gone through.
    Nobody is provisioned whom a cycle would leave alone, and no removal passes that is held.
    """
    session = Session.open(ctx.obj)
    view = _View(session, is_shown=not as_json, is_long=explain)
    demand = _Demand(session, user, view, is_dry=dry_run)
    code = session.each(session.jobs((job,) if job else ()), demand.add, view.fail)
    if as_json:
        show_json({"schema": SCHEMA, "user": user, "dryRun": dry_run, "jobs": view.documents})
    ctx.exit(code)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What becomes of a person; no step where there is nothing to do, no result in a dry run."""

    step: Step | None
    changes: tuple[AttributeChange, ...]
    hold: Hold | None = None
    result: CycleResult | None = None

    @property
    def entries(self) -> tuple[Entry, ...]:
        return self.result.entries if self.result else ()

    @property
    def code(self) -> Exit:
        fails = self.step is not None and self.step.action == "fail"
        return worst(
            (
                Exit.HELD if self.hold else Exit.FINE,
                Exit.SOME_FAILED if fails else Exit.FINE,
                exit_of_result(self.result) if self.result else Exit.FINE,
            )
        )


class _Demand:
    """One person asked for, job by job."""

    def __init__(self, session: Session, user: str, view: "_View", *, is_dry: bool) -> None:
        self._session = session
        self._user = user
        self._view = view
        self._is_dry = is_dry

    def add(self, name: str) -> Exit:
        with self._opened(name) as (job, store, lease):
            try:
                job.connector.authenticate()
            except ProvisioningError as error:
                self._view.refused(name, error)
                raise
            read = job.read_source(None)
            explainer = Explainer(job, store, read)
            explanation = explainer.explain(explainer.find(self._user))
            self._view.explain(name, explanation)
            outcome = self._provision(
                # The same people are decided on as were explained.
                replace(job, read_source=lambda _since: read),
                store,
                lease,
                explainer,
                explanation,
            )
        self._view.conclude(name, explanation, outcome)
        return outcome.code

    @contextmanager
    def _opened(self, name: str) -> Iterator[tuple[Job, Store, Lease | None]]:
        with (
            self._session.job(name, dry_run=self._is_dry) as job,
            opened(self._session.configuration.state) as store,
        ):
            if self._is_dry:
                yield job, store, None
                return
            with store.lease(name) as lease:
                yield job, store, lease

    def _provision(
        self,
        job: Job,
        store: Store,
        lease: Lease | None,
        explainer: Explainer,
        explanation: Explanation,
    ) -> _Outcome:
        how = How(only=frozenset({explanation.source_id}))
        approval = store.holds.approval(job.name)
        if self._is_dry:
            preview = preview_job(job, store, approval=approval, how=how)
            return _outcome(explainer, preview.plan, preview.hold)
        result = run_job(job, store, approval=approval, lease=lease, how=how)
        return replace(_outcome(explainer, result.plan, result.hold), result=result)


def _outcome(explainer: Explainer, plan: Plan, hold: Hold | None) -> _Outcome:
    step = next(iter(plan.steps), None)
    changes = explainer.changes_of(step) if step else ()
    return _Outcome(step=step, changes=changes, hold=hold)


@dataclass(slots=True)
class _View:
    """Shows the steps as they are known, and keeps them for `--json`."""

    session: Session
    is_shown: bool
    is_long: bool
    documents: list[dict[str, Any]] = field(default_factory=list)
    _refused: dict[str, str] = field(default_factory=dict)

    def refused(self, name: str, error: ProvisioningError) -> None:
        self._refused[name] = sentence_of(error)
        if self.is_shown and self.is_long:
            show(f"{name}:")
            show("  connection: failed, so everything stops here", colour="red")

    def fail(self, name: str, error: Exception) -> None:
        document = error_document(name, error)
        if name in self._refused:
            document["connection"] = {"works": False, "detail": self._refused[name]}
        self.documents.append(document)

    def explain(self, name: str, found: Explanation) -> None:
        if not self.is_shown or not self.is_long:
            return
        show(f"{name}:")
        where = found.place or "no longer there; the link is all that is known"
        show(f"  import: source id {found.source_id}, {where}")
        for attribute, text in found.attributes.items():
            show(f"      {attribute}: {value(text)}")
        show(f"  scope: {f'out: {found.why_out}' if found.why_out else 'in scope'}")
        for each in found.conditions:
            show(f"      {each.name}: {'passed' if each.passed else 'FAILED'}: {each.detail}")
        for warning in found.warnings:
            note(f"warning: {name}: {warning}", colour="yellow")
        linked = f"linked to the account {found.target_id}" if found.target_id else "not linked"
        show(f"  match: {linked}" + (f"; {found.not_asked}" if found.not_asked else ""))
        for look in found.looks:
            show(f"      asked for {look.asked}: found {look.found}")

    def conclude(self, name: str, found: Explanation, outcome: _Outcome) -> None:
        self.documents.append(_document(name, found, outcome))
        if self.is_shown:
            prefix = "  action" if self.is_long else name
            show(f"{prefix}: {_sentence(outcome)}")
            is_new = outcome.step is not None and outcome.step.action == "create"
            show_changes(outcome.changes, is_new=is_new and not self.is_long)
            for entry in outcome.entries:
                self._show_entry(name, entry)
            self._show_hold(name, outcome.hold)
        if outcome.result is not None and outcome.result.stopped is not None:
            complain(outcome.result.stopped, name, debug=self.session.options.debug)

    def _show_entry(self, name: str, entry: Entry) -> None:
        how = "done" if entry.status == "success" else STATUSES[entry.status]
        why = "" if entry.status == "success" else f": {entry.reason}"
        account = f", account {entry.target_id}" if entry.target_id else ""
        prefix = "  result" if self.is_long else name
        show(f"{prefix}: {entry.action} {how}{account}{why}")

    def _show_hold(self, name: str, hold: Hold | None) -> None:
        if hold is None:
            return
        command = shlex.join(self.session.options.command_line("run", name))
        show(f"  HELD: {hold.reason}", colour="red")
        show(
            "  Nobody loses one by one the access that the guard keeps for all. A whole cycle lists"
        )
        show(f"  these people, and the command that lets them pass: {command}")


def _sentence(outcome: _Outcome) -> str:
    step = outcome.step
    if step is None:
        return "none: there is no account that could lose access"
    if step.action == "unchanged":
        return f"none: {step.reason}"
    return f"{step.action}: {step.reason}"


def _document(name: str, found: Explanation, outcome: _Outcome) -> dict[str, Any]:
    step = outcome.step
    action: Mapping[str, Any] = {
        "action": step.action if step else "unchanged",
        "reason": _sentence(outcome),
        "code": step.code if step else "",
        "changes": [asdict(change) for change in outcome.changes],
        "hold": outcome.hold.reason if outcome.hold else "",
    }
    stopped = outcome.result.stopped if outcome.result else None
    document = error_document(name, stopped) if stopped else {"job": name}
    return document | {
        "sourceId": found.source_id,
        **found.to_json(),
        "action": action,
        "entries": [entry.to_json() for entry in outcome.entries],
    }
