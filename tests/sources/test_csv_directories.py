"""The exports of Google Workspace and of Active Directory."""

import csv
import io
from pathlib import Path
from uuid import UUID

import pytest

from jackfield.errors import ConfigurationError
from jackfield.sources import SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.headers import HEADERS

GOOGLE_LINE = (
    "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],"
    "Password Hash Function [UPLOAD ONLY],Org Unit Path [Required],New Primary Email [UPLOAD ONLY],"
    "Status [READ ONLY],Last Sign In [READ ONLY],Recovery Email,Home Secondary Email,"
    "Work Secondary Email,Recovery Phone [MUST BE IN THE E.164 FORMAT],Work Phone,Home Phone,"
    "Mobile Phone,Work Address,Home Address,Employee ID,Employee Type,Employee Title,Manager Email,"
    "Department,Cost Center,2sv Enrolled [READ ONLY],2sv Enforced [READ ONLY],Building ID,"
    "Floor Name,Floor Section,Email Usage [READ ONLY],Drive Usage [READ ONLY],"
    "Total Storage [READ ONLY],Change Password at Next Sign-In,New Status [UPLOAD ONLY]"
)
GOOGLE = GOOGLE_LINE.split(",")
ANA = {
    "First Name [Required]": "Ana",
    "Last Name [Required]": "Díaz",
    "Email Address [Required]": "ana@example.com",
    "Password [Required]": "****",
    "Status [READ ONLY]": "Active",
    "Work Phone": "+34910000001",
    "Employee Title": "Engineer",
    "Department": "Research",
    "Cost Center": "4711",
    "New Primary Email [UPLOAD ONLY]": "other@example.com",
}
BOB = ANA | {"Email Address [Required]": "bob@example.com", "Status [READ ONLY]": "Suspended"}

GUID = "7cc0c81b-f2a2-489a-8243-eda96da42141"
POWERSHELL = (
    '#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n"DistinguishedName","Enabled",'
    '"GivenName","Name","ObjectClass","ObjectGUID","SamAccountName","SID","Surname",'
    '"UserPrincipalName","mail","EmailAddress","Title","MemberOf","PasswordLastSet"\r\n'
    f'"CN=Ana Díaz,DC=corp","True","Ana","Ana Díaz","user","{GUID.upper()}","ana","S-1-5-21-1",'
    '"Díaz","ana@corp.example","ana@example.com","ana@example.com","Engineer",'
    '"Microsoft.ActiveDirectory.Management.ADPropertyValueCollection","11/20/2026"\r\n'
    f'"CN=Bob,DC=corp","False","Bob","Bob","user","{UUID(int=2)}","bob","S-1-5-21-2",'
    '"Lee","bob@corp.example","","","","",""\r\n'
)
HEX_GUID = f"X'{UUID(GUID).bytes_le.hex()}'"
HEX_SID = "X'010500000000000515000000010000000200000003000000f4010000'"
CSVDE = (
    "DN,objectClass,objectGUID,userAccountControl,userPrincipalName,sn,givenName,displayName,"
    "mail,title,l,co,objectSid,unicodePwd\n"
    f"\"CN=Ana,DC=corp\",user,{HEX_GUID},512,ana@corp.example,X'44c3ad617a',Ana,Ana D,"
    f"ana@example.com,Engineer,Madrid,Spain,{HEX_SID},X'00'\n"
    f"\"CN=Bob,DC=corp\",user,X'{'02' * 16}',514,bob@corp.example,Lee,Bob,Bob Lee,,,,,,\n"
    f"\"CN=Desk,DC=corp\",computer,X'{'03' * 16}',4096,,,,,,,,,,\n"
    f"\"CN=All,DC=corp\",group,X'{'04' * 16}',,,,,,,,,,,\n"
)


@pytest.fixture
def read(tmp_path):
    def read_in(content: bytes | str, **settings: object) -> SourceRead:
        body = content.encode() if isinstance(content, str) else content
        (tmp_path / "people.csv").write_bytes(body)
        return CsvSource().read(CsvSettings(path="people.csv", **settings), Path(tmp_path))

    return read_in


def google(*people: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, GOOGLE)
    writer.writeheader()
    writer.writerows(people)
    return text.getvalue()


def test_google_workspace_is_read_under_the_names_of_graph(read):
    result = read(google(ANA))

    assert dict(result.objects[0].attributes) == {
        "id": "ana@example.com",
        "userPrincipalName": "ana@example.com",
        "mail": "ana@example.com",
        "displayName": "Ana Díaz",
        "givenName": "Ana",
        "surname": "Díaz",
        "accountEnabled": "True",
        "telephoneNumber": "+34910000001",
        "jobTitle": "Engineer",
        "department": "Research",
        "Cost Center": "4711",
    }
    assert {"mail", "displayName", "id", "employeeId"} <= result.attributes


def test_passwords_and_columns_for_uploads_are_never_read(read):
    result = read(google(ANA))

    assert not [name for name in result.attributes if "assword" in name or "New " in name]
    assert "****" not in result.objects[0].attributes.values()


def test_somebody_suspended_is_disabled(read):
    assert [person.is_enabled for person in read(google(ANA, BOB)).objects] == [True, False]


@pytest.mark.parametrize("status", ["Deleted", ""])
def test_another_status_is_refused(read, status):
    with pytest.raises(ConfigurationError, match=r"people.csv:2: accountEnabled is '.*', not one"):
        read(google(ANA | {"Status [READ ONLY]": status}))


def test_the_employee_id_is_the_anchor_where_everybody_has_one(read):
    result = read(google(ANA | {"Employee ID": "17"}, BOB | {"Employee ID": "18"}))

    assert [person.id for person in result.objects] == ["17", "18"]
    assert result.objects[0].attributes["employeeId"] == "17"
    assert result.notes == ()


def test_the_email_is_the_anchor_where_somebody_has_no_employee_id(read):
    result = read(google(ANA | {"Employee ID": "17"}, BOB))

    assert [person.id for person in result.objects] == ["ana@example.com", "bob@example.com"]
    assert "people are told apart by e-mail, for 1 of 2 have no employeeId" in result.notes[0]


def test_the_anchor_may_be_pinned_by_the_settings(read):
    with pytest.raises(ConfigurationError, match=r"people.csv:3: the id is empty"):
        read(google(ANA | {"Employee ID": "17"}, BOB), anchor="Employee ID")

    pinned = read(google(ANA | {"Employee ID": "17"}), anchor="Email Address [Required]")
    assert (pinned.objects[0].id, pinned.notes) == ("ana@example.com", ())


def test_an_employee_id_that_two_people_have_is_refused(read):
    with pytest.raises(ConfigurationError, match=r"people.csv:3: id '17' is already on line 2"):
        read(google(ANA | {"Employee ID": "17"}, BOB | {"Employee ID": "17"}))


ENCODINGS = {"UTF-8": "utf-8", "marked": "utf-8-sig", "UTF-16": "utf-16"}


@pytest.mark.parametrize("encoding", ENCODINGS.values(), ids=ENCODINGS)
def test_powershell_is_read_with_its_type_line(read, encoding):
    result = read(POWERSHELL.encode(encoding))

    assert dict(result.objects[0].attributes) == {
        "id": GUID,
        "userPrincipalName": "ana@corp.example",
        "accountEnabled": "True",
        "givenName": "Ana",
        "surname": "Díaz",
        "displayName": "Ana Díaz",
        "mail": "ana@example.com",
        "jobTitle": "Engineer",
        "objectClass": "user",
        "onPremisesSamAccountName": "ana",
        "onPremisesDistinguishedName": "CN=Ana Díaz,DC=corp",
        "onPremisesSecurityIdentifier": "S-1-5-21-1",
    }
    assert [person.place for person in result.objects] == ["people.csv:3", "people.csv:4"]
    assert [person.is_enabled for person in result.objects] == [True, False]


def test_powershell_without_a_type_line_is_read_too(read):
    assert len(read(POWERSHELL.partition("\r\n")[2]).objects) == 2


def test_a_fault_below_the_type_line_is_told_with_its_line(read):
    with pytest.raises(ConfigurationError, match=r"people.csv:5: 1 cells where the header has 15"):
        read(POWERSHELL + "stray\r\n")


def test_a_type_line_alone_is_refused(read):
    with pytest.raises(ConfigurationError, match="only empty lines"):
        read("#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n")


def test_csvde_is_read_with_its_bits_and_hex(read):
    result = read(CSVDE)

    ana, bob = result.objects
    assert dict(ana.attributes) == {
        "id": GUID,
        "userPrincipalName": "ana@corp.example",
        "accountEnabled": "True",
        "surname": "Díaz",
        "givenName": "Ana",
        "displayName": "Ana D",
        "mail": "ana@example.com",
        "jobTitle": "Engineer",
        "city": "Madrid",
        "country": "Spain",
        "objectClass": "user",
        "onPremisesDistinguishedName": "CN=Ana,DC=corp",
        "onPremisesSecurityIdentifier": "S-1-5-21-1-2-3-500",
    }
    assert (ana.is_enabled, bob.is_enabled) == (True, False)
    assert result.notes == ("people.csv: 2 rows are no users and were left out",)


def test_both_exports_of_active_directory_give_one_person_one_id(read):
    assert read(POWERSHELL).objects[0].id == read(CSVDE).objects[0].id


CSVDE_REFUSED = {
    HEX_GUID: ("X'0102'", "id is no GUID"),
    ",512,": (",many,", "accountEnabled is no userAccountControl"),
    HEX_SID: ("X'0105'", "onPremisesSecurityIdentifier is no security identifier"),
}


@pytest.mark.parametrize("good", CSVDE_REFUSED)
def test_a_value_that_is_not_what_it_should_be_is_refused(read, good):
    bad, words = CSVDE_REFUSED[good]

    with pytest.raises(ConfigurationError, match=f"people.csv:2: {words}"):
        read(CSVDE.replace(good, bad, 1))


def test_hex_that_is_no_text_stays_as_it_is(read):
    assert read(CSVDE.replace("X'44c3ad617a'", "X'ff00'")).objects[0].attributes["surname"] == (
        "X'ff00'"
    )


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
def test_every_header_is_recognised_by_all_of_its_columns(read, header):
    assert read(",".join(header.columns) + "\n").objects == ()


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header.name)
def test_a_header_without_its_id_names_what_is_missing(read, header):
    columns = [column for column in header.columns if column != header.id_column]

    with pytest.raises(ConfigurationError, match=f"'{header.id_column}' of "):
        read(",".join(columns) + "\n")
