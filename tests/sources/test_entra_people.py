"""From Graph's users to source objects, and what the settings allow."""

import pytest
from pydantic import ValidationError

from jackfield.sources.entra import EntraSettings
from jackfield.sources.entra.people import original_address

ID = "72f90000-0000-4000-8000-000000000002"
OTHER_ID = "72f90000-0000-4000-8000-000000000003"
GOOD = {
    "tenant": "contoso.example",
    "client_id": ID,
    "client_secret": "canary-entra~Secret-0123",
    "service_principal": OTHER_ID,
}


def person_of(tenant, name="ana", select=(), **more):
    tenant.directory.hire(name, **more)
    (person,) = tenant.read_all(select=list(select)).objects
    return person


# --- guests ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("alias_dom.com#EXT#@contoso.example", "alias@dom.com"),
        ("first_last_dom.com#EXT#@contoso.example", "first_last@dom.com"),
        ("alias_dom.com#ext#@contoso.example", "alias@dom.com"),
        ("groß_dom.com#EXT#@contoso.example", "groß@dom.com"),
        ("ana@contoso.example", "ana@contoso.example"),
        ("ana_b@contoso.example", "ana_b@contoso.example"),
        ("nounderscore#EXT#@contoso.example", "nounderscore#EXT#@contoso.example"),
        ("_dom.com#EXT#@contoso.example", "_dom.com#EXT#@contoso.example"),
        ("alias_#EXT#@contoso.example", "alias_#EXT#@contoso.example"),
        ("#EXT#@contoso.example", "#EXT#@contoso.example"),
    ],
)
def test_guest_gets_the_original_address(name, address):
    assert original_address(name) == address


def test_guest_keeps_the_raw_name_beside_the_address(tenant):
    raw = "alias_dom.com#EXT#@contoso.example"

    person = person_of(tenant, raw)

    assert person.attributes["userPrincipalName"] == "alias@dom.com"
    assert person.attributes["originalUserPrincipalName"] == raw
    assert person.place == f"entra:{raw}"


def test_changed_guest_is_rewritten_too(tenant):
    user = tenant.directory.hire("alias_dom.com#EXT#@contoso.example")
    first = tenant.read_all()
    tenant.directory.update(user["id"], department="Sales")

    (person,) = tenant.read_all(first.watermark).objects

    assert person.attributes["userPrincipalName"] == "alias@dom.com"


# --- attributes ------------------------------------------------------------------------------


def test_empty_values_are_left_out(tenant):
    person = person_of(tenant, jobTitle="", department=None, city="  ")

    assert not {"jobTitle", "department", "city", "telephoneNumber"} & person.attributes.keys()
    assert all(person.attributes.values())


def test_disabled_person_is_not_enabled(tenant):
    user = tenant.directory.hire("ana")
    first = tenant.read_all()
    tenant.directory.disable(user["id"])

    (person,) = tenant.read_all(first.watermark).objects

    assert first.objects[0].is_enabled
    assert person.attributes["accountEnabled"] is False
    assert not person.is_enabled


def test_first_business_phone_is_the_telephone_number(tenant):
    person = person_of(tenant, businessPhones=["+34 600 000 001", "+34 600 000 002"])

    assert person.attributes["telephoneNumber"] == "+34 600 000 001"
    assert person.attributes["businessPhones"] == ("+34 600 000 001", "+34 600 000 002")


def test_parts_of_complex_attributes_have_dotted_names(tenant):
    select = ("onPremisesExtensionAttributes", "employeeOrgData")
    tenant.directory.hire(
        "ana",
        onPremisesExtensionAttributes={"extensionAttribute1": "x", "extensionAttribute2": None},
        employeeOrgData={"costCenter": "42"},
    )

    read = tenant.read_all(select=list(select))

    attributes = read.objects[0].attributes
    assert attributes["onPremisesExtensionAttributes.extensionAttribute1"] == "x"
    assert attributes["employeeOrgData.costCenter"] == "42"
    assert "onPremisesExtensionAttributes.extensionAttribute15" in read.attributes
    assert not set(select) & read.attributes
    assert attributes.keys() <= read.attributes


def test_numbers_and_odd_values_do_no_harm(tenant):
    person = person_of(tenant, select=("extension_1_level",), extension_1_level=7, city={"a": 1})

    assert person.attributes["extension_1_level"] == "7"
    assert "city" not in person.attributes


# --- settings --------------------------------------------------------------------------------


def test_settings_need_no_more_than_the_app_and_the_application():
    settings = EntraSettings(**GOOD)

    assert (settings.scope, settings.nested_groups) == ("assigned", False)
    assert settings.graph_url == "https://graph.microsoft.com"
    assert settings.origins() == {
        "https://graph.microsoft.com",
        "https://login.microsoftonline.com",
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tenant": "a/../b"}, "tenant"),
        ({"tenant": ""}, "tenant"),
        ({"client_id": "my app"}, "client_id"),
        ({"client_secret": ""}, "client_secret"),
        ({"service_principal": ""}, "service_principal is missing"),
        ({"service_principal": "a vendor"}, "service_principal"),
        ({"service_principal": ID}, "Enterprise applications"),
        ({"scope": "some"}, "scope"),
        ({"scope": "all", "nested_groups": True}, "nested_groups"),
        ({"scope": "all", "default_access_role": "skip"}, "default_access_role"),
        ({"default_access_role": "maybe"}, "default_access_role"),
        ({"select": ["mail,manager"]}, "select"),
        ({"select": ["memberOf"]}, "select"),
        ({"graph_url": "http://graph.microsoft.com"}, "graph_url"),
        ({"page_size": 5}, "page_size"),
    ],
    ids=str,
)
def test_wrong_settings_name_the_key_and_no_value(change, said):
    with pytest.raises(ValidationError, match=said) as caught:
        EntraSettings(**(GOOD | change))

    assert GOOD["client_secret"] not in str(caught.value)


def test_scope_all_needs_no_service_principal():
    given = {name: value for name, value in GOOD.items() if name != "service_principal"}

    assert EntraSettings(scope="all", **given).service_principal == ""
