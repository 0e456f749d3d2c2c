"""A job: one source, one target, and the rules between them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from jackfield.connector import Connector
from jackfield.engine.guard import GuardLimits
from jackfield.errors import ConfigurationError
from jackfield.mappings import AttributeMapping
from jackfield.sources import SourceRead

COMPUTED_ATTRIBUTES = frozenset({"IsActive"})
"""Source attributes that the engine computes: whether the person should have access."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Everything a cycle needs.

    `mappings` are complete: the connector's table with the job's own lines in place. `matching` is
    the target path that finds an existing user. `adopt` permits linking users that the vendor
    already has.
    """

    name: str
    read_source: Callable[[], SourceRead]
    connector: Connector
    mappings: tuple[AttributeMapping, ...]
    matching: str
    guard: GuardLimits = field(default_factory=GuardLimits)
    adopt: bool = True

    def __post_init__(self) -> None:
        targets = [mapping.target for mapping in self.mappings]
        twice = sorted({target for target in targets if targets.count(target) > 1})
        if twice:
            raise ConfigurationError(f"{self.name}: two mappings write {', '.join(twice)}")
        if self.matching not in targets:
            raise ConfigurationError(
                f"{self.name}: no mapping writes the matching attribute {self.matching}"
            )
        known = self.connector.capabilities.match_on
        if self.matching not in known:
            raise ConfigurationError(
                f"{self.name}: {self.connector.name} cannot look users up by {self.matching}; "
                f"it can by {', '.join(known)}"
            )

        unknown = self._unknown_targets(targets)
        if unknown:
            raise ConfigurationError(
                f"{self.name}: {self.connector.name} has no attribute {', '.join(unknown)}; "
                f"see `jackfield connectors {self.connector.name}`"
            )

    def _unknown_targets(self, targets: list[str]) -> list[str]:
        known = self.connector.capabilities.attributes
        return [target for target in targets if known and target not in known]

    @property
    def carries_access(self) -> bool:
        """Whether a mapping tells the vendor that someone lost access."""
        return any(mapping.source == "IsActive" for mapping in self.mappings)

    def check_source(self, read: SourceRead) -> None:
        """Refuse a mapping from an attribute that this source never has.

        Raises: ConfigurationError naming the mapping and the attributes there are.
        """
        known = read.attributes | COMPUTED_ATTRIBUTES
        for mapping in self.mappings:
            if mapping.source is not None and mapping.source not in known:
                raise ConfigurationError(
                    f"{self.name}: the mapping of {mapping.target} reads {mapping.source}, which "
                    f"the source does not have; it has {', '.join(sorted(known))}"
                )
