import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.company import Company, person

from jackfield import AttributeMapping, ConfigurationError
from jackfield.engine.map.mapper import Mapper, fingerprint, user_of
from jackfield.engine.model.names import matching_form

WORK_EMAIL = 'emails[type eq "work"].value'


def test_direct_constant_and_default_mappings_give_their_values():
    mappings = (
        AttributeMapping("userName", source="userPrincipalName"),
        AttributeMapping("userType", constant="user"),
        AttributeMapping("title", source="missing", default="none"),
        AttributeMapping("nickName", source="missing"),
    )

    desired = Mapper(mappings).desired(person(1), creating=True)

    assert dict(desired) == {
        "userName": "person1@example.com",
        "userType": "user",
        "title": "none",
    }


def test_defaults_and_create_only_mappings_say_nothing_afterwards():
    mappings = (
        AttributeMapping("title", source="missing", default="none"),
        AttributeMapping("userType", constant="user", apply="create"),
    )

    assert dict(Mapper(mappings).desired(person(1))) == {}


def test_a_user_is_built_from_paths():
    user = user_of({"name.givenName": "Ada", WORK_EMAIL: "ada@example.com", "active": True})

    assert user.name is not None
    assert user.name.givenName == "Ada"
    assert user.emails[0].value == "ada@example.com"


def test_a_fingerprint_follows_the_values_and_not_their_order():
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})
    assert fingerprint({"a": "1"}) != fingerprint({"a": "2"})
    assert fingerprint({"a": True}) != fingerprint({"a": "true"})


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        pytest.param("Bob@X.com", "bob@x.com", True, id="case"),
        pytest.param("e\u0301va@x.com", "\u00e9va@x.com", True, id="composed and decomposed"),
        pytest.param("straße@x", "strasse@x", False, id="sharp s"),
        pytest.param("\uff41da@x", "ada@x", False, id="full-width letter"),
        pytest.param("\u0430da@x", "ada@x", False, id="Cyrillic letter"),
    ],
)
def test_matching_values_are_one_user_only_where_they_really_are(left, right, same):
    assert (matching_form(left) == matching_form(right)) is same


@given(st.text())
def test_the_matching_form_of_a_matching_form_is_itself(text):
    assert matching_form(matching_form(text)) == matching_form(text)


@pytest.mark.parametrize("parts", [{}, {"source": "a", "constant": "b"}])
def test_a_mapping_needs_a_source_or_a_constant_and_not_both(parts):
    with pytest.raises(ConfigurationError, match="title"):
        AttributeMapping("title", **parts)


def test_a_mapping_from_an_attribute_the_source_never_has_is_refused(firm: Company):
    mappings = (*firm.job().mappings[:3], AttributeMapping("title", source="jobtitle"))

    with pytest.raises(ConfigurationError, match="mapping of title reads jobtitle"):
        firm.run(mappings=mappings)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"matching": "title"}, "cannot look users up by title"),
        ({"matching": "nickName"}, "no mapping writes the matching attribute nickName"),
        (
            {"mappings": (AttributeMapping("userName", source="mail"),) * 2},
            "two mappings write userName",
        ),
        (
            {
                "mappings": (
                    AttributeMapping("userName", source="mail"),
                    AttributeMapping("shoeSize", constant="42"),
                )
            },
            "has no attribute shoeSize",
        ),
    ],
)
def test_a_job_that_cannot_work_is_refused_before_it_starts(firm: Company, change, said):
    with pytest.raises(ConfigurationError, match=said):
        firm.job(**change)
