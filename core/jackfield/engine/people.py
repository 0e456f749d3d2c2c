"""People as a job sees them, and what its vendor shows of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from jackfield.engine.codes import PENDING_REFERENCE
from jackfield.engine.job import Job
from jackfield.engine.mapping import matching_form
from jackfield.engine.plan import Action, Step
from jackfield.engine.scope import ScopeDecision
from jackfield.engine.state.journal import Link
from jackfield.errors import ConnectorError
from jackfield.resources import MatchKey, User
from jackfield.sources import SourceObject


@dataclass(frozen=True, slots=True)
class Target:
    """What the vendor showed of one person: a user, nobody, or an error in its place.

    `is_matched`: found by the matching attribute, not through a link. `lost` is the linked account
    that the vendor has no more, in whose place this was found; empty for everybody else.
    """

    user: User | None = None
    is_matched: bool = False
    failure: ConnectorError | None = None
    lost: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether a linked account is gone at the vendor."""
        return self.user is None and self.failure is None and not self.is_matched


@dataclass(frozen=True, slots=True)
class Person:
    """A source object with what the job makes of it, worked out once.

    `key` is None where the matching attribute has no value; `flaw` says why nothing can be made of
    this person's values. `missing` are people whom attributes name and who have no account yet.
    """

    source: SourceObject
    scope: ScopeDecision
    key: MatchKey | None = None
    wanted: str = ""
    flaw: str = ""
    missing: tuple[str, ...] = ()

    @property
    def user_name(self) -> str:
        """The value that finds the person at the vendor; empty where there is none."""
        return self.key.value if self.key else ""

    @property
    def code(self) -> str:
        """The log's code of a write that leaves out whom the account cannot name yet."""
        return PENDING_REFERENCE if self.missing else ""

    @property
    def note(self) -> str:
        """Return whom the account cannot name yet, for the end of a reason."""
        if not self.missing:
            return ""
        return f"; without the reference to {', '.join(self.missing)}, who has no account yet"


def doubles(job: Job, people: Iterable[Person]) -> dict[str, str]:
    """Return, for people who share one matching value, why none of them is touched."""
    holders: dict[str, list[SourceObject]] = defaultdict(list)
    for person in people:
        if person.scope.is_in_scope and person.key is not None:
            holders[matching_form(person.key.value)].append(person.source)
    reasons = {}
    for sharing in holders.values():
        if len(sharing) > 1:
            places = " and ".join(source.place for source in sharing)
            reason = f"{places} have the same {job.matching}; neither is touched"
            reasons.update({source.id: reason for source in sharing})
    return reasons


def step_of(
    action: Action,
    person: Person,
    reason: str,
    code: str = "",
    *,
    link: Link | None = None,
    user: User | None = None,
) -> Step:
    """Return the step of a person, named as the vendor knows them where that is known."""
    source = person.source
    fallback = link.user_name if link else source.id
    return Step(
        action=action,
        source_id=source.id,
        user_name=person.key.value if person.key else fallback,
        place=source.place,
        reason=reason,
        code=code,
        target_id=link.target_id if link else (user.id if user else None),
    )
