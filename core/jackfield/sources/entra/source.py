"""Reads everybody, or what changed since the last read.

Graph may send a changed user in part, or several times. Nothing is pieced together from that: who
changed is read again by id, so every object handed out is whole and current. Only a read that came
to its end says anything; whatever breaks on the way is an error, and nobody was read.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from jackfield.errors import VendorBroken
from jackfield.resources import NotFound
from jackfield.sources.base import DEFAULT_ACCESS, Removal, SourceObject, SourceRead, SourceSettings
from jackfield.sources.entra.assignments import Assignments, read_assignments
from jackfield.sources.entra.feed import Feed, nothing, walk
from jackfield.sources.entra.graph import Document, GraphAccess, get_user
from jackfield.sources.entra.people import attribute_names, is_partial, to_source_object
from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.entra.watermark import Watermark, read_watermark
from jackfield.sources.reader import Reader
from jackfield.steps import Clock, Policy
from jackfield.transport import Limits

POLICY: Final = Policy(attempts=4, patience_seconds=900.0, limits=Limits(deadline_seconds=60.0))
"""For each page: Graph answers slowly in large tenants, and says how long it wants to be left."""


class EntraSource:
    """People from one tenant. `policy` and `clock` are others in tests."""

    settings: ClassVar[type[SourceSettings]] = EntraSettings

    def __init__(self, *, policy: Policy = POLICY, clock: Clock | None = None) -> None:
        self._policy = policy
        self._clock = clock or Clock()

    def read(self, settings: SourceSettings, folder: Path, since: str | None = None) -> SourceRead:
        """Read what changed since the watermark of an earlier read, or everybody.

        It is everybody where there is no watermark, or Graph or the settings no longer agree with
        it; `is_delta` says which it was.

        Raises: ConfigurationError, CredentialsRefused, NotAllowed, NotSent, Throttled,
        VendorBroken; then nobody was read.
        """
        del folder
        if not isinstance(settings, EntraSettings):
            raise TypeError(f"EntraSource needs EntraSettings, not {type(settings).__name__}")
        asked_at = self._clock.now()
        watermark = read_watermark(since, settings, asked_at)
        access = GraphAccess()
        with Reader("entra", access, settings, policy=self._policy, clock=self._clock) as reader:
            assignments = Assignments({})
            if settings.scope == "assigned":
                assignments = read_assignments(reader, settings)
            return _Read(reader, settings, assignments, asked_at).run(watermark)


@dataclass(slots=True)
class _Read:
    reader: Reader
    settings: EntraSettings
    assignments: Assignments
    asked_at: dt.datetime
    removed: list[Removal] = field(default_factory=list)

    def run(self, watermark: Watermark | None) -> SourceRead:
        if watermark is not None:
            feed = walk(self.reader, self.settings, watermark.link, nothing)
            if isinstance(feed, Feed):
                objects = tuple(self._changed(feed, watermark.roles_of))
                return self._result(feed, objects, is_delta=True)
        feed = self._all()
        return self._result(feed, tuple(self._everybody(feed)), is_delta=False)

    def _all(self) -> Feed:
        """Walk from the beginning; Graph may lose its place once, as when it moves a tenant."""
        for _attempt in range(2):
            # The Location of a 410 is this very request with an empty token.
            feed = walk(self.reader, self.settings, "", self._whole)
            if isinstance(feed, Feed):
                return feed
        raise VendorBroken("Microsoft Graph lost its place twice while everybody was read")

    def _everybody(self, feed: Feed) -> Iterator[SourceObject]:
        for user_id, person in feed.people.items():
            if person is None or user_id in feed.repeated:
                yield from self._again(user_id, feed)
            else:
                yield person
        yield from self._gone(feed)
        # Who is assigned and was not seen may have slipped from one page to another.
        for user_id in self.assignments.roles_of:
            if user_id not in feed.people and user_id not in feed.removed:
                yield from self._again(user_id, feed)

    def _changed(self, feed: Feed, before: Mapping[str, tuple[str, ...]]) -> Iterator[SourceObject]:
        """Yield who changed, or whose assignments did; of people never assigned nothing is said."""
        now = self.assignments.roles_of
        moved = {one for one in before.keys() | now.keys() if before.get(one) != now.get(one)}
        is_everybody = self.settings.scope == "all"
        for user_id in feed.people:
            is_doubtful = user_id in feed.removed
            if is_everybody or user_id in now or user_id in moved or is_doubtful:
                yield from self._again(user_id, feed)
        yield from self._gone(feed)
        for user_id in sorted(moved):
            if user_id not in feed.people and user_id not in feed.removed:
                yield from self._again(user_id, feed)

    def _again(self, user_id: str, feed: Feed) -> Iterator[SourceObject]:
        """Read one user by id and yield it, or note that it is gone.

        Raises: VendorBroken where Graph shows a user among the changes and knows none of its id:
        one of its copies lags behind, and the next read will tell.
        """
        found = self.reader.run("read", get_user(user_id, self.settings), dict, NotFound)
        if not isinstance(found, NotFound):
            if is_partial(found):
                raise VendorBroken(f"Microsoft Graph sent the user {user_id} in part only")
            yield self._object(found)
        elif user_id in feed.removed:
            self.removed.append(Removal(user_id, feed.removed[user_id]))
        elif user_id in feed.people:
            raise VendorBroken(f"Microsoft Graph contradicts itself on the user {user_id}")

    def _gone(self, feed: Feed) -> Iterator[SourceObject]:
        """Note who is gone; one who was removed twice, perhaps restored between, is looked at."""
        for user_id, kind in feed.removed.items():
            if user_id in feed.people:
                continue
            if user_id in feed.repeated:
                yield from self._again(user_id, feed)
            else:
                self.removed.append(Removal(user_id, kind))

    def _whole(self, document: Document) -> SourceObject | None:
        return None if is_partial(document) else self._object(document)

    def _object(self, document: Document) -> SourceObject:
        user_id = str(document["id"]).lower()
        return to_source_object(document, self.assignments.roles_of.get(user_id), self.settings)

    def _result(
        self, feed: Feed, objects: tuple[SourceObject, ...], *, is_delta: bool
    ) -> SourceRead:
        watermark = Watermark(feed.link, self.asked_at, self.assignments.roles_of)
        several = sum(len(set(one.roles) - {DEFAULT_ACCESS}) > 1 for one in objects)
        notes = self.assignments.notes
        if several:
            notes += (f"{several} people have several roles: their appRole is left empty",)
        return SourceRead(
            objects=objects,
            is_complete=not is_delta,
            attributes=attribute_names(self.settings),
            notes=notes,
            removed=tuple(self.removed),
            watermark=watermark.to_text(self.settings),
            is_delta=is_delta,
        )
