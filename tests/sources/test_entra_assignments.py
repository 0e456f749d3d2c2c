"""Who is assigned, with which roles, and how changes of that are noticed."""

import pytest

from jackfield.errors import ConfigurationError, ProvisioningError, VendorBroken
from jackfield.sources import DEFAULT_ACCESS, Removal


def by_id(read):
    return {one.id: one for one in read.objects}


def test_everybody_is_handed_out_and_says_whether_assigned(tenant):
    (ana,) = tenant.hire("ana")
    (eve,) = tenant.hire("eve", assign=False)

    found = by_id(tenant.read())

    assert (found[ana].is_assigned, found[eve].is_assigned) == (True, False)
    assert (found[ana].roles, found[eve].roles) == ((DEFAULT_ACCESS,), ())


def test_scope_all_reads_no_assignments(tenant):
    (ana,) = tenant.hire("ana")

    read = tenant.read_all()

    assert by_id(read)[ana].is_assigned is None
    assert "appRole" not in read.attributes
    assert tenant.paths() == ["/users/delta"]


def test_group_reaches_its_direct_members_only(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    inner = tenant.directory.add_group("Inner", bob)
    outer = tenant.directory.add_group("Outer", ana, inner)
    tenant.directory.assign(outer, kind="Group")

    found = by_id(tenant.read())

    assert (found[ana].is_assigned, found[bob].is_assigned) == (True, False)


def test_nested_groups_are_an_option(tenant):
    ana, bob = tenant.hire("ana", "bob", assign=False)
    inner = tenant.directory.add_group("Inner", bob)
    outer = tenant.directory.add_group("Outer", ana, inner)
    tenant.directory.join(inner, outer)
    tenant.directory.assign(outer, kind="Group")

    found = by_id(tenant.read(nested_groups=True))

    assert found[ana].is_assigned
    assert found[bob].is_assigned


def test_roles_are_the_union_of_direct_ones_and_those_of_groups(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    basic, licensed = tenant.directory.add_role("Basic"), tenant.directory.add_role("Licensed")
    group = tenant.directory.add_group("Sales", ana)
    tenant.directory.assign(ana, basic)
    tenant.directory.assign(group, licensed, "Group")
    tenant.directory.assign(group, basic, "Group")

    read = tenant.read()

    assert by_id(read)[ana].roles == ("Basic", "Licensed")
    assert "appRole" not in by_id(read)[ana].attributes
    assert read.notes == ("1 people have several roles: their appRole is left empty",)


def test_single_role_is_an_attribute(tenant):
    (ana,) = tenant.hire("ana")
    tenant.directory.assign(ana, tenant.directory.add_role("Licensed"))

    read = tenant.read()

    assert by_id(read)[ana].roles == (DEFAULT_ACCESS, "Licensed")
    assert by_id(read)[ana].attributes["appRole"] == "Licensed"
    assert "appRole" in read.attributes


def test_role_that_the_application_no_longer_names_keeps_its_id(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    tenant.directory.assign(ana, "11110000-0000-4000-8000-000000000001")

    assert by_id(tenant.read())[ana].roles == ("11110000-0000-4000-8000-000000000001",)


def test_service_principals_are_nobody(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    tenant.directory.assign(ana, kind="ServicePrincipal")

    assert by_id(tenant.read())[ana].is_assigned is False


@pytest.mark.parametrize(("rule", "expected"), [("include", True), ("skip", False)])
def test_default_access_alone_entitles_unless_it_is_skipped(tenant, rule, expected):
    (ana,) = tenant.hire("ana")

    person = by_id(tenant.read(default_access_role=rule))[ana]

    assert (person.is_assigned, person.is_entitled) == (True, expected)


def test_default_access_beside_a_role_entitles_always(tenant):
    (ana,) = tenant.hire("ana")
    tenant.directory.assign(ana, tenant.directory.add_role("Basic"))

    assert by_id(tenant.read(default_access_role="skip"))[ana].is_entitled


def test_assignments_and_members_are_read_to_their_last_page(tenant):
    people = tenant.hire(*(f"p{n}" for n in range(7)), assign=False)
    group = tenant.directory.add_group("All", *people[:5])
    tenant.directory.assign(group, kind="Group")
    for person in people[5:]:
        tenant.directory.assign(person)
    tenant.sandbox.page_size = 2

    assert all(one.is_assigned for one in tenant.read().objects)


def test_group_assigned_with_two_roles_is_read_once(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    group = tenant.directory.add_group("Sales", ana)
    for name in ("Basic", "Licensed"):
        tenant.directory.assign(group, tenant.directory.add_role(name), "Group")

    tenant.read()

    assert tenant.paths().count(f"/groups/{group}/members/microsoft.graph.user") == 1


def test_group_that_is_no_security_group_gives_nothing_and_is_noted(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    group = tenant.directory.add_group("Chat", ana, security_enabled=False)
    tenant.directory.assign(group, kind="Group")

    read = tenant.read()

    assert by_id(read)[ana].is_assigned is False
    assert read.notes == ("the assigned group Chat is no security group: it is left out",)


def test_deleted_group_has_no_members_and_is_noted(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    group = tenant.directory.add_group("Sales", ana)
    tenant.directory.assign(group, kind="Group")
    tenant.directory.delete_group(group)

    read = tenant.read()

    assert by_id(read)[ana].is_assigned is False
    assert read.notes == (f"the assigned group {group} is deleted: it has no members",)


def test_assignment_of_somebody_who_is_gone_is_passed_over(tenant):
    (ana,) = tenant.hire("ana")
    tenant.directory.delete(ana)

    read = tenant.read()

    assert (read.objects, read.is_complete) == ((), True)


# --- changes of assignments ------------------------------------------------------------------


def test_new_assignment_brings_the_whole_person(tenant):
    """It does not appear among the changes of users."""
    (ana,) = tenant.hire("ana", assign=False)
    first = tenant.read()
    tenant.directory.assign(ana)

    person = by_id(tenant.read(first.watermark))[ana]

    assert person.is_assigned
    assert person.attributes["mail"] == "ana@contoso.example"


def test_lost_assignment_is_told_once(tenant):
    ana, _ = tenant.hire("ana", "bob")
    first = tenant.read()
    tenant.directory.unassign(ana)

    second = tenant.read(first.watermark)
    third = tenant.read(second.watermark)

    assert {one: p.is_assigned for one, p in by_id(second).items()} == {ana: False}
    assert third.objects == ()


def test_member_who_leaves_an_assigned_group_is_no_longer_assigned(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    group = tenant.directory.add_group("Sales", ana)
    tenant.directory.assign(group, kind="Group")
    first = tenant.read()
    tenant.directory.leave(group, ana)

    assert by_id(tenant.read(first.watermark))[ana].is_assigned is False


def test_changed_role_and_its_new_name_are_told(tenant):
    (ana,) = tenant.hire("ana", assign=False)
    role = tenant.directory.add_role("Basic")
    tenant.directory.assign(ana, role)
    first = tenant.read()
    tenant.directory.rename_role(role, "Licensed")

    assert by_id(tenant.read(first.watermark))[ana].attributes["appRole"] == "Licensed"


def test_assigned_person_hired_since_comes_with_roles(tenant):
    first = tenant.read()
    (ana,) = tenant.hire("ana")

    assert by_id(tenant.read(first.watermark))[ana].roles == (DEFAULT_ACCESS,)


def test_assigned_person_who_is_deleted_is_removed_not_unassigned(tenant):
    (ana,) = tenant.hire("ana")
    first = tenant.read()
    tenant.directory.purge(ana)

    read = tenant.read(first.watermark)

    assert (read.objects, read.removed) == ((), (Removal(ana, "hard"),))


# --- what breaks on the way ------------------------------------------------------------------


@pytest.mark.parametrize("path", ["appRoleAssignedTo", "members", "groups/[^/]*$"])
@pytest.mark.parametrize("status", [500, 404, 403, 410], ids=str)
def test_unread_assignments_are_an_error_never_a_lost_assignment(tenant, path, status):
    """A 404 that Graph itself did not write says nothing about the group."""
    people = tenant.hire("ana", "bob", assign=False)
    group = tenant.directory.add_group("Sales", *people)
    for _ in range(2):
        tenant.directory.assign(group, kind="Group")
    tenant.sandbox.page_size = 1
    after = 0 if path.startswith("groups") else 1
    tenant.fail(path=path, after=after, times=9, status=status, body="<html>proxy</html>")

    with pytest.raises(ProvisioningError, match=r"Graph|may not read|expired"):
        tenant.read()


def test_pages_of_assignments_in_a_circle_are_an_error(tenant):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    link = f"{tenant.origin}/v1.0/servicePrincipals/{tenant.sandbox.service_principal}"
    link += "/appRoleAssignedTo?$skiptoken=1"
    tenant.fail(path="appRoleAssignedTo", times=9, rewrite={"@odata.nextLink": link})

    with pytest.raises(VendorBroken, match="circles"):
        tenant.read()


@pytest.mark.parametrize("wrong", [{"principalId": None}, {"principalId": ""}], ids=str)
def test_assignment_without_a_principal_is_an_error(tenant, wrong):
    tenant.hire("ana")

    def without(page):
        return {**page, "value": [{**page["value"][0], **wrong}]}

    tenant.fail(path="appRoleAssignedTo", rewrite=without)

    with pytest.raises(VendorBroken, match="principalId"):
        tenant.read()


def test_unknown_enterprise_application_names_the_setting(tenant):
    with pytest.raises(ConfigurationError, match=r"^service_principal: .*Enterprise applications"):
        tenant.read(service_principal="11110000-0000-4000-8000-000000000009")


def group_of(tenant, *names: str) -> tuple[str, tuple[str, ...]]:
    """Return an assigned group of these people, and their ids."""
    people = tuple(tenant.hire(*names, assign=False))
    group = tenant.directory.add_group("Sales", *people)
    tenant.directory.assign(group, kind="Group")
    return group, people


def test_fewer_members_than_graph_counts_leave_the_others_open(tenant):
    _, people = group_of(tenant, "ana", "bob", "cyd")
    short = {"@odata.count": 3, "@odata.nextLink": ""}
    tenant.sandbox.page_size = 1
    tenant.fail(path="members", times=9, rewrite=short)

    read = tenant.read()

    assert {one.id for one in read.objects if one.is_assigned} == {people[0]}
    assert read.unknown == set(people[1:])
    assert "counts 3 members of the assigned group Sales and shows 1" in read.notes[0]


def test_a_member_who_slips_from_one_page_to_another_stays_assigned(tenant):
    group, people = group_of(tenant, "ana", "bob", "cyd")
    tenant.sandbox.page_size = 1

    def leave(page):
        tenant.directory.leave(group, people[0])
        return page

    tenant.fail(path="members", times=1, rewrite=leave)

    assigned = {person.id: person.is_assigned for person in tenant.read().objects}
    assert [assigned[one] for one in people] == [False, True, True]


def test_an_assignment_of_no_kind_is_an_error(tenant):
    tenant.hire("ana")
    ana = {"principalId": "72f90000-0000-4000-9000-000000000001", "id": "x"}
    tenant.fail(path="appRoleAssignedTo", times=9, rewrite={"value": [ana]})

    with pytest.raises(VendorBroken, match="without a principalType"):
        tenant.read()
