"""Prints the README's table of vendors from what their connectors claim.

`python scripts/vendors.py --write` puts it between the two marks in README.md.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from jackfield import Capabilities, Listing, Rate, Registry

README = Path(__file__).parent.parent / "README.md"
BEGIN, END = "<!-- vendors: begin -->", "<!-- vendors: end -->"

NAMES = {
    "fuze": "Fuze",
    "ringcentral": "RingCentral",
    "scim": "any SCIM 2.0 service",
    "vonage": "Vonage",
    "webex": "Webex",
    "zoom": "Zoom",
}
"""How vendors spell themselves; a connector that is not listed stands under its own name."""

HEAD = ("Vendor", "Finds users by", "Create", "Update", "Disable", "Delete", "Lists", "Limits")


def table() -> str:
    """Return the table, sorted by vendor."""
    registry = Registry()
    rows = [_row(each.name, registry.load(each.name).capabilities()) for each in _usable(registry)]
    lines = [HEAD, tuple("---" for _ in HEAD), *sorted(rows, key=lambda row: row[0].lower())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def readme_with(text: str, new: str) -> str:
    """Return the README with another table between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{new}\n{END}{after}"


def _usable(registry: Registry) -> Iterator[Listing]:
    return (each for each in registry.connectors() if each.name in NAMES)


def _row(name: str, can: Capabilities) -> tuple[str, ...]:
    patched = sum(can.can_patch(path) for path in can.attributes)
    return (
        f"[{NAMES[name]}](plugins/{name}/README.md)",
        ", ".join(f"`{path}`" for path in can.match_on),
        _yes(can.create),
        f"{patched} of {len(can.attributes)} attributes" if can.patch else "no",
        {"active": "`active` false", "delete": "by deleting", "unsupported": "no"}[can.disable],
        _yes(can.delete),
        _yes(can.list_users),
        "; ".join(_limit(rate) for rate in can.rates) or "none published",
    )


def _limit(rate: Rate) -> str:
    parts = []
    if rate.requests:
        parts.append(f"{rate.requests} in {rate.per_seconds:g} s")
    if rate.parallel:
        parts.append(f"{rate.parallel} at once")
    return f"{rate.name}: {', '.join(parts)}"


def _yes(claimed: object) -> str:
    return "yes" if claimed else "no"


if __name__ == "__main__":
    made = table()
    if "--write" in sys.argv:
        README.write_text(readme_with(README.read_text(), made))
    else:
        print(made)
