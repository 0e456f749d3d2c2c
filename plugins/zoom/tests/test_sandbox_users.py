"""What the imitated Zoom keeps of a user."""

from jackfield.testing.sandbox import ENTERPRISE_URN
from jackfield_zoom.sandbox_users import with_known_parts

NAME = {"givenName": "Ada", "familyName": "Byron"}


def test_parts_that_the_reference_lacks_are_not_kept():
    asked = {
        "title": "Engineer",
        "name": {**NAME, "middleName": "King"},
        ENTERPRISE_URN: {"department": "Research", "division": "North"},
    }

    kept = with_known_parts(asked)

    assert kept == {"title": "Engineer", "name": NAME, ENTERPRISE_URN: {"department": "Research"}}


def test_an_attribute_without_a_known_part_is_not_kept():
    assert with_known_parts({"name": {"middleName": "King"}}) == {}
