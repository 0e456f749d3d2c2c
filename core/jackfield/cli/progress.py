"""Progress on standard error: a bar on a terminal, a line now and then elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal, TypeAlias

from jackfield.capabilities import Rate
from jackfield.cli.screen import note
from jackfield.cli.text import printable
from jackfield.connector import Connector
from jackfield.engine.progress import Progress, Report, nobody

Kind: TypeAlias = Literal["auto", "bar", "plain", "none"]

PHASES = {"read": "reading the source", "plan": "planning", "apply": "applying"}
SECONDS_BETWEEN_LINES = 10.0
_NOTICED_SECONDS = 1.0


@contextmanager
def reporting(kind: Kind, job: str, connector: Connector) -> Iterator[Report]:
    """Give the function that shows how far one job is; waits for the vendor are shown as well."""
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    pace = Pace(limit_of_writes(connector.rates))
    if kind == "none":
        yield nobody
    elif kind == "bar" or (kind == "auto" and is_terminal):
        with _bar(job, pace) as report, connector.waits_heard_by(pace.wait):
            yield report
    else:
        with connector.waits_heard_by(partial(_tell_wait, job, pace)):
            yield lines(job, pace)


def limit_of_writes(rates: tuple[Rate, ...]) -> str:
    """Return the limit that a run of writes meets first, in words; empty where there is none."""
    bounding = [rate for rate in rates if rate.requests and "write" in rate.covers]
    if not bounding:
        return ""
    first = min(bounding, key=lambda rate: (rate.per_seconds, rate.requests))
    every = "1" if first.per_seconds == 1 else f"{first.per_seconds:g}"
    return f"the vendor takes {first.requests} requests in {every} s"


class Pace:
    """How fast a phase goes beside what the vendor allows, what it waits for, how long it takes."""

    def __init__(self, limit: str = "", monotonic: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._monotonic = monotonic
        self._phase, self._began, self._waits_until = "", 0.0, 0.0

    def wait(self, seconds: float) -> None:
        """Note that a request waits; any thread may say so."""
        self._waits_until = max(self._waits_until, self._monotonic() + seconds)

    def speed(self, progress: Progress) -> str:
        """Return people a second, and while they are written to also the vendor's limit."""
        seconds = self._seconds(progress)
        if seconds <= 1 or not progress.done:
            return ""
        limit = f" ({self._limit})" if self._limit and progress.phase == "apply" else ""
        return f"{progress.done / seconds:.1f}/s{limit}"

    def waiting(self) -> str:
        """Return how long the vendor still makes us wait; empty where nobody would notice."""
        left = self._waits_until - self._monotonic()
        return f"waiting {_length(left)} for the vendor" if left >= _NOTICED_SECONDS else ""

    def estimate(self, progress: Progress) -> str:
        """Return how long the phase still takes at the speed so far."""
        seconds = self._seconds(progress)
        if seconds <= 1 or not 0 < progress.done < progress.total:
            return ""
        return f"about {_length(seconds / progress.done * (progress.total - progress.done))} left"

    def _seconds(self, progress: Progress) -> float:
        now = self._monotonic()
        if progress.phase != self._phase:
            self._phase, self._began = progress.phase, now
        return now - self._began


def lines(job: str, pace: Pace, seconds: float = SECONDS_BETWEEN_LINES) -> Report:
    """Return a report that prints one line at most every so many seconds."""
    last = time.monotonic()

    def report(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        speed, left = pace.speed(progress), pace.estimate(progress)
        if now - last >= seconds:
            last = now
            with suppress(OSError):  # a reader that went away is no reason to stop
                far = f"{progress.done} of {progress.total}{_counts(progress)}"
                told = ", ".join(filter(None, (far, speed, pace.waiting(), left)))
                note(f"{job}: {PHASES[progress.phase]}: {told}")

    return report


def _tell_wait(job: str, pace: Pace, seconds: float) -> None:
    """Print a line where none would come for long: once, whoever else waits for the same."""
    known = pace.waiting()
    pace.wait(seconds)
    if not known and seconds >= SECONDS_BETWEEN_LINES:
        with suppress(OSError):
            note(f"{job}: {pace.waiting()}")


def _counts(progress: Progress) -> str:
    told = ", ".join(f"{count} {word.replace('_', ' ')}" for word, count in progress.counts.items())
    return f" ({told})" if told else ""


def _length(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 100 * 60 else f"{seconds / 3600:.1f} h"


@contextmanager
def _bar(job: str, pace: Pace) -> Iterator[Report]:
    from rich.console import Console  # noqa: PLC0415 - for terminals alone
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as Bar  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Waiting(ProgressColumn):
        """Drawn anew while nothing else moves."""

        def render(self, task: Task) -> Text:
            del task
            return Text(pace.waiting())

    words = TextColumn("{task.description}", markup=False)
    subject = TextColumn("{task.fields[subject]}", markup=False)
    columns = (words, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), Waiting(), subject)
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(job, total=None, subject="")

        def report(progress: Progress) -> None:
            told = (pace.speed(progress), _counts(progress), printable(progress.subject))
            bar.update(
                task,
                description=f"{job}: {PHASES[progress.phase]}",
                completed=progress.done,
                total=progress.total or None,
                subject=" ".join(filter(None, map(str.strip, told))),
            )

        yield report
