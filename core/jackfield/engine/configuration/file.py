"""The shape of `jackfield.toml`: each table, its keys, and what may stand there."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from jackfield.engine.job import OnMissingTarget
from jackfield.engine.log.masking import LogValues
from jackfield.engine.problems import first_problem, place, sentence
from jackfield.engine.scope.leavers import Fate, HiredAgain
from jackfield.engine.scope.settings import ClauseTable, FilterTable, ScopeTable
from jackfield.errors import ConfigurationError
from jackfield.flow import Json
from jackfield.mappings import Apply

LARGEST_FILE_BYTES = 1024 * 1024

# Names become file names: no separators, no case, and none of those that Windows keeps to itself.
_NAME = re.compile(r"(?!(con|prn|aux|nul|com\d|lpt\d)\Z)[a-z][a-z0-9-]{0,40}")
_NAME_RULE = "a name is 1 to 41 lower-case letters, digits and hyphens, the first one a letter"
_LINE = re.compile(r" \(at line (\d+), column \d+\)$")


def _checked_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(_NAME_RULE)
    return name


def _scalar(value: Json) -> Json:
    if value is not None and not isinstance(value, str | bool | int | float):
        raise ValueError("must be text, a number, true or false")
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


Name: TypeAlias = Annotated[str, AfterValidator(_checked_name)]
Scalar: TypeAlias = Annotated[Any, AfterValidator(_scalar)]


class _Table(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True
    )


class _OpenTable(_Table):
    """A table whose other keys are a plugin's business."""

    model_config = ConfigDict(extra="allow")

    @property
    def settings(self) -> Mapping[str, object]:
        return dict(self.model_extra or {})

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, getattr(self, name)) for name in type(self).model_fields]


class SourceTable(_OpenTable):
    """`[sources.<name>]`: the type of source, and its settings."""

    type: str


class ConnectionTable(_OpenTable):
    """`[connections.<name>]`: the connector, and its settings."""

    connector: str


class GuardTable(_Table):
    """`[jobs.<name>.guard]`: how many people may lose access without a person's word."""

    people: int = Field(default=3, ge=0)
    percent: float = Field(default=10.0, ge=0, le=100)
    at_most: int = Field(default=200, ge=0)
    window_hours: int = Field(default=24, ge=0, le=24 * 31)


class QuarantineTable(_Table):
    """`[jobs.<name>.quarantine]`: what a job may fail at before it runs more rarely.

    At least `failures` people, and more than `percent` of all or more than `failures_alone`; or
    more than `failures_with_references` in all.
    """

    failures: int = Field(default=50, ge=1)
    percent: float = Field(default=40.0, ge=0, le=100)
    failures_alone: int = Field(default=40_000, ge=1)
    failures_with_references: int = Field(default=60_000, ge=1)


class LeaversTable(_Table):
    """`[jobs.<name>.leavers]`: what becomes of the account, for each way to leave."""

    unassigned: Fate = "disable"
    disabled: Fate = "disable"
    soft_deleted: Fate = "disable"
    deleted: Fate = "disable"
    delete_after_days: int = Field(default=0, ge=0, le=3650)
    hired_again: HiredAgain = "ask"


class MappingTable(_Table):
    """`[[jobs.<name>.mappings]]`: one line in place of the connector's own, or in addition."""

    target: str = Field(min_length=1)
    source: str | None = Field(default=None, min_length=1)
    constant: Scalar = None
    expression: str | None = Field(default=None, min_length=1)
    default: Scalar = None
    apply: Apply = "always"
    clear: bool = False
    reference: bool = False
    omit: bool = False

    @model_validator(mode="after")
    def _check_value(self) -> Self:
        given = (self.source, self.constant, self.expression)
        count = sum(value is not None for value in given) + self.omit
        if count > 1 or (count == 0 and self.default is None):
            raise ValueError(
                "give exactly one of source, constant, expression and omit = true, or a default "
                "alone"
            )
        return self


class JobTable(_Table):
    """`[jobs.<name>]`: which people go where."""

    source: str
    connection: str
    adopt: bool = True
    on_missing_target: OnMissingTarget = "rematch"
    clearing: Annotated[tuple[str, ...], Field(strict=False)] = ()
    matching: str | Annotated[tuple[str, ...], Field(strict=False)] = ""
    protected: Annotated[tuple[str, ...], Field(strict=False)] = ()
    workers: int = Field(default=8, ge=1, le=64)
    interval_minutes: int = Field(default=40, ge=1, le=10_080)
    scope: ScopeTable | None = None
    leavers: LeaversTable = Field(default_factory=LeaversTable)
    guard: GuardTable = Field(default_factory=GuardTable)
    quarantine: QuarantineTable = Field(default_factory=QuarantineTable)
    mappings: Annotated[tuple[MappingTable, ...], Field(strict=False)] = ()


class ChannelTable(_OpenTable):
    """`[notifications.mail]` or `[notifications.webhook]`: where people are told."""


class NotificationsTable(_Table):
    """`[notifications]`: the ways in which people are told of a job as a whole."""

    mail: ChannelTable | None = None
    webhook: ChannelTable | None = None


class LogTable(_Table):
    """`[log]`: what the provisioning log keeps, and for how long; 0 days are for ever."""

    values: LogValues = "full"
    retention_days: int = Field(default=30, ge=0, le=36_500)


class ConfigurationFile(_Table):
    """A whole `jackfield.toml`."""

    schema_version: Literal[1]
    state: str = Field(default="jackfield.db", min_length=1, repr=False)
    sources: dict[Name, SourceTable] = Field(default_factory=dict)
    connections: dict[Name, ConnectionTable] = Field(default_factory=dict)
    jobs: dict[Name, JobTable] = Field(default_factory=dict)
    notifications: NotificationsTable = Field(default_factory=NotificationsTable)
    log: LogTable = Field(default_factory=LogTable)


_TABLES: Mapping[tuple[str, ...], type[BaseModel]] = {
    (): ConfigurationFile,
    ("jobs",): JobTable,
    ("jobs", "guard"): GuardTable,
    ("jobs", "leavers"): LeaversTable,
    ("jobs", "scope"): ScopeTable,
    ("jobs", "scope", "filters"): FilterTable,
    ("jobs", "scope", "filters", "clauses"): ClauseTable,
    ("jobs", "mappings"): MappingTable,
    ("notifications",): NotificationsTable,
    ("log",): LogTable,
}
"""The model of each table, by its path without the names that people chose."""


def read_file(path: Path) -> ConfigurationFile:
    """Return the checked content of a configuration file; nothing it names is opened.

    Raises: ConfigurationError naming the file, and the line or the table and key at fault.
    """
    try:
        return ConfigurationFile.model_validate(_parsed(path))
    except ValidationError as error:
        problem = first_problem(error)
        loc = problem["loc"]
        table = tuple(p for i, p in enumerate(loc[:-1]) if i != 1 and isinstance(p, str))
        known = _TABLES[table].model_fields if table in _TABLES else ()
        raise ConfigurationError(f"{path}: {place(loc)}: {sentence(problem, known)}") from None


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = f":{found[1]}" if found else ""
        said = _LINE.sub("", str(error))
        raise ConfigurationError(f"{path}{line}: this is not TOML: {said}") from None
    except RecursionError:
        raise ConfigurationError(f"{path}: its values are nested too deeply") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise ConfigurationError(f"{path}: is over 1 MiB, too large for a configuration")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            f"{path}: there is no such file; name another with --config or JACKFIELD_CONFIG"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: is not UTF-8; save it as UTF-8") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ConfigurationError(f"{path}: cannot be read ({why}); check its permissions") from None
