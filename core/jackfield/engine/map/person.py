"""People as a job sees them, and what its vendor shows of them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from jackfield.engine.model.codes import PENDING_REFERENCE
from jackfield.engine.model.link import Link
from jackfield.engine.model.names import forms_of, matching_form
from jackfield.engine.model.plan import Action, Step
from jackfield.engine.scope.scope import ScopeDecision
from jackfield.errors import ConnectorError
from jackfield.resources import MatchKey, User, UserId
from jackfield.sources import SourceObject

Keys: TypeAlias = tuple[MatchKey, ...]
Question: TypeAlias = Keys | UserId
"""What is asked of one person: an id, or all matching values, best first."""


@dataclass(frozen=True, slots=True)
class Target:
    """What the vendor showed of one person: a user, nobody, or an error in its place.

    `is_matched`: found by a matching attribute, `matched_by`, not through a link. `lost` is the
    linked account that the vendor has no more, in whose place this was found; empty for everybody
    else.
    """

    user: User | None = None
    is_matched: bool = False
    matched_by: str = ""
    failure: ConnectorError | None = None
    lost: str = ""

    @property
    def is_nobody(self) -> bool:
        """Whether a linked account is gone at the vendor."""
        return self.user is None and self.failure is None and not self.is_matched


@dataclass(frozen=True, slots=True)
class Person:
    """A source object with what the job makes of it, worked out once.

    A person has a name, matching values and an id: three things. `name` is the user name that the
    account is to have, empty where there is none. `keys` are the matching attributes that have a
    value, best first; `flaw` says why nothing can be made of this person's values. `others` are
    further values that the account would show: an external id, an e-mail address. `missing` are
    people whom attributes name and who have no account yet.
    """

    source: SourceObject
    scope: ScopeDecision
    keys: tuple[MatchKey, ...] = ()
    wanted: str = ""
    flaw: str = ""
    missing: tuple[str, ...] = ()
    name: str = ""
    others: tuple[str, ...] = ()

    @property
    def match_value(self) -> str:
        """The value that finds the person at the vendor; empty where there is none."""
        return self.keys[0].value if self.keys else ""

    @property
    def names(self) -> frozenset[str]:
        """The forms of all that the person's account would show as a name."""
        values = (key.value for key in self.keys)
        return forms_of((self.name, self.source.id, *values, *self.others))

    @property
    def claims(self) -> frozenset[str]:
        """The forms of the names that an account of this person alone can have."""
        return forms_of((self.name, *(key.value for key in self.keys)))

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


def doubles(people: Iterable[Person]) -> dict[str, str]:
    """Return, for people who share one matching value, why none of them is touched."""
    holders: dict[tuple[str, str], list[SourceObject]] = defaultdict(list)
    for person in people:
        if person.scope.is_in_scope:
            for key in person.keys:
                holders[key.path, matching_form(key.value)].append(person.source)
    reasons = {}
    for (path, _), sharing in holders.items():
        if len(sharing) > 1:
            places = " and ".join(source.place for source in sharing)
            reason = f"{places} have the same {path}; neither is touched"
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
    """Return the step of a person, who is called by the user name wherever one is known."""
    source = person.source
    seen = user.userName if user else None
    known = (person.name, link.user_name if link else "", seen or "", person.match_value, source.id)
    return Step(
        action=action,
        source_id=source.id,
        user_name=next(filter(None, known)),
        place=source.place,
        reason=reason,
        code=code,
        target_id=link.target_id if link else (user.id if user else None),
        match_value=person.match_value or (link.match_value if link else ""),
    )
