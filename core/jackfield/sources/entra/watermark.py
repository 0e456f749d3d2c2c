"""What a read leaves for the next one, as one text that only this source can read.

It holds Graph's link to the changes, whole; when it was asked for; what was asked; who was assigned
with which roles, for Graph tells nobody about changes of assignments; and what the read left open,
for the link has moved past the changes that it could not settle.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from jackfield.sources.entra.graph import is_own
from jackfield.sources.entra.settings import EntraSettings

LINK_LIFETIME: Final = dt.timedelta(days=7)
"""Of directory objects. Source: learn.microsoft.com/graph, "Use delta query to track changes"."""

_VERSION: Final = 2
_READABLE: Final = frozenset({1, _VERSION})


@dataclass(frozen=True, slots=True)
class Watermark:
    """Where the next read begins; with an empty `link` at everybody.

    `unsettled` are people whom the read could not establish: the next one asks for them by id.
    `gone` are those among the assigned of whom it is known that there is nobody of this id.
    `is_open` says that people may be assigned of whom it is not known, for they were all read at
    once: only a read of everybody can tell.
    """

    link: str
    asked_at: dt.datetime
    roles_of: Mapping[str, tuple[str, ...]]
    unsettled: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    is_open: bool = False

    def to_text(self, settings: EntraSettings) -> str:
        people = defaultdict(list)
        for user_id, roles in sorted(self.roles_of.items()):
            people[roles].append(user_id)
        document = {
            "version": _VERSION,
            "query": _fingerprint(settings),
            "asked_at": self.asked_at.isoformat(timespec="seconds"),
            "link": self.link,
            "assigned": [{"roles": roles, "people": ids} for roles, ids in people.items()],
            "unsettled": sorted(self.unsettled),
            "gone": sorted(self.gone),
            "is_open": self.is_open,
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def read_watermark(text: str | None, settings: EntraSettings, now: dt.datetime) -> Watermark:
    """Return what an earlier read left.

    It has no link where everything must be read again: there is nothing, it is damaged, the
    settings ask for something else now, its link leads elsewhere, or it is too old for Graph.
    """
    try:
        document: Any = json.loads(text or "null")
        found = _read(document)
        is_same = document["query"] == _fingerprint(settings)
        is_fresh = abs(now - found.asked_at) < LINK_LIFETIME
    except (ValueError, TypeError, KeyError):
        return Watermark("", now, {})
    if not is_same:
        return Watermark("", now, {})
    return found if is_fresh and is_own(found.link, settings) else replace(found, link="")


def _read(document: Any) -> Watermark:
    """Return what a text of any version holds; what the first did not have is empty.

    Raises: ValueError, TypeError, KeyError for what no version of this source has written.
    """
    if document["version"] not in _READABLE:
        raise ValueError("another version of this source wrote it")
    roles_of = {
        str(user_id): tuple(map(str, group["roles"]))
        for group in document["assigned"]
        for user_id in group["people"]
    }
    return Watermark(
        str(document["link"]),
        dt.datetime.fromisoformat(document["asked_at"]),
        roles_of,
        frozenset(map(str, document.get("unsettled", ()))),
        frozenset(map(str, document.get("gone", ()))),
        document.get("is_open", False) is True,
    )


def _fingerprint(settings: EntraSettings) -> str:
    """Return a short text for what is asked: a link remembers its own attributes for ever."""
    secret = {"client_id", "client_secret", "rate_limits"}
    asked = settings.model_dump(mode="json", exclude=secret)
    asked["select"] = sorted(settings.selected)
    text = json.dumps(asked, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
