"""How plans, holds and results read on a screen."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence

from jackfield.cli.app import Options
from jackfield.cli.screen import show
from jackfield.cli.text import printable, value
from jackfield.engine import Hold, Plan, Step
from jackfield.engine.log import Entry
from jackfield.engine.plan import AttributeChange

SIGNS = {"disable": "-", "create": "+", "enable": "^", "update": "~", "link": "=", "fail": "!"}
COLOURS = {"disable": "red", "create": "green", "enable": "green", "update": "yellow"}

# Removals first; what was only skipped comes as one line for each reason.
_ORDER = ("disable", "create", "enable", "update", "link", "fail")
_WORDS = {
    "disable": "to disable",
    "create": "to create",
    "enable": "to enable",
    "update": "to update",
    "link": "to link",
    "skip": "skipped",
    "fail": "that cannot be provisioned",
    "unchanged": "unchanged",
}
_STATUSES = {
    "success": "done",
    "warning": "done in part",
    "failure": "failed",
    "in_doubt": "in doubt",
    "held": "held",
    "skipped": "skipped",
}


def show_plan(plan: Plan, hold: Hold | None, options: Options) -> None:
    """Print a plan: removals, other changes, failures, then one line of numbers."""
    show(f"{plan.job}: {plan.source_count} people in the source, {plan.linked_count} linked")
    if not plan.is_complete:
        show("  the source was not read completely, so nobody leaves", colour="yellow")
    for action in _ORDER:
        for step in (one for one in plan.steps if one.action == action):
            _show_step(step)
    _show_skips(plan)
    if hold is not None:
        show_hold(plan.job, hold, options, listed=True)
    show(f"{plan.job}: {_plan_summary(plan)}")


def show_changes(changes: Iterable[AttributeChange], *, is_new: bool = False) -> None:
    """Print what changes in one person, an attribute a line; old values but for a new user."""
    for change in changes:
        old = "" if is_new else f"{value(change.old)} → "
        show(f"      {change.path}: {old}{value(change.new)}")


def show_hold(job: str, hold: Hold, options: Options, *, listed: bool = False) -> None:
    """Print who is held, why, and the command that lets exactly these people pass."""
    show(f"{job}: HELD: {hold.reason}", colour="red")
    if not listed:
        for step in hold.steps:
            show(f"  {SIGNS[step.action]} {_who(step)}: {step.reason}")
    command = options.command_line("run", job, "--approve", hold.approval)
    show("  Their access stays until a person approves it. To let exactly these people pass:")
    show(f"  {shlex.join(command)}")


def show_result(job: str, entries: Sequence[Entry]) -> None:
    """Print everybody who needs a person's look, then one line of numbers."""
    for entry in entries:
        if entry.status in {"failure", "in_doubt", "warning"}:
            sign, colour = ("~", "yellow") if entry.status == "warning" else ("!", "red")
            state = _STATUSES[entry.status]
            where = f" ({entry.place})" if entry.place else ""
            line = f"  {sign} {entry.action} {entry.user_name}{where} {state}: {entry.reason}"
            show(line, colour=colour)
    show(f"{job}: {_result_summary(entries)}")


def _show_step(step: Step) -> None:
    show(
        f"  {SIGNS[step.action]} {step.action} {_who(step)}: {step.reason}",
        colour=COLOURS.get(step.action, "red" if step.action == "fail" else None),
    )
    if step.action == "create":
        new = (AttributeChange(path, None, given) for path, given in step.attributes.items())
        show_changes(new, is_new=True)
    elif not step.is_removal:
        show_changes(step.changes)


def _show_skips(plan: Plan) -> None:
    reasons = Counter(step.reason for step in plan.steps if step.action == "skip")
    for reason, count in reasons.most_common():
        show(f"  . skip {count}: {reason}")


def _who(step: Step) -> str:
    place = step.place or f"source id {step.source_id}"
    return f"{printable(step.user_name)} ({place})"


def _plan_summary(plan: Plan) -> str:
    counts = plan.counts()
    parts = [f"{counts[action]} {word}" for action, word in _WORDS.items() if counts.get(action)]
    return ", ".join(parts) or "nobody in the source, and nobody linked"


def _result_summary(entries: Sequence[Entry]) -> str:
    counts = Counter((entry.action, entry.status) for entry in entries)
    parts = [
        f"{counts[action, status]} {action} {state}"
        for status, state in _STATUSES.items()
        for action in (*_ORDER, "skip")
        if counts[action, status]
    ]
    return ", ".join(parts) or "nothing to do"
