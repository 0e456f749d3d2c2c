"""Finds the account that a removal is about, and makes sure that it is the one that was linked.

An id alone is no proof, and one answer that nobody is there is none either: an account that is not
seen is looked for again, and until then it may be on.
"""

from dataclasses import dataclass

from jackfield.engine.job import Job
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.codes import ANOTHERS, APPROVED, ENABLED_AGAIN, NOT_SEEN
from jackfield.engine.model.entry import Status
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import anothers, forms_of, is_one_of, shown_names
from jackfield.engine.model.plan import Step
from jackfield.resources import NotFound, User, UserId


@dataclass(frozen=True, slots=True)
class Unremoved:
    """Why nothing was taken away, and what the log says of that."""

    status: Status
    code: str
    reason: str


class Removing:
    """The looks before the removals of one job."""

    def __init__(self, job: Job, tenancy: Tenancy) -> None:
        self._job = job
        self._tenancy = tenancy
        self._protected = forms_of(job.protected)

    def find(self, step: Step, link: Link | None) -> User | Unremoved:
        """Return the account to remove, or why there is none to.

        Raises: ConnectorError where the vendor does not let it be seen; ConfigurationError where
        the connection leads elsewhere.
        """
        user_id = UserId(step.target_id or "")
        shown = self._job.connector.get_user(user_id)
        found = None if isinstance(shown, NotFound) else shown
        self._tenancy.saw(user_id, found)
        names = link.names if link else forms_of((step.user_name, step.match_value))
        if found is None:
            return self._by_name(step, link)
        if not is_one_of(found, names, self._job.match_on):
            return Unremoved("failure", ANOTHERS, anothers(step.user_name, user_id, found))
        return self._kept(step, link, found) or found

    def _by_name(self, step: Step, link: Link | None) -> User | Unremoved:
        """Look for the name of an account whose id is gone: it may live on under another one."""
        unseen = f"the vendor does not show the account {step.target_id}: it is looked for again"
        value = link.match_value if link else step.match_value
        if not value:
            return Unremoved("warning", NOT_SEEN, unseen)
        found = self._job.find(self._job.keys_of(value))
        if found is None or not self._job.adopt:
            return Unremoved("warning", NOT_SEEN, unseen)
        if job := self._tenancy.claimant_of(found.id or "", value):
            unseen = f"the vendor does not show the account {step.target_id}, and the account"
            return Unremoved("warning", NOT_SEEN, f"{unseen} {found.id} is the job {job}'s")
        if self._job.on_missing_target != "rematch":
            reason = (
                f"the linked account {step.target_id} is gone, and {found.id} has the name: "
                "disable that one at the vendor, or remove the link"
            )
            return Unremoved("failure", ANOTHERS, reason)
        return self._kept(step, link, found) or found

    def _kept(self, step: Step, link: Link | None, found: User) -> Unremoved | None:
        """Return why this very account is left as it is; None where it may be removed."""
        names = shown_names(found, self._job.match_on) | forms_of((found.id or "",))
        if names & self._protected:
            return Unremoved("skipped", "Protected", "protected")
        was_off = link is not None and not link.may_be_on
        is_known = step.code in {APPROVED, ENABLED_AGAIN}
        if step.action == "delete" and found.active and was_off and not is_known:
            reason = "the account was disabled, and somebody has enabled it again"
            return Unremoved("failure", ENABLED_AGAIN, reason)
        return None
