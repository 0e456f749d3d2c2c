"""What is written before and after requests: intents ahead, outcomes behind, many at a time.

A request may leave once its intent is durable. Outcomes and the next intents share a transaction,
for the disk takes as long for one of them as for thirty.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from jackfield.engine.log import SUCCEEDED, Entry
from jackfield.engine.plan import Step
from jackfield.engine.state.database import Database, now, upsert
from jackfield.engine.state.escrows import Escrow, escrow_row
from jackfield.engine.state.log_entries import entry_row
from jackfield.engine.state.tables import entries, escrows, intents, links

"""Outcomes after which a person's earlier failures are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The stored pair of one source object and one target user.

    `is_on` is False once the engine took the access away. `wanted` is the fingerprint of what the
    vendor was last told, empty while a write is under way or has failed. `kept` remembers values
    that the vendor answered with success and did not take: path → [wanted, kept]. `changed_at` is
    when the store last wrote it, `linked_at` when it first led to this target user; the store sets
    the latter where a new link has none.
    """

    source_id: str
    target_id: str
    user_name: str
    is_on: bool
    wanted: str
    kept: Mapping[str, list[Any]] = field(default_factory=dict)
    changed_at: dt.datetime | None = None
    linked_at: dt.datetime | None = None

    @property
    def may_be_on(self) -> bool:
        """Whether the account gives access, or may: the end of the last write is unknown."""
        return self.is_on or not self.wanted


@dataclass(frozen=True, slots=True)
class Change:
    """A step on its way: its id joins the intent and the log entry."""

    change_id: str
    cycle_id: str
    step: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A log entry and what it leads to: another link or none any more, or another escrow.

    `released` is the source object whose link gives way to this one.
    """

    entry: Entry
    link: Link | None = None
    escrow: Escrow | None = None
    is_unlinked: bool = False
    released: str = ""


class Journal:
    """Intents and outcomes of all jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(
        self,
        job: str,
        *,
        settled: Sequence[Settled] = (),
        ahead: Sequence[Change] = (),
        withdrawn: Sequence[str] = (),
        token: int | None = None,
    ) -> None:
        """Store all of this or nothing: outcomes, then intents; take back intents never acted on.

        An intent empties the fingerprint of its person's link: until the outcome is known, nobody
        knows what the vendor holds. An outcome of success or warning ends the person's escrow.
        """
        with self._database.write(job, token) as connection:
            if settled:
                _settle(connection, job, settled)
            if ahead:
                at = now()
                connection.execute(_INTENDED, [_intent(job, at, each) for each in ahead])
                concerned = {id_ for c in ahead for id_ in (c.step.source_id, c.step.takes_over)}
                connection.execute(_UNCERTAIN, _people(job, concerned))
            if withdrawn:
                connection.execute(_WITHDRAWN, [{"its_id": each} for each in withdrawn])


def _settle(connection: sa.Connection, job: str, settled: Sequence[Settled]) -> None:
    connection.execute(_LOGGED, [entry_row(each.entry) for each in settled])
    failures: dict[str, Escrow | None] = {}
    for each in settled:
        if each.escrow is not None or each.entry.status in SUCCEEDED:
            failures[each.entry.source_id] = each.escrow
    if failures:
        connection.execute(_NO_ESCROW, _people(job, failures))
        failed = filter(None, failures.values())
        upsert(connection, escrows, [escrow_row(job, escrow) for escrow in failed])
    found = {each.entry.source_id: each for each in settled if each.link or each.is_unlinked}
    if not found:
        return
    released = {each.released for each in settled if each.released and each.link}
    connection.execute(_NO_LINK, _people(job, [*found, *released]))
    if rows := [link_row(job, each.link) for each in found.values() if each.link is not None]:
        connection.execute(_LINKED, rows)


def _people(job: str, source_ids: Iterable[str]) -> list[dict[str, Any]]:
    return [{"its_job": job, "its_source_id": source_id} for source_id in source_ids]


def _intent(job: str, at: dt.datetime, change: Change) -> dict[str, Any]:
    step = change.step
    return {
        "change_id": change.change_id,
        "cycle_id": change.cycle_id,
        "job": job,
        "at": at,
        "action": step.action,
        "source_id": step.source_id,
        "target_id": step.target_id,
        "user_name": step.user_name,
        "place": step.place,
    }


LINK_COLUMNS = (
    links.c.source_id,
    links.c.target_id,
    links.c.user_name,
    links.c.is_on,
    links.c.wanted,
    links.c.kept,
    links.c.updated_at,
    links.c.linked_at,
)


def link_of(row: Sequence[Any]) -> Link:
    """Return the link of a row of `LINK_COLUMNS`."""
    source_id, target_id, user_name, is_on, wanted, kept, updated_at, linked_at = row
    return Link(
        source_id=source_id,
        target_id=target_id,
        user_name=user_name,
        is_on=is_on,
        wanted=wanted,
        kept={} if kept == "{}" else json.loads(kept),
        changed_at=updated_at,
        linked_at=linked_at,
    )


def link_row(job: str, link: Link) -> dict[str, Any]:
    at = now()
    return {
        "job": job,
        "source_id": link.source_id,
        "target_id": link.target_id,
        "user_name": link.user_name,
        "is_on": link.is_on,
        "wanted": link.wanted,
        "kept": json.dumps(dict(link.kept)),
        "updated_at": at,
        "linked_at": link.linked_at or at,
    }


def _is_of(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.job == sa.bindparam("its_job"), table.c.source_id == sa.bindparam("its_source_id")
    )


# Made once: to write a statement takes longer than to carry it out.
_INTENDED = intents.insert()
_LOGGED = entries.insert()
_LINKED = links.insert()
_NO_LINK = links.delete().where(_is_of(links))
_NO_ESCROW = escrows.delete().where(_is_of(escrows))
_UNCERTAIN = links.update().where(_is_of(links)).values(wanted="")
_WITHDRAWN = intents.delete().where(intents.c.change_id == sa.bindparam("its_id"))
