from support.company import Company, person

from jackfield.testing.sandbox import Fault


def seed(firm: Company, *names: str) -> None:
    firm.vendor.seed(
        [{"userName": name, "name": {"familyName": "Old"}, "active": True} for name in names]
    )


def test_an_account_that_exists_is_linked_and_brought_up_to_date(firm: Company):
    seed(firm, "Person1@Example.com")
    firm.people = [person(1)]

    (entry,) = firm.run().entries

    assert (entry.action, entry.status) == ("update", "success")
    assert entry.reason.startswith("matched by userName")
    assert len(firm.vendor.store) == 1


def test_adopt_false_links_nobody(firm: Company):
    seed(firm, "person1@example.com")
    firm.people = [person(1)]

    (entry,) = firm.run(adopt=False).entries

    assert (entry.status, entry.code) == ("failure", "Conflict")
    assert firm.writes == []


def test_two_accounts_for_one_person_are_a_failure_without_a_write(firm: Company):
    seed(firm, "person1@example.com", "PERSON1@example.com")
    firm.people = [person(1)]

    (entry,) = firm.run().entries

    assert (entry.status, entry.code) == ("failure", "DuplicateTargetEntries")
    assert firm.writes == []


def test_a_vendor_that_ignores_the_filter_links_nobody_by_mistake(firm: Company):
    seed(firm, "somebody@example.com")
    firm.vendor.faults.add(Fault(method="GET", ignore_filter=True))
    firm.people = [person(1)]

    (entry,) = firm.run().entries

    assert (entry.action, entry.status) == ("create", "success")
    assert firm.accounts["somebody@example.com"]["name"] == {"familyName": "Old"}


def test_two_people_with_one_matching_value_are_both_left_alone(firm: Company):
    firm.people = [person(1), person(2, userPrincipalName="PERSON1@example.com"), person(3)]

    first, second, third = firm.run().entries

    assert first.code == second.code == "DuplicateSourceEntries"
    assert "people.csv:2 and people.csv:3" in first.reason
    assert third.status == "success"


def test_letters_that_only_look_alike_are_two_people(firm: Company):
    firm.people = [
        person(1, userPrincipalName="straße@example.com"),
        person(2, userPrincipalName="strasse@example.com"),
    ]

    assert [entry.status for entry in firm.run().entries] == ["success", "success"]


def test_an_address_given_to_a_new_person_does_not_take_the_old_account_over(firm: Company):
    firm.people = [person(1), person(3)]
    firm.run()
    firm.people = [person(2, userPrincipalName="person1@example.com"), person(3)]

    failed, kept = firm.run().entries

    assert (failed.source_id, failed.code) == ("id-2", "DuplicateSourceEntries")
    assert (kept.source_id, kept.action, kept.code) == ("id-1", "skip", "Claimed")


def test_a_conflict_that_look_up_can_see_is_linked(firm: Company):
    seed(firm, "person1@example.com")
    firm.vendor.faults.add(Fault(method="GET", status=200, body=_nobody(), times=1))
    firm.people = [person(1)]

    linked, updated = firm.run().entries

    assert "the vendor had it already" in linked.reason
    assert (updated.action, updated.status) == ("update", "success")
    assert len(firm.vendor.store) == 1


def test_a_conflict_nobody_can_see_fails_with_advice_and_does_not_loop(firm: Company):
    conflict = {"schemas": [], "status": "409", "scimType": "uniqueness"}
    firm.vendor.faults.add(Fault(method="POST", status=409, body=conflict, times=9))
    firm.people = [person(1)]

    (entry,) = firm.run().entries

    assert (entry.status, entry.code) == ("failure", "Conflict")
    assert "Ask the vendor" in entry.reason
    assert firm.writes == ["POST /scim/v2/Users"]


def _nobody() -> dict[str, object]:
    return {"schemas": [], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 0}


def test_many_unknown_people_are_matched_by_one_listing(firm: Company):
    seed(firm, *(f"person{n}@example.com" for n in range(1, 61)), "stranger@example.com")
    firm.people = [person(n) for n in range(1, 61)]

    result = firm.run(workers=8)

    # The listing, and one more page that proves its end.
    reads = [r for r in firm.vendor.requests if r.method == "GET"]
    assert [r.query["startIndex"] for r in reads] == ["1", "62"]
    assert result.counts == {"success": 60}


def test_whoever_a_list_does_not_show_is_asked_for_before_anybody_is_made(firm: Company):
    seed(firm, "person1@example.com", "stranger@example.com")
    firm.people = [person(n) for n in range(1, 61)]

    result = firm.run(workers=8)

    asked = [r for r in firm.vendor.requests if r.method == "GET" and b"filter" in r.raw_query]
    assert len(asked) == 59
    assert result.counts == {"success": 60}
    assert len(firm.vendor.store) == 61
    assert firm.run().entries == ()


def test_a_listing_that_fails_is_given_up_for_look_ups(firm: Company):
    firm.vendor.faults.add(Fault(method="GET", status=403, times=1))
    firm.people = [person(n) for n in range(1, 61)]

    assert firm.run(workers=8).counts == {"success": 60}
    assert len(firm.vendor.store) == 60


def test_two_accounts_in_a_listing_are_no_match(firm: Company):
    seed(firm, "person1@example.com", "PERSON1@example.com")
    firm.people = [person(n) for n in range(1, 61)]

    result = firm.run()

    assert result.counts == {"success": 59, "failure": 1}
    assert result.failed[0].code == "DuplicateTargetEntries"
