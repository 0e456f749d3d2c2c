"""One line for each event of a long-running command, on standard error: for people, or as JSON."""

import datetime as dt
import json
import threading
from contextlib import suppress
from typing import Any, Literal, TypeAlias

import click

from jackfield.cli.text import printable

Level: TypeAlias = Literal["info", "warning", "error"]


class EventLog:
    """Writes whole lines from any number of threads; a reader that went away stops nothing."""

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._lock = threading.Lock()

    def info(self, event: str, job: str = "", **facts: Any) -> None:
        self._write("info", event, job, facts)

    def warning(self, event: str, job: str = "", **facts: Any) -> None:
        self._write("warning", event, job, facts)

    def error(self, event: str, job: str = "", **facts: Any) -> None:
        self._write("error", event, job, facts)

    def _write(self, level: Level, event: str, job: str, facts: dict[str, Any]) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        named = {"at": at, "level": level, "event": event} | ({"job": job} if job else {})
        if self._as_json:
            line = json.dumps(named | facts, default=str)
        else:
            parts = [at, level, event, *([f"job={_shown(job)}"] if job else [])]
            line = " ".join([*parts, *(f"{name}={_shown(fact)}" for name, fact in facts.items())])
        with self._lock, suppress(OSError, ValueError):
            click.echo(line, err=True)


def _shown(fact: Any) -> str:
    """Return a fact as one printable word, or in quotes."""
    if not isinstance(fact, str):
        return printable(fact)
    is_word = fact.isascii() and fact.isprintable() and not set(fact) & set(' "=')
    return fact if fact and is_word else printable(json.dumps(fact, ensure_ascii=False))
