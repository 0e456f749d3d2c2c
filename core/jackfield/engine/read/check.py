"""Whether what a source handed over can be believed, person by person. Pure.

A source is a guest: its rows may have no id, one id for two people, or a word where a truth
belongs. Such people are left out by name, and nothing is concluded about them. Where somebody's
very id is missing nobody can say who it was, and so nobody may be taken for gone.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, Final

from jackfield.errors import PluginFault
from jackfield.sources import Removal, SourceObject, SourceRead, as_truth
from jackfield.sources.people import People

LONGEST_ID: Final = 512
"""Characters of an id; the longest keys that databases index are not much longer."""

_UNFIT: Final = frozenset({"Cc", "Cs"})
"""The Unicode categories of control characters and of half characters; no id has any."""

_PLAIN: Final = frozenset({str, bool})
_NAMES: Final = ("userPrincipalName", "mail")
_MOST_PLACES: Final = 3


@dataclass(frozen=True, slots=True)
class SourceFault:
    """Somebody of whom the source said what cannot be believed.

    `source_id` is empty where that is the fault. `place` and `name` tell a person where to look and
    who it is; they are empty where the source does not say.
    """

    source_id: str
    place: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class CheckedRead:
    """A read without the people at fault; those of them who have an id are `unknown` in it."""

    read: SourceRead
    faults: tuple[SourceFault, ...] = ()


def check(read: SourceRead, source: str = "") -> CheckedRead:
    """Return the read with everybody who can be believed; `source` is its name in errors.

    Ids are compared exactly: two that differ in letter case alone are two people's.

    Raises: PluginFault where it is no read, or one of its people is no SourceObject.
    """
    for what in _misshapen(read):
        raise _plugin_fault(what, source)
    if isinstance(read.objects, People) and not read.unknown and _are_sound(read.objects.ids):
        return CheckedRead(read)  # all other values were checked with the file
    people = _Sorted()
    for number, person in enumerate(read.objects, 1):
        if not _is_a(person, SourceObject):
            what = f"person {number} is of type {_kind(person)}, not a SourceObject"
            raise _plugin_fault(what, source)
        people.add(person, f"person {number}")
    return people.checked(read)


def settled_ids(read_ids: Iterable[str], linked_ids: Iterable[str]) -> Mapping[str, str]:
    """Return which ids of a read are a linked id in another letter case, each with that one.

    Only where nothing else can be meant: the linked id itself is not in the read, exactly one id of
    the read has its lower-case form and is not linked itself, and no other linked id has that form.
    """
    found, linked = frozenset(read_ids), frozenset(linked_ids)
    missing = _sole(linked - found)
    if not missing:
        return {}
    fresh = _sole(found - linked)
    taken = set(map(str.lower, found & linked))
    return {fresh[form]: missing[form] for form in (missing.keys() & fresh.keys()) - taken}


def _sole(ids: Iterable[str]) -> dict[str, str]:
    """Return ids by their lower-case forms, without the forms that several of them have."""
    by_form: dict[str, str] = {}
    shared = {form for each in ids if by_form.setdefault(form := each.lower(), each) != each}
    return {form: each for form, each in by_form.items() if form not in shared}


def _are_sound(ids: Sequence[str]) -> bool:
    """Say quickly whether ids are beyond doubt; where not, each is looked at."""
    if len(set(ids)) != len(ids) or not all(ids) or max(map(len, ids), default=0) > LONGEST_ID:
        return False
    return "".join(ids).isprintable()


@dataclass(slots=True)
class _Sorted:
    """The people of one read: `first` of each id, `others` of an id that is taken, and faults.

    `nameless` are the places of those without an id that could tell who they are.
    """

    first: dict[str, SourceObject] = field(default_factory=dict)
    others: dict[str, list[SourceObject]] = field(default_factory=dict)
    nameless: list[str] = field(default_factory=list)
    faults: list[SourceFault] = field(default_factory=list)

    def add(self, person: SourceObject, number: str) -> None:
        if reason := _unfit(person.id):
            self.faults.append(_fault(person, reason))
            self.nameless.append(_place(person) or number)
        elif person.id in self.first:
            self.others.setdefault(person.id, []).append(person)
        else:
            self.first[person.id] = person

    def checked(self, read: SourceRead) -> CheckedRead:
        """Return the read without those at fault; the very same one where nobody is."""
        at_fault = set(self._at_fault())
        unknown = read.unknown | at_fault
        if not self.faults and unknown.isdisjoint(self.first):
            return CheckedRead(read)
        kept = replace(
            read,
            objects=tuple(one for one in self.first.values() if one.id not in unknown),
            removed=tuple(one for one in read.removed if one.id not in unknown),
            unknown=frozenset(unknown),
        )
        if self.nameless:
            kept = replace(kept, is_complete=False, notes=(*read.notes, self._note()))
        return CheckedRead(kept, tuple(self.faults))

    def _at_fault(self) -> Iterator[str]:
        for source_id, person in self.first.items():
            same = [person, *self.others.get(source_id, ())]
            if reason := _shared(same) if len(same) > 1 else next(_flaws(person), ""):
                self.faults.extend(_fault(one, reason) for one in same)
                yield source_id

    def _note(self) -> str:
        places = ", ".join(self.nameless[:_MOST_PLACES])
        more = len(self.nameless) - _MOST_PLACES
        places += f" and {more} more" if more > 0 else ""
        return f"{places}: no id tells who this is, so nobody is taken for gone in this read"


def _shared(people: Sequence[SourceObject]) -> str:
    places = " and ".join(_place(one) or _name(one) or "somebody" for one in people)
    outcome = "neither is touched" if len(people) == 2 else "none of them is touched"
    return f"{places} have the one id {people[0].id}; {outcome}"


def _unfit(source_id: object) -> str:
    """Return why nobody can be told by this id; empty where one can."""
    if not isinstance(source_id, str):
        return f"the id is of type {_kind(source_id)}, not a text"
    if not source_id.strip():
        return "the id is empty; every person needs the directory's id"
    if len(source_id) > LONGEST_ID:
        return f"the id is over {LONGEST_ID} characters"
    if not source_id.isprintable() and any(unicodedata.category(c) in _UNFIT for c in source_id):
        return f"the id {source_id!r} holds a control character, or half a character"
    return ""


def _flaws(person: Any) -> Iterator[str]:
    """Yield what a source must not say of a person, first what hides the rest."""
    if not isinstance(person.attributes, Mapping):
        yield f"attributes are of type {_kind(person.attributes)}, not a mapping"
        return
    try:
        as_truth(person.attributes.get("accountEnabled", True))
    except ValueError as error:
        yield f"accountEnabled {error}"
    if not (person.is_assigned is None or isinstance(person.is_assigned, bool)):
        yield f"is_assigned is {person.is_assigned!r:.40}; it must be True, False or None"
    if not isinstance(person.is_entitled, bool):
        yield f"is_entitled is {person.is_entitled!r:.40}; it must be True or False"
    if not _are_texts(person.roles):
        yield "roles are not a tuple of texts"
    if not isinstance(person.place, str):
        yield f"place is of type {_kind(person.place)}, not a text"
    yield from _wrong_values(person.attributes)


def _wrong_values(attributes: Mapping[object, object]) -> Iterator[str]:
    if set(map(type, attributes)) <= {str} and set(map(type, attributes.values())) <= _PLAIN:
        return
    for name, value in attributes.items():
        if not isinstance(name, str):
            yield f"an attribute's name is of type {_kind(name)}, not a text"
        if not isinstance(value, str | bool) and not _are_texts(value):
            yield f"{name} is of type {_kind(value)}, not a text, a truth or a tuple of texts"


def _misshapen(read: Any) -> Iterator[str]:
    """Yield what makes this no read."""
    if not _is_a(read, SourceRead):
        yield f"read returned {_kind(read)}, not a SourceRead"
        return
    if not isinstance(read.objects, Sequence) or isinstance(read.objects, str | bytes):
        yield f"objects are of type {_kind(read.objects)}, not a sequence of SourceObject"
    for name in ("is_complete", "is_delta"):
        if not isinstance(getattr(read, name), bool):
            yield f"{name} is of type {_kind(getattr(read, name))}, not a Boolean"
    for name in ("attributes", "unknown"):
        if not _is_set_of_texts(getattr(read, name)):
            yield f"{name} is not a frozenset of texts"
    if not isinstance(read.watermark, str):
        yield f"watermark is of type {_kind(read.watermark)}, not a text"
    if not _are_texts(read.notes):
        yield "notes are not a tuple of texts"
    if not isinstance(read.removed, tuple) or not all(map(_is_removal, read.removed)):
        yield "removed is not a tuple of Removal, each soft or hard"


def _is_a(value: object, kind: type) -> bool:
    """Say so of a guest's value, without believing its annotation before."""
    return isinstance(value, kind)


def _is_removal(one: object) -> bool:
    return isinstance(one, Removal) and isinstance(one.id, str) and one.kind in ("soft", "hard")


def _is_set_of_texts(value: object) -> bool:
    return isinstance(value, AbstractSet) and all(isinstance(each, str) for each in value)


def _are_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


def _fault(person: SourceObject, reason: str) -> SourceFault:
    source_id = "" if _unfit(person.id) else person.id
    return SourceFault(source_id, _place(person), _name(person), reason)


def _place(person: Any) -> str:
    return person.place if isinstance(person.place, str) else ""


def _name(person: Any) -> str:
    if not isinstance(person.attributes, Mapping):
        return ""
    values = (person.attributes.get(name) for name in _NAMES)
    return next((value for value in values if isinstance(value, str) and value), "")


def _kind(value: object) -> str:
    return type(value).__name__


def _plugin_fault(what: str, source: str) -> PluginFault:
    whose = f"the source {source}" if source else "the source"
    return PluginFault(f"{whose} broke the contract of sources: {what}", connector=source)
