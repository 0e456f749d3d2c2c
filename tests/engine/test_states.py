"""The states of a link, one test for each row of the specification's table.

Where the table lets Microsoft's engine forget a person whom it disabled for want of an assignment,
ours obeys the job's policies for leavers. Somebody who can only be deleted is deleted with consent.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, person

from jackfield import Capabilities, Registry, hookimpl
from jackfield.engine import Entry
from jackfield.engine.scope.leavers import Leavers
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.sources import SourceObject, SourceRead
from jackfield.sources.base import Removal
from jackfield.testing.sandbox import Fault

State = Literal["none", "on", "off"]

OTHERS = tuple(person(number) for number in (1, 2, 3))
ANN = person(9)
CHANGED = person(9, jobTitle="Lead")
DISABLED = person(9, accountEnabled="False")
UNASSIGNED = replace(ANN, is_assigned=False)
FILTERED_OUT = person(9, jobTitle="Contractor")
SOFT_DELETED = Removal("id-9", "soft")
HARD_DELETED = Removal("id-9", "hard")
ACCOUNT = {
    "userName": "person9@example.com",
    "name": {"givenName": "Given9", "familyName": "Family9"},
    "title": "Engineer",
}
NO_CONTRACTORS = {"attribute": "jobTitle", "operator": "NOT EQUALS", "value": "Contractor"}
SCOPE = Scope(ScopeTable.model_validate({"filters": [{"clauses": [NO_CONTRACTORS]}]}))
WITHOUT_STATUS = {"mappings": tuple(m for m in MAPPINGS if m.target != "active")}
KEEP = {"leavers": Leavers("keep", "keep", "keep", "keep")}
DELETE = {"leavers": Leavers(deleted="delete")}
CONSENT = {"leavers": Leavers("delete", "delete", "delete", "delete")}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row: a link and its accounts, what the source says now, and what has to follow.

    `hired` are the states of the person that make the link; `accounts` those that exist without it.
    `entry` is action, status and code of the one log entry, `sends` the methods of all writes.
    """

    hired: tuple[SourceObject, ...] = (ANN,)
    accounts: tuple[Mapping[str, Any], ...] = ()
    now: SourceObject | Removal
    job: Mapping[str, Any] = field(default_factory=dict)
    vendor: Mapping[str, Any] = field(default_factory=dict)
    entry: tuple[str, ...] = ()
    sends: tuple[str, ...] = ()
    becomes: State


def read_of(said: SourceObject | Removal | None) -> SourceRead:
    people = (*OTHERS, said) if isinstance(said, SourceObject) else OTHERS
    removed = (said,) if isinstance(said, Removal) else ()
    return SourceRead(people, is_complete=True, attributes=ATTRIBUTES, removed=removed)


def vendor_with(claims: Mapping[str, Any]) -> type[ExampleConnector]:
    class Other(ExampleConnector):
        @hookimpl
        def capabilities(self) -> Capabilities:
            return replace(ExampleConnector().capabilities(), **claims)

    return Other


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def run(firm: Company, said: SourceObject | Removal | None, **settings: Any) -> list[Entry]:
    result = firm.run(**{"read_source": lambda _since: read_of(said), "scope": SCOPE, **settings})
    assert result.hold is None
    return [entry for entry in result.entries if entry.source_id == "id-9"]


def prepare(firm: Company, row: Row, stack: ExitStack) -> None:
    """Bring about the link and the accounts of a row, then the vendor that it wants."""
    run(firm, None)
    for state in row.hired:
        run(firm, state)
    firm.vendor.seed([dict(account) for account in row.accounts])
    registry = Registry(connectors={"example": vendor_with(row.vendor)})
    firm.connector = stack.enter_context(registry.connect("example", firm.connector.settings))


def state_of(firm: Company) -> State:
    link = firm.store.links("example").get("id-9")
    return "none" if link is None else ("on" if link.is_on else "off")


NONE = {
    "none; in scope, active, 0 matches; Add enabled: create": Row(
        hired=(), now=ANN, entry=("create", "success", ""), sends=("POST",), becomes="on"
    ),
    "none; in scope, active, 0 matches; Add disabled: skip": Row(
        hired=(),
        now=ANN,
        vendor={"create": False},
        entry=("skip", "skipped", "NoCreate"),
        becomes="none",
    ),
    "none; in scope, active, 1 match that differs: link and update": Row(
        hired=(),
        now=CHANGED,
        accounts=(ACCOUNT,),
        entry=("update", "success", ""),
        sends=("PATCH",),
        becomes="on",
    ),
    "none; in scope, active, 1 match without a difference: link": Row(
        hired=(), now=ANN, accounts=(ACCOUNT,), entry=("link", "success", ""), becomes="on"
    ),
    "none; in scope, 2 matches: failure": Row(
        hired=(),
        now=ANN,
        accounts=(ACCOUNT, ACCOUNT),
        entry=("fail", "failure", "DuplicateTargetEntries"),
        becomes="none",
    ),
    "none; disabled in the source: skip": Row(
        hired=(),
        now=DISABLED,
        accounts=(ACCOUNT,),
        entry=("skip", "skipped", "EntrySynchronizationSkipped"),
        becomes="none",
    ),
    "none; failing a filter: skip": Row(
        hired=(),
        now=FILTERED_OUT,
        accounts=(ACCOUNT,),
        entry=("skip", "skipped", "EntrySynchronizationSkipped"),
        becomes="none",
    ),
    "none; out of scope: skip": Row(
        hired=(),
        now=UNASSIGNED,
        accounts=(ACCOUNT,),
        entry=("skip", "skipped", "EntrySynchronizationSkipped"),
        becomes="none",
    ),
    "none; deleted: nothing": Row(hired=(), now=HARD_DELETED, accounts=(ACCOUNT,), becomes="none"),
}

LINKED = {
    "linked; attribute change, in scope; Update enabled: update": Row(
        now=CHANGED, entry=("update", "success", ""), sends=("PATCH",), becomes="on"
    ),
    "linked; attribute change, in scope; Update disabled: nothing sent": Row(
        now=CHANGED,
        vendor={"patch": False},
        entry=("skip", "skipped", "RedundantExport"),
        becomes="on",
    ),
    "linked, off; back in scope and active: enable": Row(
        hired=(ANN, DISABLED),
        now=ANN,
        entry=("enable", "success", ""),
        sends=("PATCH",),
        becomes="on",
    ),
    "linked, off; still disabled: nothing": Row(hired=(ANN, DISABLED), now=DISABLED, becomes="off"),
    "linked; hard-deleted; Delete enabled: delete": Row(
        now=HARD_DELETED,
        job=DELETE,
        entry=("delete", "success", ""),
        sends=("PATCH", "DELETE"),
        becomes="none",
    ),
    "linked, off; hard-deleted; Delete enabled: delete": Row(
        hired=(ANN, DISABLED),
        now=HARD_DELETED,
        job=DELETE,
        entry=("delete", "success", "WithoutAccess"),
        sends=("DELETE",),
        becomes="none",
    ),
    "linked; hard-deleted; Delete disabled: skip, an orphan": Row(
        now=HARD_DELETED, job=KEEP, entry=("skip", "skipped", "Kept"), becomes="on"
    ),
    "linked, off; hard-deleted; Delete disabled: skip, an orphan": Row(
        hired=(ANN, DISABLED),
        now=HARD_DELETED,
        job=KEEP,
        entry=("skip", "skipped", "Kept"),
        becomes="off",
    ),
    "linked; hard-deleted; vendor cannot delete: skip, an orphan": Row(
        now=HARD_DELETED,
        job=DELETE,
        vendor={"delete": False},
        entry=("skip", "skipped", "NotOffered"),
        becomes="on",
    ),
}

RELEASED = {
    "released; soft-deleted later: nothing": Row(
        hired=(ANN, UNASSIGNED), now=SOFT_DELETED, becomes="off"
    ),
    "released; hard-deleted later; no policy to delete: nothing": Row(
        hired=(ANN, UNASSIGNED), now=HARD_DELETED, becomes="off"
    ),
    "released; hard-deleted later; policy to delete: obeyed": Row(
        hired=(ANN, UNASSIGNED),
        now=HARD_DELETED,
        job=DELETE,
        entry=("delete", "success", "WithoutAccess"),
        sends=("DELETE",),
        becomes="none",
    ),
    "released; assigned again: enable": Row(
        hired=(ANN, UNASSIGNED),
        now=ANN,
        entry=("enable", "success", ""),
        sends=("PATCH",),
        becomes="on",
    ),
}

ROWS = NONE | LINKED | RELEASED


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_row(firm: Company, stack: ExitStack, row: Row):
    prepare(firm, row, stack)
    before = len(firm.writes)

    entries = run(firm, row.now, **row.job)

    assert [(e.action, e.status, e.code) for e in entries] == ([row.entry] if row.entry else [])
    assert tuple(write.split()[0] for write in firm.writes[before:]) == row.sends
    assert state_of(firm) == row.becomes
    is_failure = row.entry[1:2] == ("failure",)
    assert set(firm.store.escrows.all("example")) == ({"id-9"} if is_failure else set())


# --- the rows for whoever should be off: for each of the four events, and for each hindrance -----

EVENTS = {
    "unassigned": UNASSIGNED,
    "failing a filter": FILTERED_OUT,
    "disabled in the source": DISABLED,
    "soft-deleted in the source": SOFT_DELETED,
}
SHOULD_BE_OFF = {
    "status mapping present: disable": Row(
        now=ANN, entry=("disable", "success", ""), sends=("PATCH",), becomes="off"
    ),
    "target cannot soft-delete, with consent: delete": Row(
        now=ANN,
        job=CONSENT,
        vendor={"disable": "delete"},
        entry=("delete", "success", ""),
        sends=("DELETE",),
        becomes="none",
    ),
    "target cannot soft-delete, without consent: failure": Row(
        now=ANN,
        vendor={"disable": "delete"},
        entry=("fail", "failure", "DeletionNotAllowed"),
        becomes="on",
    ),
    "deletions out of scope are skipped: skip with a reason": Row(
        now=ANN, job=KEEP, entry=("skip", "skipped", "Kept"), becomes="on"
    ),
    "no mapping carries the state: no request": Row(
        now=ANN, job=WITHOUT_STATUS, entry=("skip", "skipped", "NotMapped"), becomes="on"
    ),
    "Update disabled: no disable either": Row(
        now=ANN, vendor={"patch": False}, entry=("skip", "skipped", "NotOffered"), becomes="on"
    ),
    "vendor cannot disable: no request": Row(
        now=ANN,
        vendor={"disable": "unsupported"},
        entry=("skip", "skipped", "NotOffered"),
        becomes="on",
    ),
}


@pytest.mark.parametrize("now", EVENTS.values(), ids=EVENTS)
@pytest.mark.parametrize("row", SHOULD_BE_OFF.values(), ids=SHOULD_BE_OFF)
def test_linked_and(firm: Company, stack: ExitStack, row: Row, now: SourceObject | Removal):
    test_row(firm, stack, replace(row, now=now))


# --- what the table says in passing --------------------------------------------------------------


def test_released_and_assigned_again_is_matched_again_where_the_account_is_gone(firm: Company):
    for state in (ANN, UNASSIGNED):
        run(firm, state)
    firm.vendor.store.remove(firm.accounts["person9@example.com"]["id"])
    firm.vendor.seed([{**ACCOUNT, "active": False}])

    (entry,) = run(firm, ANN)

    assert (entry.action, entry.status) == ("enable", "success")
    assert firm.accounts["person9@example.com"]["active"] is True
    assert firm.store.links("example")["id-9"].target_id == entry.target_id


def test_a_vendor_that_cannot_enable_is_not_asked_to(firm: Company, stack: ExitStack):
    row = Row(hired=(ANN, DISABLED), now=ANN, vendor={"enable": False}, becomes="off")
    prepare(firm, row, stack)
    before = len(firm.writes)

    run(firm, ANN)

    assert firm.writes[before:] == []
    assert state_of(firm) == "off"


# --- an escrow and its end ------------------------------------------------------------------------

ENDINGS = {
    "of one never hired who is gone": ((), ANN, "POST", None),
    "of a change that is taken back": ((ANN,), CHANGED, "PATCH", ANN),
}


@pytest.mark.parametrize(("hired", "news", "method", "then"), ENDINGS.values(), ids=ENDINGS)
def test_an_escrow_ends_with_its_cause(firm: Company, hired, news, method, then):
    for said in (None, *hired):
        run(firm, said)
    firm.vendor.faults.add(Fault(method=method, status=400))
    run(firm, news)
    assert firm.store.escrows.all("example").keys() == {"id-9"}

    run(firm, then)

    assert firm.store.escrows.all("example") == {}


def test_an_escrow_ends_where_the_lost_write_turns_out_to_have_been_made(firm: Company):
    run(firm, ANN)
    firm.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    run(firm, CHANGED)

    (entry,) = run(firm, CHANGED)

    assert entry.code == "RedundantExport"
    assert firm.store.escrows.all("example") == {}
