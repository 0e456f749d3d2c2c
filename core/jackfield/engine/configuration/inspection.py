"""Looks at a whole configuration without running anything; no vendor is asked.

`inspect_file` tells every flaw it finds, where `Configuration` stops at the first.
"""

import tempfile
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from pydantic import BaseModel, ValidationError
from sqlalchemy.exc import SQLAlchemyError

from jackfield.engine.configuration import Configuration
from jackfield.engine.configuration.file import (
    ConfigurationFile,
    GuardTable,
    JobTable,
    read_file,
)
from jackfield.engine.configuration.sources import load_source, source_settings
from jackfield.engine.configuration.vanished import vanished_jobs
from jackfield.engine.expressions import Expression
from jackfield.engine.job import Job
from jackfield.engine.map.mapper import COMPUTED_ATTRIBUTES
from jackfield.engine.problems import nearest, place, sentence
from jackfield.engine.scope.scope import Scope
from jackfield.engine.state.facts import look_at_state
from jackfield.errors import ProvisioningError
from jackfield.registry import Registry
from jackfield.sources import SourceRead
from jackfield.sources.csv import CsvSettings

Severity: TypeAlias = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw: its table or key in `place`; `message` says what is wrong and what to do."""

    severity: Severity
    place: str
    message: str


@dataclass(slots=True)
class Inspection:
    """What was found. `people` are those of each source that could be read without a network."""

    path: Path
    findings: list[Finding] = field(default_factory=list)
    people: dict[str, int] = field(default_factory=dict)

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def error(self, where: str, message: str) -> None:
        self.findings.append(Finding("error", where, message))

    def warn(self, where: str, message: str) -> None:
        self.findings.append(Finding("warning", where, message))

    def attempt(self, table: str, act: Callable[[], Any]) -> Any:
        """Return what `act` returns; None where it raises, which is then found."""
        try:
            return act()
        except ProvisioningError as error:
            said = str(error).removeprefix(f"{self.path}: ")
            where, colon, rest = said.partition(": ")
            if colon and (where == table or where.startswith(f"{table}.")):
                self.error(where, rest)
            else:
                self.error(table, said)
        return None


def inspect_file(path: Path, registry: Registry) -> Inspection:
    """Return every flaw of a configuration file and of what it names on this machine."""
    found = Inspection(path)
    file = _read(found)
    if file is None:
        return found
    configuration = Configuration(path, file)
    if (state := found.attempt("state", lambda: configuration.state)) is not None:
        _look_for_vanished(found, state, file)
    with tempfile.TemporaryDirectory() as folder:
        # Connecting makes a folder beside the state; here it must not be the real one.
        elsewhere = file.model_copy(update={"state": str(Path(folder) / "jackfield.db")})
        _Tables(found, Configuration(path, elsewhere), registry).inspect()
    return found


def _look_for_vanished(found: Inspection, state: Path | str, file: ConfigurationFile) -> None:
    """Warn of jobs that the state alone knows; a state that cannot be read is `doctor`'s matter."""
    if isinstance(state, Path) and not state.exists():
        return
    try:
        facts = look_at_state(state)
    except (ProvisioningError, SQLAlchemyError, OSError) as error:
        # What a database's driver says may hold the URL, and with it the password.
        said = str(error) if isinstance(error, ProvisioningError) else type(error).__name__
        found.warn("state", f"whether all its jobs are named here was not looked at: {said}")
        return
    for vanished in vanished_jobs(facts, file.jobs):
        found.warn(f"jobs.{vanished.job}", str(vanished))


def _read(found: Inspection) -> ConfigurationFile | None:
    try:
        return read_file(found.path)
    except ProvisioningError as error:
        problems = list(_problems(found.path))
        found.findings += problems
        if not problems:
            found.error("", str(error).removeprefix(f"{found.path}: "))
    return None


def _problems(path: Path) -> Iterator[Finding]:
    """Yield everything that does not fit the tables' shape; nothing where it is no TOML."""
    try:
        ConfigurationFile.model_validate(tomllib.loads(path.read_bytes().decode("utf-8-sig")))
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False, include_context=False):
            known = _model_of(problem["loc"]).model_fields
            yield Finding("error", place(problem["loc"]), sentence(problem, known))
    except (OSError, ValueError, RecursionError):
        return


def _model_of(loc: tuple[int | str, ...]) -> type[BaseModel]:
    """Return the model of the table that holds a key."""
    model: type[BaseModel] = ConfigurationFile
    for number, part in enumerate(loc[:-1]):
        is_chosen = number == 1 and loc[0] in {"sources", "connections", "jobs"}
        if not is_chosen and isinstance(part, str) and part in model.model_fields:
            model = next(_models_in(model.model_fields[part].annotation), model)
    return model


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


class _Tables:
    """The tables of one file, looked at one by one, each flaw stopping no other."""

    def __init__(self, found: Inspection, configuration: Configuration, registry: Registry) -> None:
        self._found = found
        self._configuration = configuration
        self._registry = registry
        self._reads: dict[str, SourceRead | None] = {}

    def inspect(self) -> None:
        file, found = self._configuration.file, self._found
        sound = {name for name in file.sources if self._source_is_sound(name)}
        opened = {name for name in file.connections if self._connects(name)}
        for name, table in file.jobs.items():
            self._job(name, table, is_sound=table.source in sound and table.connection in opened)
        for warning in self._configuration.warnings:
            where, _, said = warning.removeprefix(f"{found.path}: ").partition(": ")
            found.warn(where, said)
        self._idle()

    def _source_is_sound(self, name: str) -> bool:
        table, where = self._configuration.file.sources[name], f"sources.{name}"
        folder = self._configuration.folder
        source = self._found.attempt(where, lambda: load_source(table.type))
        if source is None:
            return False
        settings = self._found.attempt(
            where, lambda: source_settings(source, table.settings, folder)
        )
        if settings is None:
            return False
        if not isinstance(settings, CsvSettings):
            return True  # it would ask a directory over the network
        read: SourceRead | None = self._found.attempt(where, lambda: source.read(settings, folder))
        if read is None:
            return False
        self._reads[name] = read
        self._found.people[name] = len(read.objects)
        for note in read.notes:
            self._found.warn(where, note)
        if not read.objects:
            self._found.warn(where, "nobody is in it; a run would hold every removal")
        return True

    def _connects(self, name: str) -> bool:
        connect = self._configuration.connect
        where = f"connections.{name}"
        return self._found.attempt(where, lambda: connect(name, self._registry)) is not None

    def _job(self, name: str, table: JobTable, *, is_sound: bool) -> None:
        found, file, where = self._found, self._configuration.file, f"jobs.{name}"
        for what, names in (("source", file.sources), ("connection", file.connections)):
            wanted = getattr(table, what)
            if wanted not in names:
                hint = nearest(wanted, names)
                found.error(f"{where}.{what}", f"there is no {what} {wanted!r}; {hint}")
        read = self._reads.get(table.source)
        for warning in Scope(table.scope).warnings:
            found.warn(f"{where}.scope", warning.removeprefix("scope."))
        for doubt in _doubts_of_guard(table.guard, None if read is None else len(read.objects)):
            found.warn(f"{where}.guard", doubt)
        if not self._expressions_parse(where, table) or not is_sound:
            return
        make = self._configuration.job
        job: Job | None = found.attempt(where, lambda: make(name, self._registry, dry_run=True))
        if job is None:
            return
        for severity, key, message in (*_of_mappings(job, table), *_of_leavers(job)):
            found.findings.append(Finding(severity, f"{where}.{key}", message))
        if read is not None:
            self._people(where, job, table, read)

    def _expressions_parse(self, where: str, table: JobTable) -> bool:
        sound = True
        for number, line in enumerate(table.mappings, start=1):
            if line.expression is None:
                continue
            text, key = line.expression, f"{where}.mappings#{number}.expression"
            parsed = self._found.attempt(key, lambda text=text: Expression.parse(text))  # type: ignore[misc]
            sound = sound and parsed is not None
            for warning in parsed.warnings if parsed is not None else ():
                self._found.warn(key, warning)
        return sound

    def _people(self, where: str, job: Job, table: JobTable, read: SourceRead) -> None:
        found, known = self._found, read.attributes | COMPUTED_ATTRIBUTES
        lines = {line.target: n for n, line in enumerate(table.mappings, start=1)}
        defaults = {line.target: line.default for line in job.mappings if line.default is not None}
        for target, reads in job.mapper.reads.items():
            key = f"{where}.mappings#{lines[target]}" if target in lines else f"{where}.mappings"
            for name in sorted(reads - known):
                what = f"the mapping of {target} reads {name}, which the source {table.source} does"
                if target in defaults:
                    only = f"so new people get the default {defaults[target]!r}"
                    found.warn(key, f"{what} not have, {only}; map another attribute, or omit it")
                else:
                    found.error(key, f"{what} not have; {nearest(name, known)}")
        count = found.attempt(where, lambda: _in_scope(job, read))
        if count == 0 and read.objects:
            found.warn(
                f"{where}.scope",
                f"none of the {len(read.objects)} people of {table.source} is in scope; see who is "
                "assigned, and the filters",
            )

    def _idle(self) -> None:
        file, found = self._configuration.file, self._found
        if not file.jobs:
            found.warn("jobs", "there is no [jobs.<name>], so nothing would run; add one")
        used = {table.source for table in file.jobs.values()}
        for name in file.sources.keys() - used if file.jobs else ():
            found.warn(f"sources.{name}", "no job reads it; name it in a job, or remove it")
        used = {table.connection for table in file.jobs.values()}
        for name in file.connections.keys() - used if file.jobs else ():
            found.warn(f"connections.{name}", "no job uses it; name it in a job, or remove it")


def _in_scope(job: Job, read: SourceRead) -> int:
    job.scope.check_source(read)
    return sum(job.scope.decide(person).is_in_scope for person in read.objects)


def _doubts_of_guard(guard: GuardTable, people: int | None) -> Iterator[str]:
    """Yield what is allowed and leaves little of the guard, or holds everything."""
    if guard.at_most == 0 or (guard.people == 0 and guard.percent == 0):
        yield "with these limits every removal waits for a person; raise them if that is too much"
    elif guard.at_most <= guard.people:
        yield (
            f"at_most = {guard.at_most} decides alone, for people = {guard.people} is no smaller; "
            "raise at_most or lower people"
        )
    if guard.percent == 100:
        yield "no share is above 100 percent, so at_most decides alone; lower percent"
    if people and guard.percent == 100 and guard.at_most >= people:
        yield f"all but one of the {people} people could be removed at once; lower at_most"


_Found: TypeAlias = tuple[Severity, str, str]


def _of_mappings(job: Job, table: JobTable) -> Iterator[_Found]:
    """Yield the job's own lines that its vendor cannot follow, and what it misses."""
    capabilities, vendor = job.connector.capabilities, job.connector.name
    for number, line in enumerate(table.mappings, start=1):
        key, what = f"mappings#{number}", line.target
        if line.omit:
            continue
        if capabilities.attribute(what).create == "refused":
            yield (
                "error",
                key,
                f"{vendor} takes no {what} from anybody, so no user could be created; remove it",
            )
        elif not capabilities.can_patch(what) and line.apply != "create":
            yield (
                "warning",
                key,
                f'{vendor} takes {what} at creation alone, no change; write apply = "create"',
            )
    targets = {mapping.target for mapping in job.mappings}
    missing = [path for path in capabilities.required_on_create() if path not in targets]
    if capabilities.create and missing:
        wanted = ", ".join(missing)
        yield "error", "mappings", f"{vendor} requires {wanted} of a new user; add a mapping of it"


def _of_leavers(job: Job) -> Iterator[_Found]:
    """Yield the fates that the vendor, or the mappings, make impossible."""
    capabilities, vendor = job.connector.capabilities, job.connector.name
    removal = job.access_removal
    for event in ("unassigned", "disabled", "soft_deleted", "deleted"):
        fate, key = getattr(job.leavers, event), f"leavers.{event}"
        if fate == "delete" and not (capabilities.delete or capabilities.disable == "delete"):
            yield "error", key, f'{vendor} cannot delete users; write "disable" or "keep"'
        if fate == "disable" and not removal.is_possible:
            said = f"{removal.said_of(vendor)}, so leavers keep access; {removal.remedy}"
            yield "warning", key, said
