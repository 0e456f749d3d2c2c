"""Reads of the vendor what a plan needs: one listing where that is cheaper, else one look each.

Who is missing from a list is not absent yet: lists are cut, by vendors who count their pages or
show a hundred users and no more. So each of these is asked for by itself before anybody is made,
where the vendor can be asked; only a list that shows nobody at all, of a vendor who finds nobody,
is believed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from uuid import uuid4

from jackfield.engine.job import Job
from jackfield.engine.map.person import Keys, Question, Target
from jackfield.engine.match.tenancy import Tenancy
from jackfield.engine.model.codes import MOST_TROUBLES, STOPPING
from jackfield.engine.model.names import matching_form
from jackfield.errors import (
    AmbiguousMatch,
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    NotAllowed,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    VendorBroken,
)
from jackfield.resources import MatchKey, NotFound, User, UserId
from jackfield.scim import Path, check_key, values

LEAST_FOR_A_LISTING = 50
"""Fewer people than this are looked up one by one."""
_USERS_PER_LOOK_UP = 100
"""A listing shows about so many users for the price of one look-up."""


def look_for_nobody(job: Job) -> MatchKey:
    """Return a question that every vendor should answer with nobody."""
    return MatchKey(job.match_on[0], f"{uuid4()}@example.com")


class Looker:
    """Answers the questions of one cycle; safe to share between threads once it is made."""

    def __init__(
        self, job: Job, questions: Iterable[Question | None], tenancy: Tenancy | None = None
    ) -> None:
        self._job = job
        self._tenancy = tenancy
        self._troubles = 0
        self._can_search = False
        self.listed_count = 0
        asked = [question for question in questions if isinstance(question, tuple)]
        self._listed = self._list(len(asked)) if len(asked) >= LEAST_FOR_A_LISTING else None
        self._is_empty = self._listed == {} and self._has_nobody([keys for keys in asked if keys])

    def look(self, question: Question) -> Target:
        """Return what the vendor shows; an error of this one person stands in the target.

        Raises: what stops a whole cycle.
        """
        if isinstance(question, tuple):
            return self._match(question)
        return self._look(question)

    def _match(self, keys: Keys) -> Target:
        """Ask for every matching value; where two find two, none of them is the person's."""
        found: dict[str, tuple[MatchKey, Target]] = {}
        for key in keys:
            target = self._look_by(key)
            if target.failure is not None:
                return target
            if target.user is not None:
                found.setdefault(target.user.id or "", (key, target))
        if len(found) > 1:
            told = ", ".join(f"{key} finds {user_id}" for user_id, (key, _) in found.items())
            return Target(failure=AmbiguousMatch(f"{told}: two accounts", user_ids=tuple(found)))
        return next((t for _, t in found.values()), Target(is_matched=True))

    def _look_by(self, key: MatchKey) -> Target:
        if failure := _unsearchable(key):
            return Target(failure=failure)
        if self._listed is not None:
            users = self._listed.get((key.path, matching_form(key.value)), {})
            if users or self._is_absent_from_list(key.path):
                return self._from_list(key, users)
        return self._look(key)

    def _look(self, key: MatchKey | UserId) -> Target:
        is_matched = isinstance(key, MatchKey)
        matched_by = key.path if isinstance(key, MatchKey) else ""
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
        user = None if isinstance(found, NotFound) else found
        if self._tenancy is not None and not isinstance(key, MatchKey):
            self._tenancy.saw(key, user)
        return Target(user=user, is_matched=is_matched, matched_by=matched_by)

    def _has_nobody(self, asked: Sequence[Keys]) -> bool:
        """Say whether a list without anybody is right: of a few people, too, who are asked for.

        Some vendors list nobody where no filter is given. Whoever is linked has an account.
        """
        if not asked or (self._tenancy is not None and self._tenancy.has_accounts):
            return False
        some = {0, len(asked) // 2, len(asked) - 1}
        return all(self._finds_nobody(asked[number]) for number in sorted(some))

    def _finds_nobody(self, keys: Keys) -> bool:
        if not self._job.connector.can_filter(keys[0].path) or _unsearchable(keys[0]):
            return True
        target = self._look(keys[0])
        return target.user is None and target.failure is None

    def _is_absent_from_list(self, path: str) -> bool:
        """Say whether to be missing from the list is all that can be known of somebody."""
        return self._is_empty or not self._job.connector.can_filter(path)

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
        is_trouble = isinstance(error, VendorBroken | PluginFault)
        self._troubles = self._troubles + 1 if is_trouble else 0
        if self._troubles >= MOST_TROUBLES:
            if isinstance(error, PluginFault):
                raise error
            raise VendorBroken(f"the vendor is down: {error}", is_down=True) from error

    def _list(self, count: int) -> dict[tuple[str, str], dict[str, User]] | None:
        """Return all users by their matching values; None where looking each up is cheaper.

        A listing that fails or has no end is given up, for nobody may be missed by it.
        """
        if not self._job.connector.capabilities.list_users:
            return None
        listed: dict[tuple[str, str], dict[str, User]] = defaultdict(dict)
        number = 0
        try:
            for number, user in enumerate(self._job.connector.list_users(), start=1):
                if number > count * _USERS_PER_LOOK_UP:
                    return None
                for path, form in self._names(user):
                    listed[path, form][user.id or ""] = user
        except STOPPING:
            raise
        except ConnectorError:
            return None
        self.listed_count = number
        return dict(listed)

    def _names(self, user: User) -> Iterator[tuple[str, str]]:
        document = user.to_scim()
        for path in self._job.match_on:
            for value in values(document, Path.parse(path)):
                if isinstance(value, str):
                    yield path, matching_form(value)

    def _from_list(self, key: MatchKey, users: dict[str, User]) -> Target:
        if not users:
            return Target(is_matched=True)
        if len(users) > 1:
            said = f"{len(users)} users have {key}: {', '.join(users)}"
            return Target(failure=AmbiguousMatch(said, user_ids=tuple(users)))
        [(user_id, user)] = users.items()
        if self._job.connector.capabilities.lists_whole_users:
            return Target(user=user, is_matched=True, matched_by=key.path)
        whole = self._look(UserId(user_id))
        return Target(whole.user, is_matched=True, matched_by=key.path, failure=whole.failure)


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
            f"{job.name}: the vendor refuses to look anybody up by {job.match_on[0]} ({error}); "
            f"set another `matching`, {job.connector.name} knows {known}"
        )
    if isinstance(error, NotAllowed):
        return CredentialsRefused(f"the vendor forbids to look anybody up: {error}")
    return error
