"""What is remembered of a job between its cycles: watermark, configuration, quarantine.

Field names follow Microsoft Graph's `synchronizationStatus` and `synchronizationQuarantine`
(read 2026-11-20).
"""

from collections.abc import Collection
from typing import Any, get_args

import sqlalchemy as sa

from jackfield.engine.model.job_state import JobState, Quarantine, RestartScope
from jackfield.engine.state.cycles import summary_of
from jackfield.engine.state.database import Database, upsert
from jackfield.engine.state.tables import escrows, jobs, links, pending_references, source_rows


class JobStates:
    """The state of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get(self, job: str) -> JobState:
        """Return a job's state, that of a beginner where nothing is stored."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(jobs).where(jobs.c.job == job)).one_or_none()
        return JobState(job=job) if row is None else _state(row)

    def all(self) -> list[JobState]:
        """Return every job that anything is stored of, by name."""
        with self._database.read() as connection:
            return [_state(row) for row in connection.execute(sa.select(jobs).order_by(jobs.c.job))]

    def set_watermark(self, job: str, watermark: str) -> None:
        """Store how far the source was read; only once everything before it was dealt with."""
        self._set(job, watermark=watermark)

    def set_configuration(self, job: str, fingerprint: str) -> None:
        """Store what the job was configured as when its rows were last compared."""
        self._set(job, configuration=fingerprint)

    def count_passed_hold(self, job: str) -> None:
        """Count one hold more that a person has let pass; its word is used up."""
        self._set(job, passed_holds=self.get(job).passed_holds + 1)

    def quarantine(
        self,
        job: str,
        quarantine: Quarantine,
        *,
        is_disabled: bool = False,
    ) -> None:
        """Slow a job down, or disable it after the last attempt."""
        self._set(
            job,
            status="disabled" if is_disabled else "quarantined",
            reason=quarantine.reason,
            error=quarantine.error,
            began_at=quarantine.began_at,
            series_began_at=quarantine.series_began_at,
            series_count=quarantine.series_count,
            next_attempt_at=quarantine.next_attempt_at,
        )

    def lift(self, job: str) -> None:
        """End a quarantine, or enable a disabled job."""
        self._set(job, **_HEALTHY)

    def restart(self, job: str, scopes: Collection[RestartScope]) -> None:
        """Forget what the scopes name, all or nothing.

        Source: Microsoft Graph, `synchronizationJobRestartCriteria` (read 2026-11-20).
        """
        unknown = set(scopes) - set(get_args(RestartScope))
        if unknown:
            raise ValueError(f"unknown restart scopes: {', '.join(sorted(unknown))}")
        tables: list[sa.Table] = []
        values: dict[str, Any] = {}
        if {"watermark", "escrows", "links"} & set(scopes):
            # Of people who failed, or whose link is gone, later changes need not tell.
            values |= {"watermark": "", "configuration": ""}
        if "watermark" in scopes:
            tables.append(source_rows)
        if "escrows" in scopes:
            tables.append(escrows)
        if "quarantine" in scopes:
            values |= _HEALTHY
        if "links" in scopes:
            tables += [links, pending_references]
        with self._database.write() as connection:
            for table in tables:
                connection.execute(table.delete().where(table.c.job == job))
            if values:
                upsert(connection, jobs, [{"job": job, **values}])

    def _set(self, job: str, /, **values: Any) -> None:
        with self._database.write() as connection:
            upsert(connection, jobs, [{"job": job, **values}])


_HEALTHY = {
    "status": "active",
    "reason": "",
    "error": "",
    "began_at": None,
    "series_began_at": None,
    "series_count": 0,
    "next_attempt_at": None,
}


def _state(row: Any) -> JobState:
    quarantine = None
    if row.status != "active":
        quarantine = Quarantine(
            reason=row.reason,
            error=row.error,
            began_at=row.began_at,
            series_began_at=row.series_began_at,
            series_count=row.series_count,
            next_attempt_at=row.next_attempt_at,
        )
    return JobState(
        job=row.job,
        watermark=row.watermark,
        configuration=row.configuration,
        status=row.status,
        quarantine=quarantine,
        last_cycle=summary_of(row.job, row.last_cycle),
        last_success=summary_of(row.job, row.last_success),
        passed_holds=row.passed_holds,
    )
