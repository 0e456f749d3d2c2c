"""Whether a job can take access away: one rule, for `validate`, for jobs and for leavers."""

from pathlib import Path

import pytest
from support.company import MAPPINGS, Company, ExampleConnector

from jackfield import Attribute, AttributeMapping, Capabilities, ConfigurationError, Registry
from jackfield.engine.configuration.inspection import inspect_file
from jackfield.engine.map.access import access_removal_of
from jackfield.engine.map.mapper import Mapper
from jackfield.engine.scope.leavers import Leavers

ROLES = AttributeMapping("userType", expression="SingleAppRoleAssignment([appRoleAssignments])")
NAME = AttributeMapping("userName", source="userPrincipalName")


def mapped(**active: str) -> Mapper:
    return Mapper((NAME, ROLES, *([AttributeMapping("active", **active)] if active else ())))


def can(**more) -> Capabilities:
    return Capabilities(hosts=frozenset(), match_on=("userName",), **more)


def expression(text: str) -> dict[str, str]:
    return {"expression": text}


@pytest.mark.parametrize(
    "active",
    [
        {"source": "IsActive"},
        expression("Not([IsSoftDeleted])"),
        expression('Switch([IsSoftDeleted], , "False", "True", "True", "False")'),
        expression('IIF([department] = "x", [IsActive], [IsActive])'),
    ],
    ids=["IsActive", "Not", "Switch", "both branches differ"],
)
def test_mapping_that_changes_with_access_takes_it_away(active):
    assert access_removal_of(mapped(**active), can()).paths == ("active",)


@pytest.mark.parametrize(
    "active",
    [
        {},
        {"constant": "True"},
        expression('IIF([IsActive] = "True", "True", "True")'),
        {"source": "IsActive", "apply": "create"},
        {"source": "accountEnabled"},
    ],
    ids=["omitted", "constant", "both branches equal", "creation alone", "another attribute"],
)
def test_mapping_that_stays_the_same_takes_nothing_away(active):
    found = access_removal_of(mapped(**active), can())

    assert (found.is_possible, found.code, found.paths) == (False, "NotMapped", ())
    assert "map active from IsActive" in found.remedy


@pytest.mark.parametrize(
    ("more", "code", "why_not"),
    [
        ({"disable": "delete"}, "DeletionNotAllowed", "zoom can only delete"),
        ({"disable": "unsupported"}, "NotOffered", "zoom cannot disable"),
        ({"patch": False}, "NotOffered", "zoom takes no update of active"),
        ({"attributes": {"active": Attribute(patch=False)}}, "NotOffered", "zoom takes no update"),
    ],
    ids=["deletes", "cannot", "no updates", "no update of it"],
)
def test_vendor_that_cannot_disable_is_named_with_the_remedy(more, code, why_not):
    found = access_removal_of(mapped(source="IsActive"), can(**more))

    assert (found.is_possible, found.code) == (False, code)
    assert why_not in found.said_of("zoom")
    assert found.remedy


def test_deletion_cannot_wait_where_no_mapping_takes_access_away(firm: Company):
    both_equal = AttributeMapping("active", **expression('IIF([IsActive], "True", "True")'))
    mappings = (*(m for m in MAPPINGS if m.target != "active"), both_equal)

    with pytest.raises(ConfigurationError, match="anybody meanwhile, for no mapping tells"):
        firm.job(leavers=Leavers(deleted="delete", delete_after_days=30), mappings=mappings)


FILE = """
schema_version = 1
[sources.people]
type = "csv"
path = "people.csv"
[connections.example]
connector = "example"
url = "http://127.0.0.1:9999"
token = "t"
allow_loopback = true
[jobs.example]
source = "people"
connection = "example"
[[jobs.example.mappings]]
target = "active"
{active}
[[jobs.example.mappings]]
target = "userType"
expression = "SingleAppRoleAssignment([appRoleAssignments])"
"""


@pytest.mark.parametrize(
    "active", ["omit = true", """expression = 'IIF([IsActive], "True", "True")'"""]
)
def test_validate_warns_though_a_mapping_reads_roles(tmp_path: Path, active):
    header = "id,userPrincipalName,givenName,surname,jobTitle,accountEnabled,appRoleAssignments"
    (tmp_path / "people.csv").write_text(f"{header}\n1,ann@example.com,Ann,Lee,Boss,True,User\n")
    file = tmp_path / "jackfield.toml"
    file.write_text(FILE.format(active=active))

    findings = inspect_file(file, Registry(connectors={"example": ExampleConnector})).findings

    told = [each for each in findings if "leavers keep access" in each.message]
    assert [each.place.rpartition(".")[2] for each in told] == [
        *("unassigned", "disabled", "soft_deleted", "deleted")
    ]
    assert {each.severity for each in told} == {"warning"}
    assert {each.message for each in told} == {
        "no mapping tells example, so leavers keep access; map active from IsActive"
    }
