"""A source that tells changes is read whole again where what it told before may be out of date."""

from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, person

from jackfield import AttributeMapping
from jackfield.engine.scope.scope import Scope
from jackfield.engine.scope.settings import ScopeTable
from jackfield.sources import SourceObject, SourceRead

BOSSES = {"attribute": "jobTitle", "operator": "EQUALS", "value": "Boss"}


class Feed:
    """A directory of which only changes are told to whoever names a watermark."""

    def __init__(self, *people: SourceObject) -> None:
        self.people = people
        self.asked: list[str | None] = []

    def __call__(self, since: str | None) -> SourceRead:
        self.asked.append(since)
        if since is None:
            return SourceRead(self.people, True, ATTRIBUTES, watermark="w")
        return SourceRead((), False, ATTRIBUTES, watermark="w", is_delta=True)


@pytest.fixture
def feed(firm: Company) -> Feed:
    feed = Feed(person(1), person(2, jobTitle="Boss"), person(3, jobTitle="Boss"))
    for _ in range(2):
        firm.run(read_source=feed)
    assert feed.asked == [None, "w"]
    return feed


def titled(constant: str) -> tuple[AttributeMapping, ...]:
    made = AttributeMapping("title", constant=constant)
    return tuple(made if each.target == "title" else each for each in MAPPINGS)


CHANGES: dict[str, dict[str, Any]] = {
    "another mapping": {"mappings": titled("Lead")},
    "another scope": {
        "scope": Scope(ScopeTable.model_validate({"filters": [{"clauses": [BOSSES]}]}))
    },
    "somebody protected": {"protected": frozenset({"person1@example.com"})},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_job_reads_everybody_once(firm: Company, feed: Feed, change):
    for _ in range(2):
        firm.run(read_source=feed, **change)

    assert feed.asked[2:] == [None, "w"]


def test_a_changed_mapping_reaches_everybody(firm: Company, feed: Feed):
    firm.run(read_source=feed, mappings=titled("Lead"))

    assert {user["title"] for user in firm.accounts.values()} == {"Lead"}


def test_a_narrowed_scope_takes_access_away(firm: Company, feed: Feed):
    firm.run(read_source=feed, **CHANGES["another scope"])

    assert firm.accounts["person1@example.com"]["active"] is False
    assert firm.accounts["person2@example.com"]["active"] is True


def test_a_failing_read_of_everybody_is_made_again(firm: Company, feed: Feed):
    feed.people = (*feed.people, person(4, surname=""))
    for _ in range(2):
        firm.run(read_source=feed, mappings=titled("Lead"))

    assert feed.asked[2:] == [None, None]
