"""One connector under test: what its author gave, and how scenarios speak of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jackfield.capabilities import Capabilities
from jackfield.flow import Json, Token
from jackfield.resources import Change, MatchKey, MultiValue, Name, User, UserId
from jackfield.scim import read, write
from jackfield.settings import ConnectorSettings
from jackfield.testing.contract.evidence import Evidence
from jackfield.testing.contract.vendor import (
    Bench,
    Operation,
    Reply,
    Script,
    Scripted,
    Told,
    scripted,
)

NOBODY = "nobody-of-this-id"

_EXAMPLE = User(
    userName="ada@example.com",
    externalId="4711",
    displayName="Ada Byron",
    title="Engineer",
    name=Name(givenName="Ada", familyName="Byron"),
    active=True,
    emails=(MultiValue(value="ada@example.com", type="work", primary=True),),
)
_CHANGEABLE = ("title", "displayName", "name.familyName", "name.givenName")


class Broken(AssertionError):
    """The connector does not do what the contract says, or evidence is missing."""


class NotClaimed(Exception):
    """The scenario concerns what the connector does not claim to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What an author gives; see `ConnectorContract`."""

    connector: type
    settings: Mapping[str, object] | ConnectorSettings
    token: Sequence[Reply] | Token | None
    exchanges: Mapping[str, Sequence[Reply]]
    cassettes: Path | None
    user: User | None
    user_id: str | None
    unknown_id: str
    change: Change | None
    clear: str | None


class Case:
    """One connector with its evidence; `ask` runs one operation through the real driver."""

    def __init__(self, given: Given, cassette_names: Mapping[str, str]) -> None:
        self.given = given
        self.evidence = Evidence(given.exchanges, given.cassettes)
        self._cassette_names = cassette_names

    @cached_property
    def capabilities(self) -> Capabilities:
        found: Capabilities = self.given.connector().capabilities()
        return found

    @cached_property
    def settings(self) -> ConnectorSettings:
        given = self.given.settings
        if isinstance(given, ConnectorSettings):
            return given
        model: type[ConnectorSettings] = self.given.connector.settings  # type: ignore[attr-defined]
        return model.model_validate(given)

    @cached_property
    def bench(self) -> Bench:
        token = self.given.token
        ready = token if isinstance(token, Token) else None
        return Bench(self.given.connector, self.settings, ready)

    @cached_property
    def user(self) -> User:
        return self.given.user or example_user(self.capabilities)

    @cached_property
    def key(self) -> MatchKey:
        path = self.capabilities.match_on[0]
        return MatchKey(path, str(read(self.user.to_scim(), path)))

    @cached_property
    def user_id(self) -> UserId:
        """The id that the evidence gives the user: the author's word, or that of the one found."""
        if self.given.user_id is not None:
            return UserId(self.given.user_id)
        found = self.ask("get_user: found", lambda calls: calls.get_user(self.key)).result
        if not isinstance(found, User):
            raise Broken("the evidence of `get_user: found` has to lead to a user first")
        return UserId(found.id or "")

    @property
    def unknown_id(self) -> UserId:
        return UserId(self.given.unknown_id)

    @property
    def change(self) -> Change:
        """One attribute to change; refused for connectors that can change none."""
        path = next(filter(self._is_changeable, _CHANGEABLE), None)
        if self.given.change is None and path is None:
            raise Broken("say which attribute can be changed: change = Change('replace', …, …)")
        return self.given.change or Change("replace", path or "", "Changed")

    @property
    def cleared_path(self) -> str:
        required = self.capabilities.required_on_create()
        paths = [p for p in _CHANGEABLE if self._is_changeable(p) and p not in required]
        found = self.given.clear or next(iter(paths), None)
        if found is None:
            raise NotClaimed("no attribute of the example user may be cleared")
        return found

    def _is_changeable(self, path: str) -> bool:
        attributes = self.capabilities.attributes
        return self.capabilities.can_patch(path) and (not attributes or path in attributes)

    def ask(self, scenario: str, operation: Operation, **script: Any) -> Told:
        """Run an operation against the evidence of a scenario.

        Raises: Broken where there is none.
        """
        sign_in, answers = self._answers(scenario)
        return self.bench.ask(operation, Script(sign_in=sign_in, answers=answers, **script))

    def ask_with(self, operation: Operation, answers: tuple[Scripted, ...] = ()) -> Told:
        """Run an operation against the answers given here; none are needed to sign in."""
        return self.bench.ask(operation, Script(sign_in=self.sign_in, answers=answers))

    def answers(self, scenario: str) -> tuple[Scripted, ...]:
        return self._answers(scenario)[1]

    def is_evident(self, scenario: str) -> bool:
        name = self._cassette_names.get(scenario, "")
        return scenario in self.given.exchanges or self.evidence.cassette(name) is not None

    def is_written(self, scenario: str) -> bool:
        return scenario in self.given.exchanges

    @cached_property
    def sign_in(self) -> tuple[Scripted, ...]:
        """What answers `authenticate`: the author's `token`, else the head of any cassette."""
        token = self.given.token
        if isinstance(token, Token):
            return ()
        if token is not None:
            return scripted(token)
        for name in self._cassette_names.values():
            recorded = self.evidence.recorded(name)
            if recorded is not None:
                return recorded[: self._sign_in_count(recorded)]
        return ()

    def _answers(self, scenario: str) -> tuple[tuple[Scripted, ...], tuple[Scripted, ...]]:
        written = self.evidence.written(scenario)
        if written is not None:
            return self.sign_in, written
        recorded = self.evidence.recorded(self._cassette_names.get(scenario, ""))
        if recorded is None:
            raise Broken(self._missing(scenario))
        count = self._sign_in_count(recorded)
        return recorded[:count], recorded[count:]

    def _sign_in_count(self, recorded: tuple[Scripted, ...]) -> int:
        told = self.bench.ask(lambda calls: calls.authenticate(), Script(sign_in=recorded))
        return len(told.vendor.asked)

    def _missing(self, scenario: str) -> str:
        name = self._cassette_names.get(scenario, "")
        or_cassette = f", or the cassette {name}.yaml to the folder `cassettes`" if name else ""
        return (
            f"there is no evidence for {scenario!r}: add what the vendor answers to `exchanges`, "
            f'as in "{scenario}": [Response(200, {{…}})]{or_cassette}'
        )


def example_user(capabilities: Capabilities) -> User:
    """Return a user of what these capabilities name, or of all that is usual."""
    whole = _EXAMPLE.to_scim()
    if not capabilities.attributes:
        return _EXAMPLE
    document: dict[str, Json] = {}
    for path, attribute in capabilities.attributes.items():
        value = read(whole, path)
        if value is None and attribute.create == "required":
            value = "example"
        if value is not None and attribute.create != "refused":
            write(document, path, value, mark_primary=True)
    return User.from_scim(document)
