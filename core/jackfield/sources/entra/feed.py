"""One walk through the changes of users, from a link or from the beginning to the next link.

Pages may be empty, and one object may come several times, in any order and in part.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from jackfield.errors import VendorBroken
from jackfield.sources.base import SourceObject
from jackfield.sources.entra.graph import (
    Document,
    Expired,
    GraphPage,
    Question,
    changes_of_users,
    get_page,
)
from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.reader import Reader


@dataclass(slots=True)
class Feed:
    """What a walk has shown.

    `people` are those that are there, each with what `keep` made of the first sight of it, or None;
    `repeated` came more than once, so that no single sight of them can be trusted. `link` continues
    from here at the next read.
    """

    keep: Callable[[Document], SourceObject | None]
    people: dict[str, SourceObject | None] = field(default_factory=dict)
    removed: dict[str, Literal["soft", "hard"]] = field(default_factory=dict)
    repeated: set[str] = field(default_factory=set)
    link: str = ""

    def take(self, item: Document) -> None:
        user_id = str(item["id"]).lower()
        if user_id in self.people or user_id in self.removed:
            self.repeated.add(user_id)
        if "@removed" in item:
            if self.removed.get(user_id) != "hard":  # nobody comes back from that
                self.removed[user_id] = _kind(item)
        elif user_id not in self.people:
            self.people[user_id] = self.keep(item)


def nothing(document: Document) -> None:
    """Keep no more of a user than its id: every sight of it may be partial."""
    del document


def walk(
    reader: Reader,
    settings: EntraSettings,
    link: str,
    keep: Callable[[Document], SourceObject | None],
) -> Feed | Expired:
    """Follow the pages to their end; an empty link begins anew.

    Raises: the errors of `Reader.run`; VendorBroken where the pages have no end. Then nothing of
    the walk counts.
    """
    question = changes_of_users(settings)
    if link:
        question = question.at(link)
    feed = Feed(keep)
    for page in _pages(reader, settings, question):
        if isinstance(page, Expired):
            return page
        for item in page.items:
            feed.take(item)
        feed.link = page.delta_link
    return feed


def _pages(
    reader: Reader, settings: EntraSettings, question: Question
) -> Iterator[GraphPage | Expired]:
    seen = set[str]()
    while True:
        page = reader.run("read", get_page(question, settings), GraphPage, Expired)
        yield page
        if isinstance(page, Expired) or (page.delta_link and not page.next_link):
            return
        if not page.next_link or page.delta_link:
            raise VendorBroken("a page of Graph's users has no link, or two: the list is cut")
        if page.next_link in seen:
            raise VendorBroken("Graph's pages of users go round in circles")
        seen.add(page.next_link)
        question = question.at(page.next_link)


def _kind(item: Document) -> Literal["soft", "hard"]:
    """Return how far gone a user is; of an unknown reason the milder is believed."""
    removed = item["@removed"]
    reason = removed.get("reason") if isinstance(removed, dict) else None
    return "hard" if reason == "deleted" else "soft"
