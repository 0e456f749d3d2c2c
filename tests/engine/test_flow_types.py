"""When a mapping flows: always, on creation, where the target has nothing, or to add values."""

from dataclasses import replace
from typing import Any

import pytest
from support.company import ATTRIBUTES, MAPPINGS, Company, ExampleConnector, person

from jackfield import (
    Attribute,
    AttributeMapping,
    Capabilities,
    ConfigurationError,
    Registry,
    hookimpl,
)
from jackfield.sources import SourceRead

FILLS = {
    "none, with a default": {"default": "Lead"},
    "empty, from the source": {"source": "jobTitle", "apply": "empty"},
    "empty, a constant": {"constant": "Lead", "apply": "empty"},
}
ACCOUNT = {"userName": "person1@example.com", "name": {"familyName": "Family1"}, "active": True}


class EntitlingConnector(ExampleConnector):
    """A vendor that knows entitlements."""

    @hookimpl
    def capabilities(self) -> Capabilities:
        usual = ExampleConnector().capabilities()
        return replace(usual, attributes={**usual.attributes, "entitlements": Attribute()})


@pytest.fixture
def firm(firm: Company):
    registry = Registry(connectors={"example": EntitlingConnector})
    with registry.connect("example", firm.connector.settings) as firm.connector:
        yield firm


def run(firm: Company, target: str, parts: dict[str, Any], **attributes: Any):
    """Run a cycle with this mapping of the target."""
    usual = person(1)
    someone = replace(usual, attributes={**usual.attributes, **attributes})
    read = SourceRead((someone,), True, ATTRIBUTES | set(attributes))
    others = (each for each in MAPPINGS if each.target != target)
    mappings = (*others, AttributeMapping(target, **parts))
    return firm.run(mappings=mappings, read_source=lambda _since: read).entries


def title_of(firm: Company) -> object:
    return firm.accounts["person1@example.com"].get("title")


@pytest.mark.parametrize("parts", FILLS.values(), ids=FILLS)
def test_what_is_filled_is_sent_on_creation(firm: Company, parts):
    run(firm, "title", parts, jobTitle="Lead")

    assert title_of(firm) == "Lead"


@pytest.mark.parametrize("parts", FILLS.values(), ids=FILLS)
@pytest.mark.parametrize(
    ("held", "title"), [({}, "Lead"), ({"title": ""}, "Lead"), ({"title": "Boss"}, "Boss")]
)
def test_what_is_filled_is_sent_where_the_target_has_nothing(firm: Company, parts, held, title):
    firm.vendor.seed([{**ACCOUNT, **held}])

    run(firm, "title", parts, jobTitle="Lead")

    assert title_of(firm) == title
    assert run(firm, "title", parts, jobTitle="Lead") == ()


def test_what_was_filled_is_not_changed_later(firm: Company):
    parts = FILLS["empty, from the source"]
    run(firm, "title", parts, jobTitle="Lead")

    (entry,) = run(firm, "title", parts, jobTitle="Boss")

    assert (entry.action, entry.code) == ("skip", "RedundantExport")
    assert title_of(firm) == "Lead"


def entitlements_of(firm: Company) -> list[str]:
    return [one["value"] for one in firm.accounts["person1@example.com"]["entitlements"]]


@pytest.mark.parametrize(
    ("apply", "left"), [("always", ["c"]), ("add", ["a", "b", "c"]), ("create", ["a", "b"])]
)
def test_several_values_are_replaced_or_added_to(firm: Company, apply, left):
    parts = {"expression": 'Split([groups], ";")', "apply": apply}
    run(firm, "entitlements", parts, groups="a;b")

    run(firm, "entitlements", parts, groups="c")

    assert entitlements_of(firm) == left


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({}, "or a default alone"),
        ({"source": "jobTitle", "apply": "add"}, 'apply = "add" does not fit'),
        ({"source": "jobTitle", "apply": "empty", "clear": True}, "clears nothing"),
    ],
    ids=["nothing at all", "add to one value", "fill and clear"],
)
def test_mappings_that_mean_nothing_are_refused(parts, words):
    with pytest.raises(ConfigurationError, match=words):
        AttributeMapping("title", **parts)
