"""The jobs of one configuration by the clock: when each is due, one cycle of it, who is told."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from jackfield.cli.app import Options
from jackfield.cli.events import EventLog
from jackfield.cli.exits import Exit, exit_of, sentence_of
from jackfield.cli.results import exit_of_result
from jackfield.connector import Connector
from jackfield.driver.pauses import given_up_by
from jackfield.engine import CycleResult, How, Job, run_cycle
from jackfield.engine.configuration import Configuration
from jackfield.engine.health.quarantine import due_again_at
from jackfield.engine.model.cycle import STOPPED
from jackfield.engine.model.job_state import JobState
from jackfield.engine.notification.events import (
    Event,
    JobDisabled,
    QuarantineEntered,
    QuarantineLifted,
    RemovalsHeld,
)
from jackfield.engine.notification.notifier import Notifier
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.store import Store
from jackfield.errors import AlreadyRunning
from jackfield.registry import Registry

_LONGEST_PAUSE_SECONDS = 60.0
"""A clock that was set, or a machine that slept, is noticed within this time."""


class Stopping(BaseException):
    """The process was asked to end; what was under way has ended."""

    def __str__(self) -> str:
        return "the process was asked to end"


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True, kw_only=True)
class Service:
    """What the jobs of one process share. `close` it once no job is at work any more."""

    options: Options
    configuration: Configuration
    store: Store
    log: EventLog
    registry: Registry = field(default_factory=Registry)
    stop: threading.Event = field(default_factory=threading.Event)
    now: Callable[[], dt.datetime] = _utc_now
    _connectors: list[Connector] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _warned: int = 0
    _content: bytes = field(init=False)

    def __post_init__(self) -> None:
        self._content = self._read()

    def open(self, name: str) -> Job:
        """Open a job; jobs on one connection share it, so it stays open."""
        with self._lock:
            job = self.configuration.job(name, self.registry, dry_run=False)
            if job.connector not in self._connectors:
                self._connectors.append(job.connector)
            self._warn()
        return job

    def reopen(self, name: str) -> None:
        """Let a job's next cycle read the secrets of its connection anew: they were refused."""
        with self._lock:
            self.configuration.reconnect(self.configuration.file.jobs[name].connection)

    def warn_of_changes(self) -> None:
        """Tell once, for each change, that the configuration is used as it was at the start."""
        with self._lock:
            before, self._content = self._content, self._read()
            if self._content != before:
                why = "the file has changed; it is used as it was until the service starts anew"
                self.log.warning(
                    "configuration.changed", file=str(self.configuration.path), why=why
                )

    def _read(self) -> bytes:
        try:
            return self.configuration.path.read_bytes()
        except OSError:
            return b""

    def notifier(self) -> Notifier:
        """Return a notifier for one thread.

        Raises: ConfigurationError.
        """
        with self._lock:
            notifier = self.configuration.notifier()
            self._warn()
        return notifier

    def close(self) -> None:
        for connector in self._connectors:
            connector.close()

    def _warn(self) -> None:
        for warning in self.configuration.warnings[self._warned :]:
            self.log.warning("configuration.warning", text=warning)
        self._warned = len(self.configuration.warnings)


class JobLoop:
    """One job by the clock: `loop` until the service stops, or a single `tick`."""

    def __init__(self, name: str, service: Service) -> None:
        self.name = name
        self._service = service
        self._store = service.store
        self._log = service.log
        self._notifier = service.notifier()
        minutes = service.configuration.file.jobs[name].interval_minutes
        self._interval = dt.timedelta(minutes=minutes)

    def loop(self) -> None:
        """Run a cycle at every interval; one that is missed because of the last is left out."""
        next_at = self.first_at()
        while not self._stops_before(next_at):
            self.tick()
            next_at = self.next_at(next_at)

    def first_at(self) -> dt.datetime:
        """Return when the job is due first: an interval after its last cycle.

        At once where there was none, or where the last one was stopped: what stopped it may be why
        the service starts anew.
        """
        now = self._service.now()
        state = self._state()
        last = state.last_cycle if state else None
        is_due = last is None or last.outcome.startswith(STOPPED)
        at = now if is_due or last is None else max(now, min(now, last.began_at) + self._interval)
        if at > now:
            self._log.info("job.waiting", self.name, next_at=_text(at))
        return at

    def next_at(self, at: dt.datetime) -> dt.datetime:
        """Return the next time after one that was due; a quarantined job has its own."""
        now = self._service.now()
        missed = max(0, (now - at) // self._interval)
        if missed:
            self._log.warning("tick.skipped", self.name, count=missed, why="the cycle took longer")
        following = at + (missed + 1) * self._interval
        state = self._state()
        attempt = self._attempt_at(state) if state else None
        return attempt if attempt and now < attempt < following else following

    def tick(self) -> Exit:
        """Run one cycle if the job may run now; no failure ends the service."""
        result: CycleResult | None = None
        self._service.warn_of_changes()
        try:
            why_not = self._why_not(self._store.jobs.get(self.name))
            if why_not:
                self._log.warning("cycle.skipped", self.name, why=why_not)
                code = Exit.FINE
            else:
                result = self._cycle()
                code = exit_of_result(result)
        except Stopping as error:
            self._log.warning("cycle.stopped", self.name, why=str(error))
            return Exit.INTERRUPTED
        except AlreadyRunning as error:
            self._log.warning("cycle.skipped", self.name, why=str(error))
            return Exit.BUSY
        except Exception as error:  # noqa: BLE001 - the border of one job
            self._log.error("cycle.failed", self.name, error=sentence_of(error))
            code = exit_of(error)
        if code is Exit.UNAUTHORISED:
            self._service.reopen(self.name)
        self._prune()
        self._tell(result)
        return code

    def _stops_before(self, at: dt.datetime) -> bool:
        stop = self._service.stop
        while not stop.is_set():
            now = self._service.now()
            at = min(at, now + self._interval)  # the clock may have been set back
            pause = (at - now).total_seconds()
            if pause <= 0:
                return False
            stop.wait(min(pause, _LONGEST_PAUSE_SECONDS))
        return True

    def _why_not(self, state: JobState) -> str:
        if state.status == "disabled" and state.quarantine is not None:
            why = f"the job is disabled: {state.quarantine.error}"
            return f"{why}; remove the cause, then restart it"
        attempt = self._attempt_at(state)
        if attempt is None or attempt <= self._service.now():
            return ""
        return f"in quarantine, next attempt at {_text(attempt)}"

    def _attempt_at(self, state: JobState) -> dt.datetime | None:
        if state.quarantine is None:
            return None
        return due_again_at(state.quarantine.next_attempt_at, self._service.now())

    def _cycle(self) -> CycleResult:
        job = self._service.open(self.name)
        stop = self._service.stop
        began = time.monotonic()
        with given_up_by(partial(_end, stop)):
            result = run_cycle(
                job,
                self._store,
                report=lambda _: _end(stop),
                how=How(is_scheduled=True, now=self._service.now()),
                begun=lambda _: self._log.info("cycle.began", self.name),
            )
        seconds = round(time.monotonic() - began, 1)
        self._log_result(result, seconds)
        return result

    def _prune(self) -> None:
        """Remove what the log need not keep any longer; that this fails ends nothing."""
        before = self._service.configuration.log_ends_at(self._service.now())
        try:
            removed = self._store.prune(before) if before else 0
        except StateUnavailable as error:
            self._log.error("log.not_pruned", self.name, error=sentence_of(error))
            return
        if removed:
            self._log.info("log.pruned", self.name, entries=removed)

    def _log_result(self, result: CycleResult, seconds: float) -> None:
        facts = {"cycle": result.cycle_id, "seconds": seconds, **result.counts}
        if result.stopped is not None:
            self._log.error("cycle.ended", self.name, **facts, error=sentence_of(result.stopped))
        elif result.failed:
            self._log.warning("cycle.ended", self.name, **facts)
        else:
            self._log.info("cycle.ended", self.name, **facts)
        for text in result.notes:
            self._log.info("source.note", self.name, text=text)
        if result.hold is not None:
            hold = result.hold
            people = len(hold.steps)
            self._log.warning(
                "removals.held", self.name, people=people, why=hold.reason, word=hold.approval
            )

    def _tell(self, result: CycleResult | None) -> None:
        """Tell people what is news; what cannot be delivered is tried again after each tick."""
        try:
            state = self._store.jobs.get(self.name)
            told = self._store.told.all(self.name)
            delivery = self._notifier.deliver(self._events(state, result), told)
            self._store.told.put(delivery.told)
        except Exception as error:  # noqa: BLE001 - no message is worth a job
            self._log.error("notification.failed", self.name, error=sentence_of(error))
            return
        for last in delivery.told:
            self._log.info("notification.sent", self.name, channel=last.channel, kind=last.kind)
        for text in delivery.errors:
            self._log.error("notification.failed", self.name, error=text)

    def _events(self, state: JobState, result: CycleResult | None) -> tuple[Event, ...]:
        at = self._service.now()
        events = [event_of(state, at)]
        if result is not None and result.hold is not None:
            command = self._service.options.command_line("hold", "approve", result.hold.approval)
            events.append(RemovalsHeld.of(result.hold, job=self.name, at=at, command=command))
        return tuple(events)

    def _state(self) -> JobState | None:
        try:
            return self._store.jobs.get(self.name)
        except StateUnavailable as error:
            self._log.error("state.unavailable", self.name, error=sentence_of(error))
            return None


def event_of(state: JobState, at: dt.datetime) -> Event:
    """Return what is so of a job's health; the notifier knows whether that is news."""
    quarantine = state.quarantine
    if quarantine is None:
        return QuarantineLifted(job=state.job, at=at)
    if state.status == "disabled":
        return JobDisabled(
            job=state.job,
            at=at,
            reason=quarantine.reason,
            error=quarantine.error,
            series_began_at=quarantine.series_began_at,
        )
    return QuarantineEntered(
        job=state.job,
        at=at,
        reason=quarantine.reason,
        error=quarantine.error,
        series_began_at=quarantine.series_began_at,
        next_attempt_at=quarantine.next_attempt_at,
    )


def _end(stop: threading.Event) -> None:
    """End a cycle, between two people or while it waits, once it is to stop."""
    if stop.is_set():
        raise Stopping


def _text(instant: dt.datetime) -> str:
    return instant.isoformat(timespec="seconds")
