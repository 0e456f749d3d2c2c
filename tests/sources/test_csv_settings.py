"""Any CSV file, by what the settings say of it: columns, guards, assignments and roles."""

import gc
from pathlib import Path

import pytest
from pydantic import ValidationError

from jackfield.errors import ConfigurationError
from jackfield.sources import SourceRead
from jackfield.sources.base import DEFAULT_ACCESS
from jackfield.sources.csv import CsvSettings, CsvSource

SHORT = "id,userPrincipalName,accountEnabled"
TWO = f"{SHORT}\n1,ana,True\n2,bob,True\n"
COLUMNS = {"id": "Personalnummer", "userPrincipalName": "E-Mail", "department": "Abteilung"}
STATE = COLUMNS | {"accountEnabled": "Status"}
HR = "Personalnummer;E-Mail;Abteilung;Status;Gehalt\n1;ana@example.com;Vertrieb;aktiv;9999\n"


@pytest.fixture
def read(tmp_path):
    def read_in(content: bytes | str, *, roles: str = "", **settings: object) -> SourceRead:
        body = content.encode() if isinstance(content, str) else content
        (tmp_path / "people.csv").write_bytes(body)
        if roles:
            (tmp_path / "roles.csv").write_text(roles, encoding="utf-8")
            settings["assignments"] = "roles.csv"
        return CsvSource().read(CsvSettings(path="people.csv", **settings), Path(tmp_path))

    return read_in


# --- columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t"], ids=["semicolon", "comma", "tab"])
def test_any_header_is_read_where_the_columns_are_named(read, delimiter):
    result = read(HR.replace(";", delimiter), columns=COLUMNS)

    assert dict(result.objects[0].attributes) == {
        "id": "1",
        "userPrincipalName": "ana@example.com",
        "department": "Vertrieb",
    }


def test_a_column_that_is_not_named_is_not_read(read):
    result = read(HR, columns=COLUMNS)

    assert result.attributes == COLUMNS.keys()


def test_a_single_column_may_be_enough(read):
    assert read("who,x\na,1\nb,2\n", columns={"id": "who"}).objects[1].attributes == {"id": "b"}


@pytest.mark.parametrize(
    "settings",
    [
        {"columns": {"id": "Login", "userPrincipalName": "Login", "givenName": "First"}},
        {"columns": {"userPrincipalName": "Login", "givenName": "First"}, "anchor": "Login"},
    ],
    ids=["named twice", "as the anchor"],
)
def test_one_column_may_be_the_id_and_the_name(read, settings):
    result = read("Login,First\nana@x.com,Ana\nbob@x.com,Bob\n", **settings)

    assert [person.id for person in result.objects] == ["ana@x.com", "bob@x.com"]
    assert result.objects[0].attributes["userPrincipalName"] == "ana@x.com"
    assert result.attributes == {"id", "userPrincipalName", "givenName"}


def test_the_anchor_may_be_the_only_id(read):
    result = read(HR, columns={"mail": "E-Mail"}, anchor="Personalnummer")

    assert dict(result.objects[0].attributes) == {"id": "1", "mail": "ana@example.com"}


def test_an_excel_workbook_is_called_one(read):
    with pytest.raises(ConfigurationError, match="this is an Excel workbook or an archive; save"):
        read(b"PK\x03\x04\x14\x00")


def test_the_encoding_that_is_set_is_not_advised(read):
    with pytest.raises(ConfigurationError, match=r"is not windows-1252; .*set its encoding$"):
        read(f"{SHORT}\n1,a\x90,True\n".encode("latin-1"), encoding="windows-1252")


def test_a_delimiter_that_is_not_tried_may_be_set(read):
    result = read(HR.replace(";", "|"), columns=COLUMNS, delimiter="|")

    assert result.objects[0].id == "1"


def test_a_named_column_that_is_missing_is_told_with_the_nearest(read):
    with pytest.raises(ConfigurationError) as caught:
        read(HR, columns=COLUMNS | {"city": "Abteilungen"})

    assert str(caught.value) == (
        "people.csv:1: column 'Abteilungen' of the setting columns is missing "
        "(nearest found: 'Abteilung')"
    )


STATES = {
    "enabled": ("aktiv", (), True),
    "in other case": ("Aktiv", (), True),
    "any other": ("ruhend", (), False),
    "told to be disabled": ("ruhend", ("ruhend",), False),
}


@pytest.mark.parametrize(("state", "disabled", "expected"), STATES.values(), ids=STATES)
def test_the_settings_say_which_values_mean_enabled(read, state, disabled, expected):
    result = read(
        HR.replace("aktiv", state),
        columns=STATE,
        enabled_values=("aktiv",),
        disabled_values=disabled,
    )

    assert result.objects[0].is_enabled is expected


@pytest.mark.parametrize(("state", "disabled"), [("", ()), ("neu", ("ruhend",))])
def test_a_state_that_is_neither_is_refused(read, state, disabled):
    with pytest.raises(ConfigurationError, match=r"people\.csv:2: accountEnabled is '.*', not one"):
        read(
            HR.replace("aktiv", state),
            columns=STATE,
            enabled_values=("aktiv",),
            disabled_values=disabled,
        )


def test_without_them_a_state_is_true_or_false(read):
    with pytest.raises(ConfigurationError, match="accountEnabled is 'aktiv'; write True or False"):
        read(HR, columns=STATE)


WRONG = {
    "no id": {"columns": {"mail": "E-Mail"}},
    "one column twice": {"columns": {"id": "N", "mail": "A", "userPrincipalName": "A"}},
    "disabled alone": {"disabled_values": ("x",)},
    "assigned alone": {"assigned_values": ("x",)},
    "two ways of assignment": {"assignments": "roles.csv", "role_column": "role"},
    "an unknown delimiter": {"delimiter": "#"},
    "fewer than none": {"minimum_rows": -1},
}


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_settings_that_contradict_themselves_are_refused(settings):
    with pytest.raises(ValidationError):
        CsvSettings(path="people.csv", **settings)


# --- encoding and guards ---------------------------------------------------------------------


def test_utf8_that_is_said_to_be_windows_1252_is_refused(read):
    with pytest.raises(ConfigurationError) as caught:
        read(f"{SHORT}\n1,zoë,True\n", encoding="windows-1252")

    assert str(caught.value) == (
        "people.csv:2: the file is UTF-8, and encoding says windows-1252; remove that setting, or "
        'write encoding = "utf-8"'
    )


def test_plain_ascii_may_be_said_to_be_windows_1252(read):
    assert len(read(TWO, encoding="windows-1252").objects) == 2


def test_fewer_people_than_expected_are_refused(read):
    assert len(read(TWO, minimum_rows=2).objects) == 2

    with pytest.raises(ConfigurationError, match="2 people where minimum_rows is 3"):
        read(TWO, minimum_rows=3)


@pytest.mark.parametrize("trailer", ["TOTAL,2,", "TOTAL 2", " TOTAL: 2 rows,,\n\n"])
def test_a_trailer_that_counts_right_is_no_person(read, trailer):
    assert len(read(TWO + trailer, trailer="TOTAL").objects) == 2


TRAILERS_REFUSED = {
    "": "people.csv: no row begins with the trailer 'TOTAL', so the file may be cut",
    "TOTAL,3,\n": "people.csv:4: the trailer tells 3, and 2 people stand above it",
    "TOTAL,,\n": "people.csv:4: the trailer does not tell one number",
    "TOTAL,2,2\n": "people.csv:4: the trailer does not tell one number",
    "TOTAL,2,\n3,c,True\n": "people.csv:4: rows follow the trailer",
}


@pytest.mark.parametrize("trailer", TRAILERS_REFUSED)
def test_a_trailer_that_does_not_fit_is_refused(read, trailer):
    with pytest.raises(ConfigurationError) as caught:
        read(TWO + trailer, trailer="TOTAL")

    assert str(caught.value).startswith(TRAILERS_REFUSED[trailer])


def test_cells_of_blanks_alone_are_no_values(read):
    result = read(f"{SHORT},city\n1,a,True, \t\n")

    assert "city" not in result.objects[0].attributes


@pytest.mark.parametrize("was_collecting", [True, False], ids=["on", "off"])
def test_the_search_for_garbage_is_put_back(read, was_collecting):
    before = gc.isenabled()
    (gc.enable if was_collecting else gc.disable)()
    try:
        read(TWO)
        with pytest.raises(ConfigurationError):
            read("")

        assert gc.isenabled() is was_collecting
    finally:
        (gc.enable if before else gc.disable)()


# --- assignments by columns ------------------------------------------------------------------


def assigned(read: SourceRead) -> list[tuple[tuple[str, ...], bool | None]]:
    return [(person.roles, person.is_assigned) for person in read.objects]


def test_without_a_word_on_assignments_nobody_knows(read):
    assert assigned(read(TWO)) == [((), None), ((), None)]


CELLS = {"yes": True, "True": True, "1": True, "no": False, "FALSE": False, "0": False, "": False}


@pytest.mark.parametrize(("cell", "expected"), CELLS.items(), ids=lambda cell: f"<{cell}>")
def test_a_column_says_who_is_assigned(read, cell, expected):
    result = read(f"{SHORT},webex\n1,a,True,{cell}\n", assignment_column="webex")

    assert assigned(result) == [((), expected)]


@pytest.mark.parametrize(("cell", "expected"), [("ja", True), ("JA", True), ("nein", False)])
def test_the_settings_may_say_which_values_mean_assigned(read, cell, expected):
    result = read(
        f"{SHORT},webex\n1,a,True,{cell}\n", assignment_column="webex", assigned_values=("ja",)
    )

    assert assigned(result) == [((), expected)]


def test_an_assignment_that_is_neither_yes_nor_no_is_refused(read):
    with pytest.raises(ConfigurationError, match=r"people\.csv:2: the assignment is 'maybe'"):
        read(f"{SHORT},webex\n1,a,True,maybe\n", assignment_column="webex")


def test_a_column_of_roles_says_who_is_assigned_with_which(read):
    content = f"{SHORT},role,x\n1,a,True,Agent; Admin ;Agent,\n2,b,True,,\n"

    assert assigned(read(content, role_column="role")) == [(("Agent", "Admin"), True), ((), False)]


def test_somebody_assigned_without_a_role_has_the_default_access(read):
    content = f"{SHORT},webex,role,x\n1,a,True,yes,,\n2,b,True,no,Agent,\n3,c,True,yes,A|B,\n"

    result = read(content, assignment_column="webex", role_column="role", role_separator="|")

    assert assigned(result) == [((DEFAULT_ACCESS,), True), ((), False), (("A", "B"), True)]


def test_a_column_that_is_missing_is_told(read):
    with pytest.raises(ConfigurationError, match="'rolle' of role_column is missing"):
        read(f"{SHORT},role\n1,a,True,\n", role_column="rolle")


def test_columns_of_roles_go_with_named_columns(read):
    result = read(HR, columns=COLUMNS, role_column="Status")

    assert assigned(result) == [(("aktiv",), True)]


def test_a_last_cell_of_roles_without_a_line_end_may_be_cut(read):
    with pytest.raises(ConfigurationError, match="so its role may be cut"):
        read(f"{SHORT},role\n1,a,True,Agen", role_column="role")


# --- assignments by a second file ------------------------------------------------------------

ROLES = {
    "by id": "id,role\n1,Agent\n1,Admin\n",
    "by name": "userPrincipalName;role\nANA;Agent\nana;Admin\n",
    "with more columns": "note,ROLE,ID\nx,Agent,1\ny,Admin, 1\n",
}


@pytest.mark.parametrize("roles", ROLES.values(), ids=ROLES)
def test_a_second_file_says_who_has_which_roles(read, roles):
    result = read(TWO, roles=roles)

    assert assigned(result) == [(("Agent", "Admin"), True), ((), False)]
    assert result.notes == ()


def test_a_row_without_a_role_gives_the_default_access(read):
    assert assigned(read(TWO, roles="id,role\n2,\n")) == [((), False), ((DEFAULT_ACCESS,), True)]


def test_a_file_without_roles_says_who_is_assigned(read):
    assert assigned(read(TWO, roles="id\n2\n")) == [((), False), ((), True)]


def test_a_file_of_nobody_assigns_nobody(read):
    assert assigned(read(TWO, roles="id,role\n")) == [((), False), ((), False)]


def test_doubles_and_unknown_people_are_reported(read):
    result = read(TWO, roles="id,role\n1,A\n1,A\n8,A\n9,A\n9,B\n10,A\n11,A\n")

    assert result.notes == (
        "roles.csv: 1 rows repeat another, on line 3",
        "roles.csv: 4 people are not in the source: id '8', '9', '10', …",
    )


ROLES_REFUSED = {
    "neither id nor name": ("who,role\n1,A\n", "roles.csv:1: neither id nor userPrincipalName"),
    "one name twice": ("id,role,role\n1,A,B\n", "roles.csv:1: two columns have one name"),
    "a ragged row": ("id,role\n1\n", "roles.csv:2: 1 cells where the header has 2"),
    "nobody": ("id,role\n ,A\n", "roles.csv:2: the id is empty"),
    "a cut end": ("id,role\n1,Age", "roles.csv:2: the file ends inside this row"),
    "a broken quote": ('id,role\n1,"A\n', "roles.csv:2: a quote opened in this row"),
}


@pytest.mark.parametrize(("roles", "words"), ROLES_REFUSED.values(), ids=ROLES_REFUSED)
def test_a_second_file_that_cannot_be_read_is_refused(read, roles, words):
    with pytest.raises(ConfigurationError) as caught:
        read(TWO, roles=roles)

    assert str(caught.value).startswith(words)


def test_a_second_file_that_is_missing_is_refused(read):
    with pytest.raises(ConfigurationError, match=r"roles\.csv: cannot be read"):
        read(TWO, assignments="roles.csv")


# --- whose assignment it is ------------------------------------------------------------------

GOOGLE = "First Name,Last Name,Email Address,Status,Employee ID\n"
GOOGLE += "Ana,D,ana@x.com,Active,17\nBob,E,bob@x.com,Active,18\n"
PINNED = f"{SHORT},employeeId\na,ana,True,17\nb,bob,True,18\n"


@pytest.mark.parametrize(
    ("people", "settings"),
    [(GOOGLE, {}), (PINNED, {"anchor": "employeeId"})],
    ids=["the header's own", "of the settings"],
)
def test_an_assignment_by_an_id_of_another_column_is_seen_to_change(read, people, settings):
    before = read(people, roles="id,role\n17,A\n18,B\n", **settings)
    after = read(people, roles="id,role\n18,B\n", **settings)

    assert [person.is_assigned for person in after.objects] == [False, True]
    assert before.objects.fingerprint(0) != after.objects.fingerprint(0)
    assert before.objects.fingerprint(1) == after.objects.fingerprint(1)
    assert (before.notes, after.notes) == ((), ())


def test_a_quote_that_swallows_assignments_is_refused(read):
    with pytest.raises(ConfigurationError, match=r"roles\.csv:2: a quoted cell seems to swallow"):
        read(TWO, roles='id,role\n1,"Admin\n2,Sales"\n')


def test_assignments_may_be_quoted_and_parted_by_semicolons(read):
    result = read(TWO, roles='"id";"role"\n"1";"Admin"\n')

    assert [person.roles for person in result.objects] == [("Admin",), ()]


@pytest.mark.parametrize(
    ("people", "settings"),
    [(GOOGLE[:-2], {}), (PINNED[:-2], {"anchor": "employeeId"})],
    ids=["the header's own", "of the settings"],
)
def test_a_cut_inside_the_id_makes_nobody_another_person(read, people, settings):
    with pytest.raises(ConfigurationError, match="its employeeId may be cut"):
        read(people, **settings)


# --- settings that nobody can follow ---------------------------------------------------------


@pytest.mark.parametrize("named", ["id", "accountEnabled", "nickname"])
def test_a_column_with_the_name_of_a_password_is_refused(read, named):
    columns = {"id": "nr", "userPrincipalName": "upn", named: "pwd state"}
    header = ",".join(columns.values())

    with pytest.raises(ConfigurationError, match="'pwd state' of the setting columns is never"):
        read(f"{header}\n1,ana,no\n", columns=columns)


def test_a_trailer_with_an_endless_number_is_refused(read):
    with pytest.raises(ConfigurationError, match="does not tell one number"):
        read(f"{TWO}END,{'9' * 5000},\n", trailer="END")


@pytest.mark.parametrize("encoding", ["utf-16", "utf_32", "utf\0-8"])
def test_an_encoding_that_cannot_be_read_is_refused(read, encoding):
    with pytest.raises(ConfigurationError, match="set encoding to"):
        read(TWO, encoding=encoding)
