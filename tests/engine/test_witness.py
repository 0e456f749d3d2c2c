"""What the judge's witness notes, and a store in which time has passed."""

import datetime as dt
import math

import pytest
from support.company import Company, person
from support.evidence import remember
from support.mortal import age
from support.witness import WitnessedVendor

from jackfield.testing.sandbox import SandboxRequest

NEW_USER = b'{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ada"}'


@pytest.fixture
def vendor() -> WitnessedVendor:
    vendor = WitnessedVendor()
    vendor.holder = lambda sender: "run-2" if sender else ""
    return vendor


def request(vendor: WitnessedVendor, method: str, path: str, body: bytes = b"") -> SandboxRequest:
    token = vendor.tokens.issue(math.inf)
    vendor.senders[token] = "run-1"
    headers = [(b"authorization", f"Bearer {token}".encode())]
    return SandboxRequest(method, f"/scim/v2/Users{path}", b"", headers, body)


def test_a_write_tells_who_sent_it_and_who_held_the_job(vendor: WitnessedVendor):
    vendor.respond(request(vendor, "POST", "", NEW_USER))

    (write,) = vendor.writes
    assert (write.sender, write.holder, write.new_name) == ("run-1", "run-2", "ada")


def test_a_refused_write_is_noted_apart(vendor: WitnessedVendor):
    vendor.seed([{"userName": "ada"}])

    answer = vendor.respond(request(vendor, "POST", "", NEW_USER))

    assert answer.status == 409
    assert vendor.writes == []
    assert [write.sender for write in vendor.refused] == ["run-1"]


def test_a_second_account_of_one_name_has_a_twin(vendor: WitnessedVendor):
    vendor.unique = False
    (ada,) = vendor.seed([{"userName": "ada"}])

    vendor.respond(request(vendor, "POST", "", NEW_USER))

    assert vendor.writes[0].twins == {ada["id"]}


def test_a_deletion_without_effect_is_no_write(vendor: WitnessedVendor):
    (ada,) = vendor.seed([{"userName": "ada"}])
    vendor.deaf_deletions = 1

    answer = vendor.respond(request(vendor, "DELETE", f"/{ada['id']}"))

    assert answer.status == 204
    assert vendor.writes == []
    assert vendor.store.get(ada["id"])


def test_time_passes_in_every_row_of_a_store(firm: Company):
    firm.people = [person(1)]
    firm.run()
    before = remember(firm.store, "example")

    age(firm.store, dt.timedelta(days=2))

    after = remember(firm.store, "example")
    days = [dt.timedelta(days=2)]
    assert [old.at - new.at for old, new in zip(before.entries, after.entries, strict=True)] == days
    linked = [memory.links["id-1"].linked_at for memory in (before, after)]
    assert linked[0] - linked[1] == days[0]
