"""Lists as vendors really give them: cut short, counted wrongly, or with somebody in them twice.

Only lists without a filter are like that; a search by filter finds everybody. A vendor whose list
is not "honest" still answers the `startIndex` that it was asked for, which no client may believe.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.testing.sandbox.exchange import Document

Listing: TypeAlias = Literal["honest", "page-total", "ignores-start", "capped", "repeats"]
"""How a vendor lists its users.

`page-total`: at most 50 users a page, and `totalResults` counts this page. `ignores-start`: the
first page, of at most 100 users, again and again, and `totalResults` counts this page. `capped`:
the list ends after 100 users and counts no more than these. `repeats`: the first user of each page
is shown a second time at its end, beyond `count`; `totalResults` counts every user once.
"""

MOST_ON_A_PAGE = 50
"""Of "page-total"."""

MOST_LISTED = 100
"""Of "capped", and on the one page of "ignores-start"."""


@dataclass(frozen=True, slots=True)
class ListedPage:
    """What a list shows on one page, and its `totalResults`."""

    users: list[Document]
    total: int


def listed_page(kind: Listing, users: list[Document], start: int, count: int) -> ListedPage:
    """Return one page of all users; `start` is 1 for the first of them."""
    if kind == "ignores-start":
        page = users[: min(count, MOST_LISTED)]
        return ListedPage(page, len(page))
    if kind == "page-total":
        page = users[start - 1 : start - 1 + min(count, MOST_ON_A_PAGE)]
        return ListedPage(page, len(page))
    shown = users[:MOST_LISTED] if kind == "capped" else users
    page = shown[start - 1 : start - 1 + count]
    if kind == "repeats":
        page = page + page[:1]
    return ListedPage(page, len(shown))
