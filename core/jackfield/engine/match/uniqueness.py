"""Gives new users the values that nobody else may have: `SelectUniqueValue`.

Source: Microsoft Entra, "Reference for writing expressions for attribute mappings",
SelectUniqueValue (read 2026-11-20). There the target is Active Directory alone; here it is any
vendor that can look a user up by the attribute.
"""

from dataclasses import replace

from jackfield.engine.expressions import AllTaken, ExpressionError
from jackfield.engine.job import Job
from jackfield.engine.match.look import Looker
from jackfield.engine.model.codes import code_of
from jackfield.engine.model.names import matching_form
from jackfield.engine.model.plan import Step
from jackfield.errors import AmbiguousMatch, ConnectorError
from jackfield.resources import MatchKey
from jackfield.sources import SourceObject


class UniqueValues:
    """The values given in one cycle. Not for several threads: who comes first, chooses first."""

    def __init__(self, job: Job, looker: Looker) -> None:
        self._job = job
        self._looker = looker
        self._given = set[tuple[str, str]]()

    def complete(self, step: Step, source: SourceObject) -> Step:
        """Return a creation with the values chosen for it; a failure where all are taken.

        Raises: what stops a whole cycle.
        """
        if step.action != "create" or not self._job.mapper.unique_targets:
            return step
        try:
            chosen = self._job.mapper.unique_values(source, self._is_taken)
        except AllTaken as error:
            return _failed(step, "EntryConflict", str(error))
        except ExpressionError as error:
            return _failed(step, "InvalidExpression", str(error))
        except ConnectorError as error:
            return _failed(step, code_of(error), str(error))
        attributes = {**step.attributes, **chosen}
        required = self._job.connector.capabilities.required_on_create()
        if missing := [path for path in required if path not in attributes]:
            vendor = self._job.connector.name
            reason = f"{vendor} requires {', '.join(missing)}, which has no value"
            return _failed(step, "MandatoryFieldsMissing", reason)
        self._given.update((path, matching_form(str(value))) for path, value in chosen.items())
        return replace(step, attributes=attributes)

    def _is_taken(self, path: str, value: str) -> bool:
        if (path, matching_form(value)) in self._given:
            return True
        target = self._looker.look((MatchKey(path, value),))
        if target.failure is not None and not isinstance(target.failure, AmbiguousMatch):
            raise target.failure
        return target.failure is not None or target.user is not None


def _failed(step: Step, code: str, reason: str) -> Step:
    return replace(step, action="fail", code=code, reason=reason, attributes={}, wanted="")
