"""Says which directory wrote a file, or by which columns a person told us to read it.

Imports only the errors and the other modules of sources.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final, NamedTuple

from jackfield.errors import ConfigurationError
from jackfield.sources.csv_file import CsvFile
from jackfield.sources.headers import HEADERS, Header

DELIMITERS: Final = (",", ";", "\t")


class Layout(NamedTuple):
    """What each column of a file tells; `attributes` has an empty name for one not to be read."""

    header: Header
    delimiter: str
    line: int
    columns: tuple[str, ...]
    attributes: tuple[str, ...]

    def attribute_of(self, file: CsvFile, column: str, setting: str) -> str:
        """Return the attribute that a column named in a setting tells.

        Raises: ConfigurationError with the nearest column where there is none, or it is not read.
        """
        if column not in self.columns:
            hint = nearest_to(column, self.columns)
            raise file.refuse(self.line, f"column {show(column)} of {setting} is missing{hint}")
        found = self.attributes[self.columns.index(column)]
        if not found:
            raise file.refuse(self.line, f"column {show(column)} of {setting} is never read")
        return found


def recognise(file: CsvFile, delimiter: str = "", header: Header | None = None) -> Layout:
    """Return the layout of the first header that fits; `header` alone may, where it is given.

    Raises: ConfigurationError naming the missing column, or the nearest known ones.
    """
    found: list[tuple[int, tuple[str, ...]]] = []
    failures: list[ConfigurationError] = []
    for each in [delimiter] if delimiter else DELIMITERS:
        try:
            line, columns = file.columns(each)
        except ConfigurationError as error:
            failures.append(error)
            continue
        for candidate in [header] if header else HEADERS:
            if not candidate.lacks(columns):
                return _layout(file, line, columns, candidate, each)
        found.append((line, columns))
    headers = (header,) if header else HEADERS
    line, columns = max(
        found, key=lambda row: (_nearest_header(row[1], headers)[0], len(row[1])), default=(1, ())
    )
    if failures and len(columns) < 2:
        raise failures[0]
    explain = _explain_given if header else _explain_columns
    raise file.refuse(line, explain(columns, headers))


def given_header(
    columns: Mapping[str, str], others: Sequence[str] = (), anchor: str = ""
) -> Header:
    """Return the header that a person described: attribute to column, and no other is read.

    `others` keep their names. Where no column is that of the id, `anchor` stands in for it.
    """
    own = {column: (column,) for column in others if column not in columns.values()}
    told = {attribute: (column,) for attribute, column in columns.items() if attribute != "id"}
    id_column = columns.get("id", anchor)
    required = tuple(column for (column,) in {**own, **told}.values() if column != id_column)
    named = (id_column, *required)
    stand_in = next((name for name, (column,) in told.items() if column == id_column), "")
    return Header(
        "the setting columns",
        named,
        id_column,
        required,
        {**own, **told},
        anchor=stand_in,
        reads_others=False,
    )


def _layout(
    file: CsvFile, line: int, columns: tuple[str, ...], header: Header, delimiter: str
) -> Layout:
    repeated = header.repeated(columns)
    attributes = tuple("" if c in repeated else header.to_attribute(c) for c in columns)
    _refuse_unclear_columns(file, line, columns, attributes)
    if not header.reads_others:
        named = dict(zip(columns, attributes, strict=True))
        for column in header.needed:
            if not named[column]:
                what = f"column {show(column)} of {header.name} is never read, for its name is"
                raise file.refuse(line, f"{what} that of a password; rename it")
    return Layout(header, delimiter, line, columns, attributes)


def _refuse_unclear_columns(
    file: CsvFile, line: int, columns: Sequence[str], attributes: Sequence[str]
) -> None:
    first_of: dict[str, str] = {}
    for number, (column, attribute) in enumerate(zip(columns, attributes, strict=True), start=1):
        if not column:
            raise file.refuse(line, f"column {number} has no name; name it or remove it")
        if not column.isprintable():
            what = f"the name of column {number} holds a line break or an invisible character"
            raise file.refuse(line, f"{what}; remove it, or close a quote")
        if attribute and attribute.lower() in first_of:
            pair = f"{first_of[attribute.lower()]!r} and {column!r}"
            raise file.refuse(line, f"columns {pair} mean the same; remove one of them")
        first_of[attribute.lower()] = column


def _nearest_header(columns: tuple[str, ...], headers: Sequence[Header]) -> tuple[int, Header]:
    counts = [(header.known_count(columns), header) for header in headers]
    return max(counts, key=lambda row: row[0])


def _explain_given(columns: tuple[str, ...], headers: Sequence[Header]) -> str:
    missing = headers[0].lacks(columns)[0]
    return f"column {show(missing)} of {headers[0].name} is missing{nearest_to(missing, columns)}"


def _explain_columns(columns: tuple[str, ...], headers: Sequence[Header]) -> str:
    known_count, header = _nearest_header(columns, headers)
    if 2 * known_count < len(columns):
        return _explain_unknown_header(columns)
    missing = header.lacks(columns)[0]
    known = set(map(header.spelling, header.columns))
    unknown = [column for column in columns if header.spelling(column) not in known]
    nearest = nearest_to(missing, unknown)
    return f"column {missing!r} of {header.name} is missing{nearest}; export it too, or rename it"


def _explain_unknown_header(columns: Sequence[str]) -> str:
    remedy = f"use the export of {HEADERS[0].name}, or say in columns what each is"
    # A lone cell is perhaps no table at all but a file of secrets: it is not repeated.
    if len(columns) == 1:
        return f"no known directory writes this header of a single column; {remedy}"
    known: dict[str, str] = {}
    for header in HEADERS:
        for column in header.columns:
            known.setdefault(column.lower(), column)
    near = {column: get_close_matches(column.lower(), known, n=1) for column in columns}
    pairs = [
        f"{show(column)} is near {known[match[0]]!r}" for column, match in near.items() if match
    ]
    found = ", ".join(map(show, columns[:5])) + (", …" if len(columns) > 5 else "")
    nearest = f" ({', '.join(pairs[:5])})" if pairs else ""
    return f"no known directory writes this header; found {found}{nearest}; {remedy}"


def nearest_to(name: str, columns: Sequence[str]) -> str:
    """Return a hint at the column that may be meant, in brackets; empty where none is near."""
    lowered = {column.lower(): column for column in columns}
    near = get_close_matches(name.lower(), lowered, n=1)
    return f" (nearest found: {show(lowered[near[0]])})" if near else ""


def show(text: str) -> str:
    """Return a text of the file as an error may repeat it."""
    return repr(text if len(text) <= 40 else text[:40] + "…")
