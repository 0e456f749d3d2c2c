"""Finds connectors, checks them, connects them.

stevedore loads one connector by name, and nothing else is imported; pluggy checks its hooks in a
manager of its own, so that a call can never reach another vendor. The registry is an object that
the host owns; there is no global one.
"""

import contextlib
import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pluggy
from pydantic import ValidationError

from jackfield.capabilities import Capabilities
from jackfield.connector import Connector
from jackfield.driver.checking import contract_problems, observer_problems
from jackfield.driver.driver import Driver
from jackfield.driver.steps import Clock, Policy
from jackfield.errors import ConfigurationError, PluginFault
from jackfield.grants import GrantStore, MemoryGrants
from jackfield.hooks import PROJECT, ConnectorSpec, ObserverSpec
from jackfield.references import Given, resolve_references
from jackfield.settings import ConnectorSettings

GROUP = "jackfield.connectors"


@dataclass(frozen=True, slots=True)
class Listing:
    """One installed connector, as its package's metadata tells; `problem` may be empty."""

    name: str
    package: str
    version: str
    problem: str = ""


class Registry:
    """The connectors installed in this environment.

    `observers` are the host's objects with `@hookimpl` methods of `ObserverSpec`; they watch every
    connection this registry makes. `connectors` are the host's own connector classes by name,
    used beside those that are installed; a name that is taken is refused. `packages`, where given,
    are the only installed packages whose connectors may be loaded.

    Raises: ConfigurationError for an observer with a hook that is not an observer's.
    """

    def __init__(
        self,
        *,
        observers: Iterable[object] = (),
        connectors: Mapping[str, type] = MappingProxyType({}),
        packages: Collection[str] | None = None,
    ) -> None:
        self._observers = tuple(observers)
        problems = [found for each in self._observers for found in observer_problems(each)]
        if problems:
            raise ConfigurationError("; ".join(problems))
        self._own = dict(connectors)
        self._packages = None if packages is None else frozenset(packages)

    def connectors(self) -> tuple[Listing, ...]:
        """List what is installed, sorted by name, importing none of it."""
        found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
        names = [*(entry.name for entry in found), *self._own]
        own = (Listing(name, "this application", "", _taken(name, names)) for name in self._own)
        installed = (_listing(entry, names, self._packages) for entry in found)
        return tuple(sorted([*installed, *own], key=lambda listing: listing.name))

    def inspect(self, name: str) -> Listing:
        """Load one connector and say what is wrong with it, without raising."""
        listing = _only(name, self.connectors())
        if listing.problem:
            return listing
        try:
            self.load(name)
        except (ConfigurationError, PluginFault) as error:
            return Listing(listing.name, listing.package, listing.version, str(error))
        return listing

    def load(self, name: str) -> Any:
        """Return a new connector object of this name, checked against the contract.

        Raises: ConfigurationError where no package, or more than one, offers the name; PluginFault
        where the package cannot be imported or breaks the contract.
        """
        listing = _only(name, self.connectors())
        if listing.problem:
            raise ConfigurationError(f"the connector {name} cannot be used: {listing.problem}")
        package = f"{listing.package} {listing.version}".strip()
        own = self._own.get(name)
        with _guest(f"the connector {name} of {package} cannot be loaded"):
            connector = own() if own else _imported(name)
            problems = contract_problems(connector)
        if problems:
            raise PluginFault(f"the connector {name} of {package}: {'; '.join(problems)}")
        return connector

    def connect(
        self,
        name: str,
        settings: Mapping[str, object] | ConnectorSettings,
        *,
        folder: Path | None = None,
        policy: Policy | None = None,
        clock: Clock | None = None,
        grants: GrantStore | None = None,
    ) -> Connector:
        """Return a connection to a vendor; nothing is sent before its first use.

        `settings` is the connector's own model, or a mapping that may hold references to secrets
        (`env:`, `file:`, `keyring:`); relative files begin at `folder`. `grants` keeps what an
        administrator authorised, and has the name that errors tell to authorise again; without one
        it is kept as long as the connection.

        Raises: ConfigurationError naming the connector and the setting at fault; PluginFault.
        """
        settings = settings if isinstance(settings, ConnectorSettings) else Given(settings)
        connector = self.load(name)
        checked = _settings(name, connector, settings, folder or Path.cwd())
        clock, policy = clock or Clock(), policy or Policy()
        manager = self._manager(name, connector)
        _check_rate_limits(name, checked, connector.capabilities())
        driver = Driver(
            name,
            manager.hook,
            checked,
            policy=policy,
            grants=grants or MemoryGrants(),
            clock=clock,
        )
        return Connector(driver, policy.limits, clock)

    def _manager(self, name: str, connector: object) -> pluggy.PluginManager:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(ConnectorSpec)
        manager.add_hookspecs(ObserverSpec)
        try:
            manager.register(connector, name)
            for observer in self._observers:
                manager.register(observer)
            manager.check_pending()
        except pluggy.PluginValidationError as error:
            raise PluginFault(f"the connector {name} or an observer: {error}") from None
        return manager


def _listing(entry: EntryPoint, names: list[str], allowed: frozenset[str] | None) -> Listing:
    # A damaged package has metadata without a name or a version.
    package = (entry.dist.name if entry.dist else None) or "an unknown package"
    version = (entry.dist.version if entry.dist else None) or "?"
    problem = _problem(entry, names)
    if not problem and allowed is not None and package not in allowed:
        problem = "its package is not among those that this application allows"
    return Listing(entry.name, package, version, problem)


def _problem(entry: EntryPoint, names: list[str]) -> str:
    if not entry.pattern.match(entry.value):
        return f"its entry point {entry.value!r} is not of the form module:Class"
    if not entry.attr:
        return f"its entry point {entry.value!r} names a module, not a class"
    return _taken(entry.name, names)


def _taken(name: str, names: list[str]) -> str:
    if names.count(name) > 1:
        return "more than one package offers this name; uninstall all but one"
    return ""


def _only(name: str, listings: tuple[Listing, ...]) -> Listing:
    for listing in listings:
        if listing.name == name:
            return listing
    near = difflib.get_close_matches(name, [listing.name for listing in listings], n=1)
    hint = f"did you mean {near[0]}?" if near else f"pip install jackfield-{name}?"
    known = ", ".join(sorted({listing.name for listing in listings})) or "none"
    raise ConfigurationError(f"there is no connector {name!r}; {hint} Installed: {known}")


def _imported(name: str) -> object:
    from stevedore.driver import DriverManager  # noqa: PLC0415 - slow to import, used here alone

    manager: DriverManager[object] = DriverManager(
        GROUP, name, invoke_on_load=True, on_load_failure_callback=_reraise
    )
    return manager.driver


@contextlib.contextmanager
def _guest(what: str) -> Iterator[None]:
    """Turn whatever a plugin raises into PluginFault: it may even call sys.exit."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise PluginFault(f"{what}: {type(error).__name__}: {error}") from error


def _reraise(_manager: object, _entry: object, error: BaseException) -> None:
    raise error


def _settings(
    name: str, connector: Any, given: Mapping[str, object] | ConnectorSettings, folder: Path
) -> ConnectorSettings:
    model: type[ConnectorSettings] = connector.settings
    if isinstance(given, ConnectorSettings):
        if not isinstance(given, model):
            found = type(given).__name__
            raise ConfigurationError(f"{name}: needs {model.__name__}, was given {found}")
        return given
    try:
        return model.model_validate(resolve_references(given, folder))
    except ValidationError as error:
        problem = explain(error, model)
    # Out of the handler: the frames of what was raised hold the values.
    raise ConfigurationError(f"{name}: {problem}")


def _check_rate_limits(name: str, given: ConnectorSettings, capabilities: Capabilities) -> None:
    known = [rate.name for rate in capabilities.rates]
    for unknown in sorted(set(given.rate_limits) - set(known)):
        raise ConfigurationError(
            f"{name}: rate_limits: there is no limit {unknown}; known are {', '.join(known) or '-'}"
        )


def explain(error: ValidationError, model: type[ConnectorSettings]) -> str:
    """Return what is wrong with settings in one line, without any of their values."""
    return "; ".join(
        _sentence(problem, sorted(model.model_fields))
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    )


def _sentence(problem: Any, known: list[str]) -> str:
    place = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(place, known, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
        return f"there is no setting {place}; {hint}"
    if problem["type"] == "missing":
        return f"the setting {place} is missing"
    said = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {said}" if place else said
