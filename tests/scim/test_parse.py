import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from jackfield import MultiValue, User
from jackfield.scim import CORE_URN, ENTERPRISE_URN, parse_user, read, user_document

TEXTS = st.sampled_from(["", "x", "true", "ada@example.com", "value", "primary"])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner)),
    max_leaves=8,
)
ATTRIBUTES = st.sampled_from([*User.model_fields, "USERNAME", "Emails", "NAME", "x", "schemas"])


@given(st.dictionaries(ATTRIBUTES, JSON, max_size=5))
def test_a_user_that_was_read_is_read_again_alike(document):
    try:
        user = parse_user(document)
    except ValueError:
        reject()

    assert parse_user(user.to_scim()).to_scim() == user.to_scim()


@given(name=ATTRIBUTES, value=JSON)
def test_a_refusal_is_one_line(name, value):
    try:
        parse_user({name: value})
    except ValueError as fault:
        said = str(fault)
    else:
        reject()

    assert said.startswith(tuple(User.model_fields))
    assert "\n" not in said


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (True, True),
        ("True", True),
        ("false", False),
        (" FALSE ", False),
        (1, True),
        (0, False),
        ("", None),
        (None, None),
    ],
)
def test_active_is_read_in_every_spelling(sent, read):
    assert parse_user({"active": sent}).active is read


def test_a_nonsense_active_is_refused_by_name():
    with pytest.raises(ValueError, match="active is a text that says neither"):
        parse_user({"active": "maybe"})


def test_attribute_names_are_read_in_any_case():
    user = parse_user({"username": "ada", "NAME": {"givenname": "Ada"}})

    assert (user.userName, user.name.givenName) == ("ada", "Ada")


def test_the_right_spelling_wins():
    assert parse_user({"userName": "right", "username": "stray"}).userName == "right"


def test_a_number_is_read_as_an_id():
    assert parse_user({"id": 1271140020}).id == "1271140020"


def test_an_id_without_sense_is_refused():
    with pytest.raises(ValueError, match="id is a boolean"):
        parse_user({"id": True})


@pytest.mark.parametrize(
    "sent",
    [
        {"type": "work", "value": "a@example.com"},
        [{"TYPE": "work", "Value": "a@example.com"}],
        [{"type": "work", "value": "a@example.com"}, None],
    ],
    ids=["an object for a list", "other case", "a null among the values"],
)
def test_emails_of_other_shapes_are_read(sent):
    expected = (MultiValue(type="work", value="a@example.com"),)

    assert parse_user({"emails": sent}).emails == expected


def test_a_text_for_an_email_is_its_value():
    assert parse_user({"emails": "a@example.com"}).emails[0].value == "a@example.com"


def test_a_list_for_a_name_is_read():
    assert parse_user({"name": [{"givenName": "Ada"}]}).name.givenName == "Ada"


def test_unknown_attributes_are_kept():
    user = parse_user({"pronouns": ["she"], ENTERPRISE_URN: {"department": "R&D"}})

    assert user.to_scim() == {"pronouns": ["she"], ENTERPRISE_URN: {"department": "R&D"}}


def test_schemas_are_dropped():
    assert parse_user({"Schemas": [CORE_URN]}).to_scim() == {}


def test_what_is_sent_has_no_id_no_meta_and_no_nothing():
    user = parse_user({"id": "1", "meta": {"a": "b"}, "userName": "ada", "x": {"y": None}, "z": []})

    assert user_document(user) == {"schemas": [CORE_URN], "userName": "ada"}


def test_schemas_name_the_extensions_that_have_values():
    user = parse_user({ENTERPRISE_URN: {"department": "R&D"}, "urn:x:2.0:User": {}})

    assert user_document(user, ["urn:y"])["schemas"] == [CORE_URN, "urn:y", ENTERPRISE_URN]


@pytest.mark.parametrize("shown", ["True", " true ", 1])
def test_a_boolean_of_another_shape_is_read_and_shown_and_sent_as_one(shown):
    user = parse_user({"userName": "ada", "active": shown})

    assert user.active is True
    assert user.to_scim()["active"] == shown
    assert user_document(user)["active"] is True


def test_a_copy_with_another_value_shows_that_value():
    user = parse_user({"active": "False"}).model_copy(update={"active": True})

    assert user.to_scim() == {"active": True}


def test_the_primary_value_is_known_whatever_its_boolean_looks_like():
    emails = [{"value": "a"}, {"value": "b", "primary": "true"}]

    assert read(parse_user({"emails": emails}).to_scim(), "emails.value") == "b"


def test_a_primary_of_an_unknown_list_may_be_anything():
    assert parse_user({"x": [{"primary": ["?"]}]}).to_scim() == {"x": [{"primary": ["?"]}]}
