"""One CSV file: read at one moment, decoded, and taken apart into rows with their lines.

Imports only the errors.
"""

import codecs
import csv
import gc
import io
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

from jackfield.errors import ConfigurationError

LARGEST_CELL: Final = 1024 * 1024
"""Characters that one cell may hold; more is nearly always a quote that is never closed."""

LARGEST_FILE: Final = 512 * 1024 * 1024
"""Bytes of a file, some two million people; it is held in memory while it is read."""
LONGEST_LINE: Final = 16 * 1024 * 1024
"""Bytes of a line. A longer one is no row, and would be held several times over."""

_ROWS_AT_ONCE: Final = 500
_PROCESS_LOCK: Final = Lock()
_BYTE_ORDER_MARKS: Final = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
_LINE_END: Final = re.compile(r"\r\n|\r|\n")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_ASCII_CONTROLS: Final = bytes([*range(9), 11, 12, *range(14, 32), 127])
_ARCHIVE: Final = b"PK\x03\x04"
_TYPE_LINE: Final = "#TYPE"


def read_snapshot(path: Path, read_bytes: Callable[[Path], bytes] = Path.read_bytes) -> bytes:
    """Return the file's bytes as they stood at one moment.

    Size, inode and modification time are compared before and after; a change is read again once.

    Raises: ConfigurationError when the file cannot be read, is over LARGEST_FILE, or changed both
    times.
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
    if status.st_size > LARGEST_FILE:
        what = f"has {status.st_size} bytes, over {LARGEST_FILE}"
        raise ConfigurationError(f"{path}: {what}; export only the people and columns you need")
    return status.st_size, status.st_mtime_ns, status.st_ino


@contextmanager
def reading() -> Iterator[None]:
    """Let cells hold LARGEST_CELL characters meanwhile, and let no garbage be looked for.

    Rows make no cycles, and looking through those read so far takes a third of the time.
    """
    # Both are one for the whole process: readers take turns and put them back.
    with _PROCESS_LOCK:
        limit = csv.field_size_limit(LARGEST_CELL)
        was_collecting = gc.isenabled()
        gc.disable()
        try:
            yield
        finally:
            csv.field_size_limit(limit)
            if was_collecting:
                gc.enable()


class CsvFile(NamedTuple):
    """A decoded file. PowerShell's `#TYPE` line before the header is left out of the rows."""

    name: str
    body: bytes
    encoding: str
    has_type_line: bool
    ends_with_line_end: bool

    @classmethod
    def open(cls, path: Path, encoding: str) -> "CsvFile":
        """Return the file at this path, checked to be text.

        Raises: ConfigurationError naming file, line and remedy.
        """
        content = read_snapshot(path)
        _check_lines(path.name, content)
        return _decode(path.name, content, encoding)

    def refuse(self, line: int, what: str) -> ConfigurationError:
        """Return the error that says what is wrong with a line."""
        return ConfigurationError(f"{self.name}:{line}: {what}")

    def rows(self, delimiter: str) -> Iterator[tuple[int, int, list[str]]]:
        """Yield first line, last line and cells of each row that is not empty.

        Raises: ConfigurationError for broken quotes.
        """
        lines = io.TextIOWrapper(io.BytesIO(self.body), self.encoding, newline="")
        skipped = 1 if self.has_type_line else 0
        if skipped:
            lines.readline()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        last = skipped
        try:
            for cells in reader:
                line, last = last + 1, reader.line_num + skipped
                if cells:
                    yield line, last, cells
        except csv.Error as error:
            raise self.refuse(last + 1, _explain(error)) from None

    def plain_rows(self, delimiter: str, width: int) -> Iterator[list[list[str]]]:
        """Yield the cells of the rows below the header, many at once and much faster than `rows`.

        Raises: ValueError where a row is not one line of so many cells; `rows` tells which.
        """
        lines = io.TextIOWrapper(io.BytesIO(self.body), self.encoding, newline="")
        if self.has_type_line:
            lines.readline()
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            next(filter(None, reader))
            last = reader.line_num
            while some := list(islice(reader, _ROWS_AT_ONCE)):
                if reader.line_num - last != len(some) or set(map(len, some)) != {width}:
                    raise ValueError("rows are not lines of so many cells")
                last = reader.line_num
                yield some
        except csv.Error as error:
            raise ValueError(str(error)) from None

    def columns(self, delimiter: str) -> tuple[int, tuple[str, ...]]:
        """Return the line of the header and its columns.

        Raises: ConfigurationError where there is none.
        """
        for line, _, cells in self.rows(delimiter):
            return line, tuple(map(str.strip, cells))
        raise self.refuse(1, "there are only empty lines; export the file again")


def _check_lines(name: str, content: bytes) -> None:
    """Refuse a line over LONGEST_LINE by a few looks backwards, before anything is decoded."""
    start = 0
    while len(content) - start > LONGEST_LINE:
        end = start + LONGEST_LINE
        start = 1 + max(content.rfind(b"\n", start, end), content.rfind(b"\r", start, end))
        if not start:
            raise ConfigurationError(
                f"{name}: a line is over {LONGEST_LINE} bytes; each person needs a line, so export "
                "the file again"
            )


def _explain(error: csv.Error) -> str:
    text = str(error)
    if "unexpected end" in text:
        return "a quote opened in this row is never closed; close it, or export the file again"
    if "field limit" in text:
        return f"a cell is over {LARGEST_CELL} characters; shorten it, or close its quote"
    return f"the quotes of this row are broken ({text}); double every quote inside a quoted cell"


def _decode(name: str, content: bytes, encoding: str) -> CsvFile:
    is_marked = False
    for mark, marked_encoding in _BYTE_ORDER_MARKS.items():
        if content.startswith(mark):
            content, encoding, is_marked = content[len(mark) :], marked_encoding, True
    if not content:
        raise ConfigurationError(f"{name}:1: the file is empty; export it again")
    if content.startswith(_ARCHIVE):
        remedy = "save the sheet of the people as CSV UTF-8"
        raise ConfigurationError(f"{name}: this is an Excel workbook or an archive; {remedy}")
    text = _to_text(name, content, encoding)
    if not is_marked:
        _refuse_wrong_encoding(name, content, encoding)
    is_utf8 = codecs.lookup(encoding).name.startswith("utf-8")
    body = content if is_utf8 else text.encode("utf-8", "surrogatepass")
    _refuse_control_characters(name, text, body)
    has_type_line = text.startswith(_TYPE_LINE)
    return CsvFile(name, content, encoding, has_type_line, text.endswith(("\r", "\n")))


def _to_text(name: str, content: bytes, encoding: str) -> str:
    try:
        known = codecs.lookup(encoding).name
        if known in {"utf-16", "utf-32"}:
            remedy = f'set encoding to "{known}-le" or "{known}-be"'
            raise ConfigurationError(f"{name}: has no byte order mark; {remedy}")
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, "replace")
        is_utf8 = codecs.lookup(encoding).name.startswith("utf-8")
        after = len(before) - max(before.rfind("\r"), before.rfind("\n")) - 1
        often = ', often encoding = "windows-1252"' if is_utf8 else ""
        raise ConfigurationError(
            f"{name}:{_count_lines(before)}: byte 0x{error.object[error.start]:02X} after {after} "
            f"characters is not {'UTF-8' if is_utf8 else encoding}; save the file as UTF-8, or set "
            f"its encoding{often}"
        ) from None
    except (LookupError, ValueError):
        remedy = 'set encoding to "utf-8" or "windows-1252"'
        raise ConfigurationError(f"{name}: cannot be read as {encoding!r}; {remedy}") from None


def _refuse_wrong_encoding(name: str, content: bytes, encoding: str) -> None:
    """Refuse what any one-byte encoding takes and turns into nonsense: `Ã©` for `é`."""
    if codecs.lookup(encoding).name.startswith("utf") or content.isascii():
        return
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return
    first = next(index for index, character in enumerate(text) if not character.isascii())
    raise ConfigurationError(
        f"{name}:{_count_lines(text[:first])}: the file is UTF-8, and encoding says {encoding}; "
        'remove that setting, or write encoding = "utf-8"'
    )


def _count_lines(text: str) -> int:
    return len(_LINE_END.findall(text)) + 1


def _refuse_control_characters(name: str, text: str, body: bytes) -> None:
    # Deleting bytes and comparing lengths is five times as fast as the search, which only tells
    # the place. U+0080 to U+009F are C2 80 to C2 9F.
    has_ascii = len(body.translate(None, _ASCII_CONTROLS)) != len(body)
    if (has_ascii or b"\xc2" in body) and (found := _CONTROL.search(text)):
        place = f"{name}:{_count_lines(text[: found.start()])}"
        what = f"holds the control character U+{ord(found[0]):04X}"
        remedy = "save the file as UTF-8, or set its encoding" if found[0] == "\0" else "remove it"
        raise ConfigurationError(f"{place}: {what}; {remedy}")
