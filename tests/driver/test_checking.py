"""A connector class that breaks the contract is refused with a sentence for each way."""

import dataclasses
import re

import pytest
from support.example import CAPABILITIES, ExampleConnector

from jackfield import Capabilities, hookimpl
from jackfield.driver.checking import contract_problems, observer_problems


class Misspelt(ExampleConnector):
    @hookimpl
    def get_users(self, key):
        yield


class Unknown(ExampleConnector):
    @hookimpl
    def get_user(self, key, client):
        yield


class WithDefault(ExampleConnector):
    @hookimpl
    def get_user(self, key=None):
        yield


class KeywordOnly(ExampleConnector):
    @hookimpl
    def get_user(self, *, key):
        yield


class Starred(ExampleConnector):
    @hookimpl
    def get_user(self, *keys):
        yield


class Wrapping(ExampleConnector):
    @hookimpl(wrapper=True)
    def get_user(self, key):
        yield


class OldWrapping(ExampleConnector):
    @hookimpl(hookwrapper=True)
    def get_user(self, key):
        yield


class Coroutine(ExampleConnector):
    @hookimpl
    async def get_user(self, key): ...


class AsyncGenerator(ExampleConnector):
    @hookimpl
    async def get_user(self, key):
        yield


class Forgotten(ExampleConnector):
    @hookimpl
    def get_user(self, key):
        return None


class Unmarked(ExampleConnector):
    def get_user(self, key):
        yield


class Renamed(ExampleConnector):
    @hookimpl(specname="delete_user")
    def create_user(self, user):
        yield


class Unsettled(ExampleConnector):
    settings = dict


class Observing(ExampleConnector):
    @hookimpl
    def before_request(self, sending): ...


@pytest.mark.parametrize(
    ("connector", "said"),
    [
        (Misspelt, "no hook of that name"),
        (Unknown, r"no argument client; the hook has \(key, settings"),
        (WithDefault, "without a default"),
        (KeywordOnly, "must be plain"),
        (Starred, "must be plain"),
        (Wrapping, "is a wrapper"),
        (OldWrapping, "is a wrapper"),
        (Coroutine, "is async"),
        (AsyncGenerator, "is async"),
        (Forgotten, "not a generator function"),
        (Unmarked, "lacks the hook get_user"),
        (Renamed, "another hook, delete_user"),
        (Unsettled, "subclass of ConnectorSettings"),
        (Observing, "no hook of that name"),
    ],
)
def test_broken_connector_is_refused(connector, said):
    problems = contract_problems(connector())

    assert len(problems) == 1
    assert re.search(said, problems[0])


def test_sound_connector_has_no_problem_and_may_take_fewer_arguments():
    assert contract_problems(ExampleConnector()) == []


@pytest.mark.parametrize(
    ("claims", "hook"),
    [
        ({"create": True}, "create_user"),
        ({"patch": True}, "patch_user"),
        ({"disable": "active"}, "patch_user"),
        ({"enable": True}, "patch_user"),
        ({"list_users": True}, "list_users"),
        ({"delete": True}, "delete_user"),
        ({"disable": "delete"}, "delete_user"),
    ],
)
def test_claimed_hook_must_be_there(claims, hook):
    nothing = {"create": False, "patch": False, "enable": False, "disable": "unsupported"}
    modest = Capabilities(hosts=frozenset(), match_on=("userName",), **{**nothing, **claims})

    class Modest(ExampleConnector):
        create_user = patch_user = list_users = delete_user = None

    assert [hook in problem for problem in contract_problems(Modest(modest))] == [True]


@pytest.mark.parametrize("contract", [0, 2])
def test_other_contract_is_refused_with_both_numbers(contract):
    (problem,) = contract_problems(
        ExampleConnector(dataclasses.replace(CAPABILITIES, contract=contract))
    )

    assert f"contract {contract}" in problem
    assert "speaks 1" in problem


def test_capabilities_of_another_type_are_refused():
    assert contract_problems(ExampleConnector({"contract": 1})) == [
        "capabilities returns dict, not Capabilities"
    ]


@pytest.mark.parametrize(
    "host",
    [
        "http://api.example.com",
        "api.example.com",
        "https://a.example/",
        "https://A.example",
        "https://a:99999",
    ],
)
def test_host_that_no_request_could_match_is_refused(host):
    claims = dataclasses.replace(CAPABILITIES, hosts=frozenset({host}))

    assert "no origin" in contract_problems(ExampleConnector(claims))[0]


def test_observer_cannot_answer_for_the_vendor():
    """An observer registered later would even be asked first."""

    class Impostor:
        @hookimpl
        def get_user(self, key):
            yield

        @hookimpl
        async def before_request(self, sending): ...

    assert len(observer_problems(Impostor())) == 2
