r"""The one kind of filter that look-ups need.

Source: RFC 7644 section 3.4.2.2: a value is a JSON string, so `"`, `\` and control characters are
escaped as JSON does.
"""

import json


def equals(attribute: str, value: str) -> str:
    """Return the filter `attribute eq "value"`; no value can end its literal early."""
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"
