"""What people, administrators, vendors and power supplies do in the life of a company."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from support.keys import FIRST
from support.life import AWAY, Life, changed

from jackfield.errors import ProvisioningError
from jackfield.testing.sandbox import Fault

TITLES = st.sampled_from(("Engineer", "Lead", "Clerk"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"status": 500},
    {"status": 409},
    {"status": 429, "headers": {"Retry-After": "0"}},
    {"status": 429, "headers": {"Retry-After": "1"}, "times": 2},
    {"commit_then_drop": True},
    {"commit_then_status": 500},
    {"truncate": True},
    {"empty": True},
)
METHODS = st.sampled_from(("POST", "PATCH", "DELETE", "GET"))
EDITS = st.sampled_from(("delete", "deactivate", "retitle", "enable"))
READS_OF_ONE_LOOK = 6
"""More than one look is tried."""


def has_people(life: Life) -> bool:
    return any(life.people.values())


def has_two_jobs(life: Life) -> bool:
    return len(life.jobs) > 1 and has_people(life)


class Directory(Life):
    """What happens in the sources."""

    @rule(data=st.data())
    def hire(self, data: st.DataObject) -> None:
        self.join(self.some(data, self.jobs))

    @precondition(has_people)
    @rule(data=st.data(), title=TITLES)
    def change_title(self, data: st.DataObject, title: str) -> None:
        self.change(data, jobTitle=title)

    @precondition(has_people)
    @rule(data=st.data())
    def rename(self, data: st.DataObject) -> None:
        self.number += 1
        self.change(data, userPrincipalName=f"renamed{self.number}@example.com")

    @precondition(has_people)
    @rule(data=st.data(), is_enabled=st.booleans())
    def disable_at_source(self, data: st.DataObject, is_enabled: bool) -> None:
        self.change(data, accountEnabled=str(is_enabled))

    @precondition(lambda self: has_people(self) and self.kind.maps_access)
    @rule(data=st.data(), is_away=st.booleans(), is_everybody=st.booleans())
    def change_the_column(self, data: st.DataObject, is_away: bool, is_everybody: bool) -> None:
        """The mapping of `active` reads a column; it changes for one person, or for all."""
        value = AWAY if is_away else "Here"
        if not is_everybody:
            self.change(data, employeeType=value)
            return
        for people in self.people.values():
            for source_id, one in people.items():
                people[source_id] = changed(one, employeeType=value)

    @precondition(has_people)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        job, source_id = self.someone(data)
        self.gone[source_id] = self.people[job].pop(source_id)

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), has_new_id=st.booleans())
    def rehire(self, data: st.DataObject, has_new_id: bool) -> None:
        back = self.gone.pop(self.some(data, self.gone))
        if not self.may_join(FIRST, back):
            return
        if has_new_id:
            self.number += 1
            back = replace(back, id=f"id-{self.number}")
        self.people[FIRST][back.id] = back

    @precondition(has_people)
    @rule(data=st.data(), is_case_alone=st.booleans())
    def change_the_id(self, data: st.DataObject, is_case_alone: bool) -> None:
        job, source_id = self.someone(data)
        one = self.people[job].pop(source_id)
        self.number += 1
        fresh = source_id.swapcase() if is_case_alone else f"id-{self.number}"
        self.people[job][fresh] = replace(one, id=fresh)

    @precondition(has_two_jobs)
    @rule(data=st.data())
    def move(self, data: st.DataObject) -> None:
        """Somebody is in the other source from now on."""
        job, source_id = self.someone(data)
        other = next(each for each in self.jobs if each != job)
        if self.may_join(other, self.people[job][source_id]):
            self.people[other][source_id] = self.people[job].pop(source_id)

    @precondition(has_two_jobs)
    @rule(data=st.data())
    def hire_a_namesake(self, data: st.DataObject) -> None:
        """The other source has somebody else of the same name."""
        job, source_id = self.someone(data)
        other = next(each for each in self.jobs if each != job)
        self.number += 1
        namesake = replace(self.people[job][source_id], id=f"id-{self.number}")
        if self.may_join(other, namesake):
            self.people[other][namesake.id] = namesake


class Hands(Life):
    """What somebody does at the vendor by hand."""

    @precondition(lambda self: self.made())
    @rule(data=st.data(), edit=EDITS)
    def edit_by_hand(self, data: st.DataObject, edit: str) -> None:
        target_id = self.some(data, self.made())
        account = self.vendor.store.users[target_id]
        self.edited.add(target_id)
        if edit == "delete":
            self.vendor.store.remove(target_id)
            return
        if edit == "enable":
            self.reopened.add(target_id)
        change = {"title": "By hand"} if edit == "retitle" else {"active": edit == "enable"}
        self.vendor.store.replace(target_id, {**account, **change})


class Trouble(Life):
    """What goes wrong at the vendor and on the way."""

    @rule(fault=st.sampled_from(FAULTS), method=METHODS, after=st.integers(0, 3))
    def go_wrong(self, fault: dict[str, Any], method: str, after: int) -> None:
        self.vendor.faults.add(Fault(method=method, after=after, **fault))

    @precondition(lambda self: self.kind.is_unique)
    @rule(lag=st.integers(1, 3))
    def index_lags(self, lag: int) -> None:
        """Where a vendor takes a name twice and hides accounts, nobody can be careful enough."""
        self.vendor.faults.add(Fault(method="POST", lag=lag, commit_then_drop=True))

    @rule(times=st.integers(1, 3))
    def filter_is_ignored(self, times: int) -> None:
        self.vendor.faults.add(Fault(method="GET", ignore_filter=True, times=times))

    @rule(method=st.sampled_from(("POST", "PATCH")), is_whole=st.booleans(), last=st.booleans())
    def answer_with_another_user(self, method: str, is_whole: bool, last: bool) -> None:
        """A write is answered with the id of another user, or with all of that one."""

        def other(user: dict[str, Any]) -> dict[str, Any]:
            users = list(self.vendor.store)
            found = self.vendor.shown(users[-1 if last else 0])
            return found if is_whole else {**user, "id": found["id"]}

        self.vendor.faults.add(Fault(method=method, rewrite=other))

    @rule()
    def lose_a_creation(self) -> None:
        """The answer is lost, and the look after it fails: this is open until another run."""
        self.vendor.down_after_creation = READS_OF_ONE_LOOK
        self.vendor.faults.add(Fault(method="POST", commit_then_drop=True))

    @precondition(lambda self: self.kind.leavers.deleted == "delete")
    @rule(status=st.sampled_from((409, 403, 204)))
    def refuse_a_deletion(self, status: int) -> None:
        """204: answered with success, and nothing is deleted."""
        if status == 204:
            self.vendor.deaf_deletions += 1
        else:
            self.vendor.faults.add(Fault(method="DELETE", status=status))

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), times=st.integers(1, 2))
    def leaver_is_not_found(self, data: st.DataObject, times: int) -> None:
        """A linked account is hidden for a moment: 404 by its id, and nobody of its name."""
        link = self.company.store.links(FIRST).get(self.some(data, self.gone))
        if link is not None:
            path = f"/Users/{link.target_id}$"
            self.vendor.faults.add(Fault(path=path, status=404, times=times))
            if self.kind.is_unique:
                self.vendor.hide(link.target_id, times)

    @rule(days=st.sampled_from((1, 2, 31)))
    def days_pass(self, days: int) -> None:
        self.wait(days)


class Runs(Life):
    """What is run, by whom, and how it ends."""

    @rule(data=st.data())
    def run(self, data: st.DataObject) -> None:
        self.attempt(self.some(data, self.jobs))

    @rule(data=st.data())
    def run_on_half_an_export(self, data: st.DataObject) -> None:
        job = self.some(data, self.jobs)
        whole = self.people[job]
        self.people[job] = dict(list(whole.items())[: len(whole) // 2])
        self.is_complete = False
        removed = sum(write.is_removal for write in self.vendor.writes)
        self.attempt(job)
        told = {
            key
            for key, each in self.people[job].items()
            if not each.is_enabled or each.attributes.get("employeeType") == AWAY
        }
        self.is_complete, self.people[job] = True, whole
        assert told or removed == sum(write.is_removal for write in self.vendor.writes)

    @rule(data=st.data(), writes=st.integers(1, 12), stores_last=st.booleans())
    def run_and_be_killed(self, data: st.DataObject, writes: int, stores_last: bool) -> None:
        self.database.doom(writes, stores_last=stores_last)
        try:
            self.attempt(self.some(data, self.jobs))
        finally:
            self.database.revive()

    @precondition(lambda self: self.holds)
    @rule(data=st.data())
    def approve(self, data: st.DataObject) -> None:
        self.approve_and_run(self.some(data, self.holds))

    @precondition(lambda self: self.used_words)
    @rule(data=st.data())
    def say_an_old_word(self, data: st.DataObject) -> None:
        """A word is good once: nobody approves anything by it later."""
        self.attempt(*self.some(data, self.used_words))

    @rule(data=st.data())
    def plan(self, data: st.DataObject) -> None:
        sent = len(self.company.writes)
        with suppress(ProvisioningError):
            self.company.plan(**self.settings(self.some(data, self.jobs)))
        assert len(self.company.writes) == sent
