"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal, TypeAlias

from jackfield.cli.screen import note
from jackfield.cli.text import printable
from jackfield.engine.progress import Progress, Report, nobody

Kind: TypeAlias = Literal["auto", "bar", "plain", "none"]

PHASES = {"read": "reading the source", "plan": "planning", "apply": "applying"}
SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def reporting(kind: Kind, job: str) -> Iterator[Report]:
    """Give the function that shows how far one job is."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    if kind == "none":
        yield nobody
    elif kind == "bar" or (kind == "auto" and is_terminal):
        with _bar(job) as report:
            yield report
    else:
        yield lines(job)


def lines(job: str, seconds: float = SECONDS_BETWEEN_LINES) -> Report:
    """Return a report that prints one line at most every so many seconds."""
    last = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= seconds:
            last = now
            with suppress(OSError):  # a reader that went away is no reason to stop
                far = f"{progress.done} of {progress.total}{_counts(progress)}"
                note(f"{job}: {PHASES[progress.phase]}: {far}")

    return report


def _counts(progress: Progress) -> str:
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in progress.counts.items())
    return f" ({told})" if told else ""


class _Speed:
    """People a second in the phase that goes on."""

    def __init__(self) -> None:
        self._phase, self._began = "", 0.0

    def __call__(self, progress: Progress) -> str:
        now = time.monotonic()
        if progress.phase != self._phase:
            self._phase, self._began = progress.phase, now
        seconds = now - self._began
        return f"{progress.done / seconds:.1f}/s" if seconds > 1 else ""


@contextmanager
def _bar(job: str) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - for terminals alone
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415

    words = TextColumn("{task.description}", markup=False)
    subject = TextColumn("{task.fields[subject]}", markup=False)
    columns = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), subject)
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(job, total=None, subject="")
        speed = _Speed()

        def report(progress: Progress) -> None:
            bar.update(
                task,
                description=f"{job}: {PHASES[progress.phase]}",
                completed=progress.done,
                total=progress.total or None,
                subject=f"{speed(progress)}{_counts(progress)} {printable(progress.subject)}",
            )

        yield report
