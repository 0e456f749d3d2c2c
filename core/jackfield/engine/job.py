"""A job: one source, one target, and the rules between them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from jackfield.connector import Connector
from jackfield.engine.guard.guard import GuardLimits
from jackfield.engine.health.quarantine import QuarantineLimits
from jackfield.engine.log.masking import LogValues
from jackfield.engine.map.access import AccessRemoval, access_removal_of
from jackfield.engine.map.mapper import COMPUTED_ATTRIBUTES, ROLES, Mapper
from jackfield.engine.scope.leavers import Leavers
from jackfield.engine.scope.scope import Scope
from jackfield.errors import AmbiguousMatch, ConfigurationError
from jackfield.mappings import AttributeMapping
from jackfield.resources import MatchKey, NotFound, User
from jackfield.sources import SourceRead

OnMissingTarget: TypeAlias = Literal["fail", "rematch", "recreate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything a cycle needs.

    `read_source` takes the watermark of the last read, or None for a full one. `mappings` are
    complete: the connector's table with the job's own lines in place. `matching` is the target path
    that finds an existing user, or several in order of precedence: all are asked, the first that
    finds somebody wins, and where two find two the person is left alone. `match_on` has them as a
    tuple. `adopt` permits linking users that the vendor already has.
    `on_missing_target` is what becomes of somebody whose linked account is gone at the vendor:
    matched again and else created, created where nobody has the name, or a failure each time.
    `clearing` names the source attributes whose emptiness mappings with `clear` pass on.
    `protected` users, by user name or vendor id, never lose access. `workers` is how
    many people are dealt with at once; the vendor's limits hold all the same. `log_values` says
    what the log keeps of the values that were changed.
    """

    name: str
    read_source: Callable[[str | None], SourceRead]
    connector: Connector
    mappings: tuple[AttributeMapping, ...]
    matching: str | tuple[str, ...]
    scope: Scope = field(default_factory=Scope)
    leavers: Leavers = field(default_factory=Leavers)
    guard: GuardLimits = field(default_factory=GuardLimits)
    quarantine: QuarantineLimits = field(default_factory=QuarantineLimits)
    adopt: bool = True
    on_missing_target: OnMissingTarget = "rematch"
    clearing: frozenset[str] = frozenset()
    protected: frozenset[str] = frozenset()
    workers: int = 8
    log_values: LogValues = "full"
    mapper: Mapper = field(init=False)
    match_on: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        given = (self.matching,) if isinstance(self.matching, str) else tuple(self.matching)
        object.__setattr__(self, "match_on", given)
        self._check_targets([mapping.target for mapping in self.mappings])
        known = self.connector.capabilities.match_on
        for path in given or ("nothing",):
            if path not in known:
                raise ConfigurationError(
                    f"{self.name}: {self.connector.name} cannot look users up by {path}; "
                    f"it can by {', '.join(known)}"
                )
        if len(set(given)) < len(given):
            raise ConfigurationError(f"{self.name}: matching names an attribute twice")
        try:
            object.__setattr__(self, "mapper", Mapper(self.mappings, clearing=self.clearing))
            self.scope.check_mappings(m.expression for m in self.mappings if m.expression)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}") from None
        self._check_unique(known)
        self._check_leavers()

    @property
    def matched_by(self) -> str:
        """The matching attributes, for people."""
        return " and ".join(self.match_on)

    def keys_of(self, value: str) -> tuple[MatchKey, ...]:
        """Return the matching keys that a value may belong to, where nobody noted to which."""
        return tuple(MatchKey(path, value) for path in self.match_on)

    def find(self, keys: Iterable[MatchKey]) -> User | None:
        """Return whom matching keys find; None where none of them finds anybody.

        Raises: AmbiguousMatch where they find two; what `get_user` raises.
        """
        found: dict[str, User] = {}
        for key in keys:
            user = self.connector.get_user(key)
            if not isinstance(user, NotFound):
                found.setdefault(user.id or "", user)
        if len(found) > 1:
            said = f"{self.matched_by} find two accounts: {', '.join(found)}"
            raise AmbiguousMatch(said, user_ids=tuple(found))
        return next(iter(found.values()), None)

    def _check_leavers(self) -> None:
        if self.leavers.delete_after_days and not self.access_removal.is_possible:
            raise ConfigurationError(
                f"{self.name}: leavers.delete_after_days: {self.connector.name} cannot disable "
                f"anybody meanwhile, for {self.access_removal.why_not}; write 0, to delete at once"
            )

    @property
    def access_removal(self) -> AccessRemoval:
        """How the job takes access away, or why it cannot."""
        return access_removal_of(self.mapper, self.connector.capabilities)

    def _check_unique(self, known: tuple[str, ...]) -> None:
        for path in sorted(self.mapper.unique_targets):
            if path in self.match_on:
                raise ConfigurationError(
                    f"{self.name}: the matching attribute {path} cannot be chosen by "
                    "SelectUniqueValue, for it finds the users that are there already"
                )
            if path not in known:
                raise ConfigurationError(
                    f"{self.name}: SelectUniqueValue for {path} needs a vendor that can look users "
                    f"up by it; {self.connector.name} can by {', '.join(known)}"
                )

    def _check_targets(self, targets: list[str]) -> None:
        twice = sorted({target for target in targets if targets.count(target) > 1})
        if twice:
            raise ConfigurationError(f"{self.name}: two mappings write {', '.join(twice)}")
        required = {*self.match_on, *self.connector.capabilities.required_on_create()}
        for mapping in self.mappings:
            if mapping.clear and mapping.target in required:
                raise ConfigurationError(
                    f"{self.name}: {mapping.target} cannot be cleared, for no user is without it"
                )
        for path in self.match_on:
            if path not in targets:
                raise ConfigurationError(
                    f"{self.name}: no mapping writes the matching attribute {path}"
                )
        known = self.connector.capabilities.attributes
        unknown = [target for target in targets if known and target not in known]
        if unknown:
            raise ConfigurationError(
                f"{self.name}: {self.connector.name} has no attribute {', '.join(unknown)}; "
                f"see `jackfield connectors {self.connector.name}`"
            )

    def check_source(self, read: SourceRead) -> None:
        """Refuse mappings and filters from attributes that this source never has.

        Raises: ConfigurationError naming the mapping and the attributes there are.
        """
        known = read.attributes | COMPUTED_ATTRIBUTES
        defaulted = {mapping.target for mapping in self.mappings if mapping.default is not None}
        for target, reads in self.mapper.reads.items():
            if target in defaulted:
                continue
            for attribute in sorted(reads - known):
                raise ConfigurationError(
                    f"{self.name}: the mapping of {target} reads {attribute}, which the source "
                    f"does not have; map it from another, give it a default or omit it; the source "
                    f"has {', '.join(sorted(known))}"
                )
        is_about_roles = any(ROLES in reads for reads in self.mapper.reads.values())
        if is_about_roles and any(person.is_assigned is None for person in read.objects):
            raise ConfigurationError(
                f"{self.name}: a mapping reads {ROLES}, and the source knows no assignments; give "
                "it some, or remove the mapping"
            )
        try:
            self.scope.check_source(read)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}") from None
