"""List responses, read with suspicion, and the one rule for where a list ends.

Source: RFC 7644 section 3.4.2.4. Resources are trusted, counts are not: vendors send them as text,
too small, or as the number of rows of one page. Users are counted by their ids, never by rows.

A list is at its end where a page is empty, or where `totalResults`, the same on every page and
more than any one page showed, is reached. The same number on a first page may be no more than the
count of that page, so one more page is asked for. A proven end is still the vendor's word: a list
that is silently cut after 100 users looks like one of 100 users. So before anything follows from
somebody's absence in a list, a look-up of that one user decides, where the vendor can search.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from jackfield.errors import ConfigurationError, VendorBroken
from jackfield.flow import Json, Response
from jackfield.resources import Page, User

_PLACE = re.compile(r"(?a:(\d{1,9})(?:\+(\d{1,9}))?(?: of (\d{1,9}))?)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a list a page begins, and what the pages before it have told.

    `total` is what each of them counted, more than they had shown; None where they did not count,
    or are not believed. `repeated` is how many of their rows showed a user of the same page again.
    """

    start: int = 1
    total: int | None = None
    repeated: int = 0

    @classmethod
    def parse(cls, cursor: str | None) -> Self:
        """Return the place that a cursor stands for; the first one for None.

        Raises: ConfigurationError where the text is no place.
        """
        if cursor is None:
            return cls()
        found = _PLACE.fullmatch(cursor)
        if found is None or not int(found[1]):
            raise ConfigurationError(f"{cursor!r} is no place in a list of users")
        return cls(int(found[1]), None if found[3] is None else int(found[3]), int(found[2] or 0))

    def __str__(self) -> str:
        repeated = f"+{self.repeated}" if self.repeated else ""
        return f"{self.start}{repeated}" + ("" if self.total is None else f" of {self.total}")


def resources_of(response: Response, start: int = 1) -> list[Json]:
    """Return the resources of a page; none where the vendor counts none from `start` on."""
    document = response.document
    found = _member(document, "resources")
    if isinstance(found, list):
        return found
    if isinstance(found, dict):
        return [found]
    # RFC 7644 section 3.4.2: `Resources` may be missing where nothing was found.
    total = total_of(response)
    if found is None and total is not None and total < start:
        return []
    raise response.unusable("the vendor answered a search with something that is no list")


def total_of(response: Response) -> int | None:
    """Return the `totalResults` of a list response; None where it is missing or no number."""
    return _count(_member(response.document, "totalresults"))


def page_of(response: Response, place: Place, users: Sequence[User]) -> Page:
    """Return the page of these users; the last one is empty, or shows the proven `total`.

    Raises: VendorBroken for a page from elsewhere in the list, and for an empty one before its end.
    """
    if not users:
        _check_end(response, place)
        return Page(())
    shown_from = _count(_member(response.document, "startindex"))
    if shown_from is not None and shown_from != place.start:
        raise response.unusable(
            f"the vendor was asked for users from number {place.start} on and answered from "
            f"{shown_from}"
        )
    size = len({user.id for user in users})
    shown, total = place.start - 1 + size, total_of(response)
    repeated = place.repeated + len(users) - size
    if repeated or (place.start > 1 and total != place.total):
        total = None
    believed = total if total is not None and total >= shown else None
    if believed is None or believed > shown:
        return Page(tuple(users), str(Place(shown + 1, believed, repeated)))
    following = None if believed > size else str(Place(shown + 1))
    return Page(tuple(users), following, total=believed)


def is_everything(response: Response, size: int) -> bool:
    """Say whether an answer with this many different users shows as many as it counts.

    That is no proof of an end: the vendor may count the page. An empty answer is everything.
    """
    total = total_of(response)
    if total is None:
        return size == 0
    return total in {size, len(resources_of(response))}


class Walk:
    """Follows the pages of one list to its end: no cursor twice, no user twice.

    A page without a next cursor ends the list: connectors give none before the end is proven.
    """

    def __init__(self) -> None:
        self.cursor: str | None = None
        self.more = True
        self.total: int | None = None
        self._cursors: set[str] = set()
        self._ids: set[str] = set()
        self._repeated = 0

    @property
    def count(self) -> int:
        """How many different users were shown."""
        return len(self._ids)

    @property
    def is_counted_out(self) -> bool:
        """Whether the vendor counts no more users than it has shown; no proof that it has none.

        Absence takes a proven end. Somebody found needs none: no further page is read for that.
        """
        return not self.more or self.total == self.count

    def fresh(self, page: Page) -> list[User]:
        """Return the users not seen before, each once, and move on.

        Raises: VendorBroken where a page that is not the last has nobody new, its cursor was seen,
        or all pages together show another number of users than the vendor counts.
        """
        users: dict[str, User] = {}
        for user in page.users:
            if user.id and user.id not in self._ids:
                users.setdefault(user.id, user)
        self._ids.update(users)
        # Rows of users shown twice put the following rows off by as many: they may come again.
        is_overlap = not users and 0 < len(page.users) <= self._repeated
        self._repeated -= len(page.users) if is_overlap else 0
        self._repeated += len(page.users) - len({user.id for user in page.users})
        self.cursor, self.more = page.next_cursor, page.next_cursor is not None
        self.total = page.total
        if self.cursor is not None:
            if self.cursor in self._cursors or not (users or is_overlap):
                raise VendorBroken(
                    "the vendor's list of users goes round in circles: it shows the same users "
                    "again where others should follow, so it does not show who is absent"
                )
            self._cursors.add(self.cursor)
        elif page.total is not None and page.total != self.count:
            raise VendorBroken(
                f"the vendor counts {page.total} users and its list shows {self.count} of them: "
                "it changed while it was read, or leaves users out, so it does not show who is "
                "absent"
            )
        return list(users.values())


def _check_end(response: Response, place: Place) -> None:
    total = total_of(response)
    # A total may count the rows, those of users shown twice among them.
    if total is not None and place.start + place.repeated <= total:
        raise response.unusable(
            f"the vendor counts {total} users and shows none from number {place.start} on"
        )


def _member(document: Mapping[str, Json], lowered: str) -> Json:
    return next((value for name, value in document.items() if name.lower() == lowered), None)


def _count(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    text = str(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
