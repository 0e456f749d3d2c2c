"""What the engine does about each answer of a vendor: one test for each row of the specification.

Every answer comes over HTTP, from a sandbox with scripted faults.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from support.clock import ScriptedClock
from support.company import Company, ExampleConnector, person

from jackfield import ConfigurationError, CredentialsRefused, Registry, Throttled
from jackfield.engine import Entry, GuardLimits, How
from jackfield.engine.codes import INCOMPATIBLE
from jackfield.engine.leavers import Leavers
from jackfield.errors import ProvisioningError
from jackfield.steps import Policy
from jackfield.testing.sandbox import Fault
from jackfield.transport import Limits

EVER = 99
NOBODY = {"schemas": [], "totalResults": 0, "Resources": [], "startIndex": 1, "itemsPerPage": 0}
IMPATIENT = Policy(attempts=3, patience_seconds=60, limits=Limits(deadline_seconds=0.3))
ACCOUNT = {"userName": "person1@example.com", "name": {"familyName": "Old"}, "active": True}
TWICE = [ACCOUNT, {**ACCOUNT, "userName": "PERSON1@example.com"}]


@pytest.fixture
def clock() -> ScriptedClock:
    return ScriptedClock()


@pytest.fixture
def firm(firm: Company, clock: ScriptedClock) -> Iterator[Company]:
    """The company, its connection with a scripted clock and little patience."""
    registry = Registry(connectors={"example": ExampleConnector})
    settings = firm.connector.settings
    with registry.connect("example", settings, policy=IMPATIENT, clock=clock.clock()) as connector:
        firm.connector = connector
        yield firm


def answer(firm: Company, method: str = "*", times: int = EVER, **fault: Any) -> None:
    firm.vendor.faults.add(Fault(method=method, times=times, **fault))


def hired(firm: Company, *numbers: int) -> None:
    """Give these people accounts; forget the requests that took."""
    firm.people = [person(number) for number in numbers]
    firm.run()
    firm.vendor.requests.clear()


def said(entries: tuple[Entry, ...]) -> list[tuple[str, str, str]]:
    return [(entry.action, entry.status, entry.code) for entry in entries]


def what_ended(firm: Company, **job: Any) -> ProvisioningError | None:
    """Run a cycle; return the error that ended it, before or after the plan."""
    try:
        return firm.run(**job).stopped
    except ProvisioningError as error:
        return error


def without_id(user: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in user.items() if name != "id"}


# --- the filter query ----------------------------------------------------------------------------


def test_filter_query_200_without_results_creates(firm: Company):
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "success", "")]


@pytest.mark.parametrize("status", [404, 400, 501])
def test_filter_query_refused_creates_nobody(firm: Company, status):
    """An answer that is no list never means that nobody is there."""
    answer(firm, "GET", status=status)
    firm.people = [person(1), person(2)]

    what_ended(firm)

    assert firm.writes == []
    assert len(firm.vendor.store) == 0


def test_filter_query_404_puts_the_job_into_quarantine_at_once(firm: Company):
    answer(firm, "GET", status=404)
    firm.people = [person(1), person(2)]

    assert what_ended(firm) is not None
    assert firm.store.jobs.get("example").status == "quarantined"


def test_filter_query_200_with_several_results_is_a_failure_without_a_write(firm: Company):
    firm.vendor.seed(TWICE)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("fail", "failure", "DuplicateTargetEntries")]
    assert firm.writes == []


@pytest.mark.parametrize("status", [400, 501])
def test_filter_query_refused_is_a_configuration_error(firm: Company, status):
    refused = {"schemas": [], "status": str(status), "scimType": "invalidFilter"}
    answer(firm, "GET", status=status, body=refused)
    firm.people = [person(1), person(2)]

    assert isinstance(what_ended(firm), ConfigurationError)


# --- POST ----------------------------------------------------------------------------------------


def test_post_201_without_an_id_is_looked_up(firm: Company):
    """A8: a protocol failure, and yet there is an account: it is found, and not made twice."""
    answer(firm, "POST", rewrite=without_id)
    firm.people = [person(1)]

    created, compared = firm.run().entries

    assert said((created,)) == [("create", "success", "")]
    assert said((compared,)) == [("skip", "skipped", "RedundantExport")]
    assert firm.store.links("example")["id-1"].target_id == next(iter(firm.vendor.store.users))
    assert [w for w in firm.writes if w.startswith("POST")] == ["POST /scim/v2/Users"]


def test_post_201_without_an_id_that_no_look_up_finds_stays_in_doubt(firm: Company):
    """A8: an empty id is never stored."""
    answer(firm, "POST", rewrite=without_id)
    answer(firm, "GET", status=200, body=NOBODY, times=2)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "in_doubt", "InDoubt")]
    assert firm.store.links("example") == {}
    assert said(firm.run().entries) == [("skip", "skipped", "RedundantExport")]
    assert firm.store.links("example").keys() == {"id-1"}
    assert len(firm.vendor.store) == 1


def conflict(firm: Company) -> None:
    """Let the first look-up miss the account that the create then runs into."""
    answer(firm, "GET", status=200, body=NOBODY, times=1)
    answer(firm, "POST", status=409, times=1)


def test_post_409_with_a_unique_hit_links_and_updates(firm: Company):
    firm.vendor.seed([ACCOUNT])
    conflict(firm)
    firm.people = [person(1)]

    linked, updated = firm.run().entries

    assert "the vendor had it already" in linked.reason
    assert said((updated,)) == [("update", "success", "")]
    assert firm.accounts["person1@example.com"]["name"]["familyName"] == "Family1"


@pytest.mark.parametrize(
    ("accounts", "code"),
    [([], "Conflict"), (TWICE, "DuplicateTargetEntries")],
    ids=["no hit", "several hits"],
)
def test_post_409_without_a_unique_hit_is_an_escrow(firm: Company, accounts, code):
    firm.vendor.seed(accounts)
    conflict(firm)
    firm.people = [person(1)]

    assert said(firm.run().entries) == [("create", "failure", code)]
    assert firm.store.escrows.all("example")["id-1"].code == code
    assert firm.store.links("example") == {}


def test_post_409_about_somebody_elses_account_takes_nothing_over(firm: Company):
    """F7: the account is person 2's by a link, though it has the name of person 1."""
    hired(firm, 2)
    (user_id,) = firm.vendor.store.users
    renamed = {**firm.vendor.store.get(user_id), "userName": "person1@example.com"}
    firm.vendor.store.replace(user_id, renamed)
    conflict(firm)
    firm.people = [person(2), person(1)]

    (entry,) = firm.run().entries

    assert said((entry,)) == [("create", "failure", "Conflict")]
    assert "belongs to the source object id-2" in entry.reason
    assert firm.store.links("example").keys() == {"id-2"}


# --- PATCH and GET by id, DELETE -----------------------------------------------------------------


def test_get_by_id_404_matches_again_and_links(firm: Company):
    hired(firm, 1)
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    (found,) = firm.vendor.seed([ACCOUNT])
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("update", "success", "")]
    assert firm.store.links("example")["id-1"].target_id == found["id"]


def test_get_by_id_404_matches_again_and_creates(firm: Company):
    hired(firm, 1)
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("create", "success", "")]
    assert len(firm.vendor.store) == 1


def test_patch_404_is_an_invalid_anchor_and_the_next_cycle_matches_again(firm: Company):
    hired(firm, 1)
    answer(firm, "PATCH", status=404, times=1)
    firm.people = [person(1, jobTitle="Lead")]

    assert said(firm.run().entries) == [("update", "failure", "InvalidAnchor")]
    firm.vendor.store.remove(next(iter(firm.vendor.store.users)))
    assert said(firm.run().entries) == [("create", "success", "")]


def test_an_account_to_delete_that_is_not_shown_is_gone_after_a_day_of_looks(firm: Company):
    hired(firm, 1, 2)
    firm.vendor.store.remove(firm.accounts["person1@example.com"]["id"])
    firm.people = [person(2)]
    leavers, now = Leavers(deleted="delete"), dt.datetime.now(dt.UTC)

    told = [
        said(firm.run(how=How(now=now + dt.timedelta(hours=hours)), leavers=leavers).entries)
        for hours in (0, 1, 26)
    ]

    assert told[0] == told[1] == [("delete", "warning", "NotSeen")]
    assert told[2] == [("delete", "success", "WithoutAccess")]
    assert firm.store.links("example").keys() == {"id-2"}


# --- any call ------------------------------------------------------------------------------------

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
    """B1, B5: not one object waits, but all of them: nothing more is sent."""
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
    """B7: it is never repeated blindly, and the next cycle ends where it should."""
    method, job = lead_to(firm, call)
    answer(firm, method, times=1, **fault)

    firm.run(**job)
    firm.run(**job)

    assert firm.run(**job).entries == ()
    assert firm.store.links("example").keys() == {p.id for p in firm.people}
    assert len(firm.vendor.store) == len(firm.people)


@calls
def test_any_200_with_a_body_that_is_not_scim_proves_nothing(firm: Company, call):
    """C1: a login page is neither nobody, nor done."""
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
