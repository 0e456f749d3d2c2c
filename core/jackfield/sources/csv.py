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
        if self.columns and not self.columns.get("id", self.anchor):
            raise ValueError('columns: name the column of id too, as in id = "Personnel number"')
        told = [column for attribute, column in self.columns.items() if attribute != "id"]
        for column in told:
            if told.count(column) > 1:
                raise ValueError(f"columns: {column!r} is named for two attributes; keep one")
        if self.disabled_values and not self.enabled_values:
            raise ValueError("disabled_values needs enabled_values beside it")
        if self.assigned_values and not self.assignment_column:
            raise ValueError("assigned_values needs assignment_column beside it")
        if self.assignments and (self.assignment_column or self.role_column):
            raise ValueError("assignments: give a file or columns of the people's file, not both")
        return self

    @property
    def identity(self) -> tuple[Mapping[str, str], str]:
        """The columns by attribute, and the column that stands in for an id of its own, if any.

        One column may tell the id and something else, as where people have nothing but an e-mail.
        """
        if not self.columns:
            return {}, self.anchor
        told = {name: column for name, column in self.columns.items() if name != "id"}
        own = self.columns.get("id", self.anchor)
        if own in told.values():
            return told, own
        return {"id": own, **told}, self.anchor if "id" in self.columns else ""


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
    columns, anchor = settings.identity
    if not columns:
        return None
    others = (settings.assignment_column, settings.role_column, anchor)
    return given_header(columns, tuple(filter(None, others)), anchor)


def _rules(
    file: CsvFile, layout: Layout, settings: CsvSettings, assigned: AssignmentFile | None
) -> Rules:
    def attribute(setting: str, column: str) -> str:
        return layout.attribute_of(file, column, setting) if column else ""

    assignment = attribute("assignment_column", settings.assignment_column)
    role = attribute("role_column", settings.role_column)
    anchor = attribute("anchor", settings.identity[1])
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
