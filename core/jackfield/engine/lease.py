"""One run of a job at a time, across processes of this machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from jackfield.errors import AlreadyRunning


@contextmanager
def lease(folder: Path, job: str) -> Iterator[None]:
    """Hold the job's lock; the operating system releases it when the process dies.

    Raises: AlreadyRunning where another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / f"{job}.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise AlreadyRunning(f"{job}: another run holds this job; wait until it ends") from None
    try:
        yield
    finally:
        lock.release()
