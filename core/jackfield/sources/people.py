"""Takes the rows of a recognised CSV file for people, and checks that they are.

Imports only the errors and the other modules of sources.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import itemgetter
from typing import Final

from jackfield.errors import ConfigurationError
from jackfield.sources.assignments import Assignment
from jackfield.sources.base import SourceObject, SourceRead
from jackfield.sources.csv_file import CsvFile
from jackfield.sources.headers import Conversion
from jackfield.sources.recognition import Layout, show

_SHARED_VALUES: Final = 10_000
_TRUTHS: Final = frozenset({"true", "false"})

Person = tuple[int, dict[str, str]]
"""A line, and the attributes that stand on it."""


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


def read_people(file: CsvFile, layout: Layout, rules: Rules) -> SourceRead:
    """Return everybody in the file.

    Raises: ConfigurationError naming the line at fault and the remedy.
    """
    rows = _rows(file, layout, rules)
    people = rows
    notes = []
    if (is_person := layout.header.is_person) is not None:
        people = [row for row in rows if is_person(row[1])]
    if len(people) < len(rows):
        left_out = len(rows) - len(people)
        notes.append(f"{file.name}: {left_out} rows are no users and were left out")
    if rules.conversions or layout.header.completed:
        _convert(file, layout, rules, people)
    notes.extend(_identify(file, layout, rules, people))
    _check(file, layout, people)
    if len(people) < rules.minimum_rows:
        what = f"{len(people)} people where minimum_rows is {rules.minimum_rows}"
        raise ConfigurationError(f"{file.name}: {what}; export it again, or lower the setting")
    objects = _objects(file, rules, people)
    attributes = {"id", *layout.attributes, *layout.header.completed} - {""}
    notes.extend(rules.assignment_notes())
    return SourceRead(
        objects, is_complete=True, attributes=frozenset(attributes), notes=tuple(notes)
    )


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


def _rows(file: CsvFile, layout: Layout, rules: Rules) -> list[Person]:
    shared = _Shared(layout.header.clean)
    cleaned = shared.__getitem__
    names = tuple(filter(None, layout.attributes))
    select, width = _selection(layout.attributes), len(layout.attributes)
    people: list[Person] = []
    rows = file.rows(layout.delimiter)
    next(rows)
    for line, last, cells in rows:
        if rules.trailer and cells[0].strip().startswith(rules.trailer):
            _check_trailer(file, line, cells, len(people))
            if next(rows, None) is not None:
                raise file.refuse(line, "rows follow the trailer; export the file again")
            break
        if len(cells) != width or last != line:
            _refuse_misshapen(file, layout, (line, last), cells)
        chosen = select(cells) if select else cells
        # Empty cells, often half of all, are dropped before anything is done with them.
        filled = map(cleaned, filter(None, chosen))
        people.append((line, dict(zip(compress(names, chosen), filled, strict=True))))
    else:
        _refuse_cut_end(file, layout, rules, people[-1][0] if people else 0)
    if shared.has_blank:
        return [(line, {n: v for n, v in found.items() if v}) for line, found in people]
    return people


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
    told = re.findall(r"\d+", " ".join(cells))
    if [int(each) for each in told] != [count]:
        found = f"tells {told[0]}" if len(told) == 1 else "does not tell one number"
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


def _convert(file: CsvFile, layout: Layout, rules: Rules, people: Sequence[Person]) -> None:
    conversions = {n: c for n, c in rules.conversions.items() if n in layout.attributes}
    for line, attributes in people:
        for name, convert in conversions.items():
            value = _converted(file, (line, attributes), name, convert)
            if value:
                attributes[name] = value
        layout.header.complete(attributes)


def _converted(file: CsvFile, person: Person, name: str, convert: Conversion) -> str:
    line, attributes = person
    try:
        return convert(attributes.get(name, ""))
    except ValueError as error:
        raise file.refuse(line, f"{name} {error}") from None


def _identify(file: CsvFile, layout: Layout, rules: Rules, people: Sequence[Person]) -> list[str]:
    """Give everybody an id where the header has none; return what to say of it."""
    anchor = rules.anchor
    notes = []
    if not anchor and layout.header.anchor:
        anchor = layout.header.anchor
        empty = sum(anchor not in attributes for _, attributes in people)
        if empty or anchor not in layout.attributes:
            anchor = "userPrincipalName"
            notes.append(
                f"{file.name}: people are told apart by e-mail, for {empty} of {len(people)} have "
                f"no {layout.header.anchor}: one who is renamed will look like another person"
            )
    if anchor and anchor != "id":
        for _, attributes in people:
            attributes["id"] = attributes.get(anchor, "")
    return notes


def _check(file: CsvFile, layout: Layout, people: Sequence[Person]) -> None:
    """Refuse ids and names that are missing, unclear or twice, and unclear account states.

    All are looked at together first, which is many times as fast as one by one; the walk through
    the rows, which tells the line, is for files with a fault.
    """
    ids = [attributes.get("id", "") for _, attributes in people]
    names = [attributes.get("userPrincipalName", "") for _, attributes in people]
    states = {attributes.get("accountEnabled", "true").lower() for _, attributes in people}
    if all(ids) and _are_clear(ids) and _are_clear(list(filter(None, names))) and states <= _TRUTHS:
        return
    seen_ids, seen_names = _Seen("id", file), _Seen("userPrincipalName", file)
    for line, attributes in people:
        if not attributes.get("id"):
            raise file.refuse(line, "the id is empty; every person needs the directory's id")
        seen_ids.add(attributes["id"], line)
        if name := attributes.get("userPrincipalName"):
            seen_names.add(name, line)
        enabled = attributes.get("accountEnabled", "true")
        if enabled.lower() not in _TRUTHS:
            raise file.refuse(line, f"accountEnabled is {show(enabled)}; write True or False")
    raise AssertionError(layout.header.name)


def _are_clear(values: Sequence[str]) -> bool:
    return "".join(values).isprintable() and len(set(map(str.lower, values))) == len(values)


class _Seen:
    """The values of a column that must be unique, ignoring case, each with its line."""

    def __init__(self, column: str, file: CsvFile) -> None:
        self._column = column
        self._file = file
        self._lines: dict[str, int] = {}

    def add(self, value: str, line: int) -> None:
        if not value.isprintable():
            what = f"{self._column} {value!r} holds an invisible character; remove it"
            raise self._file.refuse(line, what)
        if (first := self._lines.setdefault(value.lower(), line)) != line:
            what = f"{self._column} {show(value)} is already on line {first}, ignoring case"
            raise self._file.refuse(line, f"{what}; remove the row that is wrong")


def _objects(file: CsvFile, rules: Rules, people: Sequence[Person]) -> tuple[SourceObject, ...]:
    name, assignment_of = file.name, rules.assignment_of
    if assignment_of is None:
        return tuple([SourceObject(each["id"], each, f"{name}:{line}") for line, each in people])
    objects = []
    for line, attributes in people:
        try:
            roles, is_assigned = assignment_of(attributes)
        except ValueError as error:
            raise file.refuse(line, f"the assignment {error}") from None
        place = f"{name}:{line}"
        objects.append(SourceObject(attributes["id"], attributes, place, roles, is_assigned))
    return tuple(objects)
