"""Settles what earlier runs left open, before anything new is decided.

A creation in doubt may have made an account that nobody is linked to. It is looked for under the
name it was made with: its person may have another by now, or may have left.
"""

import datetime as dt
from dataclasses import replace
from uuid import uuid4

from jackfield.engine.job import Job
from jackfield.engine.log import Entry
from jackfield.engine.log_steps import found_steps, lost_steps
from jackfield.engine.state.journal import Link, Settled
from jackfield.engine.state.store import Intent, Store
from jackfield.errors import AmbiguousMatch, RejectedUser
from jackfield.resources import MatchKey, NotFound

_LOOKED_FOR = dt.timedelta(days=1)
"""So long a vendor may take to show an account that it made."""

_HELD_FOR = dt.timedelta(hours=1)
"""So long nobody in doubt is created under another name: the first account may turn up yet."""


def close_interrupted(job: Job, store: Store, token: int | None) -> tuple[Entry, ...]:
    """Log every write whose outcome was lost with its process; this cycle looks before it acts."""
    entries = tuple(_interrupted(job, intent) for intent in store.open_intents(job.name))
    store.record(entries, token=token)
    return entries


def find_doubtful(job: Job, store: Store, token: int | None, now: dt.datetime) -> None:
    """Link the accounts that creations in doubt have made; who is not found is left as is.

    Raises: what stops a cycle, for nobody may be decided on while this is open.
    """
    doubtful = store.doubts(job.name, now - _LOOKED_FOR)
    if not doubtful:
        return
    owned = {link.target_id for link in store.links(job.name).values()}
    for entry in doubtful:
        try:
            found = job.connector.get_user(MatchKey(job.matching, entry.user_name))
        except (AmbiguousMatch, RejectedUser):
            continue
        if isinstance(found, NotFound) or not found.id or found.id in owned:
            continue
        owned.add(found.id)
        link = Link(
            source_id=entry.source_id,
            target_id=found.id,
            user_name=entry.user_name,
            is_on=True,
            wanted="",
        )
        reason = f"the creation in doubt was made; the account was found by {job.matching}"
        known = replace(entry, change_id=str(uuid4()), at=now, action="link", target_id=found.id)
        known = replace(known, steps=found_steps(reason))
        told = replace(known, status="success", reason=reason, code="", changes=())
        store.journal.write(job.name, settled=[Settled(entry=told, link=link)], token=token)


def names_in_doubt(job: Job, store: Store, now: dt.datetime) -> dict[str, str]:
    """Return the name that each person in doubt may have an account under, by source id."""
    return {e.source_id: e.user_name for e in store.doubts(job.name, now - _HELD_FOR)}


def _interrupted(job: Job, intent: Intent) -> Entry:
    reason = "the run ended before the outcome was known; this cycle looks first"
    return Entry(
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
