"""Whether a row of the log tells of access that is lost."""

import json
from typing import Any

OFF = (False, "False", "false")


def takes_access_away(entry: Any) -> bool:
    """Say so by its name, or where `active` is among its changes and ends off."""
    if entry.action in {"disable", "delete"}:
        return True
    changes = json.loads(getattr(entry, "changes", "") or "[]")
    return any(path == "active" and new in OFF for path, _old, new, *_ in changes)
