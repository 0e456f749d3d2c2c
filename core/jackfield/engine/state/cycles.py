"""Cycles: when they began, how far they are, how they ended."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from jackfield.engine.model.cycle import INTERRUPTED, CycleProgress, CycleSummary
from jackfield.engine.state.database import Database, now, upsert
from jackfield.engine.state.tables import cycles, jobs


class Cycles:
    """The cycles of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def begin(self, job: str) -> str:
        """Record that a cycle begins; return its id.

        Under a lease, cycles that never ended are closed as interrupted: whoever ran them
        holds the job no more.
        """
        cycle_id = str(uuid4())
        instant = now()
        with self._database.write() as connection:
            if self._database.is_fenced:
                connection.execute(
                    cycles.update()
                    .where(cycles.c.job == job, cycles.c.ended_at.is_(None))
                    .values(ended_at=instant, outcome=INTERRUPTED, counts="{}")
                )
            connection.execute(cycles.insert().values(id=cycle_id, job=job, began_at=instant))
        return cycle_id

    def end(
        self,
        cycle_id: str,
        outcome: str,
        counts: Mapping[str, int],
        *,
        is_whole: bool = True,
    ) -> None:
        """Record how a cycle ended; one that was `is_whole` also as its job's last one."""
        query = sa.select(cycles).where(cycles.c.id == cycle_id)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return
        values = {"ended_at": now(), "outcome": outcome, "counts": json.dumps(dict(counts))}
        summary = json.dumps(
            {
                "cycle_id": cycle_id,
                "began_at": row.began_at.isoformat(),
                "ended_at": values["ended_at"].isoformat(),  # type: ignore[attr-defined]
                "outcome": outcome,
                "counts": dict(counts),
            }
        )
        last = {"job": row.job, "last_cycle": summary}
        if outcome.startswith("completed"):
            last["last_success"] = summary
        with self._database.write() as connection:
            connection.execute(cycles.update().where(cycles.c.id == cycle_id).values(**values))
            if is_whole:
                upsert(connection, jobs, [last])

    def report(self, cycle_id: str, progress: CycleProgress) -> None:
        """Store how far a cycle is; once a second is often enough, each call waits for the disk."""
        values = {
            "phase": progress.phase,
            "done": progress.done,
            "total": progress.total,
            "waiting_until": progress.waiting_until,
            "counts": json.dumps(dict(progress.counts)),
            "phase_began_at": progress.phase_began_at,
            "progress_at": now(),
        }
        with self._database.write() as connection:
            connection.execute(cycles.update().where(cycles.c.id == cycle_id).values(**values))

    def latest(self, job: str = "", *, limit: int = 20) -> list[CycleSummary]:
        """Return the newest cycles of a job, or of all, the newest first."""
        query = sa.select(cycles).order_by(cycles.c.began_at.desc()).limit(limit)
        if job:
            query = query.where(cycles.c.job == job)
        with self._database.read() as connection:
            return [_summary(row) for row in connection.execute(query)]


def summary_of(job: str, text: str) -> CycleSummary | None:
    """Return the summary that a job's row carries; None for a job that never got so far."""
    if not text:
        return None
    values = json.loads(text)
    for name in ("began_at", "ended_at"):
        values[name] = dt.datetime.fromisoformat(values[name])
    return CycleSummary(job=job, **values)


def _summary(row: Any) -> CycleSummary:
    progress, counts = None, json.loads(row.counts or "{}")
    if row.progress_at is not None:
        progress = CycleProgress(
            row.phase,
            row.done,
            row.total,
            row.waiting_until,
            counts=counts if row.ended_at is None else {},
            phase_began_at=row.phase_began_at,
        )
    return CycleSummary(
        cycle_id=row.id,
        job=row.job,
        began_at=row.began_at,
        ended_at=row.ended_at,
        outcome=row.outcome or "",
        counts=counts,
        progress=progress,
        progress_at=row.progress_at,
    )
