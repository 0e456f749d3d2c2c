"""Takes the rows of a recognised CSV file for people, and checks that they are.

Imports only the errors and the other modules of sources.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import chain, islice
from typing import Final, overload

from jackfield.errors import ConfigurationError
from jackfield.sources.base import SourceObject, SourceRead
from jackfield.sources.csv_file import CsvFile, reading
from jackfield.sources.csv_table import Rules, Table
from jackfield.sources.recognition import Layout, show

_TRUTHS: Final = frozenset({"true", "false"})
_DIGEST_BYTES: Final = 16
_AT_ONCE: Final = 1000
# No cell holds it: control characters are refused before.
_BETWEEN: Final = "\x1f"


class People(Sequence[SourceObject]):
    """Everybody in one checked file, made anew at each walk through them.

    Between the walks only the file, the ids and a fingerprint of each row are kept. `settings`
    stands for all that decides what a row means: a fingerprint tells nothing without it.
    """

    def __init__(self, table: Table, ids: Sequence[str], digests: bytes, settings: str) -> None:
        self.ids = ids
        self.settings = settings
        self._table = table
        self._digests = digests

    def fingerprint(self, index: int) -> str:
        """Return 32 characters that change whenever the person's row does."""
        return self._digests[index * _DIGEST_BYTES : (index + 1) * _DIGEST_BYTES].hex()

    def fingerprints(self) -> list[str]:
        """Return the fingerprints of all, in order."""
        text, size = self._digests.hex(), 2 * _DIGEST_BYTES
        return [text[at : at + size] for at in range(0, len(text), size)]

    def pick(self, indexes: Collection[int]) -> Iterator[SourceObject]:
        """Yield those with these numbers, in order, in one walk and no more of them at once."""
        if not indexes:
            return
        last = max(indexes)
        for index, person in enumerate(self):
            if index in indexes:
                yield person
            if index == last:
                return

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[SourceObject]:
        people = self._table.objects()
        while True:
            # The lock of the process is not held while somebody looks at these.
            with reading():
                some = list(islice(people, _AT_ONCE))
            if not some:
                return
            yield from some

    @overload
    def __getitem__(self, index: int) -> SourceObject: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[SourceObject, ...]: ...
    def __getitem__(self, index: int | slice) -> SourceObject | tuple[SourceObject, ...]:
        """Return one person or some, by a walk through the file; better walk once yourself."""
        numbers = range(len(self))[index]
        if isinstance(numbers, int):
            return next(self.pick({numbers}))
        found = dict(zip(sorted(numbers), self.pick(numbers), strict=True))
        return tuple(found[number] for number in numbers)


@dataclass(slots=True)
class _Columns:
    """What the check of a file needs, column by column."""

    ids: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    anchors: list[str] = field(default_factory=list)
    states: set[str] = field(default_factory=set)
    digests: bytearray = field(default_factory=bytearray)


def read_people(file: CsvFile, layout: Layout, rules: Rules, settings: str = "") -> SourceRead:
    """Return everybody in the file, once all of it is checked.

    `settings` stands for the settings in the fingerprints of rows.

    Raises: ConfigurationError naming the line at fault and the remedy.
    """
    table = Table(file, layout, rules)
    columns = _plain_columns(table) if table.is_plain else _columns(table)
    notes = list(_identify(table, columns))
    _check(table, columns)
    if rules.assignment_of is not None:
        # Only now is it settled who is who, and assignments may go by the id.
        columns.digests = bytearray().join(map(_digest_of, table.objects()))
    count = len(columns.ids)
    if count < rules.minimum_rows:
        what = f"{count} people where minimum_rows is {rules.minimum_rows}"
        raise ConfigurationError(f"{file.name}: {what}; export it again, or lower the setting")
    attributes = {"id", *layout.attributes, *layout.header.completed} - {""}
    notes.extend(rules.assignment_notes())
    meaning = "\n".join((settings, layout.header.name, table.anchor, *layout.attributes))
    people = People(table, columns.ids, bytes(columns.digests), meaning)
    return SourceRead(
        people if count else (),
        is_complete=True,
        attributes=frozenset(attributes),
        notes=tuple(notes),
    )


def _plain_columns(table: Table) -> _Columns:
    """Return the columns without taking anybody for a person, which costs several times as much."""
    try:
        return _columns_of(table, table.plain_cells())
    except ValueError:
        return _columns_of(table, ([cells] for _, cells in table.cells()))


def _columns_of(table: Table, rows: Iterator[list[Sequence[str]]]) -> _Columns:
    found = _Columns()
    names = list(filter(None, table.layout.attributes))
    id_at = names.index("id")
    name_at = names.index("userPrincipalName") if "userPrincipalName" in names else None
    state_at = names.index("accountEnabled") if "accountEnabled" in names else None
    states = {"true"}
    for some in rows:
        found.ids.extend([cells[id_at].strip() for cells in some])
        if name_at is not None:
            found.names.extend([cells[name_at].strip() for cells in some])
        if state_at is not None:
            states.update([cells[state_at] for cells in some])
        found.digests += b"".join(map(_digest, some))
    found.states = {state.strip().lower() or "true" for state in states}
    return found


def _columns(table: Table) -> _Columns:
    found = _Columns()
    anchor = table.rules.anchor or table.layout.header.anchor
    for _, attributes in table.people():
        found.ids.append(attributes.get("id", ""))
        found.names.append(attributes.get("userPrincipalName", ""))
        found.anchors.append(attributes.get(anchor, ""))
        found.states.add(attributes.get("accountEnabled", "true").lower())
        found.digests += _digest((*chain.from_iterable(attributes.items()),))
    return found


def _digest_of(person: SourceObject) -> bytes:
    values = map(str, chain.from_iterable(person.attributes.items()))
    return _digest((*values, "", str(person.is_assigned), *person.roles))


def _digest(texts: Sequence[str]) -> bytes:
    content = _BETWEEN.join(texts).encode("utf-8", "surrogatepass")
    return blake2b(content, digest_size=_DIGEST_BYTES).digest()


def _identify(table: Table, columns: _Columns) -> Iterator[str]:
    """Give everybody an id where the header has none; yield what to say of it."""
    if table.left_out:
        yield f"{table.file.name}: {table.left_out} rows are no users and were left out"
    table.anchor = table.rules.anchor
    header = table.layout.header
    if not table.anchor and header.anchor:
        table.anchor = header.anchor
        count, empty = len(columns.anchors), columns.anchors.count("")
        if empty or header.anchor not in table.layout.attributes:
            table.anchor, columns.anchors = "userPrincipalName", columns.names
            yield (
                f"{table.file.name}: people are told apart by e-mail, for {empty} of {count} have "
                f"no {header.anchor}: one who is renamed will look like another person"
            )
    if table.anchor and table.anchor != "id":
        columns.ids = columns.anchors


def _check(table: Table, columns: _Columns) -> None:
    """Refuse ids and names that are missing, unclear or twice, and unclear account states.

    All are looked at together first, which is many times as fast as one by one; the walk through
    the rows, which tells the line, is for files with a fault.
    """
    ids, names = columns.ids, list(filter(None, columns.names))
    if all(ids) and _are_clear(ids) and _are_clear(names) and columns.states <= _TRUTHS:
        return
    file = table.file
    seen_ids, seen_names = _Seen("id", file), _Seen("userPrincipalName", file)
    for line, attributes in table.people():
        if not attributes.get("id"):
            raise file.refuse(line, "the id is empty; every person needs the directory's id")
        seen_ids.add(attributes["id"], line)
        if name := attributes.get("userPrincipalName"):
            seen_names.add(name, line)
        enabled = attributes.get("accountEnabled", "true")
        if enabled.lower() not in _TRUTHS:
            raise file.refuse(line, f"accountEnabled is {show(enabled)}; write True or False")
    raise AssertionError(table.layout.header.name)


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
