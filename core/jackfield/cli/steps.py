"""How plans, holds and results read on a screen."""

import shlex
from collections import Counter
from collections.abc import Iterable, Sequence

from jackfield.cli.app import Options
from jackfield.cli.screen import show
from jackfield.cli.text import value
from jackfield.engine import Hold, Plan, Step
from jackfield.engine.model.entry import Entry
from jackfield.engine.model.plan import REMOVALS, AttributeChange

MOST_IN_FULL = 5
"""Of how many new people a plan shows every attribute; of more, those of the first."""

SIGNS = {
    "delete": "x",
    "disable": "-",
    "create": "+",
    "enable": "^",
    "update": "~",
    "link": "=",
    "fail": "!",
}
COLOURS = {
    "delete": "red",
    "disable": "red",
    "create": "green",
    "enable": "green",
    "update": "yellow",
}

# Removals first; what was only skipped comes as one line for each reason.
ORDER = ("delete", "disable", "create", "enable", "update", "link", "fail")
WORDS = {
    "delete": "to delete",
    "disable": "to disable",
    "create": "to create",
    "enable": "to enable",
    "update": "to update",
    "link": "to link",
    "skip": "skipped",
    "fail": "that cannot be provisioned",
    "unchanged": "unchanged",
}
DONE = {
    "delete": "deleted",
    "disable": "disabled",
    "create": "created",
    "enable": "enabled",
    "update": "updated",
    "link": "linked",
}
STATUSES = {
    "warning": "done in part",
    "failure": "failed",
    "in_doubt": "in doubt",
    "held": "held",
    "skipped": "skipped",
}


def show_plan(plan: Plan, hold: Hold | None, options: Options) -> None:
    """Print a plan: removals, other changes, failures, then one line of numbers."""
    show(f"{plan.job}: {_source(plan)}, {plan.linked_count} linked")
    if plan.is_delta:
        show("  who is gone is told by the source; whoever it does not name is as before")
    elif not plan.is_complete:
        show("  the source was not read completely, so nobody leaves", colour="yellow")
    for action in ORDER:
        steps = [step for step in plan.steps if step.action == action]
        is_long = action == "create" and len(steps) > MOST_IN_FULL
        for number, step in enumerate(steps):
            _show_step(step, in_full=not is_long or number == 0)
        if is_long:
            show(f"    (the first as an example; --json has what all {len(steps)} would be given)")
    _show_skips(plan)
    if hold is not None:
        command = options.command_line("run", plan.job, "--approve", hold.approval)
        show_hold(plan.job, hold, command, listed=True)
    show(f"{plan.job}: {_plan_summary(plan)}")


def _source(plan: Plan) -> str:
    people = "1 person" if plan.source_count == 1 else f"{plan.source_count} people"
    if plan.is_delta:
        return f"{people} changed in the source since the last read"
    return f"{people} in the source"


def show_changes(changes: Iterable[AttributeChange], *, is_new: bool = False) -> None:
    """Print what changes in one person, an attribute a line; old values but for a new user."""
    for change in changes:
        old = "" if is_new else f"{value(change.old)} → "
        show(f"      {change.path}: {old}{value(change.new)}")


def show_hold(job: str, hold: Hold, command: Sequence[str], *, listed: bool = False) -> None:
    """Print who is held, why, and the command that lets exactly these people pass."""
    show(f"{job}: HELD: {hold.reason}", colour="red")
    if not listed:
        for step in hold.steps:
            show(f"  {SIGNS[step.action]} {_who(step)}: {step.reason}")
    show("  All of it stays as it is until a person approves. To let exactly these people pass:")
    show(f"  {shlex.join(command)}")


def held_steps(actions: Iterable[str]) -> str:
    """Return how many steps are held, and what they are called: removals, or changes among them."""
    named = tuple(actions)
    what = "removal" if REMOVALS.issuperset(named) else "change"
    return f"{len(named)} {what}" if len(named) == 1 else f"{len(named)} {what}s"


def show_interrupted(entries: Iterable[Entry]) -> None:
    """Print which writes an earlier run left without an outcome; this one looked at them first."""
    for entry in entries:
        show(
            f"  ? {entry.user_name}: an earlier run ended in the middle of its {entry.action}; "
            "the vendor was asked before anything else was done",
            colour="yellow",
        )


def show_result(job: str, entries: Sequence[Entry]) -> None:
    """Print everybody who needs a person's look, then one line of numbers."""
    for entry in entries:
        if entry.status in {"failure", "in_doubt", "warning"}:
            sign, colour = ("~", "yellow") if entry.status == "warning" else ("!", "red")
            tried = "provisioning" if entry.action == "fail" else entry.action
            where = f" ({entry.place})" if entry.place else ""
            what = f"{tried} {STATUSES[entry.status]}"
            show(f"  {sign} {entry.user_name}{where}: {what}: {entry.reason}", colour=colour)
    show(f"{job}: {_result_summary(entries)}")


def _show_step(step: Step, *, in_full: bool) -> None:
    show(
        f"  {SIGNS[step.action]} {step.action} {_who(step)}: {step.reason}",
        colour=COLOURS.get(step.action, "red" if step.action == "fail" else None),
    )
    if not in_full or step.is_removal:
        return
    show_changes(step.written, is_new=step.action == "create")


def _show_skips(plan: Plan) -> None:
    reasons = Counter(step.reason for step in plan.steps if step.action == "skip")
    for reason, count in reasons.most_common():
        show(f"  . skip {count}: {reason}")


def _who(step: Step) -> str:
    place = step.place or f"source id {step.source_id}"
    return f"{step.user_name} ({place})"


def _plan_summary(plan: Plan) -> str:
    counts = plan.counts()
    parts = [f"{counts[action]} {word}" for action, word in WORDS.items() if counts.get(action)]
    nobody = "nothing has changed" if plan.is_delta else "nobody in the source, and nobody linked"
    return ", ".join(parts) or nobody


def _result_summary(entries: Sequence[Entry]) -> str:
    done = Counter(entry.action for entry in entries if entry.status == "success")
    ended: Counter[str] = Counter(entry.status for entry in entries)
    parts = [f"{done[action]} {word}" for action, word in DONE.items() if done[action]]
    parts += [f"{ended[status]} {word}" for status, word in STATUSES.items() if ended[status]]
    return ", ".join(parts) or "nothing to do"
