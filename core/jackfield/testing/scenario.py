"""Scenarios as data: what is asked of a connector, and what must come of it.

A plugin keeps a `Suite` in its module `scenarios`. `scripts/record` plays it against the sandbox
and keeps the exchanges; tests replay them through the sync and the async driver.
"""

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from jackfield.connector import AsyncConnector, Connector
from jackfield.driver.steps import Clock
from jackfield.errors import ConnectorError, ProvisioningError, RejectedUser
from jackfield.flow import Json
from jackfield.read_only import ReadOnly
from jackfield.resources import Applied, NotFound, User
from jackfield.settings import ConnectorSettings, origin_of

Act: TypeAlias = Callable[[Any], object]
"""Something done to the sandbox of the vendor; the type is the vendor's own."""


def _nothing(_sandbox: object) -> None:
    """Leave the sandbox as it is."""


def _no_value() -> Mapping[str, Json]:
    return ReadOnly()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one call: `kind` says what, `value` the facts as JSON.

    Kinds are `user`, `users`, `absent`, `applied`, `done`, `facts`, or the name of an error.
    """

    kind: str
    value: Mapping[str, Json] = field(default_factory=_no_value)


@dataclass(frozen=True, slots=True)
class Call:
    """One operation of a connector with its arguments, and what is expected of it.

    The outcome must have the expected kind and hold the expected facts, and may hold more.
    `before` is done to the sandbox first; a replay has none and leaves it out.
    """

    operation: str
    arguments: tuple[object, ...]
    expected: Outcome
    before: Act = field(default=_nothing, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Calls in a row over one fresh connection; `prepare` seeds the sandbox and scripts faults.

    `waits_seconds` are the pauses that the driver makes, None where they are left to chance.
    `is_live` tells that a real tenant can play it: it needs nothing prepared and leaves no user.
    `settings` take the place of the suite's where a connection can be made in several ways.
    """

    name: str
    calls: tuple[Call, ...]
    prepare: Act = _nothing
    waits_seconds: tuple[float, ...] | None = ()
    is_live: bool = False
    settings: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """All scenarios of one connector.

    `settings` are the credentials of the sandbox, good for a replay too; URLs are left out, so
    that a replay runs with the vendor's real hosts. `source` says what the sandbox is. `allowed`
    are regular expressions of ids that look random and are no secrets.
    """

    connector: str
    source: str
    sandbox: Callable[[], Any]
    settings: Mapping[str, object]
    scenarios: tuple[Scenario, ...]
    allowed: tuple[str, ...] = ()

    def settings_of(self, scenario: Scenario) -> Mapping[str, object]:
        """Return the credentials that this scenario is played with."""
        return self.settings if scenario.settings is None else scenario.settings


class SteppingClock:
    """A clock whose pauses take no time: they are added up and written down."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.clock = Clock(
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
            sleep_async=self._sleep_async,
            now=lambda: dt.datetime(2026, 1, 5, 8, 0, tzinfo=dt.UTC),
            randomness=random.Random(0),  # noqa: S311 - spreads retries, keeps no secret
        )

    async def _sleep_async(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


def play(scenario: Scenario, connector: Connector, sandbox: object = None) -> tuple[Outcome, ...]:
    """Make the calls through the synchronous side; every error of ours becomes an outcome."""
    outcomes = []
    for call in scenario.calls:
        _act(call, sandbox)
        try:
            result = getattr(connector, call.operation)(*call.arguments)
            outcomes.append(outcome_of(list(result) if isinstance(result, Iterator) else result))
        except ProvisioningError as error:
            outcomes.append(outcome_of(error))
    return tuple(outcomes)


async def play_async(
    scenario: Scenario, connector: AsyncConnector, sandbox: object = None
) -> tuple[Outcome, ...]:
    """Make the calls through the asynchronous side; the outcomes are those of `play`."""
    outcomes = []
    for call in scenario.calls:
        _act(call, sandbox)
        try:
            asked = getattr(connector, call.operation)(*call.arguments)
            is_listing = hasattr(asked, "__aiter__")
            result = [user async for user in asked] if is_listing else await asked
            outcomes.append(outcome_of(result))
        except ProvisioningError as error:
            outcomes.append(outcome_of(error))
    return tuple(outcomes)


def _act(call: Call, sandbox: object) -> None:
    if sandbox is not None:
        call.before(sandbox)


def outcome_of(result: object) -> Outcome:
    """Return a result or an error in a form that compares and reads well."""
    match result:
        case User():
            return Outcome("user", result.to_scim())
        case NotFound(key):
            return Outcome("absent", {"key": str(key)})
        case Applied(user_id, user, not_taken):
            paths: list[Json] = [difference.path for difference in not_taken]
            after: Json = user.to_scim() if user else None
            return Outcome("applied", {"id": user_id, "user": after, "not_taken": paths})
        case ProvisioningError():
            return Outcome(type(result).__name__, _facts_of(result))
    return _plain_outcome_of(result)


def _plain_outcome_of(result: object) -> Outcome:
    if isinstance(result, Mapping):
        return Outcome("facts", dict(result))
    if isinstance(result, list):
        return Outcome("users", {"users": [user.to_scim() for user in result]})
    if result is None:
        return Outcome("done")
    raise TypeError(f"no operation of a connector returns {type(result).__name__}")


def _facts_of(error: ProvisioningError) -> dict[str, Json]:
    facts: dict[str, Json] = {"text": str(error)}
    if isinstance(error, ConnectorError):
        facts |= {"hook": error.hook, "request_id": error.request_id}
    if isinstance(error, RejectedUser):
        facts["attribute"] = error.attribute
    return facts


def problems(
    scenario: Scenario, outcomes: Iterable[Outcome], slept: Iterable[float] | None = None
) -> list[str]:
    """Return where the outcomes, and the pauses, are not what the scenario expects."""
    found = []
    for number, (call, outcome) in enumerate(zip(scenario.calls, outcomes, strict=True), start=1):
        place = f"{scenario.name}, call {number} ({call.operation})"
        if call.expected.kind != outcome.kind:
            told = dict(outcome.value)
            found.append(f"{place}: expected {call.expected.kind}, came {outcome.kind} {told}")
            continue
        found += [f"{place}: {what}" for what in _lacking(call.expected.value, outcome.value, "")]
    waits = list(slept) if slept is not None else None
    if None not in (waits, scenario.waits_seconds) and waits != list(scenario.waits_seconds or ()):
        found.append(f"{scenario.name}: paused for {waits}, expected {scenario.waits_seconds}")
    return found


def _lacking(expected: object, found: object, place: str) -> Iterator[str]:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        for name, value in expected.items():
            yield from _lacking(value, found.get(name), f"{place}/{name}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for index, (left, right) in enumerate(zip(expected, found, strict=True)):
            yield from _lacking(left, right, f"{place}/{index}")
    elif isinstance(expected, str) and isinstance(found, str) and place == "/text":
        if expected not in found:
            yield f"the text {found!r} does not say {expected!r}"
    elif expected != found:
        yield f"{place} is {found!r}, expected {expected!r}"


def settings_at(settings: ConnectorSettings, origins: Mapping[str, str]) -> dict[str, object]:
    """Return settings whose URLs are moved from the vendor's origins to those given."""
    moved: dict[str, object] = {"allow_loopback": True}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, str) and "://" in value and origin_of(value) in origins:
            moved[name] = origins[origin_of(value)] + urlsplit(value).path
    return moved
