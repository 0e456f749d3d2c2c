"""Explains what becomes of one person, with the very parts a cycle decides with.

The steps and their order are those of Microsoft Entra, "On-demand provisioning" (read 2026-11-20):
connection, import, scope, match, action. Nothing here writes; `Explainer.explain` looks people up
at the vendor as a cycle does, all else is pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jackfield.engine.expressions import REDACTED
from jackfield.engine.job import Job
from jackfield.engine.map.person import Person, Question, Target
from jackfield.engine.match.look import Looker
from jackfield.engine.model.names import matching_form
from jackfield.engine.model.plan import AttributeChange, Step, step_without_values
from jackfield.engine.plan.planner import Planner
from jackfield.engine.read.check import check
from jackfield.engine.read.rows import Rows
from jackfield.engine.scope.scope import Condition
from jackfield.engine.state.store import Store
from jackfield.errors import ConfigurationError
from jackfield.sources import SourceRead, SourceValue

NAMES = ("userPrincipalName", "userName", "mail")
"""The source attributes by which a person may be asked for, apart from the matching value."""

_MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What the vendor was asked of a person, and what it showed."""

    asked: str
    found: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What was found of one person on the way to a decision.

    `attributes` are those that the job reads, with secrets masked. `place` is empty and there are
    no `conditions` for somebody who is linked and gone from the source. `not_asked` says why there
    are no `looks`.
    """

    source_id: str
    place: str = ""
    attributes: Mapping[str, SourceValue]
    conditions: tuple[Condition, ...] = ()
    warnings: tuple[str, ...] = ()
    looks: tuple[Look, ...] = ()
    not_asked: str = ""
    target_id: str = ""

    @property
    def is_in_scope(self) -> bool:
        return bool(self.conditions) and all(each.passed for each in self.conditions)

    @property
    def why_out(self) -> str:
        """Why the person is out of scope; empty for one who is in it."""
        if not self.conditions:
            return "no longer in the source"
        return "; ".join(each.detail for each in self.conditions if not each.passed)

    def to_json(self) -> dict[str, Any]:
        """Return the steps import, scope and match as JSON documents in their order."""
        scope = [
            {"name": each.name, "passed": each.passed, "detail": each.detail}
            for each in self.conditions
        ]
        looks = [{"asked": look.asked, "found": look.found} for look in self.looks]
        return {
            "import": {"place": self.place, "attributes": dict(self.attributes)},
            "scope": {"inScope": self.is_in_scope, "reason": self.why_out, "conditions": scope},
            "match": {"linkedTo": self.target_id, "looks": looks, "notAsked": self.not_asked},
        }


class Explainer:
    """Explains the people of one read of one job's source."""

    def __init__(self, job: Job, store: Store, read: SourceRead) -> None:
        read = check(read).read
        job.check_source(read)
        rows = Rows(job, store, read, is_whole=False)
        self._job = job
        self._links = rows.links
        self._planner = Planner(job, read, rows)
        self._people = {person.source.id: person for person in self._planner.people}

    def find(self, text: str) -> str:
        """Return the source id of a person, by source id, user name, mail or vendor's id.

        Who is in the source comes before who has left it.

        Raises: ConfigurationError where nobody or more than one is found.
        """
        if text in self._people:
            return text
        wanted = matching_form(text)
        found = [p.source.id for p in self._planner.people if wanted in _names_of(p)]
        found = found or list(self._linked_as(text, wanted))
        if not found:
            raise ConfigurationError(
                f"the source has nobody with the userName, mail or source id {text}, and nobody "
                "with it is linked; ask for one of these exactly as the source has it"
            )
        if len(found) > 1:
            ids = ", ".join(found[:_MOST_LISTED])
            raise ConfigurationError(
                f"{len(found)} people are known as {text}; name one by source id: {ids}"
            )
        return found[0]

    def explain(self, source_id: str) -> Explanation:
        """Return what a cycle sees of this person now.

        Raises: what stops a whole cycle.
        """
        link = self._links.get(source_id)
        target_id = link.target_id if link else ""
        person = self._people.get(source_id)
        if person is None:
            return Explanation(
                source_id=source_id,
                attributes={},
                not_asked="the link names the account, so nobody is looked for",
                target_id=target_id,
            )
        looks = tuple(self._looks(person))
        return Explanation(
            source_id=source_id,
            place=person.source.place,
            attributes=self._shown(person),
            conditions=person.scope.conditions,
            warnings=person.scope.warnings,
            looks=looks,
            not_asked="" if looks else self._why_not_asked(person),
            target_id=target_id,
        )

    def changes_of(self, step: Step) -> tuple[AttributeChange, ...]:
        """Return what a step writes, with secrets masked; a new user's attributes are all new."""
        return step_without_values(step, self._job.mapper.redacted).written

    def _linked_as(self, text: str, wanted: str) -> Iterator[str]:
        for source_id, link in self._links.items():
            if text in {source_id, link.target_id} or wanted in link.names:
                yield source_id

    def _looks(self, person: Person) -> Iterator[Look]:
        question = self._planner.question(person)
        if question is None:
            return
        looker = Looker(self._job, ())
        target = looker.look(question)
        yield Look(_asked(question), _found(target))
        if target.is_nobody and self._job.on_missing_target != "fail" and person.keys:
            yield Look(_asked(person.keys), _found(looker.look(person.keys)))

    def _why_not_asked(self, person: Person) -> str:
        if not person.scope.is_in_scope:
            return "nobody is looked for who is out of scope"
        return self._planner.decide(person, None).reason

    def _shown(self, person: Person) -> dict[str, SourceValue]:
        """Return the attributes that the job reads; those behind a secret are masked."""
        reads = self._job.mapper.reads
        hidden = frozenset[str]().union(*(reads[path] for path in self._job.mapper.redacted))
        wanted = frozenset(NAMES).union(*reads.values()) | self._job.scope.attributes
        given = person.source.attributes
        shown = {name: value for name, value in given.items() if name in wanted}
        return {name: REDACTED if name in hidden else value for name, value in shown.items()}


def _names_of(person: Person) -> set[str]:
    names = [str(person.source.attributes.get(name, "")) for name in NAMES]
    return {matching_form(name) for name in names if name} | person.claims


def _asked(question: Question) -> str:
    if isinstance(question, tuple):
        return " and ".join(map(str, question))
    return f"the linked account {question}"


def _found(target: Target) -> str:
    if target.failure is not None:
        return str(target.failure)
    if target.user is None:
        return "nobody"
    name = f", userName {target.user.userName}" if target.user.userName else ""
    return f"the account {target.user.id}{name}"
