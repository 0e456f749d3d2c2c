"""People from a CSV file: the export of a directory, or any table whose columns are named.

The whole file is checked before anybody is returned, because a short or shifted read would look
like people who left. What no reader can see: a file cut exactly at the end of a line is a shorter
file in perfect order, and a cut inside the last cell of the last line shortens that one value.
Where the last column is a needed one such an end is refused, so a cut never changes who a person
is; it can only make people miss, and the engine's guard holds those until a person has looked. A
`trailer` or `minimum_rows` tells such a cut.

Imports only the errors and the interface of sources.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from jackfield.sources.assignments import AssignmentFile, from_columns
from jackfield.sources.base import SourceRead, SourceSettings
from jackfield.sources.csv_file import CsvFile, reading
from jackfield.sources.csv_table import Rules
from jackfield.sources.headers import Conversion, Header, one_of
from jackfield.sources.people import read_people
from jackfield.sources.recognition import Layout, given_header, recognise


class CsvSettings(SourceSettings):
    """Which file to read, and how. A byte order mark in the file wins over `encoding`.

    `columns` says, for a header that is not recognised, which column tells each attribute; no
    other column is read then. With `enabled_values` every other text in the column of
    accountEnabled means disabled, or with `disabled_values` those alone. `anchor` names the column
    that identifies people. `trailer` is how the last row begins, which tells how many rows there
    are.
    """

    path: str
    encoding: str = "utf-8-sig"
    delimiter: Literal["", ",", ";", "\t", "|"] = ""
    columns: Mapping[str, str] = Field(default_factory=dict)
    enabled_values: tuple[str, ...] = ()
    disabled_values: tuple[str, ...] = ()
    anchor: str = ""
    minimum_rows: int = Field(default=0, ge=0)
    trailer: str = ""
    assignment_column: str = ""
    assigned_values: tuple[str, ...] = ()
    role_column: str = ""
    role_separator: str = Field(default=";", min_length=1)
    assignments: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.columns and "id" not in self.columns:
            raise ValueError('columns: name the column of id too, as in id = "Personnel number"')
        if self.columns and len(set(self.columns.values())) != len(self.columns):
            raise ValueError("columns: one column is named for two attributes")
        if self.disabled_values and not self.enabled_values:
            raise ValueError("disabled_values needs enabled_values beside it")
        if self.assigned_values and not self.assignment_column:
            raise ValueError("assigned_values needs assignment_column beside it")
        if self.assignments and (self.assignment_column or self.role_column):
            raise ValueError("assignments: give a file or columns of the people's file, not both")
        return self


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
        file = CsvFile.open(folder / settings.path, settings.encoding)
        with reading():
            layout = recognise(file, settings.delimiter, _header(settings))
            assigned = None
            if settings.assignments:
                second = CsvFile.open(folder / settings.assignments, settings.encoding)
                assigned = AssignmentFile.read(second)
            rules = _rules(file, layout, settings, assigned)
            return read_people(file, layout, rules, settings.model_dump_json(exclude={"path"}))


def _header(settings: CsvSettings) -> Header | None:
    if not settings.columns:
        return None
    others = (settings.assignment_column, settings.role_column, settings.anchor)
    return given_header(settings.columns, tuple(filter(None, others)))


def _rules(
    file: CsvFile, layout: Layout, settings: CsvSettings, assigned: AssignmentFile | None
) -> Rules:
    def attribute(setting: str) -> str:
        column: str = getattr(settings, setting)
        return layout.attribute_of(file, column, setting) if column else ""

    assignment, role = attribute("assignment_column"), attribute("role_column")
    anchor = attribute("anchor")
    by_columns = None
    if assignment or role:
        by_columns = from_columns(
            assignment, role, settings.role_separator, settings.assigned_values
        )
    return Rules(
        conversions=_conversions(layout.header, settings),
        anchor=anchor,
        needed=frozenset({assignment, role, anchor or layout.header.anchor} - {""}),
        minimum_rows=settings.minimum_rows,
        trailer=settings.trailer,
        assignment_of=assigned.of if assigned else by_columns,
        assignment_notes=assigned.notes if assigned else tuple,
    )


def _conversions(header: Header, settings: CsvSettings) -> Mapping[str, Conversion]:
    if not settings.enabled_values:
        return header.conversions
    enabled = frozenset(value.lower() for value in settings.enabled_values)
    disabled = frozenset(value.lower() for value in settings.disabled_values)
    return {**header.conversions, "accountEnabled": one_of(enabled, disabled or None)}
