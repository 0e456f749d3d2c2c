"""The table of scenarios: a name, what claims it, the cassette that may prove it, the play."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from jackfield.capabilities import Capabilities
from jackfield.testing.contract import hygiene, reading, trouble, writing
from jackfield.testing.contract.case import Case


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario. `claim` names what in the capabilities asks for it; always, where empty.

    `cassette` is the name of the recording that may prove it; `is_dialect` tells that the evidence
    has to be the vendor's own.
    """

    name: str
    play: Callable[[Case], None]
    claim: str = ""
    cassette: str = ""
    is_dialect: bool = True

    def __str__(self) -> str:
        return self.name


_CLAIMS: Mapping[str, Callable[[Capabilities], bool]] = MappingProxyType(
    {
        "": lambda _: True,
        "create": lambda found: found.create,
        "patch": lambda found: found.patch,
        "disable": lambda found: found.disable == "active",
        "enable": lambda found: found.enable,
        "delete": lambda found: found.delete or found.disable == "delete",
        "list_users": lambda found: found.list_users,
    }
)


def is_claimed(scenario: Scenario, capabilities: Capabilities) -> bool:
    return _CLAIMS[scenario.claim](capabilities)


def _kit(name: str, play: Callable[[Case], None], claim: str = "") -> Scenario:
    return Scenario(name, play, claim, is_dialect=False)


SCENARIOS = (
    _kit("plugin: loads", hygiene.loads),
    _kit("plugin: leaves the process alone", hygiene.leaves_the_process_alone),
    _kit("plugin: listing performs no I/O", hygiene.listing_is_silent),
    _kit("authenticate: token", reading.signs_in),
    Scenario("get_user: found", reading.found, "", "found"),
    Scenario("get_user: found by id", reading.found_by_id, "", "found-by-id"),
    Scenario("get_user: absent", reading.absent, "", "absent"),
    Scenario("get_user: unknown id", reading.unknown_id, "", "absent-id"),
    Scenario("get_user: ambiguous match", reading.ambiguous, "", "ambiguous"),
    Scenario("create_user: created", writing.created, "create", "create"),
    _kit("create_user: server-assigned id", writing.server_assigned_id, "create"),
    Scenario("create_user: duplicate", writing.duplicate, "create", "duplicate"),
    _kit("create_user: missing required attribute", writing.missing_required, "create"),
    Scenario("patch_user: one attribute", writing.patched, "patch", "patch"),
    Scenario("patch_user: clear one attribute", writing.cleared, "patch", "clear"),
    Scenario("patch_user: disable", writing.disabled, "disable", "disable"),
    Scenario("patch_user: disable twice", writing.disabled_twice, "disable", "disable-twice"),
    Scenario("patch_user: enable", writing.enabled, "enable", "enable"),
    Scenario("patch_user: unknown id", writing.unknown_id, "patch", "unknown-id"),
    _kit("patch_user: another user answers", writing.other_user_answered, "patch"),
    Scenario("delete_user: deleted", writing.deleted, "delete", "delete"),
    Scenario("delete_user: already gone", writing.deleted_twice, "delete", "delete-again"),
    Scenario("list_users: all", reading.listed, "list_users", "list"),
    _kit("trouble: 401, then a new token", trouble.renewed_token),
    _kit("trouble: 401 twice", trouble.refused_twice),
    _kit("trouble: 403", trouble.forbidden),
    _kit("trouble: 429 with Retry-After", trouble.throttled_with_time),
    _kit("trouble: 429 without Retry-After", trouble.throttled_without_time),
    _kit("trouble: 500 on a read", trouble.failing_read),
    _kit("trouble: 500 on a create", trouble.failing_create, "create"),
    _kit("trouble: 500 on a change", trouble.failing_change, "patch"),
    _kit("trouble: HTML on a read", trouble.html_on_read),
    _kit("trouble: HTML on a create", trouble.html_on_create, "create"),
    _kit("trouble: empty body on a read", trouble.empty_on_read),
    _kit("trouble: empty body on a create", trouble.empty_on_create, "create"),
    _kit("trouble: no secret is told", trouble.no_secret_is_told),
    _kit("second cycle: no write", writing.second_cycle, "create"),
)

CASSETTES: Mapping[str, str] = MappingProxyType(
    {one.name: one.cassette for one in SCENARIOS if one.cassette}
)

MAY_BE_IMPOSSIBLE = frozenset({"get_user: ambiguous match"})
"""What capabilities cannot say: a vendor may keep a value unique by the address itself."""

OPTIONAL = frozenset({"create_user: missing required attribute"})
"""Takes evidence, and needs none where the connector refuses by itself."""
