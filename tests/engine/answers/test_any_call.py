"""What the engine does about the answers that any call may get."""

from collections.abc import Mapping
from typing import Any

import pytest
from support.answers import answer, hired, said, what_ended
from support.company import Company, person

from jackfield import CredentialsRefused, Throttled
from jackfield.engine import GuardLimits
from jackfield.engine.model.codes import INCOMPATIBLE
from jackfield.engine.scope.leavers import Leavers

CALLS = {
    "filter query": ("GET", person(3)),
    "POST": ("POST", person(3)),
    "GET by id": ("GET", person(1, jobTitle="Lead")),
    "PATCH": ("PATCH", person(1, jobTitle="Lead")),
    "DELETE": ("DELETE", None),
}
calls = pytest.mark.parametrize("call", CALLS)


def lead_to(firm: Company, call: str) -> tuple[str, dict[str, Any]]:
    """Let the next cycle make this call; return its method and the job it needs."""
    hired(firm, 1, 2)
    method, news = CALLS[call]
    kept = [person(1), person(2)] if call in {"filter query", "POST"} else [person(2)]
    firm.people = kept if news is None else [*kept, news]
    limits = GuardLimits(people=9, percent=100, at_most=9)
    return method, {"leavers": Leavers(deleted="delete"), "guard": limits}


@calls
def test_any_401_is_answered_by_one_renewal_of_the_token(firm: Company, call):
    method, job = lead_to(firm, call)
    answer(firm, method, status=401, times=1)
    assert [entry.status for entry in firm.run(**job).entries] == ["success"]


@calls
def test_any_401_after_the_renewal_puts_the_job_into_quarantine(firm: Company, call):
    method, job = lead_to(firm, call)
    answer(firm, method, status=401)

    assert isinstance(what_ended(firm, **job), CredentialsRefused)
    assert len(firm.vendor.requests) <= (5 if call == "DELETE" else 3)
    assert firm.store.jobs.get("example").quarantine.reason == "EncounteredQuarantineException"


@calls
def test_any_403_is_a_failure_and_changes_nothing(firm: Company, call):
    method, job = lead_to(firm, call)
    before = [dict(user) for user in firm.vendor.store]
    answer(firm, method, status=403, times=1)

    (entry,) = firm.run(**job).entries

    assert entry.status == "failure"
    assert [_essence(user) for user in firm.vendor.store] == [
        {**_essence(user), "active": call != "DELETE" or user["userName"] != FIRST}
        for user in before
    ]


def _essence(user: Mapping[str, Any]) -> dict[str, Any]:
    """Return a user without what the vendor writes; a leaver is disabled before the deletion."""
    return {name: value for name, value in user.items() if name != "meta"}


FIRST = "person1@example.com"


def test_403_to_every_look_up_puts_the_job_into_quarantine(firm: Company):
    answer(firm, status=403)
    firm.people = [person(1)]

    assert isinstance(what_ended(firm), CredentialsRefused)
    assert firm.store.jobs.get("example").status == "quarantined"


def test_a_403_to_the_write_of_one_leaves_nobody_else_behind(firm: Company):
    answer(firm, "POST", status=403, times=1)
    firm.people = [person(1), person(2)]

    assert sorted(entry.status for entry in firm.run().entries) == ["failure", "success"]
    assert firm.store.jobs.get("example").status == "active"


@calls
def test_any_429_is_waited_for_as_long_as_the_vendor_says(firm: Company, clock, call):
    method, job = lead_to(firm, call)
    answer(firm, method, status=429, headers={"Retry-After": "7"}, times=1)

    assert [entry.status for entry in firm.run(**job).entries] == ["success"]
    assert sum(clock.pauses) >= 7


@calls
def test_any_429_that_names_no_time_is_backed_off_from(firm: Company, clock, call):
    method, job = lead_to(firm, call)
    answer(firm, method, status=429, times=6)

    assert [entry.status for entry in firm.run(**job).entries] == ["success"]
    first, *_, last = clock.pauses
    assert 0 < first < last


@calls
def test_any_429_that_takes_too_long_stops_the_whole_job(firm: Company, call):
    """Not one object waits, but all of them: nothing more is sent."""
    method, job = lead_to(firm, call)
    firm.people += [person(8), person(9)] if call in {"filter query", "POST"} else []
    answer(firm, method, status=429, headers={"Retry-After": "3600"})

    assert isinstance(what_ended(firm, **job), Throttled)
    assert [r.method for r in firm.vendor.requests].count(method) == 1


TRANSIENT = {
    "500": {"status": 500},
    "503": {"status": 503},
    "timeout": {"delay_seconds": 0.6},
    "dropped": {"commit_then_drop": True},
}
transient = pytest.mark.parametrize("fault", TRANSIENT.values(), ids=TRANSIENT)


@transient
def test_any_5xx_or_timeout_of_a_read_is_repeated(firm: Company, fault):
    answer(firm, "GET", times=2, **fault)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "success", "")]


@transient
def test_any_5xx_or_timeout_of_a_read_that_stays_fails_one_person_for_now(firm: Company, fault):
    answer(firm, "GET", times=3, **fault)
    firm.people = [person(1), person(2)]

    assert [entry.status for entry in firm.run().entries] == ["failure", "success"]
    assert [entry.status for entry in firm.run().entries] == ["success"]


@transient
@pytest.mark.parametrize("call", ["POST", "PATCH", "DELETE"])
def test_any_5xx_or_timeout_of_a_write_is_settled_by_looking(firm: Company, call, fault):
    """It is never repeated blindly, and the next cycle ends where it should."""
    method, job = lead_to(firm, call)
    answer(firm, method, times=1, **fault)

    firm.run(**job)
    firm.run(**job)

    assert firm.run(**job).entries == ()
    assert firm.store.links("example").keys() == {p.id for p in firm.people}
    assert len(firm.vendor.store) == len(firm.people)


@calls
def test_any_200_with_a_body_that_is_not_scim_proves_nothing(firm: Company, call):
    """A login page is neither nobody, nor done."""
    method, job = lead_to(firm, call)
    before = [dict(user) for user in firm.vendor.store]
    answer(firm, method, html=True, times=1)

    (entry,) = firm.run(**job).entries

    assert entry.status == ("failure" if method == "GET" else "in_doubt")
    assert [user["id"] for user in firm.vendor.store] == [user["id"] for user in before]
    if call != "DELETE":
        assert [dict(user) for user in firm.vendor.store] == before


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"html": True, "times": 1}, INCOMPATIBLE),
        ({"status": 500}, "InternalServerError"),
        ({"status": 403, "times": 1}, "InsufficientRights"),
    ],
    ids=["200 with a non-SCIM body", "500", "403"],
)
def test_any_failed_read_has_the_code_of_its_cause(firm: Company, fault, code):
    answer(firm, "GET", **fault)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("fail", "failure", code)]
