"""One name for one person of one job, across jobs and in whatever letters a source writes its ids.

People of the first job go by their id alone, those of another one by the job's name before it.
"""

FIRST, SECOND = "example", "second"
JOBS = (FIRST, SECOND)


def key_of(job: str, source_id: str) -> str:
    """Return the key of a person."""
    lowered = source_id.lower()
    return lowered if job == FIRST else f"{job}/{lowered}"


def job_of(key: str) -> str:
    """Return the job of a person's key, or of a run's name."""
    job, _, rest = key.rpartition("/")
    return job if rest and job else FIRST
