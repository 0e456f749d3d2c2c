"""People from the CSV export of a directory, recognised by its header.

The whole file is checked before anybody is returned, because a short or shifted read would look
like people who left. What no reader can see: a file cut exactly at the end of a line is a shorter
file in perfect order, and a cut inside the last cell of the last line shortens that one value.
Where the last column is a needed one such an end is refused, so a cut never changes who a person
is; it can only make people miss, and the engine's guard holds those until a person has looked.

Imports only the errors and the interface of sources.
"""

import codecs
import csv
import io
import re
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from threading import Lock
from typing import ClassVar, Final, NamedTuple

from jackfield.errors import ConfigurationError
from jackfield.sources.base import SourceObject, SourceRead, SourceSettings

LARGEST_CELL: Final = 1024 * 1024
"""Characters that one cell may hold; more is nearly always a quote that is never closed."""

_CELL_LIMIT_LOCK: Final = Lock()
_SHARED_VALUES: Final = 10_000
_DELIMITERS: Final = (",", ";", "\t")
_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

_ENTRA_LINE: Final = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,"
    "accountEnabled,usageLocation,streetAddress,state,country,officeLocation,city,postalCode,"
    "telephoneNumber,mobilePhone,alternateEmailAddress,ageGroup,consentProvidedForMinor,"
    "legalAgeGroupClassification,companyName,creationType,directorySynced,invitationState,"
    "identityIssuer,createdDateTime"
)
_OLDER_ENTRA_LINE: Final = (
    "userPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,"
    "accountEnabled,usageLocation,streetAddress,state,country,physicalDeliveryOfficeName,city,"
    "postalCode,telephoneNumber,mobile,authenticationPhoneNumber,"
    "authenticationAlternativePhoneNumber,authenticationEmail,alternateEmailAddress,ageGroup,"
    "consentProvidedForMinor,legalAgeGroupClassification"
)


@dataclass(frozen=True, slots=True)
class Header:
    """How the export of one directory is recognised and what Microsoft Graph calls its columns.

    `columns` are all that the directory is known to write. A file is recognised when it has
    `id_column` and every one of `required`, in any order; other columns keep their own names.
    """

    name: str
    columns: tuple[str, ...]
    id_column: str
    required: tuple[str, ...]
    renames: Mapping[str, str] = field(default_factory=dict)

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a file is not of this directory."""
        return (self.id_column, *self.required)

    def to_attribute(self, column: str) -> str:
        """Return the attribute that a column fills."""
        return "id" if column == self.id_column else self.renames.get(column, column)


HEADERS: Final = (
    Header(
        name='Entra "Download users"',
        columns=tuple(_ENTRA_LINE.split(",")),
        id_column="id",
        required=("userPrincipalName", "accountEnabled"),
    ),
    Header(
        name='Entra "Download users", older edition',
        columns=tuple(_OLDER_ENTRA_LINE.split(",")),
        id_column="objectId",
        required=("userPrincipalName", "accountEnabled"),
        renames={"physicalDeliveryOfficeName": "officeLocation", "mobile": "mobilePhone"},
    ),
)
"""The directories whose exports are recognised; the first that fits is taken."""


class CsvSettings(SourceSettings):
    """Which file to read. A byte order mark in the file wins over `encoding`."""

    path: str
    encoding: str = "utf-8-sig"


class CsvSource:
    """People from one CSV file."""

    settings: ClassVar[type[SourceSettings]] = CsvSettings

    def read(self, settings: SourceSettings, folder: Path) -> SourceRead:
        """Read everybody in the file; one with a header alone is a complete read of nobody.

        Surrounding whitespace is dropped, and text that looks like a formula stays text.

        Raises: ConfigurationError naming file, line and remedy; then nobody was read.
        """
        if not isinstance(settings, CsvSettings):
            raise TypeError(f"CsvSource needs CsvSettings, not {type(settings).__name__}")
        path = folder / settings.path
        file = _decode(path.name, read_snapshot(path), settings.encoding)
        with _raised_cell_limit():
            layout = _recognise(file)
            people = tuple(_read_people(file, layout))
        return SourceRead(objects=people, is_complete=True, attributes=frozenset(layout.attributes))


def read_snapshot(path: Path, read_bytes: Callable[[Path], bytes] = Path.read_bytes) -> bytes:
    """Return the file's bytes as they stood at one moment.

    Size, inode and modification time are compared before and after; a change is read again once.

    Raises: ConfigurationError when the file cannot be read or changed both times.
    """
    try:
        for _attempt in range(2):
            before = _stamp(path)
            content = read_bytes(path)
            if _stamp(path) == before and len(content) == before[0]:
                return content
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        remedy = "check the source's path and its permissions"
        raise ConfigurationError(f"{path}: cannot be read ({reason}); {remedy}") from error
    what = "changed twice while it was read"
    raise ConfigurationError(f"{path}: {what}; run again when the export is finished")


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{path}: is not a file; set the source's path to a CSV file")
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def _raised_cell_limit() -> Iterator[None]:
    # The csv module keeps one limit for the whole process: readers take turns and put it back.
    with _CELL_LIMIT_LOCK:
        before = csv.field_size_limit(LARGEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


class _Record(NamedTuple):
    line: int
    last_line: int
    cells: list[str]


class _File(NamedTuple):
    name: str
    body: bytes
    encoding: str
    ends_with_line_end: bool

    def refuse(self, line: int, what: str) -> ConfigurationError:
        return ConfigurationError(f"{self.name}:{line}: {what}")

    def records(self, delimiter: str) -> Iterator[_Record]:
        lines = io.TextIOWrapper(io.BytesIO(self.body), self.encoding, newline="")
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise self.refuse(line, _explain(error)) from None
            if cells is None:
                return
            if cells:
                yield _Record(line, reader.line_num, cells)


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "a quote opened in this row is never closed; close it, or export the file again"
    if "field limit" in text:
        return f"a cell is over {LARGEST_CELL} characters; shorten it, or close its quote"
    return f"the quotes of this row are broken ({text}); double every quote inside a quoted cell"


def _decode(name: str, content: bytes, encoding: str) -> _File:
    for mark, marked_encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            content, encoding = content[len(mark) :], marked_encoding
    if not content:
        raise ConfigurationError(f"{name}:1: the file is empty; export it again")
    text = _to_text(name, content, encoding)
    _refuse_control_characters(name, text)
    if text.startswith("#TYPE"):
        what = "the first line is PowerShell's #TYPE line, not a header"
        raise ConfigurationError(f"{name}:1: {what}; export with -NoTypeInformation")
    return _File(name, content, encoding, text.endswith(("\r", "\n")))


def _to_text(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        after = len(before) - max(before.rfind("\r"), before.rfind("\n")) - 1
        raise ConfigurationError(
            f"{name}:{_count_lines(before)}: byte 0x{error.object[error.start]:02X} after {after} "
            f"characters is not {encoding}; save the file as UTF-8, or set its encoding, "
            'often encoding = "windows-1252"'
        ) from None
    except (LookupError, UnicodeError):
        remedy = 'set encoding to "utf-8" or "windows-1252"'
        raise ConfigurationError(f"{name}: cannot be read as {encoding!r}; {remedy}") from None


def _count_lines(text: str) -> int:
    return len(_LINE_END.findall(text)) + 1


def _refuse_control_characters(name: str, text: str) -> None:
    if found := _CONTROL.search(text):
        place = f"{name}:{_count_lines(text[: found.start()])}"
        what = f"holds the control character U+{ord(found[0]):04X}"
        remedy = "save the file as UTF-8, or set its encoding" if found[0] == "\0" else "remove it"
        raise ConfigurationError(f"{place}: {what}; {remedy}")


class _Layout(NamedTuple):
    header: Header
    delimiter: str
    attributes: tuple[str, ...]


def _recognise(file: _File) -> _Layout:
    found: list[tuple[int, tuple[str, ...]]] = []
    failures: list[ConfigurationError] = []
    for delimiter in _DELIMITERS:
        try:
            line, columns = _read_columns(file, delimiter)
        except ConfigurationError as error:
            failures.append(error)
            continue
        for header in HEADERS:
            if set(header.needed) <= set(columns):
                _refuse_unclear_columns(file, line, columns, header)
                return _Layout(header, delimiter, tuple(map(header.to_attribute, columns)))
        found.append((line, columns))
    line, columns = max(
        found, key=lambda row: (_find_nearest_header(row[1])[0], len(row[1])), default=(1, ())
    )
    if failures and len(columns) < 2:
        raise failures[0]
    raise file.refuse(line, _explain_columns(columns))


def _read_columns(file: _File, delimiter: str) -> tuple[int, tuple[str, ...]]:
    for record in file.records(delimiter):
        return record.line, tuple(cell.strip() for cell in record.cells)
    raise file.refuse(1, "there are only empty lines; export the file again")


def _find_nearest_header(columns: Sequence[str]) -> tuple[int, Header]:
    counts = [(len(set(header.columns) & set(columns)), header) for header in HEADERS]
    return max(counts, key=lambda row: row[0])


def _refuse_unclear_columns(file: _File, line: int, columns: Sequence[str], header: Header) -> None:
    first_of: dict[str, str] = {}
    for number, column in enumerate(columns, start=1):
        if not column:
            raise file.refuse(line, f"column {number} has no name; name it or remove it")
        if not column.isprintable():
            what = f"the name of column {number} holds a line break or an invisible character"
            raise file.refuse(line, f"{what}; remove it, or close a quote")
        attribute = header.to_attribute(column).lower()
        if attribute in first_of:
            pair = f"{first_of[attribute]!r} and {column!r}"
            raise file.refuse(line, f"columns {pair} mean the same; remove one of them")
        first_of[attribute] = column


def _explain_columns(columns: Sequence[str]) -> str:
    known_count, header = _find_nearest_header(columns)
    if 2 * known_count < len(columns):
        return _explain_unknown_header(columns)
    unknown = {column.lower(): column for column in columns if column not in header.columns}
    missing = next(column for column in header.needed if column not in columns)
    near = get_close_matches(missing.lower(), unknown, n=1)
    nearest = f" (nearest found: {_show(unknown[near[0]])})" if near else ""
    return f"column {missing!r} of {header.name} is missing{nearest}; export it too, or rename it"


def _explain_unknown_header(columns: Sequence[str]) -> str:
    remedy = f"use the export of {HEADERS[0].name}"
    # A lone cell is perhaps no table at all but a file of secrets: it is not repeated.
    if len(columns) == 1:
        return f"no known directory writes this header of a single column; {remedy}"
    known = {column.lower(): column for header in HEADERS for column in header.columns}
    near = {column: get_close_matches(column.lower(), known, n=1) for column in columns}
    pairs = [
        f"{_show(column)} is near {known[match[0]]!r}" for column, match in near.items() if match
    ]
    found = ", ".join(map(_show, columns[:5])) + (", …" if len(columns) > 5 else "")
    nearest = f" ({', '.join(pairs[:5])})" if pairs else ""
    return f"no known directory writes this header; found {found}{nearest}; {remedy}"


def _show(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")


def _read_people(file: _File, layout: _Layout) -> Iterator[SourceObject]:
    ids, names = _Seen("id", file), _Seen("userPrincipalName", file)
    records = file.records(layout.delimiter)
    next(records)
    record = None
    shared: dict[str, str] = {}  # departments, countries and the like are kept in memory once
    for record in records:
        _refuse_misshapen(file, layout, record)
        values = [cell.strip() for cell in record.cells]
        pairs = zip(layout.attributes, map(shared.get, values, values), strict=True)
        attributes = {attribute: value for attribute, value in pairs if value}
        if len(shared) < _SHARED_VALUES:
            shared.update((value, value) for value in attributes.values())
        if "id" not in attributes:
            raise file.refuse(record.line, "the id is empty; every person needs the directory's id")
        ids.add(attributes["id"], record.line)
        if name := attributes.get("userPrincipalName"):
            names.add(name, record.line)
        _refuse_unclear_account(file, record.line, attributes)
        yield SourceObject(attributes["id"], attributes, f"{file.name}:{record.line}")
    if record is not None:
        _refuse_cut_end(file, layout, record.line)


class _Seen:
    """The values of a column that must be unique, ignoring case, each with its line."""

    def __init__(self, column: str, file: _File) -> None:
        self._column = column
        self._file = file
        self._lines: dict[str, int] = {}

    def add(self, value: str, line: int) -> None:
        if not value.isprintable():
            what = f"{self._column} {value!r} holds an invisible character; remove it"
            raise self._file.refuse(line, what)
        if (first := self._lines.setdefault(value.lower(), line)) != line:
            what = f"{self._column} {_show(value)} is already on line {first}, ignoring case"
            raise self._file.refuse(line, f"{what}; remove the row that is wrong")


def _refuse_misshapen(file: _File, layout: _Layout, record: _Record) -> None:
    lines = record.last_line - record.line
    width = len(layout.attributes)
    if len(record.cells) != width:
        spans = f" over {lines + 1} lines" if lines else ""
        what = f"{len(record.cells)} cells{spans} where the header has {width}"
        raise file.refuse(record.line, f"{what}; look for a missing quote or a cut line")
    # A stray quote that swallows line ends until another stray one can leave the right number of
    # cells. Then at least one whole row's worth of delimiters is inside the cells.
    if lines and sum(cell.count(layout.delimiter) for cell in record.cells) >= width - 1:
        what = f"a quoted cell seems to swallow the rows up to line {record.last_line}"
        raise file.refuse(record.line, f"{what}; close the quote or take out the line break")


def _refuse_unclear_account(file: _File, line: int, attributes: Mapping[str, str]) -> None:
    enabled = attributes.get("accountEnabled", "true")
    if enabled.lower() not in {"true", "false"}:
        raise file.refuse(line, f"accountEnabled is {_show(enabled)}; write True or False")


def _refuse_cut_end(file: _File, layout: _Layout, line: int) -> None:
    last = layout.attributes[-1]
    needed = map(layout.header.to_attribute, layout.header.needed)
    if last in needed and not file.ends_with_line_end:
        what = f"the file ends inside this row, so its {last} may be cut"
        raise file.refuse(line, f"{what}; export it again, or end the row with a line break")
