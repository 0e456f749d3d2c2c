"""The class that an author inherits from; pytest finds its one test through any subclass."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import pytest

from jackfield.flow import Token
from jackfield.resources import Change, User
from jackfield.settings import ConnectorSettings
from jackfield.testing.contract.case import NOBODY, Broken, Case, Given, NotClaimed
from jackfield.testing.contract.scenarios import (
    CASSETTES,
    MAY_BE_IMPOSSIBLE,
    OPTIONAL,
    SCENARIOS,
    Scenario,
    is_claimed,
)
from jackfield.testing.contract.vendor import Reply


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one scenario ended; both empty where it passed."""

    failure: str = ""
    skipped: str = ""


class ConnectorContract:
    """Everything that a connector has to do, as tests to inherit.

    class TestAcme(ConnectorContract):
        connector = AcmeConnector
        settings = {"url": "https://acme.example", "token": "t0ken-of-the-example"}
        exchanges = {"get_user: absent": [Response(200, {"Resources": []})], …}

    `token` is what the vendor answers to `authenticate`, nothing where it sends nothing, or a ready
    Token. `exchanges` holds the vendor's answers by scenario; `cassettes` is a folder whose files
    may stand in for them. The answers are about `user` (an example of what the capabilities name),
    whose id is `user_id` (that of the user found); there is no user of the id `unknown_id`.
    `change` is one change that the vendor takes, `clear` an attribute that may be without a value.
    `impossible` names, with its reason, what cannot happen at this vendor; `known_failures` what
    the connector does not do yet: these count as failures, without stopping the tests.
    """

    connector: ClassVar[type]
    settings: ClassVar[Mapping[str, object] | ConnectorSettings]
    token: ClassVar[Sequence[Reply] | Token | None] = None
    exchanges: ClassVar[Mapping[str, Sequence[Reply]]] = MappingProxyType({})
    cassettes: ClassVar[Path | None] = None
    impossible: ClassVar[Mapping[str, str]] = MappingProxyType({})
    known_failures: ClassVar[Mapping[str, str]] = MappingProxyType({})
    user: ClassVar[User | None] = None
    user_id: ClassVar[str | None] = None
    unknown_id: ClassVar[str] = NOBODY
    change: ClassVar[Change | None] = None
    clear: ClassVar[str | None] = None

    @pytest.mark.parametrize("scenario", SCENARIOS, ids=str)
    def test_contract(self, scenario: Scenario) -> None:
        verdict = judge(type(self), scenario)
        known = self.known_failures.get(scenario.name)
        if verdict.skipped:
            pytest.skip(verdict.skipped)
        if verdict.failure and known:
            pytest.xfail(known)
        if verdict.failure:
            name = self.connector.__name__
            pytest.fail(f"{name}, {scenario}\n{verdict.failure}", pytrace=False)
        if known:
            pytest.fail(f"{scenario} is among `known_failures` and passes: take it out")

    def test_evidence_is_named_for_scenarios(self) -> None:
        found = misnamed(type(self))
        if found:
            pytest.fail("\n".join(found), pytrace=False)


def case_of(contract: type[ConnectorContract]) -> Case:
    given = Given(
        connector=contract.connector,
        settings=contract.settings,
        token=contract.token,
        exchanges=contract.exchanges,
        cassettes=contract.cassettes,
        user=contract.user,
        user_id=contract.user_id,
        unknown_id=contract.unknown_id,
        change=contract.change,
        clear=contract.clear,
    )
    return Case(given, CASSETTES)


def check(contract: type[ConnectorContract], scenario: Scenario) -> None:
    """Play one scenario.

    Raises: Broken where the connector fails it; NotClaimed where it does not concern it.
    """
    case = case_of(contract)
    if not is_claimed(scenario, case.capabilities):
        raise NotClaimed(f"the capabilities do not claim {scenario.claim}")
    if scenario.name in contract.impossible and scenario.name in MAY_BE_IMPOSSIBLE:
        raise NotClaimed(contract.impossible[scenario.name])
    scenario.play(case)


def misnamed(contract: type[ConnectorContract]) -> list[str]:
    """Return a sentence for each key of the author's that names no scenario."""
    known = sorted({one.name for one in SCENARIOS if one.is_dialect} | OPTIONAL)
    found = []
    for name in contract.exchanges:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            found.append(f"`exchanges` names {name!r}, which is no scenario: {hint}")
    found += [
        f"`known_failures` names {name!r}, which is no scenario"
        for name in contract.known_failures
        if name not in {one.name for one in SCENARIOS}
    ]
    found += [
        f"`impossible` names {name!r}: only {', '.join(MAY_BE_IMPOSSIBLE)} may be impossible"
        for name in contract.impossible
        if name not in MAY_BE_IMPOSSIBLE
    ]
    return found


def judge(contract: type[ConnectorContract], scenario: Scenario) -> Verdict:
    """Play one scenario and say how it ended."""
    try:
        check(contract, scenario)
    except Broken as failure:
        return Verdict(failure=str(failure))
    except NotClaimed as reason:
        return Verdict(skipped=str(reason))
    return Verdict()


def failures(contract: type[ConnectorContract]) -> dict[str, str]:
    """Play every scenario; return what went wrong, by scenario."""
    verdicts = {scenario.name: judge(contract, scenario) for scenario in SCENARIOS}
    found = {name: verdict.failure for name, verdict in verdicts.items() if verdict.failure}
    if wrong := misnamed(contract):
        found["evidence"] = "; ".join(wrong)
    return found
