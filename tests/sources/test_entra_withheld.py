"""Groups whose members Graph does not all show: nobody is taken for unassigned by them."""

import pytest

from jackfield.errors import ProvisioningError
from jackfield.sources import DEFAULT_ACCESS

HIDDEN = "HiddenMembership"
PERMISSION = "Member.Read.Hidden"


def assigned_group(tenant, *members, name="Sales", role=DEFAULT_ACCESS, **more):
    group = tenant.directory.add_group(name, *members, **more)
    tenant.directory.assign(group, role, "Group")
    return group


def assigned(read):
    """Return who is handed out, and whether as assigned."""
    return {one.id: one.is_assigned for one in read.objects}


def lag(tenant, group):
    """Show nobody of a group and count one: its only member."""
    (member,) = tenant.directory.members(group, nested=False)
    tenant.directory.leave(group, member)
    tenant.directory.lag_count(group, 1)


def catch_up(tenant, group, *members):
    for member in members:
        tenant.directory.join(group, member)
    tenant.directory.lag_count(group, 0)


# --- fewer than are counted --------------------------------------------------------------------


def test_full_read_with_a_lagging_count_knows_nobody_to_be_unassigned(tenant):
    ana, bob, cyd = tenant.hire("ana", "bob", "cyd", assign=False)
    tenant.directory.assign(cyd)
    group = assigned_group(tenant, bob)
    tenant.directory.lag_count(group, 1)

    read = tenant.read()

    assert assigned(read) == {bob: True, cyd: True}
    assert (read.is_complete, read.unknown) == (True, {ana})
    (note,) = read.notes
    assert "counts 2 members of the assigned group Sales and shows 1: nobody is taken" in note


def test_disabled_person_is_disabled_whatever_the_groups_hide(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    tenant.directory.lag_count(assigned_group(tenant), 1)
    first = tenant.read()
    tenant.directory.disable(bob)

    full, delta = tenant.read(), tenant.read(first.watermark)

    assert first.unknown == {ana, bob}
    assert (assigned(full), full.unknown) == ({bob: False}, {ana})
    assert (assigned(delta), delta.unknown) == ({bob: False}, frozenset())


def test_members_stay_assigned_while_the_count_lags(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    group = assigned_group(tenant, ana)
    first = tenant.read()
    lag(tenant, group)
    tenant.directory.update(ana, department="Sales")

    read = tenant.read(first.watermark)

    assert assigned(read) == {ana: True}
    assert read.objects[0].attributes["department"] == "Sales"
    assert "Sales" in read.notes[0]


def test_member_who_left_is_told_once_the_count_agrees(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    group = assigned_group(tenant, ana)
    first = tenant.read()
    lag(tenant, group)
    second = tenant.read(first.watermark)
    catch_up(tenant, group, bob)

    third = tenant.read(second.watermark)

    assert (assigned(second), second.unknown) == ({}, frozenset())
    assert assigned(third) == {ana: False, bob: True}


def test_roles_that_a_group_gave_stay_while_the_count_lags(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    basic, licensed = tenant.directory.add_role("Basic"), tenant.directory.add_role("Licensed")
    tenant.directory.assign(ana, basic)
    group = assigned_group(tenant, ana, role=licensed)
    first = tenant.read()
    lag(tenant, group)
    tenant.directory.update(ana, department="Sales")

    delta = tenant.read(first.watermark)
    tenant.sandbox.lose_states()
    full = tenant.read(first.watermark)

    assert [one.roles for one in (*delta.objects, *full.objects)] == [("Basic", "Licensed")] * 2


def test_role_that_counts_may_come_from_what_is_not_shown(tenant):
    (ana,) = tenant.hire("ana")
    group = assigned_group(tenant, role=tenant.directory.add_role("Licensed"))
    tenant.directory.lag_count(group, 1)

    read = tenant.read(default_access_role="skip")

    assert (read.objects, read.unknown) == ((), {ana})


def test_everybody_is_read_again_once_the_count_of_a_full_read_agrees(tenant):
    """Of those left open by a full read no delta would ever tell that they are not assigned."""
    ana, bob = tenant.hire("ana", "bob", assign=False)
    group = assigned_group(tenant)
    tenant.directory.lag_count(group, 1)
    first = tenant.read()
    second = tenant.read(first.watermark)
    catch_up(tenant, group, ana)

    third = tenant.read(second.watermark)
    fourth = tenant.read(third.watermark)

    assert (first.unknown, second.is_delta, third.is_complete) == ({ana, bob}, True, True)
    assert assigned(third) == {ana: True, bob: False}
    assert (fourth.is_delta, fourth.objects) == (True, ())


def test_group_that_graph_does_not_show_leaves_its_members_open(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    tenant.directory.assign(bob)
    group = assigned_group(tenant, ana)
    body = {"error": {"code": "Directory_ObjectNotFound", "message": "not here"}}
    tenant.fail(path=f"groups/{group}$", status=404, body=body)

    read = tenant.read()

    assert (assigned(read), read.unknown) == ({bob: True}, {ana})
    assert f"does not show the assigned group {group}" in read.notes[0]


# --- hidden ------------------------------------------------------------------------------------


def test_hidden_group_is_not_read_as_empty(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    assigned_group(tenant, ana, visibility=HIDDEN)

    read = tenant.read()

    assert (read.objects, read.unknown) == ((), {ana})
    (note,) = read.notes
    assert "group Sales hides its members, and this app lacks the permission Member.Read.H" in note


def test_hidden_group_is_read_with_the_permission(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    assigned_group(tenant, ana, visibility=HIDDEN)
    tenant.sandbox.permissions.add(PERMISSION)

    read = tenant.read()

    assert (assigned(read), read.unknown, read.notes) == ({ana: True, bob: False}, frozenset(), ())


def test_permission_that_is_taken_away_takes_nobodys_access(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    assigned_group(tenant, ana, visibility=HIDDEN)
    tenant.sandbox.permissions.add(PERMISSION)
    first = tenant.read()
    tenant.sandbox.permissions.remove(PERMISSION)

    second = tenant.read(first.watermark)
    third = tenant.read(second.watermark)

    assert [(read.objects, read.removed) for read in (second, third)] == [((), ())] * 2
    assert all(PERMISSION in read.notes[0] for read in (second, third))


def test_permission_granted_later_tells_who_is_not_assigned(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    assigned_group(tenant, ana, visibility=HIDDEN)
    first = tenant.read()
    tenant.sandbox.permissions.add(PERMISSION)

    read = tenant.read(first.watermark)

    assert (assigned(read), read.unknown) == ({ana: True, bob: False}, frozenset())


@pytest.mark.parametrize("has_permission", [False, True])
def test_token_that_cannot_be_read_is_judged_by_what_is_shown(tenant, has_permission):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    assigned_group(tenant, ana, visibility=HIDDEN)
    tenant.sandbox.token_is_opaque = True
    if has_permission:
        tenant.sandbox.permissions.add(PERMISSION)

    read = tenant.read()

    assert read.unknown == (frozenset() if has_permission else {ana, bob})
    assert any("is not known" in note for note in read.notes) is not has_permission


def test_hidden_group_within_an_assigned_one_is_not_read_as_empty(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    inner = tenant.directory.add_group("Inner", ana, visibility=HIDDEN)
    assigned_group(tenant, inner, bob)

    nested, direct = tenant.read(nested_groups=True), tenant.read()
    tenant.sandbox.permissions.add(PERMISSION)
    granted = tenant.read(nested_groups=True)

    assert (assigned(nested), nested.unknown) == ({bob: True}, {ana})
    assert "Sales with the group Inner in it hides its members" in nested.notes[0]
    assert assigned(direct) == {ana: False, bob: True}
    assert assigned(granted) == {ana: True, bob: True}


@pytest.mark.parametrize("visibility", [HIDDEN, "Private"])
def test_refused_members_concern_one_group_where_it_hides_them(tenant, visibility):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    tenant.directory.assign(bob)
    assigned_group(tenant, ana, visibility=visibility)
    tenant.fail(path="members", times=9, status=403)

    if visibility == HIDDEN:
        read = tenant.read()
        assert (assigned(read), read.unknown) == ({bob: True}, {ana})
    else:
        with pytest.raises(ProvisioningError, match=r"GroupMember\.Read\.All"):
            tenant.read()


def test_visible_groups_need_no_further_permission(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    assigned_group(tenant, ana, visibility="Private")

    read = tenant.read()

    assert (assigned(read), read.notes) == ({ana: True, bob: False}, ())
