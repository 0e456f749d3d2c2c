"""Who is assigned by a CSV file, and with which roles: by columns, or by a second file."""

import pytest

from jackfield.errors import ConfigurationError
from jackfield.sources import SourceRead
from jackfield.sources.base import DEFAULT_ACCESS

SHORT = "id,userPrincipalName,accountEnabled"
TWO = f"{SHORT}\n1,ana,True\n2,bob,True\n"
COLUMNS = {"id": "Personalnummer", "userPrincipalName": "E-Mail", "department": "Abteilung"}
STATE = COLUMNS | {"accountEnabled": "Status"}
HR = "Personalnummer;E-Mail;Abteilung;Status;Gehalt\n1;ana@example.com;Vertrieb;aktiv;9999\n"


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
