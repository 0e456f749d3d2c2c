"""A service of the tests: the loop of one job in this process, or `jackfield serve` in another."""

import datetime as dt
import json
import subprocess
import sys
import time
from contextlib import contextmanager

from jackfield.cli.app import Options
from jackfield.cli.events import EventLog
from jackfield.cli.schedule import JobLoop, Service
from jackfield.engine.configuration import Configuration
from jackfield.engine.model.job_state import Quarantine
from jackfield.engine.state.store import opened

PATIENCE_SECONDS = 20


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@contextmanager
def serving(office, at: dt.datetime | None = None, waiting=None):
    """Open the loop of the office's job, its clock standing still, or with the time of `waiting`.

    `waiting` stands for the event that ends the loop, and says in `now` what time it is.
    """
    configuration = Configuration.load(office.config)
    with opened(office.folder / "jackfield.db") as store:
        service = Service(
            options=Options(office.config, debug=False),
            configuration=configuration,
            store=store,
            log=EventLog(),
            now=lambda: waiting.now if waiting else at or now(),
        )
        if waiting:
            service.stop = waiting
        yield JobLoop("webex", service)
        service.close()


def quarantine(office, next_attempt_at: dt.datetime, *, is_disabled: bool = False) -> None:
    found = Quarantine(
        reason="EncounteredQuarantineException",
        error="refused",
        began_at=now(),
        series_began_at=now(),
        series_count=0,
        next_attempt_at=next_attempt_at,
    )
    with opened(office.folder / "jackfield.db") as store:
        store.jobs.quarantine("webex", found, is_disabled=is_disabled)


def started(office, *words: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "jackfield", "serve", "--json", *words]
    return subprocess.Popen(command, cwd=office.folder, stderr=subprocess.PIPE, text=True)


def events(stderr: str, name: str = "") -> list[dict]:
    found = [json.loads(line) for line in stderr.splitlines()]
    return [each for each in found if not name or each["event"] == name]


def wait_for(is_so) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so() and time.monotonic() < end:
        time.sleep(0.02)
    assert is_so()
