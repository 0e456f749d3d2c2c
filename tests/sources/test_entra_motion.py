"""People of whom Graph's copies contradict each other: nothing is concluded, and nobody else waits.

Occasions: github.com/microsoftgraph/microsoft-graph-docs, issues 6376 and 15839.
"""

import json

import pytest

from jackfield.errors import VendorBroken
from jackfield.sources import Removal

CODES = (
    "Request_ResourceNotFound",
    "Directory_ObjectNotFound",
    "ResourceNotFound",
    "ErrorItemNotFound",
    "UnknownError",
)
IN_PART = {
    "no account state": {"accountEnabled": None},
    "account state of no truth": {"accountEnabled": 0},
    "no name": {"userPrincipalName": None},
    "empty name": {"userPrincipalName": " "},
    "name of no text": {"userPrincipalName": 7},
}


@pytest.fixture(params=["assigned", "all"])
def scope(request):
    if request.param == "assigned":
        return {}
    return {"scope": "all", "service_principal": ""}


@pytest.mark.parametrize("code", CODES)
def test_changed_person_unknown_by_id_is_left_out_and_the_rest_goes_on(tenant, names, scope, code):
    ana, bob = tenant.hire("ana", "bob")
    first = tenant.read(**scope)
    tenant.directory.rename(ana, "anna")
    tenant.directory.rename(bob, "bert")
    tenant.directory.unknown_by_id[ana] = code

    read = tenant.read(first.watermark, **scope)

    assert (names(read), read.removed, read.unknown) == (["bert"], (), {ana})
    assert any(ana in note and "nothing is concluded" in note for note in read.notes)


@pytest.mark.parametrize("how", IN_PART)
def test_person_shown_in_part_only_is_left_out_and_the_rest_goes_on(tenant, names, scope, how):
    ana, _ = tenant.hire("ana", "bob")
    tenant.directory.update(ana, **IN_PART[how])

    read = tenant.read(**scope)

    assert (names(read), read.is_complete, read.unknown) == (["bob"], True, {ana})


def test_person_of_whom_the_first_read_knows_too_little_is_left_out(tenant, names):
    ana, _ = tenant.hire("ana", "bob")
    tenant.fail(path="delta", rewrite=lambda page: {**page, "value": [{"id": ana}]})
    tenant.directory.unknown_by_id[ana] = CODES[0]

    read = tenant.read()

    assert (names(read), read.unknown) == (["bob"], {ana})


def test_answer_about_another_person_establishes_nobody(tenant):
    ana, bob = tenant.hire("ana", "bob")
    first = tenant.read()
    tenant.directory.rename(ana, "anna")
    tenant.fail(path=f"users/{ana}", rewrite={"id": bob})

    read = tenant.read(first.watermark)

    assert (read.objects, read.unknown) == ((), {ana})


@pytest.mark.parametrize("code", CODES)
def test_person_left_out_is_told_by_the_next_read(tenant, names, scope, code):
    """Graph's link has moved past the change, so the watermark remembers the person."""
    (ana,) = tenant.hire("ana")
    first = tenant.read(**scope)
    tenant.directory.rename(ana, "anna")
    tenant.directory.unknown_by_id[ana] = code
    second = tenant.read(first.watermark, **scope)
    tenant.directory.unknown_by_id.clear()

    third = tenant.read(second.watermark, **scope)
    fourth = tenant.read(third.watermark, **scope)

    assert (names(third), third.unknown, third.notes) == (["anna"], frozenset(), ())
    assert (fourth.objects, fourth.unknown) == ((), frozenset())


def test_person_left_out_of_a_full_read_is_told_by_the_next_read(tenant, names):
    (ana,) = tenant.hire("ana")
    tenant.directory.update(ana, accountEnabled=None)
    first = tenant.read()
    tenant.directory.enable(ana)
    tenant.directory.history.clear()  # the change comes before the link

    read = tenant.read(first.watermark)

    assert (first.unknown, names(read), read.unknown) == ({ana}, ["ana"], frozenset())


def test_person_left_out_for_many_reads_is_neither_forgotten_nor_gone(tenant, scope):
    (ana,) = tenant.hire("ana")
    read = tenant.read(**scope)
    tenant.directory.rename(ana, "anna")
    tenant.directory.unknown_by_id[ana] = CODES[1]

    for _ in range(4):
        read = tenant.read(read.watermark, **scope)

        assert (read.objects, read.removed, read.unknown) == ((), (), {ana})


def test_person_left_out_who_turns_out_to_be_gone_is_told_once(tenant, scope):
    (ana,) = tenant.hire("ana")
    first = tenant.read(**scope)
    tenant.directory.rename(ana, "anna")
    tenant.directory.unknown_by_id[ana] = CODES[0]
    second = tenant.read(first.watermark, **scope)
    tenant.directory.purge(ana)

    third = tenant.read(second.watermark, **scope)
    fourth = tenant.read(third.watermark, **scope)

    assert (second.removed, third.removed) == ((), (Removal(ana, "hard"),))
    assert (third.unknown, fourth.unknown, fourth.removed) == (frozenset(), frozenset(), ())


def test_newly_assigned_person_unknown_by_id_is_asked_for_again(tenant, names):
    """The list of assignments is a copy of its own, and may be ahead of the others."""
    (ana,) = tenant.hire("ana", assign=False)
    first = tenant.read()
    tenant.directory.assign(ana)
    tenant.directory.unknown_by_id[ana] = CODES[0]
    second = tenant.read(first.watermark)
    tenant.directory.unknown_by_id.clear()

    third = tenant.read(second.watermark)

    assert (second.objects, second.unknown) == ((), {ana})
    assert names(third) == ["ana"]


def test_deleted_person_whose_assignment_ends_later_is_in_motion_no_more(tenant):
    (ana,) = tenant.hire("ana")
    first = tenant.read()
    tenant.directory.delete(ana)
    second = tenant.read(first.watermark)
    tenant.directory.unassign(ana)

    third = tenant.read(second.watermark)

    assert second.removed == (Removal(ana, "soft"),)
    assert (third.removed, third.unknown, third.notes) == ((), frozenset(), ())


def test_note_names_a_few_of_many(tenant):
    people = tenant.hire(*(f"p{n}" for n in range(9)))
    for one in people:
        tenant.directory.update(one, accountEnabled=None)

    (note,) = tenant.read().notes

    assert people[2] in note
    assert people[3] not in note
    assert "and 6 more" in note


def test_404_that_graph_did_not_write_is_still_an_error(tenant):
    (ana,) = tenant.hire("ana")
    first = tenant.read()
    tenant.directory.rename(ana, "anna")
    tenant.fail(path=f"users/{ana}", times=9, status=404, body="<html>proxy</html>")

    with pytest.raises(VendorBroken, match="404"):
        tenant.read(first.watermark)


def test_watermark_of_the_first_version_is_continued(tenant, names):
    tenant.hire("ana")
    first = json.loads(tenant.read().watermark)
    old = {"version": 1, **{k: first[k] for k in ("query", "asked_at", "link", "assigned")}}
    tenant.hire("bob")

    read = tenant.read(json.dumps(old))

    assert (read.is_delta, names(read)) == (True, ["bob"])


def test_watermark_of_a_later_version_leads_to_a_complete_read(tenant):
    tenant.hire("ana")
    later = json.loads(tenant.read().watermark) | {"version": 3}

    assert tenant.read(json.dumps(later)).is_complete


def test_error_says_that_it_is_the_sources(tenant):
    tenant.hire("ana", "bob")
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", times=9, rewrite={"@odata.nextLink": ""})

    with pytest.raises(VendorBroken, match=r"^the source entra: .*Graph") as caught:
        tenant.read()

    assert caught.value.connector == "entra"
