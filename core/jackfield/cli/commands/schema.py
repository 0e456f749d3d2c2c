"""`jackfield schema`: the JSON schema of `jackfield.toml`, for editors."""

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from typing import Any

import click
from pydantic import BaseModel

from jackfield.cli.screen import note, show_json
from jackfield.engine.configuration.file import ConfigurationFile
from jackfield.engine.configuration.sources import GROUP, load_source
from jackfield.errors import ProvisioningError
from jackfield.registry import Registry

SCHEMA = "jackfield.schema/1"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
NAME = {"pattern": "^[a-z][a-z0-9-]{0,40}$"}
REFERENCE = {
    "type": "string",
    "pattern": "^(env|file|keyring):",
    "description": "A reference: env:NAME, file:PATH or keyring:SERVICE/USER.",
}


@click.command("schema")
@click.option("--json", "as_json", is_flag=True, help="Wrap it in a versioned document.")
def command(*, as_json: bool) -> None:
    """Print the JSON schema of jackfield.toml, for editors.

    It knows the settings of what is installed here. Editors with Taplo read it where the file's
    first line is: #:schema ./jackfield.schema.json
    """
    document, problems = configuration_schema()
    for problem in problems:
        note(f"warning: {problem}", colour="yellow")
    if as_json:
        show_json({"schema": SCHEMA, "problems": problems, "document": document})
    else:
        show_json(document)


def configuration_schema() -> tuple[dict[str, Any], list[str]]:
    """Return the schema, and what is installed and cannot be used."""
    document = ConfigurationFile.model_json_schema()
    definitions, problems = document["$defs"], list[str]()
    models = {
        "ConnectionTable": ("connector", dict(_connectors(problems))),
        "SourceTable": ("type", dict(_sources(problems))),
    }
    for table, (key, known) in models.items():
        definitions[table] = _table(definitions[table], key, known, definitions)
    # Spaces, underscores and case are the same there.
    definitions["Operator"] = {"anyOf": [definitions["Operator"], {"type": "string"}]}
    for name in ("sources", "connections", "jobs"):
        document["properties"][name]["propertyNames"] = NAME
    return {"$schema": DIALECT, "$comment": SCHEMA, **document}, problems


def _connectors(problems: list[str]) -> Iterator[tuple[str, type[BaseModel]]]:
    registry = Registry()
    for name in dict.fromkeys(listing.name for listing in registry.connectors()):
        try:
            yield name, registry.load(name).settings
        except ProvisioningError as error:
            problems.append(str(error))


def _sources(problems: list[str]) -> Iterator[tuple[str, type[BaseModel]]]:
    for name in sorted({entry.name for entry in entry_points(group=GROUP)}):
        try:
            yield name, load_source(name).settings
        except ProvisioningError as error:
            problems.append(str(error))


def _table(
    table: dict[str, Any],
    key: str,
    known: Mapping[str, type[BaseModel]],
    definitions: dict[str, Any],
) -> dict[str, Any]:
    """Return the schema of a table whose other keys depend on what `key` names."""
    branches = []
    for name, model in known.items():
        prefix = f"{key}-{name}-"
        settings = model.model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}")
        for part, schema in settings.pop("$defs", {}).items():
            definitions[f"{prefix}{part}"] = schema
        definitions[f"{prefix}settings"] = _with_references(settings, key)
        branches.append(
            {
                "if": {"properties": {key: {"const": name}}, "required": [key]},
                "then": {"$ref": f"#/$defs/{prefix}settings"},
            }
        )
    named = table["properties"][key] | {"examples": sorted(known)}
    # A name that is not installed here is not wrong everywhere: no enumeration.
    return table | {"properties": {key: named}, "allOf": branches}


def _with_references(settings: dict[str, Any], key: str) -> dict[str, Any]:
    """Let a reference stand for the value of any setting, as it may in the file."""
    properties = {
        name: {"anyOf": [schema, REFERENCE]}
        | {word: schema[word] for word in ("title", "default") if word in schema}
        for name, schema in settings.get("properties", {}).items()
    }
    return settings | {"properties": {key: True, **properties}}


def secret_settings(model: type[BaseModel]) -> frozenset[str]:
    """Return the names of the settings that hold a secret."""
    properties = model.model_json_schema().get("properties", {})
    return frozenset(
        name
        for name, schema in properties.items()
        if any(part.get("format") == "password" for part in (schema, *schema.get("anyOf", ())))
    )
