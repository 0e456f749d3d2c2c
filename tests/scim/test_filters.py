import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.scim import equals


@given(st.text())
def test_the_value_read_back_is_the_value_given(value):
    literal = equals("userName", value).removeprefix("userName eq ")

    read, end = json.JSONDecoder().raw_decode(literal)

    assert (read, end) == (value, len(literal))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ada@example.com", 'userName eq "ada@example.com"'),
        ('" or userName pr or "', r'userName eq "\" or userName pr or \""'),
        ("a\\b", r'userName eq "a\\b"'),
        ("a\nb", r'userName eq "a\nb"'),
        ("straße@example.com", 'userName eq "straße@example.com"'),
    ],
)
def test_no_value_leaves_its_literal(value, expected):
    assert equals("userName", value) == expected
