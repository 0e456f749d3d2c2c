"""Whom a cycle need not look at: people whose row, and all that is made of it, is as it was.

A row is remembered together with what its link says the vendor was told, and with the job's
configuration. Where the three are as they were, mapping the person would end in "unchanged". So a
run that died, a step by hand or a changed mapping can never hide a change.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from itertools import compress
from typing import Final, Protocol

from jackfield.engine.job import Job
from jackfield.engine.model.link import Link
from jackfield.engine.model.plan import Plan
from jackfield.engine.read.check import settled_ids
from jackfield.engine.scope.scope import ScopeDecision
from jackfield.engine.state.store import Store
from jackfield.sources import SourceObject, SourceRead
from jackfield.sources.people import People

_FEW: Final = 5000
"""So many links are fetched one by one; for more of them all are read."""
_ROW_CHARACTERS: Final = 32
_CONFIGURATION_CHARACTERS: Final = 16


class Considered(Protocol):
    """A person who was looked at after all."""

    @property
    def source(self) -> SourceObject:
        """The person in the source."""
        ...

    @property
    def scope(self) -> ScopeDecision:
        """Whether the person should have access."""
        ...

    @property
    def wanted(self) -> str:
        """What the vendor should hold, as links have it."""
        ...


class Rows:
    """The rows of one read beside those remembered.

    `links` has the links that matter: of people to be looked at and of people who are gone, and all
    of the job's as soon as any of them is to be changed or matched. `numbers` are the people's
    places in the read, by source id. An id that differs from a linked one in letter case alone, and
    from no other, is that one.
    """

    def __init__(self, job: Job, store: Store, read: SourceRead, *, is_whole: bool = True) -> None:
        self._job = job
        self._store = store
        self._people = read.objects if isinstance(read.objects, People) else _Objects(read.objects)
        ids = self._people.ids
        self.numbers = dict(zip(ids, range(len(ids)), strict=True))
        # A source that tells changes is not asked for every row, so rows would be out of date. A
        # matching value that is not part of what is wanted could change unseen, and so could the
        # account of somebody whom others refer to.
        self._is_comparable = (
            is_whole
            and not read.is_delta
            and not read.watermark
            and len(self.numbers) == len(ids)
            and not job.mapper.has_references
            and {*job.match_on} <= {m.target for m in job.mappings if m.apply == "always"}
        )
        self._configuration = configuration_of(job, self._people.settings)
        self._passed = bytearray(len(ids))
        self._has_all_links = not self._is_comparable
        self._left: list[str] = []
        self._unknown = read.unknown
        self._linked_as: dict[str, str] = {}
        self.linked_count = 0
        self.links: dict[str, Link] = {}
        if self._is_comparable:
            self._compare()
        else:
            self.links.update(store.links(job.name))
            self.linked_count = sum(link.is_on for link in self.links.values())
            self._recognise(self.links.keys() - self.numbers.keys(), self.links)

    @property
    def passed_count(self) -> int:
        """How many people are as they were; no step is planned for them."""
        return self._passed.count(1)

    def objects(self) -> Iterable[SourceObject]:
        """Return the people to be looked at, in the order of the source."""
        if not self.passed_count:
            return map(self._recognised, self._people)
        return self._picked({n for n, passed in enumerate(self._passed) if not passed})

    def is_here(self, source_id: str) -> bool:
        """Say whether the read has this person, or could not establish whether it has."""
        return source_id in self.numbers or source_id in self._unknown

    def _picked(self, numbers: Collection[int]) -> Iterable[SourceObject]:
        return map(self._recognised, self._people.pick(numbers))

    def _recognised(self, source: SourceObject) -> SourceObject:
        linked_as = self._linked_as.get(source.id)
        return source if linked_as is None else replace(source, id=linked_as)

    def _recognise(self, gone: Collection[str], linked: Collection[str]) -> None:
        """Take people whose id has another letter case than when they were linked for the same."""
        here = {*self.numbers, *self._unknown}
        if gone and (found := settled_ids(here, {*linked, *gone})):
            self._linked_as = dict(found)
            known = self._linked_as.get
            self.numbers = {known(one, one): number for one, number in self.numbers.items()}

    def colliding(self, matching_values: Collection[str]) -> Iterator[SourceObject]:
        """Yield those passed over who share a matching value, by `matching_form`, with these."""
        if matching_values:
            self._load_all()
        if self.passed_count and matching_values:
            yield from self._picked(self._take_back(matching_values))

    def load_owners(self) -> None:
        """Read all links where anybody's account may be changed: it may be another's by now."""
        if any(link.may_be_on for link in self.links.values()):
            self._load_all()

    def remember(self, plan: Plan, people: Iterable[Considered]) -> None:
        """Store the rows of those of whom the vendor now holds what is wanted; drop leavers'."""
        if self._is_comparable:
            failed = {step.source_id for step in plan.steps if step.action == "fail"}
            dealt_with = (p for p in people if p.source.id not in failed and self._is_settled(p))
            rows = ((person.source.id, self._remembered(person)) for person in dealt_with)
            self._store.rows.remember(self._job.name, rows)
            self._store.rows.forget(self._job.name, self._left)

    def _compare(self) -> None:
        told, gone, linked = self._told()
        self._recognise(gone, linked)
        gone = [one for one in gone if one not in self.numbers]
        passed, configuration, number_of = self._passed, self._configuration, self.numbers.get
        fingerprints, left = self._people.fingerprints(), []
        for some in self._store.rows.remembered(self._job.name):
            for source_id, row in some:
                number = number_of(source_id)
                if number is None:
                    left.append(source_id)
                    continue
                wanted = told[number]
                if wanted and row == f"{configuration}{wanted}{fingerprints[number]}":
                    passed[number] = 1
        self._left += (source_id for source_id in left if source_id not in self._unknown)
        wanted_ids = [*gone, *compress(self.numbers, map((1).__gt__, passed))]
        if len(wanted_ids) > _FEW:
            self._load_all()
        else:
            found = self._store.rows.linked(self._job.name, wanted_ids)
            self.links.update({link.source_id: link for link in found})

    def _told(self) -> tuple[list[str], list[str], Collection[str]]:
        """Return what each person's link says was told, empty where that settles nothing; and gone.

        Also who is linked, where anybody is gone. A person with a failure is settled by nothing.
        """
        told, gone, number_of = [""] * len(self._passed), list[str](), self.numbers.get
        for some in self._store.rows.told(self._job.name):
            for source_id, is_on, wanted in some:
                number = number_of(source_id)
                if number is None:
                    gone.append(source_id)
                elif is_on:
                    told[number] = wanted
            self.linked_count += sum(is_on for _, is_on, _ in some)
        for source_id in self._store.escrows.all(self._job.name):
            if (number := number_of(source_id)) is not None:
                told[number] = ""
        return told, gone, self._linked_ids() if gone else ()

    def _linked_ids(self) -> Collection[str]:
        told = self._store.rows.told(self._job.name)
        return {source_id for some in told for source_id, _, _ in some}

    def _load_all(self) -> None:
        if not self._has_all_links:
            self._has_all_links = True
            self.links.update(self._store.links(self._job.name))

    def _take_back(self, matching_values: Collection[str]) -> set[int]:
        found = set[int]()
        for source_id, link in self.links.items():
            number = self.numbers.get(source_id)
            if number is None or not self._passed[number]:
                continue
            if not link.names.isdisjoint(matching_values):
                self._passed[number] = 0
                found.add(number)
        return found

    def _is_settled(self, person: Considered) -> bool:
        link = self.links.get(person.source.id)
        if link is None or not link.is_on or not person.scope.is_in_scope:
            return False
        return bool(person.wanted) and link.wanted == person.wanted

    def _remembered(self, person: Considered) -> str:
        row = self._people.fingerprint(self.numbers[person.source.id])
        return f"{self._configuration}{person.wanted}{row}"


class _Objects:
    """The people of a source that keeps no fingerprints of its own."""

    settings = ""

    def __init__(self, objects: Sequence[SourceObject]) -> None:
        self._objects = objects
        self.ids = [each.id for each in objects]

    def __iter__(self) -> Iterator[SourceObject]:
        return iter(self._objects)

    def pick(self, indexes: Collection[int]) -> Iterator[SourceObject]:
        return (self._objects[index] for index in sorted(indexes))

    def fingerprints(self) -> list[str]:
        return list(map(self.fingerprint, range(len(self.ids))))

    def fingerprint(self, index: int) -> str:
        one = self._objects[index]
        said = (dict(one.attributes), one.roles, one.is_assigned, one.is_entitled)
        return _digest(json.dumps(said, sort_keys=True, default=str), _ROW_CHARACTERS)


def configuration_of(job: Job, settings: str = "") -> str:
    """Return what changes whenever the same row may lead to another user or another decision."""
    try:
        release = version("jackfield")
    except PackageNotFoundError:
        release = ""
    parts = (
        release,
        job.match_on,
        job.mappings,
        sorted(job.clearing),
        job.scope.settings,
        job.leavers,
        sorted(job.protected),
        settings,
    )
    return _digest(repr(parts), _CONFIGURATION_CHARACTERS)


def _digest(text: str, characters: int) -> str:
    content = text.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=characters // 2).hexdigest()
