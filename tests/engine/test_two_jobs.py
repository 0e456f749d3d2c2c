"""Two jobs of one connection: an account has one owner, and two jobs never make two of it."""

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from support.company import Company, person
from support.mortal import age

from jackfield.engine.model.change import Settled
from jackfield.engine.model.entry import LogFilter
from jackfield.engine.scope.leavers import Leavers
from jackfield.testing.sandbox import Fault, ScimSandbox

RELINK = Leavers(hired_again="relink")


def other(firm: Company) -> Company:
    """Return the same company with another list of people, for another job."""
    return replace(firm, people=[])


def active(firm: Company, number: int) -> bool:
    return firm.accounts[f"person{number}@example.com"]["active"]


def test_a_person_of_two_jobs_has_one_account_and_one_owner(firm: Company):
    firm.people = [person(1)]
    firm.run()
    second = other(firm)
    second.people = [replace(person(1), id="number-1"), person(2)]

    failed, made = second.run(name="second").entries

    assert (failed.status, failed.code) == ("failure", "DuplicateSourceEntries")
    assert "the job example" in failed.reason
    assert made.status == "success"
    assert len(firm.vendor.store) == 2


def test_a_person_who_moves_to_another_job_is_told_and_can_be_handed_over(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    second = other(firm)
    second.people = [person(1), person(3)]
    firm.people = [person(2)]
    firm.run()

    (refused, _) = second.run(name="second").entries
    second.run(name="second", leavers=RELINK)

    assert "links example id-1 --remove" in refused.reason
    assert active(firm, 1) is True
    assert "id-1" not in firm.store.links("example")
    assert firm.store.links("second")["id-1"].is_on


def test_an_account_that_another_job_keeps_on_is_not_taken_by_a_leaver(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    link = firm.store.links("example")["id-1"]
    entry = firm.store.log(LogFilter())[0]
    told = replace(entry, change_id="by-hand", job="second", source_id="id-9")
    settled = [Settled(entry=told, link=replace(link, source_id="id-9"))]
    firm.store.journal.write("second", settled=settled)
    firm.people = [person(2)]

    (kept,) = firm.run().entries

    assert (kept.action, kept.code) == ("skip", "Claimed")
    assert active(firm, 1) is True


def test_who_moves_to_another_job_and_has_no_account_any_more_gets_one_and_keeps_it(firm: Company):
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.store.remove(firm.store.links("example")["id-1"].target_id)
    firm.people = [person(2)]
    firm.run()
    second = other(firm)
    second.people = [replace(person(1), id="number-1")]

    (made,) = second.run(name="second").entries
    age(firm.store, dt.timedelta(days=1))
    (unseen,) = firm.run().entries

    assert (made.action, made.status) == ("create", "success")
    assert (unseen.status, unseen.code) == ("warning", "NotSeen")
    assert f"the account {made.target_id} is the job second's" in unseen.reason
    assert active(firm, 1) is True


def test_a_leaver_whose_name_another_job_has_an_account_of_takes_nothing_from_it(firm: Company):
    """The account was made by hand: the other job found it, and this one finds it by name alone."""
    firm.people = [person(1), person(2)]
    firm.run()
    firm.vendor.store.remove(firm.store.links("example")["id-1"].target_id)
    firm.vendor.seed([{"userName": "person1@example.com", "active": True}])
    second = other(firm)
    second.people = [replace(person(1), id="number-1")]
    second.run(name="second")
    firm.people = [person(2)]

    (unseen,) = firm.run().entries

    assert (unseen.status, unseen.code) == ("warning", "NotSeen")
    assert "is the job second's" in unseen.reason
    assert active(firm, 1) is True


def test_an_account_that_another_job_may_have_made_waits_for_that_job(firm: Company):
    firm.vendor.faults.add(Fault(method="POST", commit_then_drop=True))
    firm.vendor.faults.add(Fault(method="GET", status=500, after=1, times=3))
    firm.people = [person(1)]
    (lost,) = firm.run().entries
    firm.vendor.faults.clear()
    second = other(firm)
    second.people = [replace(person(1), id="number-1")]

    (refused,) = second.run(name="second").entries
    firm.run()

    assert lost.status == "in_doubt"
    assert (refused.action, refused.code) == ("fail", "DuplicateSourceEntries")
    assert "the job example is making an account of this userName" in refused.reason
    assert "a run of that job finds out" in refused.reason
    assert firm.store.links("second") == {}
    assert list(firm.store.links("example")) == ["id-1"]


def test_two_jobs_at_once_make_one_account_where_the_vendor_takes_two(firm: Company):
    vendor: ScimSandbox = firm.vendor
    vendor.unique = False
    second = other(firm)
    firm.people = [person(number) for number in range(1, 21)]
    second.people = [replace(one, id=f"number-{one.id}") for one in firm.people]

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(firm.run, workers=4), pool.submit(second.run, name="second", workers=4)]
        for each in runs:
            each.result()

    names = [user["userName"] for user in vendor.store]
    assert len(names) == len(set(names)) == 20


def test_two_jobs_at_once_link_an_account_that_is_there_once(firm: Company):
    firm.people = [person(number) for number in range(1, 21)]
    names = [one.attributes["userPrincipalName"] for one in firm.people]
    firm.vendor.seed([{"userName": name, "active": True} for name in names])
    second = other(firm)
    second.people = [replace(one, id=f"number-{one.id}") for one in firm.people]

    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(firm.run, workers=4), pool.submit(second.run, name="second", workers=4)]
        entries = [entry for each in runs for entry in each.result().entries]

    linked = [link for job in ("example", "second") for link in firm.store.links(job).values()]
    refused = [entry for entry in entries if entry.code == "DuplicateSourceEntries"]
    assert len({link.target_id for link in linked}) == len(linked) == 20
    assert len(refused) == 20
