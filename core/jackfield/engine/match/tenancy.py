"""Whether the connection still leads to the accounts that a job is linked to.

A link is a fact about one account of one tenant. Another tenant may number its users alike, and an
empty one shows nobody: both look as if everybody had been renamed or deleted.
"""

import threading
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

from jackfield.engine.job import Job
from jackfield.engine.model.codes import AnotherTenant
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import forms_of, is_one_of
from jackfield.engine.state.store import Store
from jackfield.errors import ConnectorError
from jackfield.resources import NotFound, User, UserId

_FEWEST_LOOKS: Final = 3
"""So many accounts beside the missing one have to be missing, too, to tell that all of them are."""


class Tenancy:
    """The proof of one cycle that accounts are where they were. Safe to share between threads."""

    def __init__(self, job: Job, store: Store, links: Mapping[str, Link]) -> None:
        self._job = job
        self._store = store
        self._links = links
        self._is_proven = False
        self._others: Mapping[str, tuple[str, Link]] = {}
        self._being_made: Mapping[str, str] = {}
        self._lock = threading.Lock()

    @cached_property
    def tenant(self) -> str:
        """The identity of the connection."""
        return self._job.connector.identity()

    @property
    def has_accounts(self) -> bool:
        """Whether anybody is known to be linked to an account of the tenant."""
        return bool(self._links or self._others)

    def other_owner_of(self, user: User) -> str:
        """Return the other job of the tenant that an account belongs to; empty for none.

        A link that no look has bound yet may be to another vendor's account of the same id.
        """
        job, link = self._others.get(user.id or "", ("", None))
        if link is None or link.tenant == self.tenant:
            return job
        return job if is_one_of(user, link.names, self._job.match_on) else ""

    def other_link(self, target_id: str) -> Link | None:
        """Return the link that another job of the tenant has to an account."""
        return self._others.get(target_id, ("", None))[1]

    def claimant_of(self, target_id: str, value: str) -> str:
        """Return the other job that has an account of a matching value, or may just have made it.

        This asks the state anew; empty for none.
        """
        job = self._store.other_owner(self._job.name, self.tenant, target_id)
        forms = forms_of((value,))
        making = self._store.journal.being_made(self._job.name, self.tenant, forms)
        return job or next(iter(making.values()), "")

    def maker_of(self, values: Iterable[str]) -> str:
        """Return the other job that may have made the account of a matching value; empty for none.

        Until that job has looked, nobody knows whose it is.
        """
        return next(filter(None, map(self._being_made.get, forms_of(values))), "")

    def check(self, match_forms: Iterable[str] = ()) -> None:
        """Make sure that the job's links are to accounts of this tenant; learn who has others.

        `match_forms` are those of the people whose accounts are looked for.

        Raises: AnotherTenant where the job is linked to accounts of another tenant.
        """
        tenant = self.tenant
        strange = {
            name: count for name, count in self._store.tenants(self._job.name).items() if name
        }
        if count := sum(count for name, count in strange.items() if name != tenant):
            known = ", ".join(sorted(strange.keys() - {tenant}))
            raise AnotherTenant(
                f"{self._job.name}: this connection leads to {tenant}, and {count} people are "
                f"linked to accounts of {known}; correct the connection, or where these are the "
                f"same accounts at a new address: jackfield links {self._job.name} --rebind"
            )
        forms = frozenset(match_forms)
        self._others = self._store.owners(self._job.name, tenant, forms)
        self._being_made = self._store.journal.being_made(self._job.name, tenant, forms)

    def saw(self, user_id: UserId, user: User | None) -> None:
        """Take note of what the vendor showed of a linked account.

        Where it is not there, or another human's, others are looked at once.

        Raises: AnotherTenant where none of them is there either.
        """
        with self._lock:
            if self._is_proven:
                return
            link = next((each for each in self._links.values() if each.target_id == user_id), None)
            if link is not None:
                self._is_proven = self._is_same(link, user) or self._is_another_there(link)

    def _is_same(self, link: Link, user: User | None) -> bool:
        return user is not None and is_one_of(user, link.names, self._job.match_on)

    def _is_another_there(self, but: Link) -> bool:
        """Look at other linked accounts until one is there; raise where three of them are not.

        Where nothing can be known, nothing is concluded.
        """
        missing = 0
        for link in list(self._links.values()):
            if not link.is_on or link.missing_since is not None or link.target_id == but.target_id:
                continue
            try:
                found = self._job.connector.get_user(UserId(link.target_id))
            except ConnectorError:
                return False
            if not isinstance(found, NotFound) and self._is_same(link, found):
                return True
            missing += 1
            if missing == _FEWEST_LOOKS:
                raise AnotherTenant(self._nobody_is_there(but))
        return True

    def _nobody_is_there(self, link: Link) -> str:
        return (
            f"{self._job.name}: the vendor shows neither {link.user_name} nor {_FEWEST_LOOKS} "
            "other linked people under their accounts: does the connection lead to another tenant, "
            "or were all accounts deleted there? Correct the connection, or forget the links with "
            f"`jackfield restart {self._job.name} --links`, and everybody is matched anew"
        )
