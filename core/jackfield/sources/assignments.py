"""Who a CSV source says is assigned, and with which roles: by columns, or by a second file.

Imports only the errors and the other modules of sources.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from jackfield.errors import ConfigurationError
from jackfield.sources.base import DEFAULT_ACCESS
from jackfield.sources.csv_file import CsvFile
from jackfield.sources.headers import Conversion, one_of
from jackfield.sources.recognition import DELIMITERS, show

Assignment = tuple[tuple[str, ...], bool | None]
"""The roles, and whether the person is assigned; None where nobody says."""

YES: Final = frozenset({"true", "yes", "1"})
NO: Final = frozenset({"false", "no", "0", ""})
_SHOWN: Final = 3


def from_columns(
    assignment: str, role: str, separator: str, values: Sequence[str]
) -> Callable[[Mapping[str, str]], Assignment]:
    """Return the function that reads the two attributes; an empty name stands for no column.

    It raises ValueError where the assignment is neither yes nor no.
    """
    wanted = frozenset(value.lower() for value in values)
    to_truth: Conversion = one_of(wanted, None) if wanted else one_of(YES, NO)

    def read(attributes: Mapping[str, str]) -> Assignment:
        parts = (part.strip() for part in attributes.get(role, "").split(separator))
        roles = tuple(dict.fromkeys(filter(None, parts)))
        if not assignment:
            return roles, bool(roles)
        said = attributes.get(assignment, "")
        if not said or to_truth(said) == "False":
            return (), False
        return roles or ((DEFAULT_ACCESS,) if role else ()), True

    return read


@dataclass(slots=True)
class AssignmentFile:
    """A second file: a row for each role of each person; who is not in it is not assigned."""

    name: str
    key: str
    roles: dict[str, dict[str, int]] = field(default_factory=dict)
    doubles: list[int] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    @classmethod
    def read(cls, file: CsvFile) -> "AssignmentFile":
        """Return what the file says.

        Raises: ConfigurationError for a header or a row that cannot be read.
        """
        line, failures = 1, list[ConfigurationError]()
        for delimiter in DELIMITERS:
            try:
                line, columns = file.columns(delimiter)
            except ConfigurationError as error:
                failures.append(error)
                continue
            lowered = [column.lower() for column in columns]
            for key in ("id", "userPrincipalName"):
                if key.lower() in lowered:
                    found = cls(file.name, key)
                    found._read_rows(file, delimiter, lowered)
                    return found
        if len(failures) == len(DELIMITERS):
            raise failures[0]
        what = "neither id nor userPrincipalName is among the columns of this file of assignments"
        raise file.refuse(line, f"{what}; name one of them so, and the other column role")

    def of(self, attributes: Mapping[str, str]) -> Assignment:
        """Return the roles of one person."""
        name = attributes.get(self.key, "").lower()
        if name not in self.roles:
            return (), False
        self.used.add(name)
        return tuple(self.roles[name]), True

    def notes(self) -> tuple[str, ...]:
        """Return what is odd in the file: doubles, and people who are not in the source."""
        found = []
        if self.doubles:
            lines = _some(map(str, self.doubles), len(self.doubles))
            found.append(f"{self.name}: {len(self.doubles)} rows repeat another, on line {lines}")
        unknown = [name for name in self.roles if name not in self.used]
        if unknown:
            what = f"{self.name}: {len(unknown)} people are not in the source"
            found.append(f"{what}: {self.key} {_some(map(show, unknown), len(unknown))}")
        return tuple(found)

    def _read_rows(self, file: CsvFile, delimiter: str, columns: list[str]) -> None:
        if len(set(columns)) != len(columns):
            raise file.refuse(1, "two columns have one name; remove one of them")
        key = columns.index(self.key.lower())
        role = columns.index("role") if "role" in columns else None
        line, rows = 1, file.rows(delimiter)
        next(rows)
        for line, last, cells in rows:
            if last != line:
                what = f"a quoted cell seems to swallow the rows up to line {last}"
                raise file.refuse(line, f"{what}; close the quote")
            if len(cells) != len(columns):
                what = f"{len(cells)} cells where the header has {len(columns)}"
                raise file.refuse(line, f"{what}; look for a missing quote or a cut line")
            name = cells[key].strip().lower()
            if not name:
                raise file.refuse(line, f"the {self.key} is empty; say who is assigned")
            held = self.roles.setdefault(name, {})
            is_first = not held
            given = "" if role is None else cells[role].strip() or DEFAULT_ACCESS
            if given in held:
                self.doubles.append(line)
            elif role is not None or is_first:
                held.setdefault(given, line)
        if line > 1 and not file.ends_with_line_end:
            what = "the file ends inside this row, so it may be cut"
            raise file.refuse(line, f"{what}; export it again, or end the row with a line break")
        if role is None:
            self.roles = {name: {} for name in self.roles}


def _some(texts: "map[str]", count: int) -> str:
    first = [text for text, _ in zip(texts, range(_SHOWN), strict=False)]
    return ", ".join(first) + (", …" if count > _SHOWN else "")
