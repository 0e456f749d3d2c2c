"""Who is as before is not looked at; and nothing that could change anybody is missed by it."""

from dataclasses import replace

import pytest
import sqlalchemy as sa
from support.company import MAPPINGS, Company, person
from support.states import remembered

from jackfield import AttributeMapping
from jackfield.engine import How
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.engine.state.tables import links
from jackfield.sources import Removal, SourceObject, SourceRead
from jackfield.testing.sandbox import Fault


@pytest.fixture
def settled(firm: Company) -> Company:
    """A company of ten whose vendor has everything, and whose rows are remembered."""
    firm.people = [person(number) for number in range(10)]
    firm.run()
    assert firm.plan().passed_count == 10
    return firm


def changed(firm: Company, number: int, **attributes: str) -> None:
    before = firm.people[number]
    firm.people[number] = replace(before, attributes={**before.attributes, **attributes})


def actions(firm: Company, **changes) -> list[tuple[str, str]]:
    return [(entry.action, entry.source_id) for entry in firm.run(**changes).entries]


def test_nobody_who_is_as_before_is_looked_at(settled: Company):
    result = settled.run()

    assert (result.plan.steps, result.plan.passed_count) == ((), 10)
    assert result.plan.counts() == {"unchanged": 10}
    assert result.plan.linked_count == result.plan.source_count == 10


def test_a_changed_row_is_looked_at_alone(settled: Company):
    changed(settled, 4, jobTitle="Lead")

    result = settled.run()

    assert [(s.action, s.source_id) for s in result.plan.steps] == [("update", "id-4")]
    assert result.plan.passed_count == 9


def test_an_attribute_that_no_mapping_reads_changes_nothing(settled: Company):
    changed(settled, 4, mobilePhone="1")

    result = settled.run()

    assert result.entries == ()
    assert settled.plan().passed_count == 10


def test_a_changed_mapping_makes_everybody_be_looked_at(settled: Company):
    mappings = (*MAPPINGS[:3], AttributeMapping("title", constant="Staff"), *MAPPINGS[4:])

    assert len(actions(settled, mappings=mappings)) == 10


def test_a_changed_filter_makes_everybody_be_looked_at(settled: Company):
    clause = {"attribute": "userPrincipalName", "operator": "NOT EQUALS"}
    wanted = {"filters": [{"clauses": [{**clause, "value": "person3@example.com"}]}]}

    assert actions(settled, scope=Scope(ScopeTable.model_validate(wanted))) == [("disable", "id-3")]


def test_a_link_that_was_removed_is_made_again(settled: Company):
    with settled.store._database.write() as connection:
        connection.execute(links.delete().where(links.c.source_id == "id-2"))

    assert actions(settled) == [("link", "id-2")]


def test_a_link_that_was_told_something_else_is_compared(settled: Company):
    with settled.store._database.write() as connection:
        connection.execute(sa.update(links).where(links.c.source_id == "id-2").values(wanted=""))

    assert actions(settled) == [("skip", "id-2")]


def test_a_write_that_failed_is_looked_at_until_it_succeeds(settled: Company):
    changed(settled, 5, jobTitle="Lead")
    settled.vendor.faults.add(Fault(method="PATCH", status=400, times=2))

    assert [settled.run().counts for _ in range(3)] == [
        {"failure": 1},
        {"failure": 1},
        {"success": 1},
    ]
    assert settled.plan().passed_count == 10


def test_who_failed_and_is_put_back_is_compared_once_more(settled: Company):
    changed(settled, 5, jobTitle="Lead")
    settled.vendor.faults.add(Fault(method="PATCH", commit_then_drop=True))
    settled.run()
    changed(settled, 5, jobTitle="Engineer")

    settled.run()

    assert settled.accounts["person5@example.com"]["title"] == "Engineer"


def test_who_is_gone_is_disabled_and_passed_over_from_then_on(settled: Company):
    settled.people.pop(7)

    assert actions(settled) == [("disable", "id-7")]
    assert actions(settled) == []
    assert settled.plan().passed_count == len(remembered(settled.store)) == 9


def test_who_comes_back_is_enabled(settled: Company):
    back = settled.people.pop(7)
    settled.run()
    settled.people.append(back)

    assert actions(settled) == [("enable", "id-7")]


def test_a_new_person_with_the_name_of_one_passed_over_touches_neither(settled: Company):
    settled.people.append(person(77, userPrincipalName="PERSON3@example.com"))

    result = settled.run()

    assert {(e.source_id, e.code) for e in result.entries} == {
        ("id-3", "DuplicateSourceEntries"),
        ("id-77", "DuplicateSourceEntries"),
    }


def test_an_account_of_one_passed_over_is_not_given_to_another(settled: Company):
    account = settled.accounts["person3@example.com"]
    settled.vendor.store.replace(account["id"], {**account, "userName": "new@example.com"})
    settled.people.append(person(77, userPrincipalName="new@example.com"))

    (entry,) = settled.run().entries

    assert (entry.source_id, entry.code) == ("id-77", "DuplicateSourceEntries")


def test_everybody_gone_at_once_is_held_as_ever(settled: Company):
    settled.people = settled.people[:1]

    result = settled.run(guard=replace(settled.job().guard, people=1, percent=10))

    assert result.hold is not None
    assert len(result.hold.steps) == 9


def test_a_restart_of_the_watermark_looks_at_everybody(settled: Company):
    settled.store.jobs.restart("example", ["watermark"])

    assert settled.plan().passed_count == 0


def test_one_person_on_demand_is_looked_at_even_as_before(settled: Company):
    result = settled.run(how=How(only=frozenset({"id-3"})))

    assert [(step.action, step.source_id) for step in result.plan.steps] == [("unchanged", "id-3")]


def test_a_source_that_tells_changes_is_never_passed_over(settled: Company):
    everybody: list[SourceObject] = list(settled.people)

    def read(_since: str | None) -> SourceRead:
        known = frozenset(everybody[0].attributes)
        gone = (Removal("id-9", "hard"),)
        return SourceRead(everybody[:9], False, known, is_delta=True, removed=gone, watermark="w")

    assert actions(settled, read_source=read) == [("disable", "id-9")]
