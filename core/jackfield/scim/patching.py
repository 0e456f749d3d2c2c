"""SCIM PATCH bodies: one operation for each attribute, each with its path.

Source: RFC 7644 section 3.5.2. Lower-case operations with explicit paths and JSON booleans are what
every server tried accepts; operations without a path are not. Services that were built against
Microsoft Entra alone may want its dialects: Entra, "Known issues and resolutions with SCIM 2.0
protocol compliance" (read 2026-11-20).
"""

from collections.abc import Mapping
from typing import Literal, TypeAlias

from jackfield.flow import Json
from jackfield.resources import Change, Changes
from jackfield.scim.path import Path, read, write

PATCH_SCHEMA = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


Dialect: TypeAlias = Literal["rfc", "entra", "entra-flag", "no-path"]
"""How operations are written: as the RFC does, as Entra does, as Entra does with its feature flag
`aadOptscim062020`, or all values in one operation without a path."""


def patch_document(changes: Changes, dialect: Dialect = "rfc") -> dict[str, Json]:
    """Return the body that asks for all changes at once."""
    operations: list[Json] = []
    if dialect in {"entra-flag", "no-path"}:
        operations.extend(_gathered(changes, at_least=2 if dialect == "entra-flag" else 1))
    else:
        operations.extend(_operation(change) for change in changes)
    if dialect == "entra":
        operations = [_as_entra(operation) for operation in operations]
    return {"schemas": [PATCH_SCHEMA], "Operations": operations}


def with_missing_elements(changes: Changes, document: Mapping[str, Json]) -> Changes:
    """Return the changes with elements that the user lacks added whole.

    A value filter that matches nothing is an error (RFC 7644 section 3.5.2.3, `noTarget`): five
    parts of a first address become one `add` of `addresses`. Removals of what is not there go.
    """
    kept: list[Change] = []
    elements: dict[str, Json] = {}
    for change in changes:
        path = Path.parse(change.path)
        if path.condition is None or _has_element(document, path):
            kept.append(change)
        elif change.op != "remove":
            write(elements, path, change.value)
    kept.extend(Change("add", name, value) for name, value in _named(elements))
    return tuple(kept)


def _operation(change: Change) -> dict[str, Json]:
    operation: dict[str, Json] = {"op": change.op, "path": change.path}
    return operation if change.op == "remove" else operation | {"value": change.value}


def _as_entra(operation: Json) -> Json:
    if not isinstance(operation, dict):
        return operation
    written = operation | {"op": str(operation["op"]).capitalize()}
    value = written.get("value")
    # Entra writes Booleans as text: "False".
    return written | {"value": str(value)} if isinstance(value, bool) else written


def _gathered(changes: Changes, *, at_least: int) -> list[dict[str, Json]]:
    """Return one operation without a path for the plain attributes, the others as they are."""
    plain = [c for c in changes if c.op == "replace" and Path.parse(c.path).condition is None]
    if len(plain) < at_least:
        return [_operation(change) for change in changes]
    value: Json = {change.path: change.value for change in plain}
    others = [_operation(change) for change in changes if change not in plain]
    return [{"op": "replace", "value": value}, *others]


def _has_element(document: Mapping[str, Json], path: Path) -> bool:
    whole, _, _ = path.text.rpartition("]")
    return read(document, f"{whole}]") is not None


def _named(elements: dict[str, Json]) -> list[tuple[str, Json]]:
    named: list[tuple[str, Json]] = []
    for name, value in elements.items():
        if isinstance(value, dict):
            named.extend((f"{name}:{attribute}", part) for attribute, part in value.items())
        else:
            named.append((name, value))
    return named
