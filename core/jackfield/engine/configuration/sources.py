"""Finds the type of a source among the entry points and opens it with its settings."""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from pydantic import ValidationError

from jackfield.engine.problems import first_problem, nearest, place, sentence
from jackfield.errors import ConfigurationError, PluginFault
from jackfield.references import Given, resolve_references
from jackfield.sources import Source, SourceSettings

GROUP = "jackfield.sources"


def load_source(kind: str) -> Source:
    """Return a new source of this type.

    Raises: ConfigurationError where no package, or more than one, offers the type; PluginFault
    naming the package where it cannot be imported or is no source.
    """
    entry = _entry(kind)
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "an unknown package"
    try:
        source: Source = entry.load()()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may even call sys.exit when imported
        why = f"{type(error).__name__}: {error}"
        raise PluginFault(f"the source {kind} of {package} cannot be imported: {why}") from error
    settings = getattr(source, "settings", None)
    if not (isinstance(settings, type) and issubclass(settings, SourceSettings)):
        raise PluginFault(f"the source {kind} of {package} names no settings")
    if not callable(getattr(source, "read", None)):
        raise PluginFault(f"the source {kind} of {package} has no method read")
    return source


def source_settings(source: Source, given: Mapping[str, object], folder: Path) -> SourceSettings:
    """Return the checked settings of a source, its references resolved.

    Raises: ConfigurationError beginning with the key at fault.
    """
    given = Given(given)
    try:
        return source.settings.model_validate(resolve_references(given, folder))
    except ValidationError as error:
        problem = first_problem(error)
        said = sentence(problem, source.settings.model_fields)
        where = place(problem["loc"])
    # Out of the handler: the frames of what was raised hold the values.
    raise ConfigurationError(f"{where}: {said}" if where else said)


def _entry(kind: str) -> EntryPoint:
    installed = entry_points(group=GROUP)
    found = [entry for entry in installed if entry.name == kind]
    if not found:
        hint = nearest(kind, {entry.name for entry in installed})
        raise ConfigurationError(f"type: there is no source of type {kind!r}; {hint}")
    if len(found) > 1:
        raise ConfigurationError(
            f"type: more than one package offers the source {kind}; uninstall all but one"
        )
    return found[0]
