"""Reads of the vendor what a plan needs: one listing where that is cheaper, else one look each."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import uuid4

from jackfield.engine.applying import MOST_TROUBLES
from jackfield.engine.codes import STOPPING
from jackfield.engine.job import Job
from jackfield.engine.mapping import matching_form
from jackfield.engine.people import Target
from jackfield.errors import (
    AmbiguousMatch,
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    NotAllowed,
    ProvisioningError,
    RejectedUser,
    VendorBroken,
)
from jackfield.resources import MatchKey, NotFound, User, UserId
from jackfield.scim import check_key, read

LEAST_FOR_A_LISTING = 50
"""Fewer people than this are looked up one by one."""
_USERS_PER_LOOK_UP = 100
"""A listing shows about so many users for the price of one look-up."""


def look_for_nobody(job: Job) -> MatchKey:
    """Return a question that every vendor should answer with nobody."""
    return MatchKey(job.matching, f"{uuid4()}@example.com")


class Looker:
    """Answers the questions of one cycle; safe to share between threads once it is made."""

    def __init__(self, job: Job, questions: Iterable[MatchKey | UserId | None]) -> None:
        self._job = job
        self._troubles = 0
        self._can_search = False
        keys = [key for key in questions if isinstance(key, MatchKey)]
        self._listed = self._list(len(keys)) if len(keys) >= LEAST_FOR_A_LISTING else None

    def look(self, key: MatchKey | UserId) -> Target:
        """Return what the vendor shows; an error of this one person stands in the target.

        Raises: what stops a whole cycle.
        """
        is_matched = isinstance(key, MatchKey)
        if isinstance(key, MatchKey):
            if failure := _unsearchable(key):
                return Target(failure=failure)
            if self._listed is not None and key.path == self._job.matching:
                return self._from_list(key, self._listed)
        try:
            found = self._job.connector.get_user(key)
        except STOPPING:
            raise
        except ConnectorError as error:
            if is_matched:
                self._refuse_search(error)
            self._count(error)
            return Target(failure=error)
        self._troubles = 0
        if isinstance(found, NotFound):
            return Target(is_matched=is_matched)
        return Target(user=found, is_matched=is_matched)

    def _refuse_search(self, error: ConnectorError) -> None:
        """Raise where nobody at all can be looked up; a look for nobody tells.

        Source: Microsoft Entra's test connection asks the same question of a vendor.
        """
        if self._can_search or getattr(error, "is_down", False):
            return
        try:
            self._job.connector.get_user(look_for_nobody(self._job))
        except (NotAllowed, RejectedUser, VendorBroken) as again:
            if type(again) is type(error):
                raise _refused(again, self._job) from error
        except ConnectorError:
            return  # the next one shows
        self._can_search = True

    def _count(self, error: ConnectorError) -> None:
        """End the cycle where one look after another meets a broken vendor."""
        self._troubles = self._troubles + 1 if isinstance(error, VendorBroken) else 0
        if self._troubles >= MOST_TROUBLES:
            raise VendorBroken(f"the vendor is down: {error}", is_down=True) from error

    def _list(self, count: int) -> dict[str, list[User]] | None:
        """Return all users by their matching value; None where looking each up is cheaper.

        A listing that fails or has no end is given up, for nobody may be missed by it.
        """
        if not self._job.connector.capabilities.list_users:
            return None
        listed: dict[str, list[User]] = defaultdict(list)
        try:
            for number, user in enumerate(self._job.connector.list_users(), start=1):
                if number > count * _USERS_PER_LOOK_UP:
                    return None
                value = read(user.to_scim(), self._job.matching)
                if isinstance(value, str):
                    listed[matching_form(value)].append(user)
        except STOPPING:
            raise
        except ConnectorError:
            return None
        return dict(listed)

    def _from_list(self, key: MatchKey, listed: dict[str, list[User]]) -> Target:
        users = listed.get(matching_form(key.value), [])
        if not users:
            return Target(is_matched=True)
        if len(users) > 1:
            ids = tuple(user.id or "" for user in users)
            said = f"{len(users)} users have {key}: {', '.join(ids)}"
            return Target(failure=AmbiguousMatch(said, user_ids=ids))
        if self._job.connector.capabilities.lists_whole_users:
            return Target(user=users[0], is_matched=True)
        whole = self.look(UserId(users[0].id or ""))
        return Target(whole.user, is_matched=True, failure=whole.failure)


def _unsearchable(key: MatchKey) -> ConnectorError | None:
    """Return why nobody can be found by this value, if so; no request is needed for that."""
    try:
        check_key(key)
    except ConnectorError as error:
        return error
    return None


def _refused(error: ConnectorError, job: Job) -> ProvisioningError:
    if isinstance(error, RejectedUser):
        known = ", ".join(job.connector.capabilities.match_on)
        return ConfigurationError(
            f"{job.name}: the vendor refuses to look anybody up by {job.matching} ({error}); "
            f"set another `matching`, {job.connector.name} knows {known}"
        )
    if isinstance(error, NotAllowed):
        return CredentialsRefused(f"the vendor forbids to look anybody up: {error}")
    return error
