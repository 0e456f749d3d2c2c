"""What a CSV export may look like, and what is refused before anybody is returned."""

import codecs
import csv
import io
from collections.abc import Callable, Iterator
from functools import partial
from itertools import repeat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jackfield.errors import ConfigurationError
from jackfield.sources import Source, SourceRead
from jackfield.sources.csv import CsvSettings, CsvSource
from jackfield.sources.csv_file import LARGEST_CELL, read_snapshot
from jackfield.sources.headers import HEADERS

ENTRA, OLDER_ENTRA = (header.columns for header in HEADERS[:2])
SHORT = "id,userPrincipalName,accountEnabled"
OLD = "objectId,userPrincipalName,accountEnabled"
DEMO = Path(__file__).parents[2] / "scripts" / "demo_data"
TEXT = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=20)


def read_in(folder: Path, content: bytes | str, **settings: str) -> SourceRead:
    body = content.encode() if isinstance(content, str) else content
    (folder / "people.csv").write_bytes(body)
    return CsvSource().read(CsvSettings(path="people.csv", **settings), folder)


@pytest.fixture
def read(tmp_path):
    return partial(read_in, tmp_path)


@pytest.fixture
def refusal(read):
    def read_refused(content: bytes | str, **settings: str) -> str:
        with pytest.raises(ConfigurationError) as caught:
            read(content, **settings)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return read_refused


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generated")


def to_csv(*rows, **options) -> str:
    text = io.StringIO()
    csv.writer(text, **options).writerows(rows)
    return text.getvalue()


def to_row(columns, **cells: str | int) -> list[str | int]:
    known = {"id": "1", "objectId": "1", "userPrincipalName": "ana@example.com"} | cells
    return [known.get(column, "") for column in columns]


def test_the_csv_source_is_a_source():
    source: Source = CsvSource()

    assert source.settings is CsvSettings


@pytest.mark.parametrize("columns", [ENTRA, OLDER_ENTRA], ids=["newer edition", "older edition"])
def test_both_entra_editions_are_recognised(read, columns):
    result = read(to_csv(columns, to_row(columns, accountEnabled="True", city="Lyon")))

    assert result.is_complete
    assert result.objects[0].id == "1"
    assert result.objects[0].attributes["city"] == "Lyon"


def test_names_of_the_older_edition_become_those_of_graph(read):
    cells = {"physicalDeliveryOfficeName": "HQ", "mobile": "+14155550100", "telephoneNumber": "7"}
    person = read(to_csv(OLDER_ENTRA, to_row(OLDER_ENTRA, **cells))).objects[0]

    assert dict(person.attributes) == {
        "id": "1",
        "userPrincipalName": "ana@example.com",
        "officeLocation": "HQ",
        "mobilePhone": "+14155550100",
        "telephoneNumber": "7",
    }


def test_columns_may_be_missing_from_the_tail(read):
    assert len(read(to_csv(ENTRA[:10], to_row(ENTRA[:10]))).objects) == 1


CONTENTS = {
    "reordered columns": (
        "accountEnabled,city,id,userPrincipalName\nTrue,Lyon,1,a\n",
        {"city": "Lyon"},
    ),
    "an unknown column": (f"{SHORT},cost_centre\n1,a,True,4711\n", {"cost_centre": "4711"}),
    "a formula": (f'{SHORT},mail\n1,a,True,"=X(""y"")"\n', {"mail": '=X("y")'}),
    "a quoted line break": (f'{SHORT},city\n1,a,True,"St\r\nIves"\n', {"city": "St\r\nIves"}),
    "no last line end": (f"{SHORT},city\n1,a,True,Lyon", {"city": "Lyon"}),
    "whitespace": (f"{SHORT},city\n 1,a\t,True, São Paulo\u00a0\n", {"city": "São Paulo"}),
    "empty cells": (f"{SHORT},city,mail,state\n1,a,True,,  ,\t\n", {}),
}


@pytest.mark.parametrize(("content", "more"), CONTENTS.values(), ids=CONTENTS)
def test_cells_become_attributes(read, content, more):
    expected = {"id": "1", "userPrincipalName": "a", "accountEnabled": "True"} | more

    result = read(content)

    assert result.objects[0].attributes == expected
    assert result.attributes >= set(expected)


def test_the_read_names_every_attribute_even_without_a_value(read):
    result = read(to_csv(OLDER_ENTRA, to_row(OLDER_ENTRA)))

    assert {"id", "officeLocation", "mobilePhone", "ageGroup"} <= result.attributes
    assert not {"objectId", "mobile"} & result.attributes


@pytest.mark.parametrize("delimiter", [",", ";", "\t"], ids=["comma", "semicolon", "tab"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL], ids=["bare", "quoted"])
def test_the_delimiter_is_found_by_the_header(read, delimiter, quoting):
    rows = [ENTRA, to_row(ENTRA, jobTitle="Director, Sales; Europe")]

    result = read(to_csv(*rows, delimiter=delimiter, quoting=quoting))

    assert result.objects[0].attributes["jobTitle"] == "Director, Sales; Europe"


def test_an_unknown_header_is_refused_with_the_nearest_known_columns(refusal):
    message = refusal("E-mail,Surname,Given Name,Departmnt\na,b,c,d\n")

    assert message.startswith("people.csv:1: no known directory writes this header; found 'E-mail'")
    assert "'Departmnt' is near 'department'" in message
    assert "'Given Name' is near 'givenName'" in message


def test_a_line_that_is_no_table_is_not_repeated_in_the_error(refusal):
    assert "hunter2" not in refusal("PASSWORD=hunter2\nOTHER=1\n")


@pytest.mark.parametrize("missing", ["id", "userPrincipalName", "accountEnabled"])
def test_a_missing_required_column_is_named(refusal, missing):
    columns = [column for column in ENTRA if column != missing]

    message = refusal(to_csv(columns, to_row(columns)))

    assert message.startswith(f"people.csv:1: column '{missing}' of Entra")


def test_a_renamed_required_column_is_found_again(refusal):
    columns = ["AccountEnable" if column == "accountEnabled" else column for column in ENTRA]

    assert "nearest found: 'AccountEnable'" in refusal(to_csv(columns, to_row(columns)))


HEADERS_REFUSED = {
    "twice": (f"{SHORT},mail,mail", "columns 'mail' and 'mail' mean the same"),
    "short and twice": (f"{SHORT},x,x", "columns 'x' and 'x' mean the same"),
    "twice in other case": (f"{SHORT},mail,Mail", "columns 'mail' and 'Mail' mean the same"),
    "of both editions": (f"{OLD},mobile,mobilePhone", "columns 'mobile' and 'mobilePhone' mean"),
    "without a name": (f"{SHORT},", "column 4 has no name"),
    "swallowing a row": (f'{SHORT},"mail\n1,a,True,"', "the name of column 4 holds a line break"),
    "invisible": (f"{SHORT},ma\u200bil", "the name of column 4 holds a line break or an invisible"),
}


@pytest.mark.parametrize(("header", "words"), HEADERS_REFUSED.values(), ids=HEADERS_REFUSED)
def test_an_unclear_header_is_refused(refusal, header, words):
    assert refusal(f"{header}\n{SHORT}\n").startswith(f"people.csv:1: {words}")


NO_FILES = {"gone.csv": r"\(No such file", ".": "is not a file", "loop.csv": r"\(Too many levels"}


@pytest.mark.parametrize("path", NO_FILES)
def test_what_is_no_readable_file_is_refused(tmp_path, path):
    (tmp_path / "loop.csv").symlink_to("loop.csv")

    with pytest.raises(ConfigurationError, match=NO_FILES[path]):
        CsvSource().read(CsvSettings(path=path), tmp_path)


def test_an_absolute_path_ignores_the_folder(tmp_path):
    (tmp_path / "people.csv").write_text(f"{SHORT}\n")

    result = CsvSource().read(CsvSettings(path=str(tmp_path / "people.csv")), Path("elsewhere"))

    assert result.is_complete


EMPTY = {"0 bytes": b"", "a mark alone": codecs.BOM_UTF8, "empty lines": b"\r\n\n"}


@pytest.mark.parametrize("content", EMPTY.values(), ids=EMPTY)
def test_an_empty_file_is_refused(refusal, content):
    assert "empty" in refusal(content)


def test_a_header_alone_is_a_complete_read_of_nobody(read):
    assert read(f"{SHORT}\n") == SourceRead((), True, frozenset(SHORT.split(",")))


U8, LITTLE, BIG = codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE
MARKS = {"utf-8": U8, "utf-16-le": LITTLE, "utf-16-be": BIG}


@pytest.mark.parametrize("marked", MARKS)
@pytest.mark.parametrize("declared", ["utf-8-sig", "windows-1252"])
def test_a_byte_order_mark_decides_the_encoding(read, marked, declared):
    content = MARKS[marked] + f"{SHORT}\n1,zoë@example.com,True\n".encode(marked)

    person = read(content, encoding=declared).objects[0]

    assert person.attributes["userPrincipalName"] == "zoë@example.com"


def test_a_declared_encoding_is_used(read):
    result = read(f"{SHORT}\n1,zoë,True\n".encode("windows-1252"), encoding="windows-1252")

    assert result.objects[0].attributes["userPrincipalName"] == "zoë"


def test_bytes_that_are_not_utf8_are_refused_with_line_and_byte(refusal):
    content = f"{SHORT},surname\r\n\r1,ana@example.com,True,Díaz\r\n".encode("windows-1252")

    message = refusal(content)

    assert message.startswith("people.csv:3: byte 0xED after 24 characters is not UTF-8;")
    assert 'encoding = "windows-1252"' in message


@pytest.mark.parametrize("encoding", ["klingon", "hex", "undefined"])
def test_an_impossible_encoding_is_refused(refusal, encoding):
    assert f"cannot be read as '{encoding}'" in refusal(SHORT, encoding=encoding)


def change_while_reading(changes: Iterator[str]) -> Callable[[Path], bytes]:
    def read_slowly(path: Path) -> bytes:
        content = path.read_bytes()
        if change := next(changes, ""):
            path.write_text(content.decode() + change)
        return content

    return read_slowly


def test_a_file_changed_while_it_is_read_is_read_again(tmp_path):
    (tmp_path / "people.csv").write_text("old")

    content = read_snapshot(tmp_path / "people.csv", change_while_reading(iter([" and new"])))

    assert content == b"old and new"


def test_a_file_that_keeps_changing_is_refused(tmp_path):
    (tmp_path / "people.csv").write_text("old")

    with pytest.raises(ConfigurationError, match="changed twice while it was read"):
        read_snapshot(tmp_path / "people.csv", change_while_reading(repeat(" and new")))


ROWS_REFUSED = {
    "too few cells": ("2,b@example.com", "2 cells where the header has 3"),
    "too many cells": ("2,b@example.com,True,", "4 cells where the header has 3"),
    "over several lines": ('"2\n3","b\n",True,x', "4 cells over 3 lines where the header has 3"),
    "empty id": (",b@example.com,True", "the id is empty"),
    "blank id": ("  ,b@example.com,True", "the id is empty"),
    "id twice": ("a1,b@example.com,True", "id 'a1' is already on line 2"),
    "id twice in other case": ("A1,b@example.com,True", "id 'A1' is already on line 2"),
    "id twice but for whitespace": (" a1\t,b@example.com,True", "id 'a1' is already on line 2"),
    "name twice in other case": (
        "2,Ana@Example.com,True",
        "userPrincipalName 'Ana@Example.com' is",
    ),
    "neither true nor false": ("2,b@example.com,yes", "accountEnabled is 'yes'; write True or"),
    "line break in name": ('2,"b@\nx",True', r"userPrincipalName 'b@\nx' holds an invisible char"),
    "invisible in id": ("2\u200b,b@example.com,True", r"id '2\u200b' holds an invisible character"),
    "unclosed quote": ('2,"b@example.com,True', "a quote opened in this row is never closed"),
    "stray quote": ('2,"b"@example.com,True', "the quotes of this row are broken"),
    "over the cap": (f"2,{'x' * (LARGEST_CELL + 1)},True", "a cell is over 1048576 characters; sh"),
    "NUL": ("2,b\0,True", "holds the control character U+0000; save the file as UTF-8"),
    "bell": ("2,b\x07,True", "holds the control character U+0007; remove it"),
    "next line": ("2,b\x85,True", "holds the control character U+0085; remove it"),
    "swallowed row": ('2,"b,True\n3,c",True', "a quoted cell seems to swallow the rows up to li"),
}


@pytest.mark.parametrize(("row", "words"), ROWS_REFUSED.values(), ids=ROWS_REFUSED)
def test_a_wrong_row_is_refused_with_its_line(refusal, row, words):
    message = refusal(f"{SHORT}\na1,ana@example.com,True\n{row}\n9,z@example.com,True\n")

    assert message.startswith(f"people.csv:3: {words}")


def test_a_cell_may_be_as_long_as_the_cap(read):
    result = read(f"{SHORT},notes\n1,a,True,{'x' * LARGEST_CELL}\n")

    assert len(result.objects[0].attributes["notes"]) == LARGEST_CELL


def test_the_limit_of_the_csv_module_is_put_back(read, refusal):
    before = csv.field_size_limit(1000)

    read(f"{SHORT}\n")
    refusal("x,y\n")

    assert csv.field_size_limit(before) == 1000


@pytest.mark.parametrize(
    ("rows", "lines"),
    [("1,,True\r2,,True\n\n3,c,True\r\n", [2, 3, 5]), ('1,a,"True\n"\n2,b,True\n', [2, 4])],
    ids=["mixed line ends, no names", "a quoted line break"],
)
def test_line_numbers_stay_right(read, rows, lines):
    result = read(f"{SHORT}\r\n{rows}")

    assert [person.place for person in result.objects] == [f"people.csv:{line}" for line in lines]


ENABLED = {"True": True, "TRUE": True, "false": False, "False": False, "": True}


@pytest.mark.parametrize(("cell", "is_enabled"), ENABLED.items(), ids=lambda value: f"<{value}>")
def test_account_enabled_is_true_false_or_empty(read, cell, is_enabled):
    assert read(f"{SHORT}\n1,a,{cell}\n").objects[0].is_enabled is is_enabled


@pytest.mark.parametrize("last", ["id", "userPrincipalName", "accountEnabled"])
def test_a_required_last_cell_without_a_line_end_may_be_cut(refusal, last):
    columns = sorted(SHORT.split(","), key=lambda column: column == last)

    message = refusal(to_csv(columns, to_row(columns)).rstrip())

    assert message.startswith(f"people.csv:2: the file ends inside this row, so its {last} may")


@given(cells=st.lists(TEXT, min_size=6, max_size=6))
def test_any_text_survives_a_round_trip(folder, cells):
    columns = [*SHORT.split(","), *"abcdef"]
    row = ["1", "ana@example.com", "True", *cells]

    person = read_in(folder, to_csv(columns, row).encode()).objects[0]

    expected = dict(zip("abcdef", (cell.strip() for cell in cells), strict=True))
    found = {name: person.attributes.get(name, "") for name in "abcdef"}
    assert found == expected


@given(data=st.data())
def test_a_cut_file_is_refused_or_holds_the_first_people_unharmed(folder, data):
    columns = data.draw(st.permutations([*SHORT.split(","), "city", "state"]))
    cities = data.draw(st.lists(st.text('a, é"\n', max_size=6), min_size=1, max_size=4))
    rows = [
        to_row(columns, id=n, userPrincipalName=f"p{n}", accountEnabled="False", city=city)
        for n, city in enumerate(cities, start=100)
    ]
    content = to_csv(columns, *rows, lineterminator=data.draw(st.sampled_from(["\n", "\r\n"])))
    whole = content.encode(data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))
    try:
        everybody = read_in(folder, whole).objects
        some = read_in(folder, whole[: data.draw(st.integers(0, len(whole)))]).objects
    except ConfigurationError:
        return

    assert [person.id for person in some] == [person.id for person in everybody][: len(some)]
    for cut, person in zip(some, everybody, strict=False):
        differing = {name for name, _ in person.attributes.items() ^ cut.attributes.items()}
        assert differing <= {columns[-1]} - set(SHORT.split(","))
        assert not differing or cut == some[-1]


@given(content=st.binary(max_size=200) | TEXT.map(lambda text: f"{SHORT}\n{text}".encode()))
def test_any_bytes_are_read_or_refused_in_one_line(folder, content):
    try:
        outcome = "complete" if read_in(folder, content).is_complete else ""
    except ConfigurationError as error:
        outcome = str(error)

    assert len(outcome.splitlines()) == 1


COUNTS = {"november.csv": 200, "december.csv": 200, "accident.csv": 60}


@pytest.mark.parametrize(("name", "count"), COUNTS.items(), ids=COUNTS)
def test_the_demonstration_files_are_read(name, count):
    result = CsvSource().read(CsvSettings(path=name), DEMO)

    assert len(result.objects) == count
