import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield import ConfigurationError
from jackfield.scim import ENTERPRISE_URN, Path, read, values, write

NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,8}", fullmatch=True).filter(
    lambda name: name.lower() not in {"primary", "type"}
)
TYPES = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
URNS = st.sampled_from(["", f"{ENTERPRISE_URN}:", "urn:example:extension:Custom:2.0:User:"])
PLAIN = st.builds("{}{}".format, URNS, NAMES)
FILTERED = st.builds('{}{}[type eq "{}"].{}'.format, URNS, NAMES, TYPES, NAMES)
VALUES = st.one_of(st.text(), st.booleans(), st.integers())


@given(path=st.one_of(PLAIN, FILTERED), value=VALUES)
def test_what_is_written_is_read_back(path, value):
    document = {}

    write(document, path, value)

    assert read(document, path) == value


@given(path=st.one_of(PLAIN, FILTERED), value=VALUES)
def test_removing_what_was_written_leaves_nothing(path, value):
    document = {}

    write(document, path, value)
    write(document, path, None)

    assert document == {}


@given(name=NAMES, sub=NAMES, value=VALUES)
def test_a_sub_attribute_is_read_back(name, sub, value):
    document = {}

    write(document, f"x{name}.{sub}", value)

    assert read(document, f"x{name}.{sub}") == value


@given(st.text().filter(lambda text: not re.match(r"[A-Za-z$]", text)))
def test_what_cannot_begin_a_path_is_refused_by_name(text):
    with pytest.raises(ConfigurationError, match=re.escape(repr(text))):
        Path.parse(text)


def test_a_version_inside_a_urn_is_no_sub_attribute():
    path = Path.parse(f"{ENTERPRISE_URN}:manager.value")

    assert (path.urn, path.attribute, path.sub_attribute) == (ENTERPRISE_URN, "manager", "value")


def test_a_colon_inside_a_filter_is_no_urn():
    path = Path.parse('photos[value eq "https://example.com/a"].type')

    assert path.urn == ""


def test_the_core_urn_means_the_document_itself():
    document = {"userName": "ada"}

    assert read(document, "urn:ietf:params:scim:schemas:core:2.0:User:userName") == "ada"


def test_names_compare_without_case():
    document = {"Emails": [{"Type": "Work", "VALUE": "ada@example.com"}]}

    assert read(document, 'emails[type eq "work"].value') == "ada@example.com"


def test_a_write_keeps_the_spelling_that_is_there():
    document = {"UserName": "old"}

    write(document, "userName", "new")

    assert document == {"UserName": "new"}


def test_paths_with_one_filter_share_one_element():
    document = {}

    write(document, 'addresses[type eq "work"].country', "US")
    write(document, 'addresses[type eq "work"].region', "CA")

    assert document == {"addresses": [{"type": "work", "country": "US", "region": "CA"}]}


def test_another_type_is_another_element():
    document = {}

    write(document, 'phoneNumbers[type eq "work"].value', "1")
    write(document, 'phoneNumbers[type eq "mobile"].value', "2")

    assert read(document, 'phoneNumbers[type eq "mobile"].value') == "2"


@pytest.mark.parametrize("literal", ['"True"', "true", "True"])
def test_a_true_in_a_filter_is_a_boolean(literal):
    document = {}

    write(document, f"roles[primary eq {literal}].value", "admin")

    assert document == {"roles": [{"primary": True, "value": "admin"}]}


def test_the_first_work_email_is_primary_when_asked_for():
    document = {}

    write(document, 'emails[type eq "work"].value', "ada@example.com", mark_primary=True)

    assert document["emails"] == [{"type": "work", "primary": True, "value": "ada@example.com"}]


def test_nothing_is_primary_when_not_asked_for():
    document = {}

    write(document, 'emails[type eq "work"].value', "ada@example.com")

    assert document["emails"] == [{"type": "work", "value": "ada@example.com"}]


def test_a_second_primary_email_is_never_made():
    document = {"emails": [{"type": "home", "primary": True, "value": "ada@example.org"}]}

    write(document, 'emails[type eq "work"].value', "ada@example.com", mark_primary=True)

    assert "primary" not in document["emails"][1]


def test_removing_one_part_keeps_the_other():
    document = {"addresses": [{"type": "work", "country": "US", "region": "CA"}]}

    write(document, 'addresses[type eq "work"].region', None)

    assert document == {"addresses": [{"type": "work", "country": "US"}]}


def test_of_several_values_the_primary_one_is_read():
    document = {"emails": [{"value": "a"}, {"value": "b", "primary": True}]}

    assert values(document, "emails.value") == ["b", "a"]


def test_an_object_where_a_list_belongs_is_read():
    document = {"emails": {"type": "work", "value": "ada@example.com"}}

    assert read(document, 'emails[type eq "work"].value') == "ada@example.com"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("", "must look like"),
        ("a.b.c", "must look like"),
        ("emails[type eq work].value", "one comparison"),
        ('emails[type sw "work"].value', "one comparison"),
        ('emails[type eq "a" and value eq "b"].value', "one comparison"),
        ('emails[type eq "work"', "must look like"),
        (ENTERPRISE_URN, "no attribute"),
        ("other:userName", "no schema URN"),
    ],
)
def test_an_unusable_path_says_what_is_wrong(path, reason):
    with pytest.raises(ConfigurationError, match=f"{re.escape(repr(path))}.*{reason}"):
        Path.parse(path)


def test_writing_one_of_several_values_needs_a_filter():
    with pytest.raises(ConfigurationError, match="say which"):
        write({}, "emails.value", "ada@example.com")


def test_writing_below_a_single_value_is_refused():
    with pytest.raises(ConfigurationError, match="single value"):
        write({"title": "Engineer"}, "title.formatted", "Lead")


def test_a_schema_that_ends_in_a_version_may_have_attributes():
    """SCIM 1 wrote its extensions so."""
    path = Path.parse("urn:scim:schemas:extension:enterprise:1.0:department")

    assert (path.urn, path.attribute) == ("urn:scim:schemas:extension:enterprise:1.0", "department")
