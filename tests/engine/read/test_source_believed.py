"""What a source says of a person is checked; of whom it says nothing sure nothing is concluded."""

from dataclasses import replace

import pytest
from support.company import ATTRIBUTES, Company, person

from jackfield.errors import CredentialsRefused, VendorBroken
from jackfield.sources import SourceRead


def hire(firm: Company, count: int = 3) -> None:
    firm.people = [person(number) for number in range(1, count + 1)]
    firm.run()


def test_two_people_with_one_id_are_told_by_name_and_neither_is_touched(firm: Company):
    hire(firm)
    before = dict(firm.accounts)
    twin = replace(person(9), id="id-1")
    firm.people = [person(1, jobTitle="Lead"), person(2), person(3), twin]

    entries = firm.run().entries

    assert [entry.status for entry in entries] == ["failure", "failure"]
    assert {entry.user_name for entry in entries} == {"person1@example.com", "person9@example.com"}
    assert firm.accounts == before


def test_an_empty_id_lets_nobody_be_taken_for_gone(firm: Company):
    hire(firm)
    firm.people = [replace(person(1), id=""), person(2)]

    (entry,) = firm.run().entries

    assert (entry.status, entry.user_name) == ("failure", "person1@example.com")
    assert all(user["active"] for user in firm.vendor.store)


@pytest.mark.parametrize("said", [0, "no", "inactive", None], ids=repr)
def test_a_word_that_is_no_truth_makes_no_active_account(firm: Company, said: object):
    odd = person(1)
    firm.people = [replace(odd, attributes={**odd.attributes, "accountEnabled": said}), person(2)]

    entries = {entry.source_id: entry for entry in firm.run().entries}

    assert entries["id-1"].status == "failure"
    assert "accountEnabled" in entries["id-1"].reason
    assert list(firm.accounts) == ["person2@example.com"]


def test_somebody_of_whom_nothing_is_known_keeps_the_account_and_gets_no_update(firm: Company):
    hire(firm)
    read = SourceRead(
        (person(2), person(3)), is_complete=True, attributes=ATTRIBUTES, unknown={"id-1"}
    )

    result = firm.run(read_source=lambda _: read)

    assert result.entries == ()
    assert firm.accounts["person1@example.com"]["active"] is True


@pytest.mark.parametrize("error", [VendorBroken("500", is_down=True), CredentialsRefused("401")])
def test_a_source_that_cannot_be_read_puts_no_vendor_into_quarantine(firm: Company, error):
    hire(firm)

    def read(_since: str | None) -> SourceRead:
        raise error

    with pytest.raises(type(error)):
        firm.run(read_source=read)

    assert firm.store.jobs.get("example").status == "active"
    assert firm.store.jobs.get("example").last_cycle.outcome.startswith("stopped")


def test_an_id_in_another_letter_case_is_the_same_person(firm: Company):
    hire(firm)
    firm.people = [
        replace(person(1, jobTitle="Lead"), id="ID-1"),
        replace(person(2), id="Id-2"),
        person(3),
    ]

    entries = firm.run().entries

    assert [(entry.source_id, entry.action) for entry in entries] == [("id-1", "update")]
    assert firm.store.links("example").keys() == {"id-1", "id-2", "id-3"}


def test_people_with_new_ids_keep_their_accounts_until_a_person_decides(firm: Company):
    hire(firm, 20)
    moved = [replace(person(number), id=f"new-{number}") for number in (1, 2, 3)]
    firm.people = [*moved, *(person(number) for number in range(4, 21))]

    first, second = firm.run(), firm.run()

    assert all(user["active"] for user in firm.vendor.store)
    assert [entry.code for entry in first.failed] == ["DuplicateSourceEntries"] * 3
    assert len(second.failed) == 3
