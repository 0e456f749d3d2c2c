"""Any CSV file, by what the settings say of it: columns, guards, assignments and roles."""

import gc

import pytest
from pydantic import ValidationError

from jackfield.errors import ConfigurationError
from jackfield.sources.csv import CsvSettings

SHORT = "id,userPrincipalName,accountEnabled"
TWO = f"{SHORT}\n1,ana,True\n2,bob,True\n"
COLUMNS = {"id": "Personalnummer", "userPrincipalName": "E-Mail", "department": "Abteilung"}
STATE = COLUMNS | {"accountEnabled": "Status"}
HR = "Personalnummer;E-Mail;Abteilung;Status;Gehalt\n1;ana@example.com;Vertrieb;aktiv;9999\n"


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
