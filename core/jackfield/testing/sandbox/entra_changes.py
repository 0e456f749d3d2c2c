"""The changes of users since a state that a link stands for, page by page.

Source: learn.microsoft.com/graph, "user: delta", "Use delta query to track changes" (read
2026-11-20): pages may be empty, changed users come with at least what changed, one user may come
several times in any order, and a state is kept for seven days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from jackfield.testing.sandbox.entra_directory import Directory, Event
from jackfield.testing.sandbox.exchange import Document
from jackfield.testing.sandbox.limits import Clock

ExpiryAnswer: TypeAlias = Literal["gone", "syncStateNotFound"]

LIFETIME_SECONDS = 7 * 24 * 3600


class StateLost(Exception):
    """The state of a link is not known, or no longer."""

    def __init__(self, answer: ExpiryAnswer) -> None:
        super().__init__(answer)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class ChangesPage:
    """One page: its link is of `kind` nextLink or deltaLink, and has this `parameter`."""

    items: list[Document]
    kind: Literal["nextLink", "deltaLink"]
    parameter: str


@dataclass(frozen=True, slots=True)
class _State:
    """Where a walk stands: the pages still to come, and the events that they cover."""

    select: tuple[str, ...]
    seen_events: int
    created_at: float
    pages: tuple[list[Document], ...] = ()


class Changes:
    """The states of all links given so far.

    `replays` shows every user of a walk once more, in part and in the reverse order; `empty_pages`
    puts an empty page before each; `is_partial` False sends changed users with every attribute.
    """

    def __init__(self, directory: Directory, clock: Clock) -> None:
        self._directory = directory
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        self.replays = False
        self.empty_pages = False
        self.is_partial = True
        self._states: dict[str, _State] = {}
        self._count = 0
        self._lost_answer: ExpiryAnswer = "gone"

    def lose(self, answer: ExpiryAnswer) -> None:
        self._states.clear()
        self._lost_answer = answer

    def page(self, query: Mapping[str, str], size: int) -> ChangesPage:
        """Return the page that a query asks for.

        Raises: StateLost.
        """
        if token := query.get("$skiptoken"):
            return self._next(self._state(token))
        select = tuple(query.get("$select", "id,userPrincipalName,displayName").split(","))
        seen = len(self._directory.history)
        if token := query.get("$deltatoken"):
            state = self._state(token)
            select = state.select
            items = self._items_since(state)
        else:
            items = [_shown(user, select) for user in self._directory.everybody()]
        pages = self._paged(items, size)
        return self._next(_State(select, seen, self._clock(), pages))

    def _state(self, token: str) -> _State:
        state = self._states.get(token)
        if state is None:
            raise StateLost(self._lost_answer)
        if self._clock() - state.created_at >= LIFETIME_SECONDS:
            raise StateLost("syncStateNotFound")
        return state

    def _next(self, state: _State) -> ChangesPage:
        items, *rest = state.pages
        following = _State(state.select, state.seen_events, self._clock(), tuple(rest))
        self._count += 1
        token = f"state-{self._count}"
        self._states[token] = following
        if rest:
            return ChangesPage(items, "nextLink", f"$skiptoken={token}")
        return ChangesPage(items, "deltaLink", f"$deltatoken={token}")

    def _paged(self, items: list[Document], size: int) -> tuple[list[Document], ...]:
        if self.replays:
            items = items + [_shortened(item) for item in reversed(items)]
        pages = [items[start : start + size] for start in range(0, len(items), size)] or [[]]
        if self.empty_pages:
            pages = [page for full in pages for page in ([], full)]
        return tuple(pages)

    def _items_since(self, state: _State) -> list[Document]:
        events: dict[str, list[Event]] = {}
        for event in self._directory.history[state.seen_events :]:
            events.setdefault(event.user_id, []).append(event)
        found = (self._item(user_id, told, state.select) for user_id, told in events.items())
        return [item for item in found if item is not None]

    def _item(self, user_id: str, events: list[Event], select: tuple[str, ...]) -> Document | None:
        if events[-1].reason:
            return {"id": user_id, "@removed": {"reason": events[-1].reason}}
        user = self._directory.user(user_id)
        names = {name for event in events for name in event.names if name in select}
        is_new = any(not event.names for event in events)
        if is_new or (names and not self.is_partial):
            return _shown(user, select)
        return _shown(user, tuple(sorted(names))) if names else None


def _shown(user: Document, names: tuple[str, ...]) -> Document:
    shown = {name: user.get(name) for name in names if name != "manager"}
    shown["id"] = user["id"]
    if "manager" in names and user.get("manager"):
        shown["manager@delta"] = [{"@odata.type": "#microsoft.graph.user", "id": user["manager"]}]
    return shown


def _shortened(item: Document) -> Document:
    if "@removed" in item:
        return item
    return {name: value for name, value in item.items() if name in {"id", "displayName"}}
