"""One cycle as it has to be run: under the job's lease, with what a person has let pass.

Commands, the service and host applications run jobs by this; `run_job` is the cycle alone.
"""

from collections.abc import Callable

from jackfield.engine.cycle import run_job
from jackfield.engine.decisions import How
from jackfield.engine.job import Job
from jackfield.engine.model.cycle import CycleResult
from jackfield.engine.model.job_state import JobState
from jackfield.engine.progress import Report, nobody
from jackfield.engine.state.store import Store


def run_cycle(
    job: Job,
    store: Store,
    *,
    approval: str = "",
    report: Report = nobody,
    how: How | None = None,
    begun: Callable[[JobState], object] = lambda _: None,
) -> CycleResult:
    """Run one cycle of a job and return what it did.

    `approval` is the word of the hold that may pass; without it, the word that `jackfield hold
    approve` has stored counts. `begun` is told the job's state once the lease is held.

    Raises: AlreadyRunning where another run holds the job's lease; what `run_job` raises.
    """
    with store.lease(job.name) as lease:
        begun(store.jobs.get(job.name))
        word = approval or store.holds.approval(job.name)
        result = run_job(job, store, approval=word, report=report, lease=lease, how=how)
        is_whole = how is None or how.is_whole
        if result.hold is None and result.knows_leavers and is_whole:
            store.told.forget(job.name, "removals")  # people are told anew of the next hold
    return result
