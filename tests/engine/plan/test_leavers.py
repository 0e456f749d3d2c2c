import datetime as dt

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping, ConfigurationError
from jackfield.engine import How
from jackfield.engine.scope.leavers import Leavers
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.sources import SourceObject, SourceRead
from jackfield.sources.base import Removal

ENGINEERS = ScopeTable.model_validate(
    {"filters": [{"clauses": [{"attribute": "jobTitle", "operator": "EQUALS", "value": "Dev"}]}]}
)


def hired(firm: Company) -> None:
    firm.people = [person(1), person(2)]
    firm.run()


def accounts(firm: Company) -> dict[str, bool]:
    return {name: user["active"] for name, user in firm.accounts.items()}


@pytest.mark.parametrize(
    ("fate", "left"),
    [
        ("keep", {"person1@example.com": True, "person2@example.com": True}),
        ("disable", {"person1@example.com": True, "person2@example.com": False}),
        ("delete", {"person1@example.com": True}),
    ],
)
def test_each_event_has_its_own_fate(firm: Company, fate, left):
    """The policy of a hard deletion in the source is obeyed."""
    hired(firm)
    firm.people = [person(1)]

    firm.run(leavers=Leavers(deleted=fate))

    assert accounts(firm) == left
    assert firm.run(leavers=Leavers(deleted=fate)).plan.removals == ()


def test_a_deleted_account_is_made_anew_for_somebody_who_returns(firm: Company):
    hired(firm)
    firm.people = [person(1)]
    firm.run(leavers=Leavers(deleted="delete"))
    firm.people = [person(1), person(2)]

    assert firm.run().counts == {"success": 1}
    assert accounts(firm)["person2@example.com"] is True


def test_disabled_in_the_source_is_another_event_than_gone(firm: Company):
    hired(firm)
    firm.people = [person(1, accountEnabled="False")]

    firm.run(leavers=Leavers(disabled="keep", deleted="delete"))

    assert accounts(firm) == {"person1@example.com": True}


def test_a_scope_filter_decides_who_is_provisioned(firm: Company):
    firm.people = [person(1, jobTitle="Dev"), person(2)]

    result = firm.run(scope=Scope(ENGINEERS))

    assert [e.status for e in result.entries] == ["success", "skipped"]
    assert list(firm.accounts) == ["person1@example.com"]


def test_a_filter_that_drops_everybody_is_held_by_the_guard(firm: Company):
    hired(firm)

    result = firm.run(scope=Scope(ENGINEERS))

    assert result.hold is not None
    assert result.hold.reason == "everybody would lose access"
    assert accounts(firm) == {"person1@example.com": True, "person2@example.com": True}


def test_the_unassigned_get_no_account_and_lose_the_one_they_had(firm: Company):
    hired(firm)
    whole = firm.people
    firm.people = [
        SourceObject(one.id, one.attributes, one.place, is_assigned=one.id == "id-1")
        for one in [*whole, person(3)]
    ]

    result = firm.run()

    assert [(e.action, e.source_id) for e in result.entries] == [
        ("disable", "id-2"),
        ("skip", "id-3"),
    ]


def test_a_protected_account_is_never_taken_away(firm: Company):
    hired(firm)
    firm.people = [person(1)]

    (entry,) = firm.run(protected=frozenset({"person2@example.com"})).entries

    assert (entry.status, entry.code) == ("skipped", "Protected")
    assert all(accounts(firm).values())


def test_another_status_attribute_carries_the_loss_of_access(firm: Company):
    """Microsoft's own status mapping, as an expression."""
    switch = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")'
    mappings = (*MAPPINGS[:-1], AttributeMapping("active", expression=switch))
    firm.people = [person(1), person(2)]
    firm.run(mappings=mappings)
    firm.people = [person(1), person(2, accountEnabled="False")]

    firm.run(mappings=mappings)

    assert accounts(firm) == {"person1@example.com": True, "person2@example.com": False}


def test_a_mapping_that_differs_each_time_is_for_creation_alone(firm: Company):
    changing = (*MAPPINGS[:3], AttributeMapping("title", expression="Guid()"))

    with pytest.raises(ConfigurationError, match="title gives another value each time"):
        firm.job(mappings=changing)


def delta(*people: SourceObject, **more) -> SourceRead:
    return SourceRead(people, is_complete=False, attributes=ATTRIBUTES, is_delta=True, **more)


def test_a_delta_removes_those_it_names_and_nobody_else(firm: Company):
    hired(firm)
    asked: list[str | None] = []

    def read(since: str | None) -> SourceRead:
        asked.append(since)
        return delta(removed=(Removal("id-2", "hard"),), watermark="w-2")

    result = firm.run(read_source=read)

    assert [(e.action, e.source_id) for e in result.entries] == [("disable", "id-2")]
    assert firm.store.jobs.get("example").watermark == "w-2"
    firm.run(read_source=read)
    assert asked == [None, "w-2"]


def test_an_empty_delta_is_a_quiet_day_and_no_empty_source(firm: Company):
    hired(firm)

    result = firm.run(read_source=lambda _since: delta(watermark="w-3"))

    assert result.entries == ()
    assert result.hold is None


def test_the_watermark_stays_while_something_is_held(firm: Company):
    hired(firm)
    everybody = (Removal("id-1", "hard"), Removal("id-2", "hard"))

    result = firm.run(read_source=lambda _since: delta(removed=everybody, watermark="w-4"))

    assert result.hold is not None
    assert firm.store.jobs.get("example").watermark == ""


# --- deleted after some days ---------------------------------------------------------------------

PATIENT = Leavers(deleted="delete", delete_after_days=30)


def later(days: float) -> How:
    return How(now=dt.datetime.now(dt.UTC) + dt.timedelta(days=days))


def test_who_is_gone_is_disabled_first_and_deleted_when_the_days_have_passed(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(2)]

    first, *told = [firm.run(how=later(days), leavers=PATIENT).entries for days in (0, 1, 29)]
    (last,) = firm.run(how=later(31), leavers=PATIENT).entries

    assert [(e.action, e.status) for e in first] == [("disable", "success")]
    assert f"to be deleted on {later(30).now:%Y-%m-%d}" in first[0].reason
    assert {(e.action, e.code) for entries in told for e in entries} == {("skip", "Kept")}
    assert (last.action, last.status) == ("delete", "success")
    assert sorted(firm.accounts) == ["person2@example.com"]
    assert firm.run(how=later(32), leavers=PATIENT).entries == ()


def test_who_comes_back_in_these_days_has_the_account_again(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(2)]
    firm.run(leavers=PATIENT)
    firm.people = [person(1), person(2)]

    (entry,) = firm.run(how=later(29), leavers=PATIENT).entries

    assert entry.action == "enable"
    assert firm.run(how=later(99), leavers=PATIENT).entries == ()
    assert len(firm.vendor.store) == 2


def test_the_days_are_counted_anew_after_a_return(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    for people in ([person(2)], [person(1), person(2)], [person(2)]):
        firm.people = people
        firm.run(leavers=PATIENT)

    (entry,) = firm.run(how=later(1), leavers=PATIENT).entries

    assert entry.code == "Kept"
