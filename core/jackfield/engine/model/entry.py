"""The provisioning log: one entry for every decision, never changed afterwards.

Field names follow Microsoft Graph's `provisioningObjectSummary` (read 2026-11-20).
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from jackfield.engine.model.plan import AttributeChange

Status: TypeAlias = Literal["success", "warning", "failure", "skipped", "in_doubt", "held"]
FAILED: frozenset[Status] = frozenset({"failure", "in_doubt"})
SUCCEEDED: frozenset[Status] = frozenset({"success", "warning"})
ProvisioningStepType: TypeAlias = Literal["import", "scoping", "matching", "processing", "export"]
ProvisioningStepStatus: TypeAlias = Literal["success", "warning", "failure", "skipped"]

_STEP_NAMES: dict[ProvisioningStepType, str] = {
    "import": "EntryImport",
    "scoping": "EntrySynchronizationScoping",
    "matching": "EntrySynchronizationMatching",
    "processing": "EntrySynchronizationProcessing",
    "export": "EntryExport",
}


@dataclass(frozen=True, slots=True)
class ProvisioningStep:
    """One of the steps on the way to an entry's outcome, and what was found in it.

    Types and statuses are those of Microsoft Graph's `provisioningStep` (read 2026-11-20).
    """

    type: ProvisioningStepType
    status: ProvisioningStepStatus
    description: str

    @property
    def name(self) -> str:
        return _STEP_NAMES[self.type]

    def to_json(self) -> dict[str, Any]:
        """Return the step as a JSON document with Microsoft Graph's member names."""
        return {
            "name": self.name,
            "provisioningStepType": self.type,
            "status": self.status,
            "description": self.description,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was decided for one person in one cycle, and how it ended.

    `warning`: done in part. `in_doubt`: a write left and its outcome is unknown; the next cycle
    looks before it does anything. `held`: waits for a person's approval. `steps` are empty where
    an earlier version wrote the entry.
    """

    change_id: str
    cycle_id: str
    job: str
    at: dt.datetime
    action: str
    status: Status
    source_id: str
    user_name: str
    place: str
    reason: str
    code: str = ""
    target_id: str | None = None
    changes: tuple[AttributeChange, ...] = ()
    request_id: str = ""
    duration_seconds: float = 0.0
    steps: tuple[ProvisioningStep, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the entry as a JSON document with Microsoft Graph's member names."""
        return {
            "changeId": self.change_id,
            "cycleId": self.cycle_id,
            "jobId": self.job,
            "activityDateTime": self.at.isoformat(),
            "provisioningAction": self.action,
            "provisioningStatusInfo": {
                "status": self.status,
                "errorCode": self.code,
                "reason": self.reason,
            },
            "sourceIdentity": {"id": self.source_id, "place": self.place},
            "targetIdentity": {"id": self.target_id, "displayName": self.user_name},
            "modifiedProperties": [
                {"displayName": change.path, "oldValue": change.old, "newValue": change.new}
                for change in self.changes
            ],
            "provisioningSteps": [step.to_json() for step in self.steps],
            "vendorRequestId": self.request_id,
            "durationInMilliseconds": round(self.duration_seconds * 1000),
        }


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which entries to read: of one person, one job, one status; newest `limit` of them."""

    user: str = ""
    job: str = ""
    status: str = ""
    cycle_id: str = ""
    limit: int = field(default=100)
