"""Settles what earlier runs left open, before anything new is decided.

A creation in doubt may have made an account that nobody is linked to. It is looked for under the
name it was made with: its person may have another by now, or may have left. A doubt ends by what is
seen, never by its age: the account is found, or enough looks over enough hours found nobody.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from jackfield.engine.job import Job
from jackfield.engine.log.steps import found_steps, lost_steps
from jackfield.engine.model.change import Settled
from jackfield.engine.model.codes import STOPPING
from jackfield.engine.model.doubt import Doubt
from jackfield.engine.model.entry import Entry, Status
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.engine.state.store import Intent, Store
from jackfield.errors import ConnectorError
from jackfield.resources import User

NOT_MADE: Final = "NotMade"
"""The code of a creation in doubt of which looks have shown that it made no account."""

_LOOKS_TO_END: Final = 3
_HOURS_TO_END: Final = dt.timedelta(days=1)
"""So long a vendor may take to show an account that it made."""

_LOOKS_TO_GO_ON: Final = 2
_HOURS_TO_GO_ON: Final = dt.timedelta(hours=1)
"""So long nobody in doubt is created under another name: the first account may turn up yet."""


def may_create_beside(doubt: Doubt) -> bool:
    """Say whether enough looks found nobody to make the person an account of another name."""
    return doubt.looks >= _LOOKS_TO_GO_ON and doubt.looked_for >= _HOURS_TO_GO_ON


def _is_over(doubt: Doubt) -> bool:
    return doubt.looks >= _LOOKS_TO_END and doubt.looked_for >= _HOURS_TO_END


def close_interrupted(job: Job, store: Store) -> tuple[Entry, ...]:
    """Log every write whose outcome was lost with its process; this cycle looks before it acts."""
    settled = [_interrupted(job, intent) for intent in store.open_intents(job.name)]
    if settled:
        store.journal.write(job.name, settled=settled)
    return tuple(each.entry for each in settled)


def find_doubtful(job: Job, store: Store, now: dt.datetime) -> None:
    """Look for every account that a creation in doubt may have made, and link what is found.

    A look that fails shows nothing: the doubt stays as it was, and the person is not decided on.

    Raises: what stops a cycle.
    """
    doubtful = store.doubts.all(job.name)
    if doubtful:
        search = _Search(job, store, now, doubtful)
        for doubt in doubtful:
            search.settle(doubt)


class _Search:
    """The looks of one cycle for accounts that may have been made."""

    def __init__(self, job: Job, store: Store, now: dt.datetime, doubtful: list[Doubt]) -> None:
        tenant = job.connector.identity()
        self._job, self._store = job, store
        self._now, self._tenant = now, tenant
        self._links: Mapping[str, Link] = store.links(job.name)
        self._owners = {link.target_id: one for one, link in self._links.items()}
        others = store.owners(job.name, tenant, {doubt.match_form for doubt in doubtful})
        self._owners |= {target_id: other for target_id, (other, _) in others.items()}

    def settle(self, doubt: Doubt) -> None:
        """Look once; link what was made, or take note that nobody was seen.

        In another tenant nobody is looked for: to be absent from there shows nothing.
        """
        if doubt.tenant not in {"", self._tenant}:
            return
        try:
            found = self._job.find(self._job.keys_of(doubt.match_value))
        except STOPPING:
            raise
        except ConnectorError:
            return
        if found is None:
            self._unseen(doubt.looked(self._now))
        elif (found.id or "") in self._owners:
            self._store.doubts.end(self._job.name, [doubt])
        elif not self._has_another(doubt):
            self._link(doubt, found)
        # Else the person has two accounts, and somebody must take one of them away.

    def _has_another(self, doubt: Doubt) -> bool:
        """Say whether the person got another account since; an older one was gone by then."""
        link = self._links.get(doubt.source_id)
        return link is not None and (link.linked_at is None or link.linked_at >= doubt.began_at)

    def _unseen(self, doubt: Doubt) -> None:
        if not _is_over(doubt):
            self._store.doubts.put(self._job.name, [doubt])
            return
        hours = doubt.looked_for.total_seconds() / 3600
        reason = (
            f"the creation in doubt made no account: {doubt.looks} looks over {hours:.0f} hours "
            f"found nobody by {doubt.match_value}"
        )
        told = self._entry(doubt, "create", "skipped", reason, code=NOT_MADE)
        self._store.record([told])
        self._store.doubts.end(self._job.name, [doubt])

    def _link(self, doubt: Doubt, found: User) -> None:
        target_id = found.id or ""
        self._owners[target_id] = doubt.source_id
        link = Link(
            source_id=doubt.source_id,
            target_id=target_id,
            user_name=found.userName or doubt.user_name,
            match_value=doubt.match_value,
            is_on=True,
            wanted="",
            tenant=self._tenant,
        )
        reason = f"the creation in doubt was made; the account was found by {self._job.matched_by}"
        told = self._entry(doubt, "link", "success", reason, target_id=target_id)
        settled = [Settled(entry=told, link=link)]
        self._store.journal.write(self._job.name, settled=settled)

    def _entry(
        self,
        doubt: Doubt,
        action: str,
        status: Status,
        reason: str,
        *,
        code: str = "",
        target_id: str | None = None,
    ) -> Entry:
        return Entry(
            change_id=str(uuid4()),
            cycle_id=doubt.cycle_id,
            job=self._job.name,
            at=self._now,
            action=action,
            status=status,
            source_id=doubt.source_id,
            user_name=doubt.user_name,
            place=doubt.place,
            reason=reason,
            code=code,
            target_id=target_id,
            steps=found_steps(reason),
        )


def doubt_of(entry: Entry, match_value: str, tenant: str, *, is_unseen: bool = False) -> Doubt:
    """Return the doubt of a creation whose end is unknown; `is_unseen`: a look found nobody yet."""
    doubt = Doubt(
        source_id=entry.source_id,
        match_form=matching_form(match_value),
        match_value=match_value,
        user_name=entry.user_name,
        place=entry.place,
        tenant=tenant,
        cycle_id=entry.cycle_id,
        began_at=entry.at,
    )
    return doubt.looked(entry.at) if is_unseen else doubt


def _interrupted(job: Job, intent: Intent) -> Settled:
    reason = "the run ended before the outcome was known; this cycle looks first"
    entry = Entry(
        change_id=intent.change_id,
        cycle_id=intent.cycle_id,
        job=job.name,
        at=dt.datetime.now(dt.UTC),
        action=intent.action,
        status="in_doubt",
        source_id=intent.source_id,
        user_name=intent.user_name,
        place=intent.place,
        reason=reason,
        code="Interrupted",
        target_id=intent.target_id,
        steps=lost_steps(reason),
    )
    if intent.action != "create":
        return Settled(entry=entry)
    return Settled(entry=entry, doubt=doubt_of(entry, intent.match_value, intent.tenant))
