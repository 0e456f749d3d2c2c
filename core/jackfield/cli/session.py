"""What the commands on one configuration share: loading it, and going through its jobs."""

import getpass
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jackfield.cli.app import Options
from jackfield.cli.exits import Exit, exit_of, worst
from jackfield.cli.screen import complain, note
from jackfield.engine import Job
from jackfield.engine.configuration import Configuration
from jackfield.engine.configuration.vanished import VanishedJob, vanished_jobs
from jackfield.engine.state.facts import look_at_state
from jackfield.engine.state.sqlite_file import READ_ONLY, is_on_read_only
from jackfield.engine.state.store import Store, opened
from jackfield.errors import ConfigurationError
from jackfield.registry import Registry


@dataclass(slots=True)
class Session:
    """One command at work. Each warning of the configuration is shown once."""

    options: Options
    configuration: Configuration
    registry: Registry = field(default_factory=Registry)
    _warned: int = 0

    @classmethod
    def open(cls, options: Options) -> "Session":
        """Load the configuration.

        Raises: ConfigurationError.
        """
        return cls(options, Configuration.load(options.config))

    def jobs(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the jobs that were asked for, each once, or all.

        Raises: ConfigurationError for an unknown name, or where there is no job at all.
        """
        for name in wanted:
            self.configuration.check_job(name)
        if not self.configuration.jobs:
            raise ConfigurationError(f"{self.options.config}: there is no [jobs.<name>]; add one")
        return tuple(dict.fromkeys(wanted)) or self.configuration.jobs

    def known(self, name: str) -> str:
        """Return the name of a job that the configuration or the state knows.

        Raises: ConfigurationError for a name that nobody knows.
        """
        if name not in self.configuration.jobs and name not in self._stored():
            self.configuration.check_job(name)
        return name

    def vanished(self) -> tuple[VanishedJob, ...]:
        """Return the jobs whose links the state holds and that the configuration does not name."""
        state = self.configuration.state
        if isinstance(state, Path) and not state.exists():
            return ()
        return tuple(vanished_jobs(look_at_state(state), self.configuration.jobs))

    def _stored(self) -> set[str]:
        state = self.configuration.state
        if isinstance(state, Path) and not state.exists():
            return set()
        facts = look_at_state(state)
        return {*facts.links, *(lease.job for lease in facts.leases)}

    def connections(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Return the connections that were asked for, each once, or all; see `jobs`."""
        for name in wanted:
            self.configuration.check_connection(name)
        if not self.configuration.connections:
            raise ConfigurationError(
                f"{self.options.config}: there is no [connections.<name>]; add one"
            )
        return tuple(dict.fromkeys(wanted)) or self.configuration.connections

    @contextmanager
    def job(self, name: str, *, dry_run: bool) -> Iterator[Job]:
        """Open a job and close its connection in the end."""
        job = self.configuration.job(name, self.registry, dry_run=dry_run)
        self.warn()
        with job.connector:
            yield job

    @contextmanager
    def looked_at(self) -> Iterator[Store]:
        """Open the state to read it; say so where nothing could be run on it."""
        state = self.configuration.state
        if isinstance(state, Path) and is_on_read_only(state):
            note(f"{state}: {READ_ONLY}", colour="yellow")
        with opened(state) as store:
            yield store

    def warn(self) -> None:
        """Show the warnings that are new."""
        fresh = self.configuration.warnings[self._warned :]
        self._warned += len(fresh)
        for warning in fresh:
            note(f"warning: {warning}", colour="yellow")

    def each(
        self,
        names: Sequence[str],
        act: Callable[[str], Exit],
        failed: Callable[[str, Exception], None] = lambda _name, _error: None,
    ) -> Exit:
        """Act on each name, one failure stopping no other; return the worst exit code."""
        codes = []
        for name in names:
            try:
                codes.append(act(name))
            except BrokenPipeError:
                raise
            except Exception as error:  # noqa: BLE001 - the border of one job
                complain(error, name, debug=self.options.debug)
                failed(name, error)
                codes.append(exit_of(error))
        return worst(codes)


def error_document(name: str, error: Exception) -> dict[str, object]:
    """Return what stands in a JSON document in place of a job's result."""
    return {"job": name, "error": {"kind": type(error).__name__, "message": str(error)}}


def login_name() -> str:
    """Return who is logged in.

    Raises: ConfigurationError where nobody is, as in some containers.
    """
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        raise ConfigurationError("nobody is logged in here; say who it is with --as") from None
