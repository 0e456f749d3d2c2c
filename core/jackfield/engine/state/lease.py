"""One run of a job at a time: a row with a number that every write of the run must carry.

The number rises with every holder. Whoever was paused and replaced holds an older one and can store
nothing more; and what cannot store its intent sends nothing.
"""

import datetime as dt
import os
import shlex
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.instants import due_at, since
from jackfield.engine.state.database import Database, StateUnavailable, moment, upsert
from jackfield.engine.state.tables import leases
from jackfield.errors import AlreadyRunning

LEASE_SECONDS = 60.0
"""How long a silent holder keeps its job from others."""

_BEATS = 3  # renewals within the time of one lease


def _boot_seconds() -> float:
    """Return a clock that goes on while the machine sleeps, where the system has one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class Lease:
    """The right to run a job. `token` is its number; `previous` names a holder replaced.

    `Store.under` gives the store that writes as long as it is held. `is_lost`: another run took
    over, as far as this one has noticed.
    """

    job: str
    holder: str
    token: int
    seconds: float
    previous: str = ""
    is_lost: bool = False
    _database: Database = field(kw_only=True, repr=False)
    _renewed_at: float = field(default_factory=_boot_seconds, repr=False)

    def check(self) -> None:
        """Make sure that no other run can have the job by now; to be called before each write.

        By this machine's clock as long as the lease is young, else by renewing it.

        Raises: AlreadyRunning where another run holds it; StateUnavailable where that cannot be
        known. Then nothing may leave.
        """
        if self.is_lost or _boot_seconds() - self._renewed_at > self.seconds / 2:
            self.renew()

    def renew(self) -> None:
        """Keep the lease for its full time from now on.

        Raises: AlreadyRunning where another run holds it.
        """
        began = _boot_seconds()
        try:
            with self._database.write((self.job, self.token)) as connection:
                instant = moment(connection)
                until = instant + dt.timedelta(seconds=self.seconds)
                connection.execute(
                    leases.update()
                    .where(self._is_ours())
                    .values(heartbeat_at=instant, expires_at=until)
                )
        except AlreadyRunning:
            self.is_lost = True
            raise
        self._renewed_at = began

    def release(self) -> None:
        """Let the next run begin at once; nothing where another holds it already."""
        with self._database.write() as connection:
            connection.execute(leases.update().where(self._is_ours()).values(holder=""))

    def _is_ours(self) -> sa.ColumnElement[bool]:
        return sa.and_(leases.c.job == self.job, leases.c.token == self.token)


@contextmanager
def held(
    database: Database, job: str, *, holder: str = "", seconds: float = LEASE_SECONDS
) -> Iterator[Lease]:
    """Hold the job's lease and renew it from a thread until the end of the block.

    Raises: AlreadyRunning where another run holds it, with its name and age.
    """
    lease = take(database, job, holder=holder, seconds=seconds)
    ended = threading.Event()
    beating = threading.Thread(target=_beat, args=(lease, ended), daemon=True, name=f"lease {job}")
    beating.start()
    try:
        yield lease
    finally:
        ended.set()
        beating.join()
        with suppress(StateUnavailable):  # then it ends by itself
            lease.release()


def take(
    database: Database, job: str, *, holder: str = "", seconds: float = LEASE_SECONDS
) -> Lease:
    """Take the lease if it is free, expired, or held by a process of this machine that is dead.

    Raises: AlreadyRunning.
    """
    holder = holder or f"{socket.gethostname()}:{os.getpid()}"
    with database.write() as connection:
        instant = moment(connection)
        _prepare_row(connection, job, instant)
        query = sa.select(leases).where(leases.c.job == job).with_for_update()
        row = connection.execute(query).one()
        if is_live(row, instant):
            raise AlreadyRunning(_who(row, instant))
        token: int = row.token + 1
        fresh = {
            "token": token,
            "holder": holder,
            "machine": _machine(),
            "pid": os.getpid(),
            "taken_at": instant,
            "heartbeat_at": instant,
            "expires_at": instant + dt.timedelta(seconds=seconds),
        }
        connection.execute(leases.update().where(leases.c.job == job).values(**fresh))
    return Lease(job, holder, token, seconds, row.holder, _database=database)


def break_lease(database: Database, job: str) -> str:
    """Throw the holder out and return its name; empty where nobody held the job.

    The number rises, so that whoever was thrown out can write nothing more.
    """
    with database.write() as connection:
        query = sa.select(leases).where(leases.c.job == job).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None or not row.holder:
            return ""
        values = {"token": row.token + 1, "holder": ""}
        connection.execute(leases.update().where(leases.c.job == job).values(**values))
        holder: str = row.holder
        return holder


def is_live(row: Any, instant: dt.datetime) -> bool:
    """Say whether somebody holds the job: not dead, nor silent for longer than a lease lasts.

    An end further off than two leases was written by a clock that was ahead; the second one is for
    clocks that are set back a little.
    """
    within = 2 * (row.expires_at - row.heartbeat_at)
    is_over = due_at(row.expires_at, instant, within) <= instant
    return bool(row.holder) and not is_over and not _is_dead(row)


def _prepare_row(connection: sa.Connection, job: str, instant: dt.datetime) -> None:
    """Make sure that there is a row to lock."""
    row = {
        "job": job,
        "token": 0,
        "holder": "",
        "machine": "",
        "pid": 0,
        "taken_at": instant,
        "heartbeat_at": instant,
        "expires_at": instant,
    }
    upsert(connection, leases, [row], keep=row)


def _beat(lease: Lease, ended: threading.Event) -> None:
    while not ended.wait(lease.seconds / _BEATS):
        try:
            lease.renew()
        except AlreadyRunning:
            return
        except StateUnavailable:
            continue  # the next write of the run meets it, too, and tells


def _who(row: Any, instant: dt.datetime) -> str:
    age = round((instant - since(row.taken_at, instant)).total_seconds())
    silence = round((instant - since(row.heartbeat_at, instant)).total_seconds())
    return (
        f"{row.job}: another run holds this job: {row.holder}, for {age} seconds, last heard of "
        f"{silence} seconds ago; wait until it ends, or where it surely has, "
        f"`jackfield lease --break {shlex.quote(row.job)}`"
    )


def _is_dead(row: Any) -> bool:
    """Say whether the holder ran here and is gone; what cannot be known is no."""
    if os.name != "posix" or row.machine != _machine():
        return False
    try:
        os.kill(row.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _is_zombie(row.pid)


def _is_zombie(pid: int) -> bool:
    """Say whether a process has ended and nobody has asked how; on Linux alone it can be told."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False
    # The name in brackets may hold anything, brackets too.
    return status.rpartition(b")")[2].split()[:1] in ([b"Z"], [b"X"])


def _machine() -> str:
    """Name where process ids mean the same: this boot of this machine, this container of it."""
    parts = [socket.gethostname()]
    with suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip())
    with suppress(OSError):
        parts.append(Path("/proc/self/ns/pid").readlink().name)
    return " ".join(parts)
