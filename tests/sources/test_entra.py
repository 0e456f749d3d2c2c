"""Reading people from Microsoft Graph: all of them, and what changed."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from jackfield.errors import VendorBroken
from jackfield.sources import Removal, SourceObject, reads_changes
from jackfield.sources.csv import CsvSource
from jackfield.sources.entra import EntraSource

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def only(read) -> SourceObject:
    assert len(read.objects) == 1
    return read.objects[0]


# --- everybody -------------------------------------------------------------------------------


def test_first_read_follows_every_page_and_is_complete(tenant, names):
    tenant.hire(*(f"p{n}" for n in range(9)))
    tenant.sandbox.page_size = 2

    read = tenant.read_all()

    assert names(read) == [f"p{n}" for n in range(9)]
    assert (read.is_complete, read.is_delta, read.removed) == (True, False, ())
    assert tenant.paths() == ["/users/delta"] * 5


def test_empty_pages_and_replays_change_nothing(tenant, names):
    tenant.hire("ana", "bob", "cyd")
    tenant.sandbox.page_size = 1
    tenant.sandbox.changes.empty_pages = tenant.sandbox.changes.replays = True

    read = tenant.read_all()

    assert names(read) == ["ana", "bob", "cyd"]
    assert all(one.attributes["mail"] for one in read.objects)


def test_first_request_selects_every_attribute_and_sets_no_page_size(tenant):
    tenant.read_all(select=["employeeType", "manager"])

    asked = tenant.sandbox.requests[-1].query
    assert asked.keys() == {"$select"}
    assert {"accountEnabled", "mail", "employeeType", "manager"} <= {*asked["$select"].split(",")}


def test_tenant_without_people_is_a_complete_read_of_nobody(tenant):
    read = tenant.read_all()

    assert (read.objects, read.is_complete) == ((), True)


def test_person_whose_first_sight_is_partial_is_read_by_id(tenant):
    (ana,) = tenant.hire("ana")
    tenant.fail(path="delta", rewrite=lambda page: {**page, "value": [{"id": ana}]})

    assert only(tenant.read_all()).attributes["mail"] == "ana@contoso.example"


def test_assigned_person_lost_between_pages_is_read_by_id(tenant, names):
    tenant.hire("ana", "bob")
    tenant.fail(path="delta", rewrite=lambda page: {**page, "value": page["value"][1:]})

    assert names(tenant.read()) == ["ana", "bob"]


# --- what changed ----------------------------------------------------------------------------


def test_nothing_changed_is_an_empty_delta(tenant):
    tenant.hire("ana")
    first = tenant.read()

    read = tenant.read(first.watermark)

    assert (read.objects, read.removed) == ((), ())
    assert (read.is_complete, read.is_delta) == (False, True)
    assert read.attributes == first.attributes


def test_partial_change_is_handed_out_as_a_whole_person(tenant):
    ana, _ = tenant.hire("ana", "bob")
    first = tenant.read()
    tenant.directory.update(ana, department="Sales")

    person = only(tenant.read(first.watermark))

    assert person.attributes["department"] == "Sales"
    assert person.attributes["userPrincipalName"] == "ana@contoso.example"
    assert person.attributes["accountEnabled"] is True


@pytest.mark.parametrize("replays", [False, True], ids=["once", "replayed"])
@pytest.mark.parametrize("scope", ["assigned", "all"])
def test_soft_and_hard_deletions_are_told_apart(tenant, replays, scope):
    ana, bob, _ = tenant.hire("ana", "bob", "cyd")
    settings = {} if scope == "assigned" else {"scope": "all", "service_principal": ""}
    first = tenant.read(**settings)
    tenant.directory.delete(ana)
    tenant.directory.purge(bob)
    tenant.sandbox.changes.replays = replays

    read = tenant.read(first.watermark, **settings)

    assert {*read.removed} == {Removal(ana, "soft"), Removal(bob, "hard")}
    assert read.objects == ()


def test_removal_of_an_unknown_reason_counts_as_soft(tenant):
    (ana,) = tenant.hire("ana")
    first = tenant.read_all()
    gone = [{"id": ana, "@removed": {}}]
    tenant.fail(path="delta", rewrite=lambda page: {**page, "value": gone})

    assert tenant.read_all(first.watermark).removed == (Removal(ana, "soft"),)


def test_restored_person_comes_back_whole(tenant, names):
    (ana,) = tenant.hire("ana")
    first = tenant.read()
    tenant.directory.delete(ana)
    gone = tenant.read(first.watermark)
    tenant.directory.restore(ana)

    read = tenant.read(gone.watermark)

    assert gone.removed == (Removal(ana, "soft"),)
    assert names(read) == ["ana"]


@pytest.mark.parametrize("removed_first", [False, True])
def test_removed_and_changed_in_one_walk_is_decided_by_a_look(tenant, names, removed_first):
    """Any order: whether somebody was removed or restored last, only the directory knows."""
    (ana,) = tenant.hire("ana")
    first = tenant.read()
    items = [{"id": ana, "@removed": {"reason": "changed"}}, {"id": ana, "displayName": "Ana"}]
    shown = items if removed_first else items[::-1]
    tenant.fail(path="delta", rewrite=lambda page: {**page, "value": shown})

    read = tenant.read(first.watermark)

    assert (names(read), read.removed) == (["ana"], ())


def test_changed_person_unknown_by_id_is_left_out_until_the_next_read(tenant):
    """A copy that lags behind: the watermark remembers whom it was moved past."""
    (ana,) = tenant.hire("ana")
    first = tenant.read_all()
    tenant.directory.rename(ana, "anna")
    tenant.fail(path=f"users/{ana}", status=404)

    second = tenant.read_all(first.watermark)

    assert (second.objects, second.removed, second.unknown) == ((), (), {ana})
    assert only(tenant.read_all(second.watermark)).attributes["displayName"] == "Anna"


def test_change_that_comes_late_comes_with_a_later_read(tenant, names):
    tenant.hire("ana")
    first = tenant.read()
    second = tenant.read(first.watermark)
    tenant.hire("bob")

    assert names(tenant.read(second.watermark)) == ["bob"]


def test_same_watermark_may_be_read_again(tenant, names):
    """A crash between the effects of a cycle and its watermark."""
    tenant.hire("ana")
    first = tenant.read()
    tenant.hire("bob")

    assert names(tenant.read(first.watermark)) == names(tenant.read(first.watermark)) == ["bob"]


def test_changes_of_people_never_assigned_are_not_read(tenant):
    (eve,) = tenant.hire("eve", assign=False)
    first = tenant.read()
    tenant.directory.rename(eve, "eva")
    tenant.sandbox.requests.clear()

    read = tenant.read(first.watermark)

    assert read.objects == ()
    assert f"/users/{eve}" not in tenant.paths()


def test_manager_is_read_from_pages_and_from_single_users(tenant):
    boss, ana, bob = tenant.hire("boss", "ana", "bob")
    tenant.directory.update(ana, manager=boss)
    first = tenant.read(select=["manager"])
    tenant.directory.update(bob, manager=boss)

    changed = only(tenant.read(first.watermark, select=["manager"]))

    managers = {one.id: one.attributes.get("manager") for one in first.objects}
    assert managers == {boss: None, ana: boss, bob: None}
    assert (changed.id, changed.attributes["manager"]) == (bob, boss)


def test_removed_manager_is_no_manager(tenant):
    tenant.hire("ana")
    taken = [{"id": "x", "@removed": {"reason": "deleted"}}]

    def without_manager(page):
        return {**page, "value": [{**page["value"][0], "manager@delta": taken}]}

    tenant.fail(path="delta", rewrite=without_manager)

    assert "manager" not in only(tenant.read_all(select=["manager"])).attributes


# --- when everything must be read again ------------------------------------------------------


@pytest.mark.parametrize("answer", ["gone", "syncStateNotFound"])
def test_lost_state_leads_to_a_complete_read(tenant, names, answer):
    ana, _ = tenant.hire("ana", "bob")
    first = tenant.read()
    tenant.directory.purge(ana)
    tenant.sandbox.lose_states(answer)

    read = tenant.read(first.watermark)

    assert (names(read), read.is_complete, read.is_delta) == (["bob"], True, False)


def test_state_lost_in_the_midst_of_changes_leads_to_a_complete_read(tenant, names):
    """410 mid-feed: what came before it does not count."""
    tenant.hire("ana", "bob")
    first = tenant.read()
    tenant.hire("cyd", "dan")
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", after=1, status=410)

    read = tenant.read(first.watermark)

    assert (names(read), read.is_delta) == (["ana", "bob", "cyd", "dan"], False)


def test_state_lost_twice_is_an_error(tenant):
    tenant.hire("ana", "bob")
    tenant.sandbox.page_size = 1
    tenant.fail(path="delta", after=1, status=410)
    tenant.fail(path="delta", after=2, status=410)

    with pytest.raises(VendorBroken, match="lost its place twice"):
        tenant.read()


def test_watermark_of_seven_days_is_not_even_tried(tenant):
    tenant.hire("ana")
    first = tenant.read()
    tenant.time.pass_by(days=7)

    read = tenant.read(first.watermark)

    assert read.is_complete
    assert not any("$deltatoken" in one.query for one in tenant.sandbox.requests)


def test_watermark_just_under_seven_days_is_still_good(tenant):
    tenant.hire("ana")
    first = tenant.read()
    tenant.time.pass_by(days=6, hours=23)

    assert tenant.read(first.watermark).is_delta


def test_other_settings_than_those_of_the_watermark_lead_to_a_complete_read(tenant):
    """A link remembers the attributes it was asked for."""
    tenant.hire("ana")
    first = tenant.read()

    assert tenant.read(first.watermark, select=["employeeType"]).is_complete
    assert tenant.read(first.watermark, nested_groups=True).is_complete
    assert tenant.read(first.watermark, default_access_role="skip").is_complete


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", '{"version":1}', "7"])
def test_damaged_watermark_leads_to_a_complete_read(tenant, damage):
    assert tenant.read(damage).is_complete


def test_renewed_secret_keeps_the_watermark(tenant):
    first = tenant.read()

    assert "secret" not in first.watermark.lower()
    assert tenant.settings().client_secret.get_secret_value() not in first.watermark
    assert tenant.read(first.watermark, rate_limits={}).is_delta


# --- the plugin ------------------------------------------------------------------------------


def test_source_is_offered_as_a_plugin():
    line = next(x for x in PYPROJECT.read_text().splitlines() if x.startswith("entra = "))
    value = line.partition(" = ")[2].strip('"')

    assert EntryPoint("entra", value, "jackfield.sources").load() is EntraSource


def test_only_some_sources_read_changes():
    assert reads_changes(EntraSource())
    assert not reads_changes(CsvSource())


def test_other_settings_are_refused(tmp_path):
    with pytest.raises(TypeError, match="needs EntraSettings"):
        EntraSource().read(CsvSource.settings.model_construct(), tmp_path)
