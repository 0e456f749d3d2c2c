"""`jackfield connectors`: what is installed, and what it can do."""

from dataclasses import asdict
from typing import Any

import click

from jackfield.capabilities import Attribute, Capabilities
from jackfield.cli.exits import Exit
from jackfield.cli.screen import show, show_json, show_table
from jackfield.cli.text import value
from jackfield.mappings import AttributeMapping
from jackfield.registry import Listing, Registry

SCHEMA = "jackfield.connectors/1"


@click.command("connectors")
@click.argument("name", required=False)
@click.option("--check", is_flag=True, help="Import each one and check it against the contract.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def command(ctx: click.Context, name: str | None, *, check: bool, as_json: bool) -> None:
    """List installed connectors, or show what one can do.

    Needs no configuration; without --check or NAME, no connector is imported.
    """
    registry = Registry()
    if name is not None:
        capabilities: Capabilities = registry.load(name).capabilities()
        listing = registry.inspect(name)
        _show_document(listing, capabilities) if as_json else _show_one(listing, capabilities)
        return
    found = registry.connectors()
    if check:
        found = tuple(registry.inspect(name) for name in dict.fromkeys(one.name for one in found))
    if as_json:
        show_json({"schema": SCHEMA, "connectors": [asdict(listing) for listing in found]})
    else:
        _show_list(found)
    if check and any(listing.problem for listing in found):
        ctx.exit(Exit.ERROR)


def _show_list(found: tuple[Listing, ...]) -> None:
    if not found:
        show("No connector is installed. Try: pip install jackfield-webex")
        return
    rows = [(one.name, one.package, one.version, one.problem) for one in found]
    show_table(("name", "package", "version", "problem"), rows)


def _show_one(listing: Listing, capabilities: Capabilities) -> None:
    show(f"{listing.name}, from {listing.package} {listing.version}")
    for line in _abilities(capabilities):
        show(f"  {line}")
    if capabilities.attributes:
        show()
        rows = [_attribute_row(*pair) for pair in capabilities.attributes.items()]
        show_table(("attribute", "on create", "update", "filter", "case"), rows)
    if capabilities.mappings:
        show()
        rows = [_mapping_row(mapping) for mapping in capabilities.mappings]
        show_table(("default mapping of", "from", "applied"), rows)


def _abilities(capabilities: Capabilities) -> list[str]:
    names = ("create", "patch", "enable", "delete", "list_users", "groups")
    able = [name.replace("_", " ") for name in names if getattr(capabilities, name)]
    limits = [f"{r.name}: {r.requests} in {r.per_seconds:g} s" for r in capabilities.rates]
    return [
        f"operations: {', '.join(able)}",
        f"disable: {capabilities.disable}",
        f"matches by: {', '.join(capabilities.match_on)}",
        f"limits: {'; '.join(limits) or 'none published'}",
        f"source: {capabilities.source or 'not told'}",
    ]


def _attribute_row(path: str, attribute: Attribute) -> tuple[str, ...]:
    return (
        path,
        attribute.create,
        "yes" if attribute.patch else "no",
        "yes" if attribute.filter else "no",
        "exact" if attribute.case_exact else "ignored",
    )


def _mapping_row(mapping: AttributeMapping) -> tuple[str, ...]:
    origin = mapping.source or mapping.expression or f"constant {value(mapping.constant)}"
    if mapping.default is not None:
        origin += f", else {value(mapping.default)}"
    return (mapping.target, origin, mapping.apply)


def _show_document(listing: Listing, capabilities: Capabilities) -> None:
    show_json({"schema": SCHEMA, "connectors": [asdict(listing) | _described(capabilities)]})


def _described(capabilities: Capabilities) -> dict[str, Any]:
    plain = ("create", "patch", "disable", "enable", "delete", "list_users", "groups", "source")
    return {
        "capabilities": {
            **{name: getattr(capabilities, name) for name in plain},
            "match_on": list(capabilities.match_on),
            "bulk_operations": capabilities.bulk_operations,
            "attributes": {path: asdict(one) for path, one in capabilities.attributes.items()},
            "rates": [
                asdict(rate) | {"covers": sorted(rate.covers)} for rate in capabilities.rates
            ],
            "mappings": [asdict(mapping) for mapping in capabilities.mappings],
        }
    }
