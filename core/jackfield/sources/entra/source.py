"""Reads everybody, or what changed since the last read.

Graph may send a changed user in part, or several times. Nothing is pieced together from that: who
changed is read again by id, so every object handed out is whole and current. Only a read that came
to its end says anything; whatever breaks on the way is an error, and nobody was read. The copies
of a directory do not all know the same at one moment: where they contradict each other on somebody
nothing is said of this person, and the next read asks again.
"""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final

from jackfield.driver.steps import Clock, Policy
from jackfield.driver.transport import Limits
from jackfield.errors import VendorBroken
from jackfield.resources import NotFound
from jackfield.sources.base import DEFAULT_ACCESS, Removal, SourceObject, SourceRead, SourceSettings
from jackfield.sources.entra.assignments import Assignments, read_assignments
from jackfield.sources.entra.feed import Feed, nothing, walk
from jackfield.sources.entra.graph import Document, GraphAccess, Unclear, get_user
from jackfield.sources.entra.people import attribute_names, is_partial, to_source_object
from jackfield.sources.entra.settings import EntraSettings
from jackfield.sources.entra.watermark import Watermark, read_watermark
from jackfield.sources.reader import Reader

POLICY: Final = Policy(attempts=4, patience_seconds=900.0, limits=Limits(deadline_seconds=60.0))
"""For each page: Graph answers slowly in large tenants, and says how long it wants to be left."""

_MOST_NAMED: Final = 3


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
        before = read_watermark(since, settings, asked_at)
        access = GraphAccess()
        with Reader("entra", access, settings, policy=self._policy, clock=self._clock) as reader:
            assignments = Assignments({})
            if settings.scope == "assigned":
                assignments = read_assignments(reader, settings)
            return _Read(reader, settings, assignments, asked_at, before).run()


@dataclass(slots=True)
class _Read:
    """One read. `unsettled` are people in motion; `open` those who may be assigned after all."""

    reader: Reader
    settings: EntraSettings
    assignments: Assignments
    asked_at: dt.datetime
    before: Watermark
    removed: list[Removal] = field(default_factory=list)
    unsettled: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    gone: set[str] = field(default_factory=set)
    is_delta: bool = False

    def run(self) -> SourceRead:
        is_complete = self.assignments.is_complete
        if not is_complete:
            self.assignments = self.assignments.on_top_of(self.before.roles_of)
        if self.before.link and not (self.before.is_open and is_complete):
            feed = walk(self.reader, self.settings, self.before.link, nothing)
            if isinstance(feed, Feed):
                self.is_delta = True
                return self._result(feed, tuple(self._changed(feed)))
        feed = self._all()
        return self._result(feed, tuple(self._everybody(feed)))

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
                yield from self._established(person)
        yield from self._gone(feed)
        # Who is assigned and was not seen may have slipped from one page to another.
        for user_id in self.assignments.roles_of:
            if user_id not in feed.people and user_id not in feed.removed:
                yield from self._again(user_id, feed)

    def _changed(self, feed: Feed) -> Iterator[SourceObject]:
        """Yield who changed, or whose assignments did, and who was left open before.

        Of people never assigned nothing is said, as long as that is known of them.
        """
        before, now = self.before.roles_of, self.assignments.roles_of
        moved = {one for one in before.keys() | now.keys() if before.get(one) != now.get(one)}
        is_everybody = self.settings.scope == "all" or not self.assignments.is_complete
        asked = now.keys() | moved | feed.removed.keys() | self.before.unsettled
        for user_id in feed.people:
            if is_everybody or user_id in asked:
                yield from self._again(user_id, feed)
        yield from self._gone(feed)
        for user_id in sorted(moved | self.before.unsettled):
            if user_id not in feed.people and user_id not in feed.removed:
                yield from self._again(user_id, feed)

    def _again(self, user_id: str, feed: Feed) -> Iterator[SourceObject]:
        """Read one user by id and yield it, or note that it is gone, or that nobody can tell.

        Graph may show a user among the changes and know none of its id: one of its copies lags
        behind. Source: github.com/microsoftgraph/microsoft-graph-docs, issues 6376 and 15839.
        """
        flow = get_user(user_id, self.settings)
        found = self.reader.run("read", flow, dict, NotFound, Unclear)
        if isinstance(found, NotFound) and user_id in feed.removed:
            self.removed.append(Removal(user_id, feed.removed[user_id]))
        elif isinstance(found, NotFound) and self._is_expected_gone(user_id, feed):
            self.gone.add(user_id)
        elif isinstance(found, NotFound | Unclear) or is_partial(found):
            self.unsettled.add(user_id)
        else:
            yield from self._established(self._object(found))

    def _is_expected_gone(self, user_id: str, feed: Feed) -> bool:
        """Say whether a second look agrees: a whole list is without this user, or it was gone."""
        if user_id in feed.people:
            return False
        return not self.is_delta or user_id in self.before.gone

    def _established(self, person: SourceObject) -> Iterator[SourceObject]:
        """Yield a person, unless access hangs on an assignment that may be there unseen."""
        has_access = person.is_assigned is not False and person.is_entitled
        if self.assignments.is_complete or has_access or not person.is_enabled:
            yield person
        else:
            self.open.add(person.id)

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

    def _result(self, feed: Feed, objects: tuple[SourceObject, ...]) -> SourceRead:
        return SourceRead(
            objects=objects,
            is_complete=not self.is_delta,
            attributes=attribute_names(self.settings),
            notes=tuple(self._notes(objects)),
            removed=tuple(self.removed),
            watermark=self._watermark(feed, objects).to_text(self.settings),
            is_delta=self.is_delta,
            unknown=frozenset(self.unsettled | self.open),
        )

    def _watermark(self, feed: Feed, objects: tuple[SourceObject, ...]) -> Watermark:
        roles_of = self.assignments.roles_of
        found = {person.id for person in objects} | self.unsettled
        gone = self.gone | self.before.gone | {removal.id for removal in self.removed}
        return Watermark(
            feed.link,
            self.asked_at,
            roles_of,
            frozenset(self.unsettled),
            frozenset(gone & roles_of.keys() - found),
            is_open=self.before.is_open if self.is_delta else bool(self.open),
        )

    def _notes(self, objects: tuple[SourceObject, ...]) -> Iterator[str]:
        yield from self.assignments.notes
        several = sum(len(set(one.roles) - {DEFAULT_ACCESS}) > 1 for one in objects)
        if several:
            yield f"{several} people have several roles: their appRole is left empty"
        if self.unsettled:
            some = ", ".join(sorted(self.unsettled)[:_MOST_NAMED])
            rest = len(self.unsettled) - _MOST_NAMED
            whom = f"{some} and {rest} more" if rest > 0 else some
            yield (
                f"Microsoft Graph contradicts itself on these people, or shows them in part: {whom}"
                "; nothing is concluded about them, and the next read asks again"
            )
