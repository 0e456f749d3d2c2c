from support.company import Company, person

from jackfield.sources import SourceObject
from jackfield.testing.sandbox import Fault


def actions(result) -> list[tuple[str, str]]:
    return [(entry.action, entry.status) for entry in result.entries]


def test_people_of_the_source_get_accounts(firm: Company):
    firm.people = [person(1), person(2)]

    result = firm.run()

    assert actions(result) == [("create", "success"), ("create", "success")]
    assert firm.accounts["person1@example.com"]["name"]["familyName"] == "Family1"
    assert firm.accounts["person1@example.com"]["active"] is True


def test_a_second_run_sends_nothing_at_all(firm: Company):
    firm.people = [person(1), person(2, accountEnabled="False")]
    firm.run()
    sent = len(firm.vendor.requests)

    result = firm.run()

    assert len(firm.vendor.requests) == sent
    assert result.entries == ()


def test_a_plan_sends_no_write_and_is_what_the_run_then_does(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1, jobTitle="Lead"), person(3)]

    plan = firm.plan()
    writes = len(firm.writes)
    result = firm.run()

    assert writes == 2
    assert result.plan == plan
    assert plan.counts() == {"update": 1, "create": 1, "disable": 1}


def test_a_change_reaches_the_vendor_as_one_patch_of_what_differs(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, jobTitle="Lead")]

    result = firm.run()

    (entry,) = result.entries
    assert [(c.path, c.old, c.new) for c in entry.changes] == [("title", "Engineer", "Lead")]
    assert firm.accounts["person1@example.com"]["title"] == "Lead"
    assert len(firm.writes) == 2


def test_a_renamed_person_keeps_the_account(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, userPrincipalName="married@example.com")]

    firm.run()

    assert list(firm.accounts) == ["married@example.com"]


def test_a_person_disabled_in_the_source_is_disabled_and_can_come_back(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()

    firm.people = [person(1), person(2, accountEnabled="False")]
    firm.run()
    assert firm.accounts["person2@example.com"]["active"] is False

    firm.people = [person(1), person(2, jobTitle="Lead")]
    result = firm.run()
    assert actions(result) == [("enable", "success")]
    assert firm.accounts["person2@example.com"]["active"] is True
    assert firm.accounts["person2@example.com"]["title"] == "Lead"


def test_a_person_gone_from_the_source_is_disabled_and_not_deleted(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1)]

    result = firm.run()

    assert actions(result) == [("disable", "success")]
    assert firm.accounts["person2@example.com"]["active"] is False


def test_an_incomplete_read_makes_nobody_a_leaver(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people, firm.is_complete = [person(1)], False

    result = firm.run()

    assert result.entries == ()
    assert firm.accounts["person2@example.com"]["active"] is True


def test_a_disabled_person_is_never_created(firm: Company):
    firm.people = [person(1, accountEnabled="False")]

    result = firm.run()

    assert actions(result) == [("skip", "skipped")]
    assert firm.writes == []


def test_an_account_nobody_linked_is_never_touched(firm: Company):
    firm.vendor.seed([{"userName": "stranger@example.com", "active": True}])
    firm.people = [person(1)]
    firm.run()
    firm.people = []

    firm.run(approval=firm.run().hold.approval)

    assert firm.accounts["stranger@example.com"]["active"] is True
    assert firm.accounts["person1@example.com"]["active"] is False


def test_a_default_fills_in_on_creation_alone(firm: Company):
    firm.people = [person(1)]
    firm.run()
    assert firm.accounts["person1@example.com"]["userType"] == "Employee"

    firm.people = [person(1, jobTitle="Lead")]
    (entry,) = firm.run().entries

    assert [change.path for change in entry.changes] == ["title"]


def test_an_emptied_attribute_keeps_its_old_value(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, jobTitle="")]

    firm.run()

    assert firm.accounts["person1@example.com"]["title"] == "Engineer"


def test_an_attribute_the_vendor_cannot_update_is_named_and_not_sent(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.people = [person(1, userType="Contractor")]

    (entry,) = firm.run().entries

    assert (entry.status, entry.code) == ("skipped", "RedundantExport")
    assert "no update of userType" in entry.reason
    assert firm.run().entries == ()


def test_a_value_the_vendor_does_not_keep_is_a_warning_once(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", rewrite={"title": "ENGINEER"}, times=1))
    firm.people = [person(1)]

    (entry,) = firm.run().entries
    sent = len(firm.vendor.requests)

    assert entry.status == "warning"
    assert "title is 'ENGINEER'" in entry.reason
    assert firm.run().entries == ()
    assert len(firm.vendor.requests) == sent


def test_a_disable_the_vendor_ignores_is_a_failure_and_tried_again(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.people = [person(1)]
    firm.vendor.faults.add(Fault(method="PATCH", rewrite={"active": True}, times=1))

    (refused,) = firm.run().entries
    (done,) = firm.run().entries

    assert (refused.status, refused.code) == ("failure", "NotApplied")
    assert done.status == "success"


def test_one_refused_person_does_not_stop_the_others(firm: Company):
    firm.people = [person(1, surname=""), person(2)]

    result = firm.run()

    failed, created = result.entries
    assert (failed.code, failed.status) == ("MandatoryFieldsMissing", "failure")
    assert "name.familyName" in failed.reason
    assert created.status == "success"


def test_an_account_deleted_by_hand_is_made_again(firm: Company):
    firm.people = [person(1)]
    firm.run()
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    firm.people = [person(1, jobTitle="Lead")]

    result = firm.run()

    assert actions(result) == [("create", "success")]
    assert firm.run().entries == ()


def test_a_leaver_whose_account_has_a_new_id_is_disabled_under_it(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    before = firm.vendor.store.remove(firm.accounts["person2@example.com"]["id"])
    firm.vendor.seed([{"userName": "person2@example.com", "active": True}])
    firm.people = [person(1)]

    assert actions(firm.run()) == [("disable", "success")]
    assert firm.accounts["person2@example.com"]["active"] is False
    assert before is not firm.accounts["person2@example.com"]


def test_a_leaver_who_cannot_be_looked_for_is_not_called_gone(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.store.remove(firm.accounts["person2@example.com"]["id"])
    firm.vendor.faults.add(Fault(method="GET", status=400, times=1))
    firm.people = [person(1)]

    assert actions(firm.run()) == [("disable", "failure")]
    assert actions(firm.run()) == [("disable", "warning")]


def test_a_leaver_whose_account_is_not_shown_is_looked_for_again(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.store.remove(firm.accounts["person2@example.com"]["id"])
    firm.people = [person(1)]

    assert actions(firm.run()) == [("disable", "warning")]
    assert firm.run().entries == ()


def test_a_source_object_without_a_matching_value_is_named(firm: Company):
    firm.people = [SourceObject("id-9", {"surname": "Nobody"}, "people.csv:9")]

    (entry,) = firm.run().entries

    assert (entry.code, entry.place) == ("MissingValues", "people.csv:9")
    assert firm.vendor.requests == []
