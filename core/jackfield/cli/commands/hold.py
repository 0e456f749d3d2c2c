"""`jackfield hold`: removals that wait for a person's word."""

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click

from jackfield.cli.exits import Exit
from jackfield.cli.results import Cycles
from jackfield.cli.screen import note, show, show_json
from jackfield.cli.session import Session, login_name
from jackfield.cli.steps import SIGNS, held_steps
from jackfield.engine.model.hold import StagedRemoval
from jackfield.engine.state.store import Store, opened
from jackfield.errors import ConfigurationError

SCHEMA = "jackfield.hold/1"

ADVICE = (
    "Their access stays. Find out why they would lose it, and repair that: bring them back into "
    "the source, assign them again, or change the scope of the job. The next cycle counts anew, "
    "and holds them again where the cause is still there."
)

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@click.group("hold")
def command() -> None:
    """List, approve or reject removals that the guard holds."""


@command.command("list")
@click.argument("jobs", nargs=-1, metavar="[JOB]...")
@_json
@click.pass_context
def list_holds(ctx: click.Context, jobs: tuple[str, ...], *, as_json: bool) -> None:
    """List who would lose access, why, and since when."""
    session = Session.open(ctx.obj)
    with session.looked_at() as store:
        held = {name: store.holds.all(name) for name in session.jobs(jobs)}
    if as_json:
        show_json({"schema": SCHEMA, "jobs": [_document(*each) for each in held.items()]})
        return
    if not any(held.values()):
        note("nothing is held")
    for name, removals in held.items():
        if removals:
            _show(name, removals, session)


@command.command("approve")
@click.argument("word")
@click.argument("job", default="")
@click.option("--as", "by", metavar="NAME", default="", help="Who approves; else the login name.")
@click.option("--run", "runs", is_flag=True, help="Run the job at once.")
@_json
@click.pass_context
def approve(ctx: click.Context, word: str, job: str, *, by: str, runs: bool, as_json: bool) -> None:
    """Let exactly the people pass whose list has this word.

    The next run takes their access away, unless the list has changed by then: then all are held
    again, under another word.
    """
    session = Session.open(ctx.obj)
    by = by or login_name()
    with opened(session.configuration.state) as store:
        name, removals = _held(session, store, word, job)
        approval = next((removal for removal in removals if removal.approved_at is not None), None)
        is_first = approval is None and store.holds.approve(name, word, by) > 0
        removals = store.holds.all(name)
        if not is_first:  # somebody was, perhaps just now
            approval = next(iter(removals), None)
    cycles = Cycles(session, is_shown=not as_json, approval=word)
    if not as_json:
        _show_approval(name, removals, approval, session, runs=runs)
    code = session.each((name,), cycles.run, cycles.fail) if runs else Exit.FINE
    if as_json:
        jobs = [_document(name, removals)]
        show_json({"schema": SCHEMA, "jobs": jobs, "runs": cycles.documents})
    ctx.exit(code)


@command.command("reject")
@click.argument("job", default="")
@_json
@click.pass_context
def reject(ctx: click.Context, job: str, *, as_json: bool) -> None:
    """Forget what is held, and an approval of it, and say what to repair."""
    session = Session.open(ctx.obj)
    names = session.jobs((job,) if job else ())
    with opened(session.configuration.state) as store:
        held = {name: removals for name in names if (removals := store.holds.all(name))}
        for name, removals in held.items():
            store.holds.clear(name, [removal.source_id for removal in removals])
            store.told.forget(name, "removals")
    if as_json:
        documents = [_document(*each) for each in held.items()]
        show_json({"schema": SCHEMA, "jobs": documents, "advice": ADVICE})
        return
    if not held:
        note("nothing is held")
    for name, removals in held.items():
        show(f"{name}: {_people(removals)} rejected")
        for line in _reasons(removals):
            show(f"  {line}")
    if held:
        show(ADVICE)


def _held(session: Session, store: Store, word: str, job: str) -> tuple[str, list[StagedRemoval]]:
    """Return the job whose list has this word, and the list.

    Raises: ConfigurationError where there is none: somebody read an older list.
    """
    for name in session.jobs((job,) if job else ()):
        removals = [each for each in store.holds.all(name) if each.approval == word]
        if removals:
            return name, removals
    listing = shlex.join(session.options.command_line("hold", "list"))
    raise ConfigurationError(
        f"no list of held people has the word {word}; it may have changed, so read it again: "
        f"{listing}"
    )


def _show(name: str, removals: list[StagedRemoval], session: Session) -> None:
    why = f": {removals[0].held_because}" if removals[0].held_because else ""
    show(f"{name}: {_people(removals)} held until a person approves{why}", colour="red")
    for removal in removals:
        since = removal.staged_at.astimezone().isoformat(" ", "minutes")
        who = f"{removal.user_name} (source id {removal.source_id})"
        sign = SIGNS.get(removal.action, "-")
        show(f"  {sign} {removal.action} {who}: {removal.reason}; since {since}")
    word = removals[0].approval
    if removals[0].approved_at is not None:
        show(f"  {_approved(removals[0])}; the next run does exactly this")
    else:
        show("  To let exactly these people pass:")
        show(f"  {shlex.join(session.options.command_line('hold', 'approve', word))}")
    show("  Where this is a mistake:")
    show(f"  {shlex.join(session.options.command_line('hold', 'reject', name))}")


def _show_approval(
    name: str,
    removals: list[StagedRemoval],
    earlier: StagedRemoval | None,
    session: Session,
    *,
    runs: bool,
) -> None:
    if earlier is not None:
        note(f"{name}: {_approved(earlier)} already; nothing more to approve")
    else:
        by = removals[0].approved_by if removals else ""
        show(f"{name}: {_people(removals)} approved by {by}")
    if not runs:
        line = shlex.join(session.options.command_line("run", name))
        show(f"  The next run does this to exactly these people: {line}")


def _approved(removal: StagedRemoval) -> str:
    at = removal.approved_at
    when = "" if at is None else f" at {at.astimezone().isoformat(' ', 'minutes')}"
    return f"approved by {removal.approved_by}{when}"


def _people(removals: list[StagedRemoval]) -> str:
    return held_steps(removal.action for removal in removals)


def _reasons(removals: list[StagedRemoval]) -> Iterator[str]:
    """Yield each cause with the number of people it concerns."""
    for reason, count in Counter(removal.reason for removal in removals).most_common():
        yield f"{count} of them: {reason}"


def _document(name: str, removals: list[StagedRemoval]) -> dict[str, Any]:
    return {
        "job": name,
        "approval": removals[0].approval if removals else "",
        "removals": [_removal(removal) for removal in removals],
    }


def _removal(removal: StagedRemoval) -> dict[str, Any]:
    instants = {"staged_at": removal.staged_at, "approved_at": removal.approved_at}
    return asdict(removal) | {
        name: None if instant is None else instant.isoformat() for name, instant in instants.items()
    }
