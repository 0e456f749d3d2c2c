"""From `jackfield.toml` to jobs that can run."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Self

from pydantic import BaseModel, SecretStr

from jackfield.connector import Connector
from jackfield.driver.steps import Policy
from jackfield.engine.configuration.file import ConfigurationFile, MappingTable, read_file
from jackfield.engine.configuration.sources import load_source, source_settings
from jackfield.engine.guard.guard import GuardLimits
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.engine.job import Job
from jackfield.engine.notification.notifier import Notifier, notification_settings
from jackfield.engine.problems import nearest
from jackfield.engine.scope.leavers import Leavers
from jackfield.engine.scope.scope import Scope
from jackfield.engine.state.urls import DatabaseUrl, place_of
from jackfield.errors import ConfigurationError
from jackfield.grants import FileGrants
from jackfield.mappings import AttributeMapping
from jackfield.references import is_reference, resolve_references
from jackfield.registry import Registry
from jackfield.sources import SourceRead, reads_changes

PATIENCE_SECONDS = 900.0
"""How long one operation of a job may wait for a vendor's rate limit."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration file. `warnings` grow as connections and sources are opened."""

    path: Path
    file: ConfigurationFile = field(repr=False)
    warnings: list[str] = field(default_factory=list)
    _connectors: dict[tuple[str, Policy], Connector] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read and check a file; no secret, source or plugin is opened.

        Raises: ConfigurationError of one line: file, table, key, and the nearest known name.
        """
        configuration = cls(path, read_file(path))
        for name, job in configuration.file.jobs.items():
            with configuration._within(f"jobs.{name}.source"):
                _known(job.source, "source", configuration.file.sources)
            with configuration._within(f"jobs.{name}.connection"):
                _known(job.connection, "connection", configuration.file.connections)
        return configuration

    @property
    def jobs(self) -> tuple[str, ...]:
        return tuple(self.file.jobs)

    @property
    def connections(self) -> tuple[str, ...]:
        return tuple(self.file.connections)

    def log_ends_at(self, now: dt.datetime) -> dt.datetime | None:
        """Return before when log entries are removed; None where they are kept for ever."""
        days = self.file.log.retention_days
        ends_at = now - dt.timedelta(days=days)
        return min(ends_at, self.guard_counts_from(now)) if days else None

    def guard_counts_from(self, now: dt.datetime) -> dt.datetime:
        """Return since when the guard of any job counts removals that the log tells of."""
        hours = (job.guard.window_hours for job in self.file.jobs.values())
        return now - dt.timedelta(hours=max(hours, default=0))

    @property
    def folder(self) -> Path:
        """Where relative paths begin."""
        return self.path.parent

    @property
    def state(self) -> Path | DatabaseUrl:
        """Where the state is: a SQLite file, or PostgreSQL's URL (which may be a reference).

        Raises: ConfigurationError where a reference names nothing.
        """
        with self._within("state", drop="state: "):
            given = resolve_references({"state": self.file.state}, self.folder)
        found = place_of(str(given["state"]))
        return found if isinstance(found, DatabaseUrl) else self.folder / found

    def check_job(self, name: str) -> None:
        """Raise ConfigurationError, with the nearest name, where there is no such job."""
        with self._within("jobs"):
            _known(name, "job", self.file.jobs)

    def check_connection(self, name: str) -> None:
        """Raise ConfigurationError, with the nearest name, where there is no such connection."""
        with self._within("connections"):
            _known(name, "connection", self.file.connections)

    def connect(self, name: str, registry: Registry, *, policy: Policy | None = None) -> Connector:
        """Open one connection, once: jobs on it share its token and its rate limits.

        Without a policy it refuses to write.

        Raises: ConfigurationError naming file, connection and setting; PluginFault.
        """
        self.check_connection(name)
        key = (name, policy or Policy(dry_run=True))
        if key not in self._connectors:
            self._connectors[key] = self._open(name, registry, key[1])
        return self._connectors[key]

    def reconnect(self, name: str) -> None:
        """Open this connection anew the next time, with its secrets as they are then.

        Whoever has it open keeps it as it is, and closes it.
        """
        for key in [key for key in self._connectors if key[0] == name]:
            del self._connectors[key]

    def _open(self, name: str, registry: Registry, policy: Policy) -> Connector:
        table = self.file.connections[name]
        with self._within(f"connections.{name}", drop=f"{table.connector}: "):
            connector = registry.connect(
                table.connector,
                table.settings,
                folder=self.folder,
                policy=policy,
                grants=self._grants(name),
            )
        self._warn_of_secrets(f"connections.{name}", table.settings, connector.settings)
        return connector

    def _grants(self, name: str) -> FileGrants:
        """Return where the authorization of a connection is kept, beside the state."""
        state = self.state
        folder = (self.folder if isinstance(state, str) else state.parent) / "grants"
        try:
            return FileGrants(folder / f"{name}.json", label=name)
        except OSError as error:
            why = error.strerror or error
            raise ConfigurationError(
                f"the folder {folder} cannot be made ({why}); it keeps authorizations"
            ) from None

    def job(self, name: str, registry: Registry, *, dry_run: bool) -> Job:
        """Open one job with its connection; the source is read by the engine, later.

        Raises: ConfigurationError naming file, table and key; PluginFault.
        """
        self.check_job(name)
        table = self.file.jobs[name]
        read_source = self._source(table.source)
        policy = Policy(dry_run=dry_run, patience_seconds=PATIENCE_SECONDS)
        connector = self.connect(table.connection, registry, policy=policy)
        capabilities = connector.capabilities
        with self._within(f"jobs.{name}", drop=f"{name}: "):
            return Job(
                name=name,
                read_source=read_source,
                connector=connector,
                mappings=_merged(capabilities.mappings, table.mappings),
                matching=table.matching or next(iter(capabilities.match_on), ""),
                scope=Scope(table.scope),
                leavers=Leavers(**table.leavers.model_dump()),
                guard=GuardLimits(**table.guard.model_dump()),
                quarantine=QuarantineLimits(**table.quarantine.model_dump()),
                adopt=table.adopt,
                on_missing_target=table.on_missing_target,
                clearing=frozenset(table.clearing),
                protected=frozenset(name.lower() for name in table.protected),
                workers=table.workers,
                log_values=self.file.log.values,
            )

    def notifier(self) -> Notifier:
        """Return what tells people of jobs; without channels where the file names none.

        Raises: ConfigurationError naming file, table and key.
        """
        tables = {"mail": self.file.notifications.mail, "webhook": self.file.notifications.webhook}
        given = {name: None if table is None else table.settings for name, table in tables.items()}
        with self._within("notifications", separator="."):
            settings = notification_settings(given["mail"], given["webhook"], self.folder)
        for name, table in tables.items():
            model = getattr(settings, name)
            if table is not None and model is not None:
                self._warn_of_secrets(f"notifications.{name}", table.settings, model)
        return Notifier.open(settings)

    def _source(self, name: str) -> Callable[[str | None], SourceRead]:
        table = self.file.sources[name]
        with self._within(f"sources.{name}", separator="."):
            source = load_source(table.type)
            settings = source_settings(source, table.settings, self.folder)
        self._warn_of_secrets(f"sources.{name}", table.settings, settings)
        if reads_changes(source):
            return partial(source.read, settings, self.folder)
        return lambda _since: source.read(settings, self.folder)

    def _warn_of_secrets(self, table: str, given: Mapping[str, object], model: BaseModel) -> None:
        for key, value in given.items():
            is_secret = isinstance(getattr(model, key, None), SecretStr)
            if is_secret and not is_reference(value):
                variable = f"{table.partition('.')[2]}_{key}".upper().replace("-", "_")
                warning = (
                    f"{self.path}: {table}.{key}: the secret stands in the file as plain text; "
                    f'set {variable} in the environment and write {key} = "env:{variable}"'
                )
                if warning not in self.warnings:
                    self.warnings.append(warning)

    @contextmanager
    def _within(self, table: str, *, drop: str = "", separator: str = ": ") -> Iterator[None]:
        """Put file and table before the text of a ConfigurationError."""
        try:
            yield
        except ConfigurationError as error:
            said = str(error).removeprefix(drop)
            raise ConfigurationError(f"{self.path}: {table}{separator}{said}") from None


def _known(name: str, what: str, known: Mapping[str, object]) -> None:
    if name not in known:
        raise ConfigurationError(f"there is no {what} {name!r}; {nearest(name, known)}")


def _merged(
    defaults: tuple[AttributeMapping, ...], lines: tuple[MappingTable, ...]
) -> tuple[AttributeMapping, ...]:
    """Return the connector's table with the job's lines in place of those of the same target."""
    merged = {mapping.target: mapping for mapping in defaults}
    seen = set[str]()
    for number, line in enumerate(lines, start=1):
        if line.target in seen:
            raise ConfigurationError(f"mappings#{number}: two lines write {line.target}")
        seen.add(line.target)
        if not line.omit:
            merged[line.target] = AttributeMapping(
                line.target,
                line.source,
                line.constant,
                line.expression,
                line.default,
                line.apply,
                line.clear,
                line.reference,
            )
        elif merged.pop(line.target, None) is None:
            hint = nearest(line.target, merged)
            raise ConfigurationError(
                f"mappings#{number}: the connector has no line for {line.target} to omit; {hint}"
            )
    return tuple(merged.values())
