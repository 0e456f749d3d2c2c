"""List responses, read with suspicion.

Source: RFC 7644 section 3.4.2.4. Resources are trusted, counts are not: vendors send them as text,
too small or not at all.
"""

from collections.abc import Mapping

from jackfield.errors import ConfigurationError
from jackfield.flow import Json, Response


def start_of(cursor: str | None) -> int:
    """Return the 1-based index that a cursor stands for."""
    if cursor is None:
        return 1
    start = _count(cursor)
    if not start:
        raise ConfigurationError(f"{cursor!r} is no place in a list of users")
    return start


def resources_of(response: Response) -> list[Json]:
    """Return the resources of a list response; none where the vendor counts none."""
    document = response.document
    found = _member(document, "resources")
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    # RFC 7644 section 3.4.2: `Resources` may be missing where nothing was found.
    if found is None and _count(_member(document, "totalresults")) == 0:
        return []
    raise response.unusable("the vendor answered a search with something that is no list")


def next_cursor(response: Response, start: int, size: int) -> str | None:
    """Return the cursor of the page that follows, or None after the last one.

    Raises: VendorBroken for a page from elsewhere in the list, and for an empty one before its end.
    """
    total = _count(_member(response.document, "totalresults"))
    if size == 0:
        if total is not None and start <= total:
            raise response.unusable(
                f"the vendor counts {total} users and shows none from number {start} on"
            )
        return None
    shown_from = _count(_member(response.document, "startindex"))
    if shown_from is not None and shown_from != start:
        raise response.unusable(
            f"the vendor was asked for users from number {start} on and answered from {shown_from}"
        )
    # A total smaller than what was already shown is wrong: only an empty page then ends the list.
    following = start + size
    return None if total == following - 1 else str(following)


def is_everything(response: Response, size: int) -> bool:
    """Say whether an answer of this many resources shows all there are."""
    total = _count(_member(response.document, "totalresults"))
    return total == size or (total is None and size == 0)


def _member(document: Mapping[str, Json], lowered: str) -> Json:
    return next((value for name, value in document.items() if name.lower() == lowered), None)


def _count(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
