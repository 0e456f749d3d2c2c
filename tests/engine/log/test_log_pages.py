"""The log: read by page, pruned by age."""

import datetime as dt

import pytest
from support.states import NOON, entry, step

from jackfield.engine import Entry, Store
from jackfield.engine.model.change import Change
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.state.log_entries import LogQuery

MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def cycle(store: Store) -> str:
    """A cycle with ten entries, one a minute; the third failed."""
    cycle = store.begin_cycle("example")
    store.record(
        entry(cycle, number, status="failure" if number == 3 else "success") for number in range(10)
    )
    return cycle


def numbers(entries: tuple[Entry, ...]) -> list[int]:
    return [int(found.source_id.removeprefix("id-")) for found in entries]


def test_pages_follow_each_other_without_gap_or_double(store: Store, cycle: str):
    first = store.log_page(LogQuery(limit=4))
    store.record([entry(cycle, 10)])
    second = store.log_page(LogQuery(limit=4, before=first.next))
    third = store.log_page(LogQuery(limit=4, before=second.next))

    pages = [numbers(page.entries) for page in (first, second, third)]
    assert pages == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
    assert third.next == ""


def test_a_full_last_page_has_no_next(store: Store, cycle: str):
    assert store.log_page(LogQuery(limit=10)).next == ""


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (LogQuery(since=NOON + 7 * MINUTE), [9, 8, 7]),
        (LogQuery(until=NOON + 2 * MINUTE), [1, 0]),
        (LogQuery(since=NOON + MINUTE, until=NOON + 2 * MINUTE), [1]),
        (LogQuery(status="failure"), [3]),
        (LogQuery(user="PERSON4@example.com"), [4]),
        (LogQuery(job="another"), []),
        (LogQuery(cycle_id="another"), []),
    ],
    ids=["since", "until", "both", "status", "user", "job", "cycle"],
)
def test_a_page_holds_what_was_asked_for(
    store: Store, cycle: str, query: LogQuery, expected: list[int]
):
    assert numbers(store.log_page(query).entries) == expected


def test_an_instant_of_another_zone_is_the_same_instant(store: Store, cycle: str):
    zone = dt.timezone(dt.timedelta(hours=5))

    page = store.log_page(LogQuery(since=(NOON + 9 * MINUTE).astimezone(zone)))

    assert [found.at for found in page.entries] == [NOON + 9 * MINUTE]


def test_old_entries_go_with_their_intents(store: Store, cycle: str):
    store.journal.write("example", ahead=[Change("c-1", cycle, step(1))])
    store.record([entry(cycle, 11, change_id="c-1", at=NOON)])

    removed = store.prune(NOON + 5 * MINUTE)

    assert removed == 6
    assert store.open_intents("example") == []
    assert numbers(store.log_page(LogQuery()).entries) == [9, 8, 7, 6, 5]


def test_what_is_in_doubt_is_never_pruned(store: Store, cycle: str):
    store.journal.write("example", ahead=[Change("c-1", cycle, step(1))])
    store.record([entry(cycle, 12, status="in_doubt")])

    store.prune(NOON + dt.timedelta(days=3650))

    assert [intent.change_id for intent in store.open_intents("example")] == ["c-1"]
    assert [found.status for found in store.log(LogFilter())] == ["in_doubt"]


def test_a_cycle_goes_when_nothing_belongs_to_it(store: Store, cycle: str):
    store.end_cycle(cycle, "completed", {})
    running = store.begin_cycle("example")

    store.prune(dt.datetime.now(dt.UTC) + MINUTE)

    assert [found.cycle_id for found in store.cycles.latest()] == [running]
    assert store.jobs.get("example").last_cycle.cycle_id == cycle  # type: ignore[union-attr]


def test_a_long_log_is_pruned_to_its_end(store: Store):
    cycle = store.begin_cycle("example")
    store.record(entry(cycle, number, at=NOON) for number in range(2500))

    assert store.prune(NOON + MINUTE) == 2500
