"""The runs of the kill loop: each a process of its own, which signals end or stop."""

import itertools
import os
import sys
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector
from support.keys import FIRST

from jackfield import Registry
from jackfield.engine import GuardLimits, Store, run_job
from jackfield.engine.apply.crash_points import VARIABLE
from jackfield.engine.state.lease import LEASE_SECONDS
from jackfield.errors import AlreadyRunning, ProvisioningError
from jackfield.sources import Removal, SourceObject, SourceRead

LIMITS = GuardLimits(people=3, percent=10, at_most=200)
BUSY, STOPPED = 75, 76
"""Exit codes: another run holds the job; the job does not start as things are."""

People = tuple[SourceObject, ...]


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody, as often as somebody changed; the newest last.

    Where it `tells_changes`, the number of a version is the watermark. As in Microsoft Graph, who
    was touched is told of even where the change was taken back.
    """

    versions: tuple[People, ...]
    tells_changes: bool

    def read(self, since: str | None) -> SourceRead:
        now = self.versions[-1]
        if not self.tells_changes:
            return SourceRead(now, is_complete=True, attributes=ATTRIBUTES)
        watermark = str(len(self.versions) - 1)
        if since is None:
            return SourceRead(now, is_complete=True, attributes=ATTRIBUTES, watermark=watermark)
        touched = self._touched(int(since))
        here = {one.id for one in now}
        return SourceRead(
            tuple(one for one in now if one.id in touched),
            is_complete=False,
            attributes=ATTRIBUTES,
            removed=tuple(Removal(id_, "soft") for id_ in sorted(touched - here)),
            watermark=watermark,
            is_delta=True,
        )

    def _touched(self, since: int) -> set[str]:
        known = ({one.id: one for one in people} for people in self.versions[since:])
        pairs = itertools.pairwise(known)
        return {id_ for old, new in pairs for id_ in old | new if old.get(id_) != new.get(id_)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What one process is to do. `crash_at` is empty for a run that may end well.

    `name` is the run's, as the lease shows it.
    """

    place: str
    origin: str
    token: str = field(repr=False)
    directory: Directory = field(repr=False)
    workers: int
    name: str
    job: str = FIRST
    crash_at: str = ""
    approval: str = ""
    lease_seconds: float = LEASE_SECONDS


@dataclass(frozen=True, slots=True)
class Held:
    """The removals that a run held: the word for them, and whose they are."""

    word: str = ""
    source_ids: tuple[str, ...] = ()


NOTHING = Held()


def obey(order: Order, answer: Connection) -> None:
    """Run one cycle as the command does, and answer with what is held."""
    if order.crash_at:
        os.environ[VARIABLE] = order.crash_at
    try:
        answer.send(_run(order))
    except AlreadyRunning:
        sys.exit(BUSY)
    except ProvisioningError:
        sys.exit(STOPPED)


def _run(order: Order) -> Held:
    registry = Registry(connectors={"example": ExampleConnector})
    settings = {"url": order.origin, "token": order.token, "allow_loopback": True}
    store = Store.connect(order.place)
    with registry.connect("example", settings) as connector:
        company = Company(None, connector, store)  # type: ignore[arg-type]
        job = company.job(
            name=order.job,
            read_source=order.directory.read,
            guard=LIMITS,
            mappings=MAPPINGS,
            workers=order.workers,
        )
        with store.lease(order.job, holder=order.name, seconds=order.lease_seconds) as lease:
            result = run_job(job, store, approval=order.approval, lease=lease)
    store.close()
    if result.hold is None:
        return NOTHING
    return Held(result.hold.approval, tuple(step.source_id for step in result.hold.steps))
