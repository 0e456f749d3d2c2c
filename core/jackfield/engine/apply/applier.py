"""Carries out the steps of a cycle: intents, requests, outcomes.

One thread, the one that walks through `Applier.apply`, decides and writes; the others only wait for
the vendor. Intents and outcomes are written many at a time, so many as take about half a second.
"""

import datetime as dt
import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from uuid import uuid4

from jackfield.engine.apply.crash_points import CrashPoints
from jackfield.engine.apply.escrow import failed_again, first_escrow
from jackfield.engine.apply.sender import Outcome, Ownership, Sender
from jackfield.engine.crew import work
from jackfield.engine.job import Job
from jackfield.engine.log.masking import masked
from jackfield.engine.log.steps import steps_of
from jackfield.engine.match.doubts import doubt_of
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.change import Change, Settled
from jackfield.engine.model.codes import BROKEN, MOST_TROUBLES
from jackfield.engine.model.entry import FAILED, Entry
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.link import Link
from jackfield.engine.model.plan import Step
from jackfield.engine.state.store import Store
from jackfield.errors import ConfigurationError, PluginFault, ProvisioningError, VendorBroken

MOST_AT_ONCE = 64
"""So many intents at most stand in one transaction."""

_SHORT_SECONDS, _LONG_SECONDS = 0.25, 0.5


@dataclass(slots=True)
class _Answered:
    """A change whose request is over. `outcome` is None for one that was not sent any more."""

    change: Change
    outcome: Outcome | None
    seconds: float


@dataclass(slots=True)
class Applier:
    """Applies the steps of one cycle of one job.

    `lease` is the run's: a run that was replaced can store nothing, and so sends nothing; it makes
    sure right before each write leaves. `escrows` are those who failed before, `wish_of` tells what
    a failure of a source id is remembered with.
    """

    job: Job
    store: Store
    cycle_id: str
    links: dict[str, Link]
    tenancy: Tenancy
    now: dt.datetime
    escrows: Mapping[str, Escrow] = field(default_factory=dict)
    wish_of: Callable[[str], str] = str
    crash_points: CrashPoints = field(default_factory=CrashPoints)
    entries: list[Entry] = field(default_factory=list)
    randomness: random.Random = field(default_factory=random.Random, repr=False)
    _sender: Sender = field(init=False)
    _ownership: Ownership = field(init=False)
    _opened: dict[str, Change] = field(default_factory=dict)
    _leaving: set[str] = field(default_factory=set)
    _answered: dict[str, _Answered] = field(default_factory=dict)
    _settled: list[Settled] = field(default_factory=list)
    _at_once: int = 1
    _written_at: float = field(default_factory=time.monotonic)
    _troubles: int = 0
    _is_stopped: bool = False

    def __post_init__(self) -> None:
        self._ownership = Ownership(self.links)
        self._sender = Sender(self.job, self._ownership, self.tenancy, self.now)

    def apply(self, steps: Iterable[Step]) -> Generator[tuple[Step, Outcome]]:
        """Do what the steps say; yield each with how it ended.

        After a stopping error those under way are ended, and nobody else is begun. Whatever ends
        this, what was answered is stored, and intents that nothing was sent for are taken back.
        """
        going = work(self._begun(steps), self._send, self.job.workers, self._write_late)
        try:
            for _, answered in going:
                outcome = self._close(answered)
                if outcome is not None:
                    yield answered.change.step, outcome
        finally:
            going.close()
            self._wind_up()

    def hold(self, step: Step, reason: str) -> None:
        """Log a removal that waits for approval."""
        change = self._change(step)
        outcome = Outcome(status="held", reason=f"{step.reason}; held: {reason}", code="Held")
        self._settle(change, outcome, 0.0)

    @property
    def is_stopped(self) -> bool:
        """Whether a stopping error has ended this."""
        return self._is_stopped

    # In the thread that walks.

    def _begun(self, steps: Iterable[Step]) -> Iterator[Change]:
        """Yield the changes of the steps, each once its intent is durable."""
        remaining = iter(steps)
        while some := tuple(map(self._change, islice(remaining, self._at_once))):
            for change in some:
                if change.step.is_write:
                    self.crash_points.reach("before-intent")
            claimed = self._write(tuple(change for change in some if change.is_intended))
            free = [self._unclaimed(change, claimed) for change in some]
            self._opened.update((change.change_id, change) for change in free)
            yield from free
            if self._is_stopped:
                return

    def _change(self, step: Step) -> Change:
        tenant = self.tenancy.tenant if self._is_claim(step) else ""
        return Change(str(uuid4()), self.cycle_id, step, tenant)

    def _is_claim(self, step: Step) -> bool:
        """Say whether a step gives its person an account: one that it makes, or one that it found.

        What is handed over by another job is that job's until then.
        """
        if step.action == "create":
            return True
        if not step.target_id or step.action == "fail" or step.takes_over_job:
            return False
        link = self._ownership.link_of(step.source_id)
        is_another = link is None or link.target_id != step.target_id
        return is_another and (step.is_write or bool(step.wanted))

    def _unclaimed(self, change: Change, claimed: Mapping[str, str]) -> Change:
        """Return the change, or the failure of one that another job is before."""
        job = claimed.get(change.change_id)
        if job is None:
            return change
        reason = (
            f"the job {job} has the account of this {self.job.matched_by} on the same connection, "
            "or is making it: two jobs never share one, and never make two"
        )
        code = "DuplicateSourceEntries"
        failed = replace(change.step, action="fail", reason=reason, code=code, wanted="")
        return replace(change, step=failed)

    def _write(
        self, ahead: tuple[Change, ...], withdrawn: tuple[str, ...] = ()
    ) -> Mapping[str, str]:
        """Store what was settled and what is about to be sent; say how much to take next time.

        What another job is before with is returned with its name, by change id.
        """
        settled = tuple(self._settled)
        if not (settled or ahead or withdrawn):
            return {}
        took = time.monotonic() - self._written_at
        if took < _SHORT_SECONDS:
            self._at_once = min(2 * self._at_once, MOST_AT_ONCE)
        elif took > _LONG_SECONDS:
            self._at_once = max(1, self._at_once // 2)
        claimed = self.store.journal.write(
            self.job.name, settled=settled, ahead=ahead, withdrawn=withdrawn
        )
        self._written_at = time.monotonic()
        self._settled.clear()
        for _ in settled:
            self.crash_points.reach("after-outcome")
        return claimed

    def _write_late(self) -> None:
        """Store what was settled where everybody waits for a slow vendor."""
        if self._settled:
            self._write(())

    def _close(self, answered: _Answered) -> Outcome | None:
        """Take note of how a change ended."""
        change, outcome = answered.change, answered.outcome
        self._answered.pop(change.change_id, None)
        self._leaving.discard(change.change_id)
        if outcome is None:
            return None
        del self._opened[change.change_id]
        if change.step.is_write and self._is_trouble(outcome) and outcome.stop is None:
            outcome = replace(outcome, stop=_everybodys(outcome))
        self._is_stopped = self._is_stopped or outcome.stop is not None
        return self._settle(change, outcome, answered.seconds)

    def _wind_up(self) -> None:
        for answered in tuple(self._answered.values()):
            self._close(answered)
        # What left without an answer stays open: the next run looks at the vendor.
        unsent = tuple(
            id_
            for id_, change in self._opened.items()
            if change.is_intended and id_ not in self._leaving
        )
        self._opened.clear()
        self._write((), unsent)

    # In any thread.

    def _send(self, change: Change) -> _Answered:
        began = time.monotonic()
        outcome = None
        if not self._is_stopped:
            outcome = self._outcome(change)
        answered = _Answered(change, outcome, time.monotonic() - began)
        self._answered[change.change_id] = answered
        return answered

    def _outcome(self, change: Change) -> Outcome:
        step = change.step
        if not step.is_write:
            return self._sender.note(step)
        self.crash_points.reach("after-intent")
        self._leaving.add(change.change_id)
        outcome = self._sender.send(step)
        self.crash_points.reach("after-answer")
        return outcome

    # What an outcome leads to.

    def _settle(self, change: Change, outcome: Outcome, seconds: float) -> Outcome:
        step = change.step
        outcome = self._of_one_owner(step, outcome)
        entry = self._entry(change, outcome, seconds)
        escrow = self._escrow(step, entry) if outcome.stop is None else None
        doubt = None
        if step.action == "create" and outcome.status == "in_doubt":
            doubt = doubt_of(entry, step.match_value, change.tenant, is_unseen=outcome.is_unseen)
        self._settled.append(
            Settled(
                entry=entry,
                link=outcome.link,
                escrow=escrow,
                doubt=doubt,
                is_unlinked=outcome.is_unlinked,
                released=step.takes_over,
                released_job=step.takes_over_job,
            )
        )
        self.entries.append(entry)
        if outcome.link is not None and step.takes_over and not step.takes_over_job:
            self._ownership.note(step.takes_over, None)
        if outcome.link is not None or outcome.is_unlinked:
            self._ownership.note(step.source_id, outcome.link)
        return outcome

    def _entry(self, change: Change, outcome: Outcome, seconds: float) -> Entry:
        step = change.step
        return Entry(
            change_id=change.change_id,
            cycle_id=self.cycle_id,
            job=self.job.name,
            at=dt.datetime.now(dt.UTC),
            action=outcome.action or step.action,
            status=outcome.status,
            source_id=step.source_id,
            user_name=step.user_name,
            place=step.place,
            reason=outcome.reason,
            code=outcome.code or step.code,
            target_id=outcome.target_id or step.target_id,
            changes=masked(
                outcome.changes or step.changes,
                hidden=self.job.mapper.redacted,
                values=self.job.log_values,
                source_id=step.source_id,
            ),
            request_id=outcome.request_id,
            duration_seconds=seconds,
            steps=steps_of(
                step,
                outcome.status,
                outcome.reason,
                matching=self.job.matched_by,
                is_linked=self._ownership.link_of(step.source_id) is not None,
            ),
        )

    def _of_one_owner(self, step: Step, outcome: Outcome) -> Outcome:
        """Refuse a link to an account that another person is linked to: vendors reuse ids."""
        if outcome.link is None:
            return outcome
        target_id = outcome.link.target_id
        owner = self._ownership.owner_of(target_id, but=step.source_id)
        if owner in {"", step.takes_over}:
            return outcome
        reason = (
            f"the account {target_id} belongs to the source object {owner}; where the account of "
            "that one was deleted at the vendor, remove its link"
        )
        code = "DuplicateSourceEntries"
        return replace(outcome, status="failure", code=code, reason=reason, link=None)

    def _is_trouble(self, outcome: Outcome) -> bool:
        """Say whether so many writes in a row met a broken vendor that the cycle should end."""
        self._troubles = self._troubles + 1 if outcome.code in BROKEN else 0
        return self._troubles >= MOST_TROUBLES

    def _escrow(self, step: Step, entry: Entry) -> Escrow | None:
        """Return when a person who failed is tried again; None for everybody else."""
        if entry.status not in FAILED:
            return None
        before = self.escrows.get(step.source_id)
        wanted = self.wish_of(step.source_id)
        if before is None or before.wanted != wanted:
            return first_escrow(step, entry.code, entry.reason, wanted=wanted, now=entry.at)
        return failed_again(
            before, entry.code, entry.reason, now=entry.at, randomness=self.randomness
        )


def _everybodys(outcome: Outcome) -> ProvisioningError:
    """Return what several people in a row have met, and so everybody would."""
    if isinstance(outcome.error, PluginFault | ConfigurationError):
        return outcome.error
    return VendorBroken(f"the vendor is down: {outcome.reason}", is_down=True)
