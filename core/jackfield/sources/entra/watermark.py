"""What a read leaves for the next one, as one text that only this source can read.

It holds Graph's link to the changes, whole; when it was asked for; what was asked; and who was
assigned with which roles, for Graph tells nobody about changes of assignments.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from jackfield.sources.entra.graph import is_own
from jackfield.sources.entra.settings import EntraSettings

LINK_LIFETIME: Final = dt.timedelta(days=7)
"""Of directory objects. Source: learn.microsoft.com/graph, "Use delta query to track changes"."""

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Watermark:
    link: str
    asked_at: dt.datetime
    roles_of: Mapping[str, tuple[str, ...]]

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
        }
        return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def read_watermark(text: str | None, settings: EntraSettings, now: dt.datetime) -> Watermark | None:
    """Return what an earlier read left.

    None where everything must be read again: there is nothing, it is damaged, the settings ask for
    something else now, its link leads elsewhere, or it is too old for Graph.
    """
    try:
        document: Any = json.loads(text or "null")
        asked_at = dt.datetime.fromisoformat(document["asked_at"])
        link = str(document["link"])
        is_same = (document["version"], document["query"]) == (_VERSION, _fingerprint(settings))
        is_fresh = abs(now - asked_at) < LINK_LIFETIME
        if not (is_same and is_fresh and is_own(link, settings)):
            return None
        roles_of = {
            str(user_id): tuple(map(str, group["roles"]))
            for group in document["assigned"]
            for user_id in group["people"]
        }
    except (ValueError, TypeError, KeyError):
        return None
    return Watermark(link, asked_at, roles_of)


def _fingerprint(settings: EntraSettings) -> str:
    """Return a short text for what is asked: a link remembers its own attributes for ever."""
    secret = {"client_id", "client_secret", "rate_limits"}
    asked = settings.model_dump(mode="json", exclude=secret)
    asked["select"] = sorted(settings.selected)
    text = json.dumps(asked, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
