"""People from the CSV export of a directory, recognised by its header.

The whole file is checked before anybody is returned, because a short or shifted read would look
like people who left. One thing no reader can see: a file cut exactly at the end of a line is a
shorter file in perfect order. A cut anywhere else is refused, unless it falls into the last cell
of the last line; then that one value is shortened, and where the last column is a required one
the file is refused too. So a cut never changes who a person is; it can only make people miss, and
the engine's guard holds such leavers until a person has looked.

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

    `line` is the header as the directory writes it. A file is recognised when it has `id_column`
    and every one of `required`, in any order; unknown columns keep their own names.
    """

    name: str
    line: str
    id_column: str
    required: tuple[str, ...]
    renames: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column that the directory is known to write."""
        return tuple(self.line.split(","))

    def find_missing(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns without which a file is not of this directory."""
        needed = (self.id_column, *self.required)
        return tuple(column for column in needed if column not in columns)

    def to_attribute(self, column: str) -> str:
        """Return the attribute that a column fills."""
        return "id" if column == self.id_column else self.renames.get(column, column)


HEADERS: Final = (
    Header(
        name='Entra "Download users"',
        line=_ENTRA_LINE,
        id_column="id",
        required=("userPrincipalName", "accountEnabled"),
    ),
    Header(
        name='Entra "Download users", older edition',
        line=_OLDER_ENTRA_LINE,
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

        Surrounding whitespace is dropped, and text that looks like a formula stays text. For what
        a cut file can and cannot do, see the module's own text.

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
        raise ConfigurationError(
            f"{path}: cannot be read ({reason}); check the source's path and its permissions"
        ) from error
    raise ConfigurationError(
        f"{path}: changed twice while it was read; run again when the export is finished"
    )


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"{path}: is not a file; set the source's path to a CSV file")
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def _raised_cell_limit() -> Iterator[None]:
    # The csv module keeps one limit for the whole process: readers take turns and put it back.
    with _cell_limit_lock:
        before = csv.field_size_limit(LARGEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


_cell_limit_lock: Final = Lock()


class _Record(NamedTuple):
    line: int
    last_line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class _File:
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
        return (
            f"a cell is longer than {LARGEST_CELL} characters, often because a quote is never "
            "closed; shorten the cell or close the quote"
        )
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
        raise ConfigurationError(
            f"{name}:1: the first line is PowerShell's #TYPE line, not a header; "
            "export with -NoTypeInformation"
        )
    return _File(name, content, encoding, text.endswith(("\r", "\n")))


def _to_text(name: str, content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        start_of_line = max(before.rfind("\r"), before.rfind("\n")) + 1
        raise ConfigurationError(
            f"{name}:{_count_lines(before)}: byte 0x{error.object[error.start]:02X} after "
            f"{len(before) - start_of_line} characters is not {encoding}; "
            'save the file as UTF-8, or set encoding = "windows-1252" if that is what it is'
        ) from None
    except (LookupError, UnicodeError):
        raise ConfigurationError(
            f'{name}: cannot be read as {encoding!r}; set encoding to "utf-8" or "windows-1252"'
        ) from None


def _count_lines(text: str) -> int:
    return len(_LINE_END.findall(text)) + 1


def _refuse_control_characters(name: str, text: str) -> None:
    found = _CONTROL.search(text)
    if found is None:
        return
    line = _count_lines(text[: found.start()])
    remedy = "remove it" if found[0] != "\0" else 'save the file as UTF-8, or set its "encoding"'
    raise ConfigurationError(
        f"{name}:{line}: holds the control character U+{ord(found[0]):04X}; {remedy}"
    )


@dataclass(frozen=True, slots=True)
class _Layout:
    header: Header
    delimiter: str
    attributes: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.attributes)


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
            if not header.find_missing(columns):
                _refuse_unclear_columns(file, line, columns, header)
                return _Layout(header, delimiter, tuple(map(header.to_attribute, columns)))
        found.append((line, columns))
    line, columns = max(found, key=lambda row: (_count_known(row[1]), len(row[1])), default=(1, ()))
    if failures and len(columns) < 2:
        raise failures[0]
    raise file.refuse(line, _explain_columns(columns))


def _read_columns(file: _File, delimiter: str) -> tuple[int, tuple[str, ...]]:
    for record in file.records(delimiter):
        return record.line, tuple(cell.strip() for cell in record.cells)
    raise file.refuse(1, "there are only empty lines; export the file again")


def _count_known(columns: Sequence[str]) -> int:
    return max(len(set(header.columns) & set(columns)) for header in HEADERS)


def _refuse_unclear_columns(file: _File, line: int, columns: Sequence[str], header: Header) -> None:
    first_of: dict[str, str] = {}
    for number, column in enumerate(columns, start=1):
        if not column:
            raise file.refuse(line, f"column {number} has no name; name it or remove it")
        attribute = header.to_attribute(column).lower()
        if attribute in first_of:
            pair = f"{first_of[attribute]!r} and {column!r}"
            raise file.refuse(line, f"columns {pair} mean the same; remove one of them")
        first_of[attribute] = column


def _explain_columns(columns: Sequence[str]) -> str:
    header = max(HEADERS, key=lambda header: len(set(header.columns) & set(columns)))
    unknown = {column.lower(): column for column in columns if column not in header.columns}
    if 2 * len(unknown) > len(columns):
        return _explain_unknown_header(columns)
    missing = header.find_missing(columns)[0]
    near = get_close_matches(missing.lower(), unknown, n=1)
    nearest = f" (nearest found: {_show(unknown[near[0]])})" if near else ""
    return f"column {missing!r} of {header.name} is missing{nearest}; export it too, or rename it"


def _explain_unknown_header(columns: Sequence[str]) -> str:
    known = {column.lower(): column for header in HEADERS for column in header.columns}
    pairs = [(column, get_close_matches(column.lower(), known, n=1)) for column in columns]
    near = [f"{_show(column)} is near {known[match[0]]!r}" for column, match in pairs if match]
    # A lone cell is perhaps not a table at all but a file of secrets: it is not repeated.
    shown = ", ".join(map(_show, columns[:5])) if len(columns) > 1 else "a single column"
    return (
        f"no known directory writes this header; found {shown}"
        f"{', …' if len(columns) > 5 else ''}"
        f"{' where ' + ', '.join(near[:5]) if near and len(columns) > 1 else ''}; "
        f"use the export of {HEADERS[0].name}"
    )


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
        names.add(attributes.get("userPrincipalName", ""), record.line)
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
        if not value:
            return
        if not value.isprintable():
            what = f"{self._column} {value!r} holds an invisible character; remove it"
            raise self._file.refuse(line, what)
        first = self._lines.setdefault(value.lower(), line)
        if first != line:
            what = f"{self._column} {_show(value)} is already on line {first}, ignoring case"
            raise self._file.refuse(line, f"{what}; remove the row that is wrong")


def _refuse_misshapen(file: _File, layout: _Layout, record: _Record) -> None:
    lines = record.last_line - record.line
    if len(record.cells) != layout.width:
        spans = f", over {lines + 1} lines" if lines else ""
        what = f"{len(record.cells)} cells{spans} where the header has {layout.width}"
        raise file.refuse(record.line, f"{what}; look for a missing quote or a cut line")
    # A stray quote that swallows line ends until another stray one can leave the right number of
    # cells. Then at least one whole row's worth of delimiters is inside the cells.
    if lines and sum(cell.count(layout.delimiter) for cell in record.cells) >= layout.width - 1:
        what = f"a quoted cell seems to swallow the rows up to line {record.last_line}"
        raise file.refuse(record.line, f"{what}; close the quote or take out the line break")


def _refuse_unclear_account(file: _File, line: int, attributes: Mapping[str, str]) -> None:
    enabled = attributes.get("accountEnabled", "true")
    if enabled.lower() not in {"true", "false"}:
        what = f"accountEnabled is {_show(enabled)}; write True or False"
        raise file.refuse(line, what)


def _refuse_cut_end(file: _File, layout: _Layout, line: int) -> None:
    needed = (layout.header.id_column, *layout.header.required)
    last = layout.attributes[-1]
    if not file.ends_with_line_end and last in map(layout.header.to_attribute, needed):
        what = f"the file ends inside this row, so its {last} may be cut"
        raise file.refuse(line, f"{what}; export it again, or end the row with a line break")
