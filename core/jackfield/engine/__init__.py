"""The provisioning engine: source → scope → map → match → plan → guard → apply → log."""

from jackfield.engine.cycle import run_job
from jackfield.engine.decisions import How, Preview, plan_job, preview_job
from jackfield.engine.guard.guard import GuardLimits
from jackfield.engine.job import Job
from jackfield.engine.model.cycle import CycleResult
from jackfield.engine.model.entry import Entry
from jackfield.engine.model.hold import Hold
from jackfield.engine.model.plan import Action, Plan, Step
from jackfield.engine.progress import Progress, Report
from jackfield.engine.runner import run_cycle
from jackfield.engine.state.store import Store

__all__ = [
    "Action",
    "CycleResult",
    "Entry",
    "GuardLimits",
    "Hold",
    "How",
    "Job",
    "Plan",
    "Preview",
    "Progress",
    "Report",
    "Step",
    "Store",
    "plan_job",
    "preview_job",
    "run_cycle",
    "run_job",
]
