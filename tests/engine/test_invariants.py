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
from support.doctored import (
    DOCTORED,
    a_deletion_of_an_account_that_was_off,
    a_removal_under_another_name,
    removals_nobody_approved,
    with_links,
    with_memory,
)
from support.evidence import Evidence, Run, links_on, remember
from support.invariants import RULES, Violation, violations
from support.settled import unsettled
from support.witness import WitnessedVendor

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
    return Evidence(
        present=tuple({one.id: one for one in month} for month in months),
        accounts=dict(office.vendor.store.users),
        writes=tuple(office.vendor.writes),
        memory=remember(office.store, "example"),
        runs=tuple(runs),
    )


def test_a_true_story_breaks_no_rule(office: Company, story: Evidence):
    assert violations(story) == []
    assert unsettled(story, office.job()) == []
    assert [write.method for write in story.writes] == ["POST"] * 4 + ["PATCH"] * 2


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


def test_losses_of_access_and_deletions_of_disabled_accounts_are_counted_apart(story: Evidence):
    both = a_deletion_of_an_account_that_was_off(a_removal_under_another_name(story))
    limits = GuardLimits(people=1, percent=0)
    runs = tuple(replace(run, limits=limits) for run in both.runs)

    broken = {violation.rule for violation in violations(replace(both, runs=runs))}

    assert "removals_within_approval" not in broken


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


def test_an_account_that_nobody_knows_of_is_not_settled(office: Company, story: Evidence):
    links = {key: link for key, link in story.memory.links.items() if key != "id-1"}
    lost = story.memory.links["id-1"].target_id

    found = unsettled(with_links(story, links), office.job())

    what = f"{lost} was made for id-1, is active, and nobody is linked to it"
    assert Violation("no_account_is_lost", what) in found


def blocked(story: Evidence) -> Evidence:
    """Return the story in which somebody has the name that person 2 should have."""
    own = story.memory.links["id-2"].target_id
    theirs = {"userName": "person2@example.com", "active": True}
    waiting = {**story.accounts[own], "userName": "before@example.com"}
    return replace(story, accounts={**story.accounts, own: waiting, "u-theirs": theirs})


def test_somebody_who_waits_and_is_called_well_is_not_settled(office: Company, story: Evidence):
    found = unsettled(blocked(story), office.job())

    what = "id-2 waits because of u-theirs, the log says success"
    assert found == [Violation("who_waits_is_told", what)]


def test_somebody_who_waits_and_of_whom_the_log_tells_is_settled(office: Company, story: Evidence):
    last = story.memory.entries[-1]
    failure = SimpleNamespace(**{**vars(last), "source_id": "id-2", "status": "failure"})
    told = with_memory(blocked(story), entries=(*story.memory.entries, failure))

    assert unsettled(told, office.job()) == []


def test_who_waits_for_an_account_that_its_job_has_not_missed_yet_is_told(
    office: Company, story: Evidence
):
    """Somebody deleted the account of id-1, and a namesake of another job is to have one."""
    last = story.memory.entries[-1]
    gone = story.memory.links["id-1"].target_id
    accounts = {key: user for key, user in story.accounts.items() if key != gone}
    now = {**story.present[-1], "id-9": replace(person(1), id="id-9")}
    silent = replace(story, accounts=accounts, present=(story.present[0], now))
    failure = SimpleNamespace(**{**vars(last), "source_id": "id-9", "status": "failure"})
    told = with_memory(silent, entries=(*silent.memory.entries, failure))

    what = f"id-9 waits because of {gone}, the log says nothing"
    assert unsettled(silent, office.job(), {"u-other"})[-1] == Violation("who_waits_is_told", what)
    assert unsettled(told, office.job(), {gone}) == []


def test_an_account_that_somebody_new_claims_may_stay_open(office: Company, story: Evidence):
    """The leaver of the story has a new id in the source, and the log tells of it."""
    last = story.memory.entries[-1]
    target_id = story.memory.links["id-4"].target_id
    accounts = {**story.accounts, target_id: {**story.accounts[target_id], "active": True}}
    now = {**story.present[-1], "id-9": replace(person(4), id="id-9")}
    failure = SimpleNamespace(**{**vars(last), "source_id": "id-9", "status": "failure"})
    told = with_memory(story, entries=(*story.memory.entries, failure))
    claimed = replace(told, accounts=accounts, present=(story.present[0], now))

    assert unsettled(claimed, office.job()) == []
    silent = replace(claimed, memory=story.memory)
    assert [one.rule for one in unsettled(silent, office.job())] == ["who_waits_is_told"]


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
    chaos: ModuleType, capsys: pytest.CaptureFixture[str]
):
    class Forgetful(chaos.Trial):
        def start(self, *order: object, **more: object):
            ended = super().start(*order, **more)
            with self.store._database.write() as connection:
                connection.execute(sa.delete(intents))
            return ended

    tally = chaos.try_all("cycle-ended", "", range(1), Forgetful)

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
