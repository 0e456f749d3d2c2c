"""Tells a log entry's provisioning steps: how far a person came, and what was found on the way.

They are told from the decision and its outcome, by names and counts alone: values stand in the
entry's changes, where they are masked.
"""

from collections.abc import Iterator

from jackfield.engine.model.entry import ProvisioningStep, ProvisioningStepStatus, Status
from jackfield.engine.model.plan import NOT_DONE, Step

_SENT: dict[Status, ProvisioningStepStatus] = {
    "success": "success",
    "warning": "warning",
    "in_doubt": "warning",
    "failure": "failure",
    "held": "skipped",
    "skipped": "skipped",
}
_FAILS_IN_PROCESSING = frozenset({"InvalidExpression", "MandatoryFieldsMissing"})
_IN_SCOPE_SKIPS = frozenset({"NoCreate", "RedundantExport"})


def steps_of(
    step: Step, status: Status, reason: str, *, matching: str, is_linked: bool
) -> tuple[ProvisioningStep, ...]:
    """Return the steps of one person up to the one that ended it.

    `status` and `reason` are the entry's; `is_linked` says whether there was a link before.
    """
    return (_read(step), *_decided(step, matching, is_linked), *_exported(step, status, reason))


def lost_steps(reason: str) -> tuple[ProvisioningStep, ...]:
    """Return the steps of a write whose process ended before its answer came."""
    return (ProvisioningStep("export", "warning", reason),)


def found_steps(reason: str) -> tuple[ProvisioningStep, ...]:
    """Return the steps of an account that was found and linked before anybody was decided on."""
    return (ProvisioningStep("matching", "success", reason),)


def _read(step: Step) -> ProvisioningStep:
    found = f"read at {step.place}" if step.place else "not in the source any more"
    return ProvisioningStep("import", "success", found)


def _decided(step: Step, matching: str, is_linked: bool) -> Iterator[ProvisioningStep]:
    if step.code in NOT_DONE:
        yield ProvisioningStep("processing", "skipped", step.reason)
        return
    is_out = _is_out_of_scope(step)
    if is_out and not is_linked:
        yield ProvisioningStep("scoping", "skipped", step.reason)
        return
    yield ProvisioningStep("scoping", "success", step.reason if is_out else "in scope")
    if step.action == "fail" and not is_out and step.code not in _FAILS_IN_PROCESSING:
        yield ProvisioningStep("matching", "failure", step.reason)
        return
    if step.code != "InvalidExpression":
        yield ProvisioningStep("matching", "success", _matched(step, matching, is_linked))
    yield _processed(step)


def _is_out_of_scope(step: Step) -> bool:
    """Say whether a step is that of somebody who should have no access (any more)."""
    if step.is_removal or step.code == "DeletionNotAllowed":
        return True
    # Who was looked at in scope carries the fingerprint of what is wanted.
    return step.action == "skip" and not step.wanted and step.code not in _IN_SCOPE_SKIPS


def _matched(step: Step, matching: str, is_linked: bool) -> str:
    if is_linked:
        return f"linked to the account {step.target_id}"
    if step.target_id:
        return f"the account {step.target_id} was found by {matching}"
    return f"nobody was found by {matching}"


def _processed(step: Step) -> ProvisioningStep:
    if step.action == "fail":
        return ProvisioningStep("processing", "failure", step.reason)
    if step.action == "skip":
        return ProvisioningStep("processing", "skipped", step.reason)
    paths = [change.path for change in step.changes] or list(step.attributes)
    given = f" with {', '.join(paths)}" if paths else ""
    return ProvisioningStep("processing", "success", f"{step.action}{given}")


def _exported(step: Step, status: Status, reason: str) -> Iterator[ProvisioningStep]:
    if step.is_write:
        yield ProvisioningStep("export", _SENT[status], reason)
