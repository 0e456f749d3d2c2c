"""The rows of one recognised CSV file, as often as they are asked for, one after another.

Each walk takes the file apart anew: what is kept of a person between two walks is next to nothing.
Imports only the errors and the other modules of sources.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from typing import Final

from jackfield.errors import ConfigurationError
from jackfield.sources.assignments import Assignment
from jackfield.sources.base import SourceObject
from jackfield.sources.csv_file import CsvFile
from jackfield.sources.headers import Conversion
from jackfield.sources.recognition import Layout

_SHARED_VALUES: Final = 10_000
_MOST_DIGITS: Final = 18


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What settings say beyond the layout; attributes, not columns, and empty where not said."""

    conversions: Mapping[str, Conversion]
    anchor: str
    needed: frozenset[str]
    minimum_rows: int
    trailer: str
    assignment_of: Callable[[Mapping[str, str]], Assignment] | None
    assignment_notes: Callable[[], tuple[str, ...]]


@dataclass(slots=True)
class Table:
    """The rows of one file. `anchor` is the attribute that takes the place of the id, if any does.

    Every walk raises ConfigurationError naming the line at fault and the remedy.
    """

    file: CsvFile
    layout: Layout
    rules: Rules
    anchor: str = ""
    left_out: int = 0
    """Rows that the last walk did not take for people."""

    @property
    def is_plain(self) -> bool:
        """Whether cells are values as they stand, and each row is a person."""
        header, rules = self.layout.header, self.rules
        changes = (rules.conversions, header.completed, rules.assignment_of, header.is_person)
        anchors = rules.anchor or header.anchor
        return not any(changes) and not anchors and header.clean is str.strip

    def cells(self) -> Iterator[tuple[int, Sequence[str]]]:
        """Yield the line and those cells that are read of every row."""
        select, width = _selection(self.layout.attributes), len(self.layout.attributes)
        trailer = self.rules.trailer
        rows = self.file.rows(self.layout.delimiter)
        next(rows)
        line = 0
        for count, (line, last, cells) in enumerate(rows):
            if trailer and cells[0].strip().startswith(trailer):
                _check_trailer(self.file, line, cells, count)
                if next(rows, None) is not None:
                    what = "rows follow the trailer; export the file again"
                    raise self.file.refuse(line, what)
                return
            if len(cells) != width or last != line:
                _refuse_misshapen(self.file, self.layout, (line, last), cells)
            yield line, select(cells) if select else cells
        _refuse_cut_end(self.file, self.layout, self.rules, line)

    def plain_cells(self) -> Iterator[list[Sequence[str]]]:
        """Yield what `cells` does, many rows at once and without their lines.

        Raises: ValueError for a file that is not one plain row a line; walk through `cells` then.
        """
        if self.rules.trailer or not self.file.ends_with_line_end:
            raise ValueError("the end is to be looked at")
        attributes = self.layout.attributes
        select = _selection(attributes)
        for some in self.file.plain_rows(self.layout.delimiter, len(attributes)):
            yield list(map(select, some)) if select else list(some)

    def rows(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line and attributes of each row, people or not, cells cleaned and none empty."""
        shared = _Shared(self.layout.header.clean)
        cleaned = shared.__getitem__
        names = tuple(filter(None, self.layout.attributes))
        for line, chosen in self.cells():
            # Empty cells, often half of all, are dropped before anything is done with them.
            filled = map(cleaned, filter(None, chosen))
            attributes = dict(zip(compress(names, chosen), filled, strict=True))
            if shared.has_blank:
                attributes = {name: value for name, value in attributes.items() if value}
            yield line, attributes

    def people(self) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield line and attributes of each person, in the directory's own terms."""
        header = self.layout.header
        is_person, complete = header.is_person, header.complete
        known = self.layout.attributes
        conversions = {n: c for n, c in self.rules.conversions.items() if n in known}
        is_changed = bool(conversions or header.completed)
        self.left_out = 0
        for line, attributes in self.rows():
            if is_person is not None and not is_person(attributes):
                self.left_out += 1
                continue
            for name, convert in conversions.items():
                if value := self._converted(line, attributes, name, convert):
                    attributes[name] = value
            if is_changed:
                complete(attributes)
            if self.anchor and self.anchor != "id":
                attributes["id"] = attributes.get(self.anchor, "")
            yield line, attributes

    def objects(self) -> Iterator[SourceObject]:
        """Yield each person; one without an id has an empty one."""
        name = self.file.name
        if self.rules.assignment_of is None:
            for line, attributes in self.people():
                yield SourceObject(attributes.get("id", ""), attributes, f"{name}:{line}")
            return
        for line, attributes in self.people():
            try:
                roles, is_assigned = self.rules.assignment_of(attributes)
            except ValueError as error:
                raise self.file.refuse(line, f"the assignment {error}") from None
            id_, place = attributes.get("id", ""), f"{name}:{line}"
            yield SourceObject(id_, attributes, place, roles, is_assigned)

    def _converted(
        self, line: int, attributes: Mapping[str, str], name: str, convert: Conversion
    ) -> str:
        try:
            return convert(attributes.get(name, ""))
        except ValueError as error:
            raise self.file.refuse(line, f"{name} {error}") from None


class _Shared(dict[str, str]):
    """Cleaned cells; those of departments, countries and the like are kept in memory once."""

    def __init__(self, clean: Conversion) -> None:
        super().__init__()
        self._clean = clean
        self.has_blank = False

    def __missing__(self, cell: str) -> str:
        value = self._clean(cell)
        self.has_blank = self.has_blank or not value
        if len(self) < _SHARED_VALUES:
            self[cell] = value
        return value


def _selection(attributes: Sequence[str]) -> Callable[[list[str]], Sequence[str]] | None:
    """Return what takes the cells to be read; None where all are."""
    read = [index for index, attribute in enumerate(attributes) if attribute]
    if len(read) == len(attributes):
        return None
    if len(read) == 1:
        return lambda cells: (cells[read[0]],)
    chosen: Callable[[list[str]], Sequence[str]] = itemgetter(*read)
    return chosen


def _check_trailer(file: CsvFile, line: int, cells: list[str], count: int) -> None:
    told = [each.lstrip("0") or "0" for each in re.findall("[0-9]+", " ".join(cells))]
    if told != [str(count)]:
        is_one = len(told) == 1 and len(told[0]) <= _MOST_DIGITS
        found = f"tells {told[0]}" if is_one else "does not tell one number"
        what = f"the trailer {found}, and {count} people stand above it"
        raise file.refuse(line, f"{what}; export the file again")


def _refuse_misshapen(
    file: CsvFile, layout: Layout, lines: tuple[int, int], cells: list[str]
) -> None:
    line, more, width = lines[0], lines[1] - lines[0], len(layout.attributes)
    if len(cells) != width:
        spans = f" over {more + 1} lines" if more else ""
        what = f"{len(cells)} cells{spans} where the header has {width}"
        raise file.refuse(line, f"{what}; look for a missing quote or a cut line")
    # A stray quote that swallows line ends until another stray one can leave the right number of
    # cells. Then at least one whole row's worth of delimiters is inside the cells.
    if more and sum(cell.count(layout.delimiter) for cell in cells) >= width - 1:
        what = f"a quoted cell seems to swallow the rows up to line {lines[1]}"
        raise file.refuse(line, f"{what}; close the quote or take out the line break")


def _refuse_cut_end(file: CsvFile, layout: Layout, rules: Rules, line: int) -> None:
    if rules.trailer:
        what = f"no row begins with the trailer {rules.trailer!r}, so the file may be cut"
        raise ConfigurationError(f"{file.name}: {what}; export it again")
    last, column = layout.attributes[-1], layout.columns[-1]
    spelling = layout.header.spelling
    is_needed = spelling(column) in map(spelling, layout.header.needed)
    if (is_needed or last in rules.needed) and line and not file.ends_with_line_end:
        what = f"the file ends inside this row, so its {last} may be cut"
        raise file.refuse(line, f"{what}; export it again, or end the row with a line break")
