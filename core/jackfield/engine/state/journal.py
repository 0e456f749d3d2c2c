"""What is written before and after requests: intents ahead, outcomes behind, many at a time.

A request may leave once its intent is durable. Outcomes and the next intents share a transaction,
for the disk takes as long for one of them as for thirty.
"""

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import sqlalchemy as sa

from jackfield.engine.model.change import Change, Settled
from jackfield.engine.model.entry import SUCCEEDED
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import matching_form
from jackfield.engine.state.database import Database, chunks, now, upsert
from jackfield.engine.state.doubts import doubt_row
from jackfield.engine.state.escrows import escrow_row
from jackfield.engine.state.log_entries import entry_row
from jackfield.engine.state.tables import doubts, entries, escrows, intents, links


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
    ) -> Mapping[str, str]:
        """Store all of this or nothing: outcomes, then intents; take back intents never acted on.

        An intent empties the fingerprint of its person's link: until the outcome is known, nobody
        knows what the vendor holds. An outcome of success or warning ends the person's escrow, and
        a link the person's doubt about that account.

        Accounts that another job of the tenant has, or may have, are neither made nor linked: such
        changes are returned with the name of that job, by change id, and must not happen.
        """
        refused: Mapping[str, str] = {}
        with self._database.write() as connection:
            if settled:
                _settle(connection, job, settled)
            if ahead:
                refused = _claimed(connection, job, ahead)
                _intend(connection, job, [c for c in ahead if c.change_id not in refused])
            if withdrawn:
                connection.execute(_WITHDRAWN, [{"its_id": each} for each in withdrawn])
        return refused

    def being_made(self, job: str, tenant: str, forms: Iterable[str]) -> dict[str, str]:
        """Return which of these matching values another job may have made an account of.

        It has a creation of it under way, or in doubt: form of the value → that job.
        """
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for some in chunks(forms):
                found |= _asked(connection, _BEING_MADE, job, tenant, {"its_forms": some})[0]
        return found


def _claimed(connection: sa.Connection, job: str, ahead: Sequence[Change]) -> dict[str, str]:
    """Return the changes that another job of the tenant is before with: change id → that job.

    It has the account by a link, or may have it: by a doubt, or by a change under way. A link to an
    account that the vendor does not show any more keeps nobody from a new one.
    """
    claims = [change for change in ahead if change.tenant]
    if not claims:
        return {}
    tenant = claims[0].tenant
    if connection.dialect.name == "postgresql":  # SQLite has one writer at a time anyway
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(tenant))))
    made = {c.change_id for c in claims if c.step.action == "create"}
    forms = {change.change_id: matching_form(change.step.match_value) for change in claims}
    asked: dict[str, Sequence[Any]] = {
        "its_forms": list(filter(None, forms.values())),
        "its_made": [forms[one] for one in made if forms[one]],
        "its_found": [c.step.target_id for c in claims if c.change_id not in made],
    }
    by_name, by_id = _asked(connection, _CLAIMS, job, tenant, asked)
    others: dict[str, str] = {}
    for change in claims:
        other = by_name.get(forms[change.change_id])
        if other is None and change.change_id not in made:
            other = by_id.get(change.step.target_id or "")
        if other is not None:
            others[change.change_id] = other
    return others


def _asked(
    connection: sa.Connection,
    query: sa.Executable,
    job: str,
    tenant: str,
    values: Mapping[str, Sequence[Any]],
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the other jobs that a query finds, by the form of a name and by an account's id."""
    found: dict[str, dict[str, str]] = {"name": {}, "id": {}}
    asked = {"its_job": job, "its_tenant": tenant, **values}
    for kind, value, other in connection.execute(query, asked):
        found[kind][value] = other
    return found["name"], found["id"]


def _intend(connection: sa.Connection, job: str, ahead: Sequence[Change]) -> None:
    if not ahead:
        return
    at = now()
    connection.execute(_INTENDED, [_intent(job, at, each) for each in ahead])
    steps = [change.step for change in ahead]
    concerned = {step.source_id for step in steps}
    concerned |= {step.takes_over for step in steps if not step.takes_over_job}
    _of_people(connection, _UNCERTAIN, job, concerned)
    renamed = [
        {"its_job": job, "its_source_id": s.source_id, "new": s.user_name, "seen": s.seen_as}
        for s in steps
        if s.action in {"update", "enable"} and s.seen_as
    ]
    if renamed:
        connection.execute(_RENAMED, renamed)


def _settle(connection: sa.Connection, job: str, settled: Sequence[Settled]) -> None:
    connection.execute(_LOGGED, [entry_row(each.entry) for each in settled])
    failures: dict[str, Escrow | None] = {}
    for each in settled:
        if each.escrow is not None or each.entry.status in SUCCEEDED:
            failures[each.entry.source_id] = each.escrow
    if failures:
        _of_people(connection, _NO_ESCROW, job, failures)
        failed = filter(None, failures.values())
        upsert(connection, escrows, [escrow_row(job, escrow) for escrow in failed])
    for each in settled:
        if each.doubt is not None:
            upsert(connection, doubts, [doubt_row(job, each.doubt)])
    found = {each.entry.source_id: each for each in settled if each.link or each.is_unlinked}
    if found:
        _relink(connection, job, found)


def _relink(connection: sa.Connection, job: str, found: Mapping[str, Settled]) -> None:
    for each in found.values():
        if each.released and each.link:
            from_job = each.released_job or job
            _of_people(connection, _NO_LINK, from_job, [each.released])
    _of_people(connection, _NO_LINK, job, found)
    if rows := [link_row(job, each.link) for each in found.values() if each.link is not None]:
        connection.execute(_LINKED, rows)
        _end_doubts(connection, job, {row["source_id"]: row for row in rows})


def _end_doubts(
    connection: sa.Connection, job: str, linked: Mapping[str, Mapping[str, Any]]
) -> None:
    """Take out the doubts about accounts that people are linked to by now."""
    doubted = chain.from_iterable(
        connection.scalars(_IN_DOUBT, {"its_job": job, "its_people": some})
        for some in chunks(linked)
    )
    ended = [
        {
            "its_job": job,
            "its_source_id": each,
            "its_form": linked[each]["match_form"],
            "its_linked_at": linked[each]["linked_at"],
        }
        for each in doubted
    ]
    if ended:
        connection.execute(_NO_DOUBT, ended)


def _of_people(
    connection: sa.Connection, statement: sa.Executable, job: str, source_ids: Iterable[str]
) -> None:
    """Carry out a statement for some people of a job."""
    for some in chunks(source_ids):
        connection.execute(statement, {"its_job": job, "its_people": some})


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
        "tenant": change.tenant,
        "match_value": step.match_value if change.tenant else "",
        "match_form": matching_form(step.match_value) if change.tenant else "",
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
    links.c.match_value,
    links.c.may_be,
    links.c.tenant,
    links.c.missing_since,
)


def link_of(row: Sequence[Any]) -> Link:
    """Return the link of a row of `LINK_COLUMNS`."""
    source_id, target_id, user_name, is_on, wanted, kept, updated_at, linked_at, *others = row
    match_value, may_be, tenant, missing_since = others
    return Link(
        source_id=source_id,
        target_id=target_id,
        user_name=user_name,
        is_on=is_on,
        wanted=wanted,
        kept={} if kept == "{}" else json.loads(kept),
        changed_at=updated_at,
        linked_at=linked_at,
        match_value=match_value,
        may_be=may_be,
        tenant=tenant,
        missing_since=missing_since,
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
        "match_value": link.match_value,
        "match_form": matching_form(link.match_value),
        "may_be": link.may_be,
        "tenant": link.tenant,
        "missing_since": link.missing_since,
    }


def _is_of(table: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        table.c.job == sa.bindparam("its_job"), table.c.source_id == sa.bindparam("its_source_id")
    )


def _is_among(table: sa.Table) -> sa.ColumnElement[bool]:
    people: sa.BindParameter[Any] = sa.bindparam("its_people", expanding=True)
    return sa.and_(table.c.job == sa.bindparam("its_job"), table.c.source_id.in_(people))


# Made once: to write a statement takes longer than to carry it out.
_INTENDED = intents.insert()
_LOGGED = entries.insert()
_LINKED = links.insert()
_NO_LINK = links.delete().where(_is_among(links))
_NO_ESCROW = escrows.delete().where(_is_among(escrows))
_UNCERTAIN = links.update().where(_is_among(links)).values(wanted="")
_IN_DOUBT = sa.select(doubts.c.source_id).where(_is_among(doubts)).distinct()
_RENAMED = (
    links.update()
    .where(_is_of(links))
    .values(may_be=sa.bindparam("new"), user_name=sa.bindparam("seen"))
)
_NO_DOUBT = doubts.delete().where(
    _is_of(doubts),
    doubts.c.match_form == sa.bindparam("its_form"),
    # An older link is to an account that was gone, and in whose place this one was made.
    doubts.c.began_at <= sa.bindparam("its_linked_at", type_=doubts.c.began_at.type),
)


def _of_others(kind: str, column: sa.Column[Any], values: str) -> sa.Select[Any]:
    """Return the query for the other jobs of a tenant that have some values in this column."""
    table = column.table
    return sa.select(sa.literal_column(f"'{kind}'"), column, table.c.job).where(
        column.in_(sa.bindparam(values, expanding=True)),
        table.c.tenant == sa.bindparam("its_tenant"),
        table.c.job != sa.bindparam("its_job"),
    )


_MAKING = (
    _of_others("name", doubts.c.match_form, "its_forms"),
    _of_others("name", intents.c.match_form, "its_forms").where(
        ~sa.exists().where(entries.c.change_id == intents.c.change_id)
    ),
)
_BEING_MADE = sa.union_all(*_MAKING)
_CLAIMS = sa.union_all(
    *_MAKING,
    _of_others("name", links.c.match_form, "its_made").where(links.c.missing_since.is_(None)),
    _of_others("id", links.c.target_id, "its_found"),
)
_WITHDRAWN = intents.delete().where(intents.c.change_id == sa.bindparam("its_id"))
