"""What the store keeps between cycles, in each kind of database."""

import datetime as dt
from dataclasses import replace

import pytest
from support.company import Company, person
from support.states import NOON, entry, remembered

from jackfield.engine import Store
from jackfield.engine.model.change import Settled
from jackfield.engine.model.cycle import CycleProgress
from jackfield.engine.model.escrow import Escrow
from jackfield.engine.model.hold import StagedRemoval
from jackfield.engine.model.job_state import JobState, Quarantine
from jackfield.engine.model.link import Link
from jackfield.engine.state.references import PendingReference

HOUR = dt.timedelta(hours=1)
QUARANTINE = Quarantine(
    reason="EncounteredQuarantineException",
    error="the token was refused",
    began_at=NOON,
    series_began_at=NOON,
    series_count=2,
    next_attempt_at=NOON + 6 * HOUR,
)


def escrow(number: int = 1, *, hours: int = 1) -> Escrow:
    return Escrow(
        source_id=f"id-{number}",
        action="create",
        code="Conflict",
        reason="the vendor has this user",
        attempts=1,
        first_failed_at=NOON,
        next_attempt_at=NOON + hours * HOUR,
    )


def removal(number: int, approval: str = "word", *, hours: int = 0) -> StagedRemoval:
    return StagedRemoval(
        source_id=f"id-{number}",
        target_id=f"u-{number}",
        user_name=f"person{number}@example.com",
        action="disable",
        reason="no longer in the source",
        approval=approval,
        staged_at=NOON + hours * HOUR,
    )


def link(number: int, **changes: str) -> Link:
    values = {"target_id": f"u-{number}", "user_name": "ada", "wanted": "f", **changes}
    return Link(source_id=f"id-{number}", is_on=True, **values)


def test_cycles_run_on_every_database(firm: Company, store: Store):
    firm.store.close()
    firm.store = store
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1, jobTitle="Lead")]

    result = firm.run()

    assert [entry.action for entry in result.entries] == ["update", "disable"]
    assert store.links("example")["id-2"].is_on is False
    assert store.jobs.get("example").last_success.counts == {"success": 2}  # type: ignore[union-attr]


# --- jobs and cycles -------------------------------------------------------------------------


def test_a_job_nobody_knows_is_healthy_and_has_no_past(store: Store):
    assert store.jobs.get("example") == JobState(job="example")
    assert store.jobs.all() == []


def test_a_quarantine_is_kept_and_lifted(store: Store):
    store.jobs.set_watermark("example", "w-1")
    store.jobs.quarantine("example", QUARANTINE)
    slow = store.jobs.get("example")
    store.jobs.quarantine("example", QUARANTINE, is_disabled=True)
    disabled = store.jobs.get("example")
    store.jobs.lift("example")

    assert (slow.status, slow.quarantine) == ("quarantined", QUARANTINE)
    assert disabled.status == "disabled"
    assert store.jobs.get("example") == JobState(job="example", watermark="w-1")


def test_the_last_cycle_and_the_last_good_one_are_told_apart(store: Store):
    good, bad = store.begin_cycle("example"), store.begin_cycle("example")
    store.end_cycle(good, "completed with failures", {"success": 3})
    store.end_cycle(bad, "stopped: no network", {})

    state = store.jobs.get("example")

    assert state.last_cycle.cycle_id == bad  # type: ignore[union-attr]
    assert state.last_success.cycle_id == good  # type: ignore[union-attr]
    assert state.last_success.counts == {"success": 3}  # type: ignore[union-attr]
    assert state.last_cycle.ended_at.tzinfo is dt.UTC  # type: ignore[union-attr]


def test_the_progress_of_a_cycle_is_seen_by_others(store: Store):
    cycle = store.begin_cycle("example")
    progress = CycleProgress("apply", 3, 10, waiting_until=NOON)

    store.cycles.report(cycle, progress)

    (found,) = store.cycles.latest("example")
    assert (found.progress, found.ended_at) == (progress, None)
    assert found.progress_at is not None


def test_who_lost_access_counts_but_for_the_approved_and_those_who_have_it_again(store: Store):
    cycle = store.begin_cycle("example")
    removed = [
        {},
        {"action": "delete", "status": "warning"},
        {"code": "Approved"},
        {"code": "WithoutAccess", "action": "delete"},
        {"status": "failure"},
        {"action": "update"},
        {"at": NOON - HOUR},
        {"source_id": "id-back"},
    ]
    said = [
        entry(cycle, number, **{"action": "disable", **each}) for number, each in enumerate(removed)
    ]
    store.record(said)
    back = replace(link(8), source_id="id-back")
    told = entry(cycle, 8, action="enable", source_id="id-back")
    store.journal.write("example", settled=[Settled(entry=told, link=back)])

    assert store.removed_since("example", NOON) == {"id-0", "id-1"}
    assert store.removed_since("another", NOON) == frozenset()


@pytest.mark.parametrize(
    ("scope", "kept"),
    [
        ("watermark", ["escrow", "quarantine", "links", "reference"]),
        ("escrows", ["rows", "quarantine", "links", "reference"]),
        ("quarantine", ["watermark", "rows", "escrow", "links", "reference"]),
        ("links", ["rows", "escrow", "quarantine"]),
    ],
)
def test_a_restart_forgets_what_its_scope_names(store: Store, scope: str, kept: list[str]):
    for job in ("example", "another"):
        store.jobs.set_watermark(job, "w-1")
        store.jobs.quarantine(job, QUARANTINE)
        store.escrows.put(job, [escrow()])
        store.rows.remember(job, [("id-1", "f")])
        store.references.put(job, [PendingReference("id-1", "manager", "id-2")])
    told = Settled(entry=entry(store.begin_cycle("example"), 9), link=link(1))
    store.journal.write("example", settled=[told])

    store.jobs.restart("example", [scope])  # type: ignore[list-item]

    state = store.jobs.get("example")
    found = {
        "watermark": state.watermark,
        "rows": remembered(store),
        "escrow": store.escrows.all("example"),
        "quarantine": state.quarantine,
        "links": store.links("example"),
        "reference": store.references.all("example"),
    }
    assert [name for name, value in found.items() if value] == sorted(kept, key=list(found).index)
    assert store.escrows.all("another")


def test_an_unknown_restart_scope_is_refused(store: Store):
    with pytest.raises(ValueError, match="everything"):
        store.jobs.restart("example", ["everything"])  # type: ignore[list-item]


# --- escrows ---------------------------------------------------------------------------------


def test_an_escrow_is_stored_with_its_entry_and_ends_with_a_success(store: Store):
    cycle = store.begin_cycle("example")
    failed = [
        Settled(entry=entry(cycle, number, status="failure"), escrow=escrow(number))
        for number in (1, 2)
    ]
    store.journal.write("example", settled=failed)
    store.record([entry(cycle, 3, source_id="id-1")])

    assert store.escrows.all("example") == {"id-2": escrow(2)}


def test_an_escrow_of_one_person_is_one(store: Store):
    store.escrows.put("example", [escrow(1)])
    store.escrows.put("example", [replace(escrow(1), attempts=2), escrow(2)])
    store.escrows.clear("example", ["id-2"])

    assert [item.attempts for item in store.escrows.all("example").values()] == [2]


# --- holds -----------------------------------------------------------------------------------


def test_a_hold_is_approved_by_its_word_alone(store: Store):
    store.holds.stage("example", [removal(1), removal(2)])

    assert store.holds.approve("example", "another word", "ada") == 0
    assert store.holds.approval("example") == ""
    assert store.holds.approve("example", "word", "ada") == 2
    assert store.holds.approval("example") == "word"
    assert {held.approved_by for held in store.holds.all("example")} == {"ada"}


def test_a_hold_of_the_same_people_keeps_its_age_and_its_approval(store: Store):
    store.holds.stage("example", [removal(1)])
    store.holds.approve("example", "word", "ada")

    store.holds.stage("example", [removal(1, hours=5)])

    (held,) = store.holds.all("example")
    assert (held.staged_at, held.approved_by) == (NOON, "ada")


def test_one_leaver_more_voids_the_approval(store: Store):
    store.holds.stage("example", [removal(1)])
    store.holds.approve("example", "word", "ada")

    store.holds.stage("example", [removal(1, "new word"), removal(2, "new word", hours=1)])

    assert store.holds.approval("example") == ""
    assert [held.staged_at for held in store.holds.all("example")] == [NOON, NOON + HOUR]


def test_a_hold_ends_with_the_removal_or_the_return(store: Store):
    store.holds.stage("example", [removal(1), removal(2)])
    store.holds.clear("example", ["id-1"])
    assert [held.source_id for held in store.holds.all("example")] == ["id-2"]

    store.holds.stage("example", [])
    assert store.holds.all("example") == []


# --- rows of the source ----------------------------------------------------------------------


def test_a_forgotten_row_is_new(store: Store):
    store.rows.remember("example", [("id-1", "f"), ("id-2", "f")])

    store.rows.forget("example", ["id-1"])

    assert remembered(store) == {"id-2": "f"}


# --- references ------------------------------------------------------------------------------


def test_a_reference_waits_for_its_person(store: Store):
    boss = PendingReference("id-1", "manager", "id-9")
    member = PendingReference("id-2", "manager", "id-8")
    store.references.put("example", [boss, member, boss])

    assert store.references.all("example") == [boss, member]
    store.references.clear("example", ["id-1"], "manager")
    assert store.references.all("example") == [member]
