"""Made-up secrets that carry a mark, and the search for the mark in what the suite has written.

Every secret that a test plants comes from `canary`, or is a sandbox's own, which carries the mark,
too. So one search finds them all, also inside Base64, in a database, in a process's output.
"""

import base64
from collections.abc import Iterator
from pathlib import Path

MARK = "canary-"


def canary(name: str) -> str:
    """Return the made-up secret of this name; the same one in every process."""
    return f"{MARK}{name}-7f3a9c"


def _base64_of_mark(offset: int) -> bytes:
    """Return the characters that the mark surely has so far into a Base64 text."""
    encoded = base64.b64encode(b"\0" * offset + MARK.encode())
    first = -(-8 * offset // 6)
    last = 8 * (offset + len(MARK)) // 6
    return encoded[first:last]


FORMS = (
    MARK.encode(),
    MARK.encode("utf-16-le"),
    MARK.encode("utf-16-be"),
    *(_base64_of_mark(offset) for offset in range(3)),
)
"""How the mark looks in bytes. URLs and JSON leave its characters as they are."""

_AROUND = 40


def find_canary(content: bytes | str) -> str:
    """Return the mark with what stands around it; empty where it is not there."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogatepass")
    for form in FORMS:
        at = content.find(form)
        if at >= 0:
            return repr(content[max(0, at - _AROUND) : at + len(form) + _AROUND])
    return ""


def canaries_below(folder: Path, but: frozenset[Path] = frozenset()) -> Iterator[str]:
    """Yield each file that holds a canary, and where; folders in `but` are left out."""
    for place in sorted(folder.iterdir()):
        if place.is_symlink() or place in but:
            continue
        if place.is_dir():
            yield from canaries_below(place, but)
        elif place.is_file() and (found := find_canary(place.read_bytes())):
            yield f"{place}: {found}"
