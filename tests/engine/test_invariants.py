"""The judge is judged: a small company's true story passes, each doctored one breaks its rule.

What `violations` looks at is made by real runs, so a rule that fits nothing real would show here.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import sqlalchemy as sa
from support.company import Company, ExampleConnector, person
from support.invariants import (
    RULES,
    Evidence,
    Run,
    Violation,
    WitnessedVendor,
    links_on,
    remember,
    unsettled,
    violations,
)

from jackfield import Registry
from jackfield.engine import GuardLimits, Store
from jackfield.engine.state.tables import intents
from jackfield.testing.sandbox import serve

ROOT = Path(__file__).resolve().parents[2]
LIMITS = GuardLimits(people=3, percent=50, at_most=10)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """Four people are hired; then one leaves and one has another title."""
    vendor = WitnessedVendor()
    folder = tmp_path_factory.mktemp("office")
    with serve(vendor) as origin:
        settings = {"url": origin, "token": vendor.TOKEN, "allow_loopback": True}
        connector = Registry(connectors={"example": ExampleConnector}).connect("example", settings)
        store = Store.open(folder / "jackfield.db")
        vendor.look = lambda: store.open_intents("example")
        with connector:
            yield Company(vendor, connector, store)
        store.close()


@pytest.fixture(scope="module")
def story(office: Company) -> Evidence:
    months = [
        [person(number) for number in (1, 2, 3, 4)],
        [person(1), person(2, jobTitle="Lead"), person(3)],
    ]
    runs = []
    for office.people in months:
        before = remember(office.store, "example")
        cycle_id = office.run(guard=LIMITS).cycle_id
        on = links_on(before, remember(office.store, "example"), cycle_id)
        runs.append(Run(cycle_id=cycle_id, limits=LIMITS, source_count=4, links_on=on))
    memory = remember(office.store, "example")
    told = tuple(SimpleNamespace(**row._mapping) for row in memory.entries)
    return Evidence(
        present=tuple({one.id: one for one in month} for month in months),
        accounts=dict(office.vendor.store.users),
        writes=tuple(office.vendor.writes),
        memory=replace(memory, entries=told),
        runs=tuple(runs),
    )


def test_a_true_story_breaks_no_rule(office: Company, story: Evidence):
    assert violations(story) == []
    assert unsettled(story, office.job()) == []
    assert [write.method for write in story.writes] == ["POST"] * 4 + ["PATCH"] * 2


# --- stories that are not true -------------------------------------------------------------------


def a_second_account(story: Evidence) -> Evidence:
    again = replace(story.writes[0], target_id="u-again")
    accounts = {**story.accounts, "u-again": {"userName": "again@example.com", "active": False}}
    return replace(story, writes=(*story.writes, again), accounts=accounts)


def two_links_to_one_account(story: Evidence) -> Evidence:
    links = story.memory.links
    return with_links(story, {**links, "id-1": replace(links["id-2"], source_id="id-1")})


def a_link_of_nobody(story: Evidence) -> Evidence:
    links = story.memory.links
    stranger = replace(links["id-1"], source_id="id-9", target_id="u-9")
    return with_links(story, {**links, "id-9": stranger})


def swapped_accounts(story: Evidence) -> Evidence:
    links = dict(story.memory.links)
    one, other = links["id-1"], links["id-2"]
    links["id-1"] = replace(one, target_id=other.target_id)
    links["id-2"] = replace(other, target_id=one.target_id)
    return with_links(story, links)


def a_write_to_the_untouchable(story: Evidence) -> Evidence:
    return replace(story, untouchable=frozenset({story.writes[0].target_id}))


def a_write_without_an_intent(story: Evidence) -> Evidence:
    return with_write(story, open_intents=())


def a_removal_under_another_name(story: Evidence) -> Evidence:
    return with_write(story, is_removal=True)


def an_intent_without_an_outcome(story: Evidence) -> Evidence:
    return with_memory(story, entries=story.memory.entries[1:])


def a_log_that_denies_a_write(story: Evidence) -> Evidence:
    return with_first_entry(story, status="failure")


def a_lost_intent(story: Evidence) -> Evidence:
    return with_memory(story, intents=story.memory.intents[1:])


def a_log_that_tells_of_another_account(story: Evidence) -> Evidence:
    return with_first_entry(story, target_id="u-other")


def a_cycle_without_an_end(story: Evidence) -> Evidence:
    return with_memory(story, cycles=dict.fromkeys(story.memory.cycles))


def an_entry_of_no_cycle(story: Evidence) -> Evidence:
    return with_first_entry(story, cycle_id="c-unknown")


def removals_nobody_approved(story: Evidence) -> Evidence:
    strict = tuple(replace(run, limits=GuardLimits(people=0, percent=0)) for run in story.runs)
    return replace(story, runs=strict)


def a_hold_that_held_nothing(story: Evidence) -> Evidence:
    removal = next(e for e in story.memory.entries if e.action == "disable")
    held = SimpleNamespace(**{**vars(removal), "status": "held", "change_id": "held"})
    return with_memory(story, entries=(*story.memory.entries, held))


def a_run_that_could_not_rest(story: Evidence) -> Evidence:
    return replace(story, late_writes=story.writes[:1])


DOCTORED: tuple[tuple[str, Callable[[Evidence], Evidence]], ...] = (
    ("one_account_each", a_second_account),
    ("unique_links", two_links_to_one_account),
    ("unique_links", a_link_of_nobody),
    ("nobody_taken_over", swapped_accounts),
    ("untouchable_accounts", a_write_to_the_untouchable),
    ("each_write_has_an_intent", a_write_without_an_intent),
    ("each_write_has_an_intent", a_removal_under_another_name),
    ("each_intent_has_an_outcome", an_intent_without_an_outcome),
    ("the_log_tells_of_each_write", a_log_that_denies_a_write),
    ("an_intent_is_kept", a_lost_intent),
    ("the_log_tells_of_each_link", a_log_that_tells_of_another_account),
    ("each_cycle_ends", a_cycle_without_an_end),
    ("each_cycle_ends", an_entry_of_no_cycle),
    ("removals_within_approval", removals_nobody_approved),
    ("no_removal_after_a_hold", a_hold_that_held_nothing),
    ("quiet_when_nothing_changes", a_run_that_could_not_rest),
)


def named(value: object) -> str:
    return str(getattr(value, "__name__", value)).replace("_", " ")


@pytest.mark.parametrize(("rule", "doctor"), DOCTORED, ids=named)
def test_a_doctored_story_breaks_its_rule(
    story: Evidence, rule: str, doctor: Callable[[Evidence], Evidence]
):
    assert rule in {violation.rule for violation in violations(doctor(story))}


def test_every_rule_can_be_broken():
    assert {rule.__name__ for rule in RULES} == {rule for rule, _ in DOCTORED}


def test_an_approved_removal_breaks_no_rule(story: Evidence):
    strict = removals_nobody_approved(story)
    approved = tuple(replace(run, approved=frozenset({"id-4"})) for run in strict.runs)

    assert violations(replace(strict, runs=approved)) == []


def test_an_account_that_is_not_as_wanted_is_not_settled(office: Company, story: Evidence):
    target_id = story.memory.links["id-2"].target_id
    accounts = {**story.accounts, target_id: {**story.accounts[target_id], "title": "Clerk"}}

    found = unsettled(replace(story, accounts=accounts), office.job())

    assert found == [Violation("everybody_as_wanted", "id-2 has title = 'Clerk', not 'Lead'")]


def test_an_open_account_of_a_leaver_is_not_settled(office: Company, story: Evidence):
    target_id = story.memory.links["id-4"].target_id
    accounts = {**story.accounts, target_id: {**story.accounts[target_id], "active": True}}

    found = unsettled(replace(story, accounts=accounts), office.job())

    assert found == [Violation("no_access_left", f"{target_id} of id-4 is active")]


def with_links(story: Evidence, links: dict) -> Evidence:
    return with_memory(story, links=links)


def with_memory(story: Evidence, **parts: object) -> Evidence:
    return replace(story, memory=replace(story.memory, **parts))


def with_write(story: Evidence, **parts: object) -> Evidence:
    """Return the story with another first write."""
    return replace(story, writes=(replace(story.writes[0], **parts), *story.writes[1:]))


def with_first_entry(story: Evidence, **parts: object) -> Evidence:
    first, *others = story.memory.entries
    return with_memory(story, entries=(SimpleNamespace(**{**vars(first), **parts}), *others))


# --- the kill loop itself ------------------------------------------------------------------------


@pytest.fixture
def chaos(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script of `scripts/chaos`, for processes started from it, too."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = importlib.util.spec_from_file_location("chaos", ROOT / "scripts/chaos.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "chaos", module)
    spec.loader.exec_module(module)
    return module


def test_the_kill_loop_notices_intents_that_are_gone(
    chaos: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    class Forgetful(chaos.Trial):
        def start(self, *order: object, **more: object):
            ended = super().start(*order, **more)
            with self.store._database.write() as connection:
                connection.execute(sa.delete(intents))
            return ended

    monkeypatch.setattr(chaos, "Trial", Forgetful)

    tally = chaos.try_point("cycle-ended", "", range(1))

    assert tally.counts["lost intents"]
    assert not chaos.show([tally])
    assert "SQLite cycle-ended seed 0: an_intent_is_kept" in capsys.readouterr().out


def test_the_kill_loop_is_not_well_where_no_run_was_killed(
    chaos: ModuleType, capsys: pytest.CaptureFixture[str]
):
    assert not chaos.show([chaos.Tally("SQLite", "planned", runs=3)])
    assert "SQLite planned: no run reached it" in capsys.readouterr().out


def test_the_kill_loop_is_well_where_nothing_is_lost(chaos: ModuleType):
    assert chaos.show([chaos.Tally("SQLite", "planned", runs=3, kills=1)])
