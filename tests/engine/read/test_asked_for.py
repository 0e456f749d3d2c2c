"""A directory whose list is cut short: whoever it does not show is asked for before leaving."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.company import Company

from jackfield.driver.steps import Clock
from jackfield.sources import SourceRead
from jackfield.sources.scim import ScimSource, ScimSourceSettings
from jackfield.testing.sandbox import Fault, Sandbox, ScimSandbox, serve


class Directory(ScimSandbox):
    """A directory that shows, and counts, no more people than this."""

    most = 99

    def arranged(self, users: list[dict[str, Any]], wanted: Any) -> list[dict[str, Any]]:
        return users[: self.most]


@pytest.fixture
def directory() -> Directory:
    found = Directory(unlimited=True)
    people = [{"userName": f"person{number}@example.com", "active": True} for number in (1, 2, 3)]
    found.seed([{**one, "name": {"familyName": "Lopez"}} for one in people])
    return found


@pytest.fixture
def run(firm: Company, directory: Directory) -> Iterator[Any]:
    with serve(directory) as origin:
        source = ScimSource(clock=Clock(sleep=lambda _seconds: None))
        where = ScimSourceSettings(
            base_url=f"{origin}/scim/v2", token=Sandbox.TOKEN, allow_loopback=True
        )

        def read(_since: str | None) -> SourceRead:
            return source.read(where, Path())

        yield lambda: firm.run(read_source=read)


def is_active(firm: Company, number: int) -> bool:
    return bool(firm.accounts[f"person{number}@example.com"]["active"])


def test_whoever_a_cut_list_does_not_show_keeps_the_access(firm, directory, run):
    run()
    directory.most = 2

    result = run()

    assert [entry for entry in result.entries if entry.status != "skipped"] == []
    assert is_active(firm, 3)
    assert any("1 people with access are not in the source's list" in one for one in result.notes)


def test_whoever_a_cut_list_does_not_show_and_is_disabled_there_loses_the_access(
    firm, directory, run
):
    run()
    directory.most = 2
    third = list(directory.store.users)[2]
    directory.store.replace(third, {**directory.store.users[third], "active": False})

    run()

    assert not is_active(firm, 3)


def test_whoever_is_gone_when_asked_for_by_id_has_left(firm, directory, run):
    run()
    directory.store.remove(list(directory.store.users)[2])

    result = run()

    assert not is_active(firm, 3)
    assert not any("cut short" in one for one in result.notes)


def test_whoever_cannot_be_asked_for_is_no_leaver(firm, directory, run):
    run()
    third = list(directory.store.users)[2]
    directory.most = 2
    directory.faults.add(Fault(path=f"/Users/{third}$", status=400, times=9))

    run()

    assert is_active(firm, 3)
