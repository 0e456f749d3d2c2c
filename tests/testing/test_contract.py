"""The contract notices mistakes: each is planted into a connector that is sound."""

import importlib.util
import itertools
import re
import sys
import textwrap

import pytest

from jackfield import Response, Token
from jackfield.testing.contract import SCENARIOS, ConnectorContract, failures, judge
from jackfield.testing.new_connector import write_connector

NUMBERS = itertools.count()
BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


class Plant:
    """Makes a package of its own for each test, with mistakes planted into it."""

    def __init__(self, folder, monkeypatch):
        self._folder = folder
        self._monkeypatch = monkeypatch

    def __call__(self, old="", new="", *, file="connector"):
        """Return the contract of the connector in which `new` stands in place of `old`."""
        name = f"planted{next(NUMBERS)}"
        project = write_connector(name, self._folder)
        module = f"jackfield_{name}"
        source = project / "src" / module / f"{file}.py"
        text = source.read_text()
        assert not old or text.count(old) == 1, f"{old!r} stands {text.count(old)} times there"
        source.write_text(text.replace(old, new) if old else text + new)
        self._monkeypatch.syspath_prepend(project / "src")
        path = project / "tests" / "test_connector.py"
        spec = importlib.util.spec_from_file_location(f"contract_of_{name}", path)
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return next(
            found
            for found in vars(loaded).values()
            if isinstance(found, type)
            and issubclass(found, ConnectorContract)
            and found is not ConnectorContract
        )


@pytest.fixture
def plant(tmp_path, monkeypatch):
    yield Plant(tmp_path, monkeypatch)
    for module in [name for name in sys.modules if name.startswith("jackfield_planted")]:
        del sys.modules[module]


def elsewhere(deed):
    """Return code that spares the process of the tests."""
    return "\nimport sys\nif 'pytest' not in sys.modules:\n" + textwrap.indent(deed, "    ") + "\n"


def without(contract, *names, **attributes):
    """Return the contract without the evidence of some scenarios, and with other attributes."""
    kept = {name: said for name, said in contract.exchanges.items() if name not in names}
    return type(contract.__name__, (contract,), {"exchanges": kept, **attributes})


def verdict(contract, name):
    return judge(contract, BY_NAME[name])


def test_a_sound_connector_passes(plant):
    assert failures(plant()) == {}


SEARCH = "    return same[0] if same else NotFound(key)\n"
READ = """        if response.status == 404:
            return NotFound(key)
        return _user(response, response.checked())

    @hookimpl
    def create_user"""
CREATE = """        response = yield Request("POST", "/users", json=known)
        return _user(response, response.checked())"""
PATCH_SENT = 'response = yield Request("PATCH", _path(user_id), json=body)'

MISTAKES = {
    "absence is an error": (
        SEARCH,
        "    if not same:\n        raise RejectedUser(reason='nobody')\n    return same[0]\n",
        "get_user: absent",
    ),
    "anybody found is taken": (
        "users if str(read(u.to_scim(), key.path)).lower() == key.value.lower()]",
        "users][:1]",
        "get_user: ambiguous match",
    ),
    "an unknown id is an error": (
        READ,
        "        return _user(response, response.checked())\n\n    @hookimpl\n    def create_user",
        "get_user: unknown id",
    ),
    "every refused read is an absence": (
        "        if response.status == 404:\n            return NotFound(key)",
        "        if not response.is_success:\n            return NotFound(key)",
        "trouble: 500 on a read",
    ),
    "a refused search is an absence": (
        '    listed = response.checked().get("users")',
        (
            "    if not response.is_success:\n        return NotFound(key)\n"
            '    listed = response.checked().get("users")'
        ),
        "trouble: 403",
    ),
    "a failing search is an absence": (
        '    listed = response.checked().get("users")',
        (
            "    if response.status >= 500:\n        return NotFound(key)\n"
            '    listed = response.checked().get("users")'
        ),
        "trouble: 500 on a read",
    ),
    "an empty answer is an absence": (
        '    listed = response.checked().get("users")',
        (
            "    if response.body is None:\n        return NotFound(key)\n"
            '    listed = response.checked().get("users")'
        ),
        "trouble: empty body on a read",
    ),
    "the id is made here": (
        CREATE,
        CREATE.replace(
            "return _user(response, response.checked())",
            'return user.model_copy(update={"id": user.userName, **response.checked()})'
            '.model_copy(update={"id": user.userName})',
        ),
        "create_user: server-assigned id",
    ),
    "a duplicate is adopted": (
        CREATE,
        CREATE.replace(
            "        return",
            "        if response.status == 409:\n"
            '            return user.model_copy(update={"id": "u1"})\n        return',
        ),
        "create_user: duplicate",
    ),
    "a creation is tried twice": (
        CREATE,
        CREATE.replace(
            "        return",
            "        if response.status >= 500:\n"
            '            response = yield Request("POST", "/users", json=known)\n        return',
        ),
        "trouble: 500 on a create",
    ),
    "a lost creation is called a refusal": (
        CREATE,
        CREATE.replace(
            "        return",
            "        if response.status >= 500:\n"
            '            raise RejectedUser(reason="try again")\n        return',
        ),
        "trouble: 500 on a create",
    ),
    "a creation may be repeated by the driver": (
        'yield Request("POST", "/users", json=known)',
        'yield Request("POST", "/users", json=known, effect="read")',
        "trouble: 500 on a create",
    ),
    "a required attribute is not looked at": (
        'attribute.create == "required" and not is_given',
        'attribute.create == "required" and is_given is None',
        "create_user: missing required attribute",
    ),
    "another user's answer is believed": (
        'Applied(UserId(user.id or ""), user',
        'Applied(user_id, user.model_copy(update={"id": user_id})',
        "patch_user: another user answers",
    ),
    "a change of nobody is a refusal": (
        'raise UnknownUser(f"there is no user {user_id}", user_id=user_id)',
        "raise response.error()",
        "patch_user: unknown id",
    ),
    "a lost change is made again": (
        PATCH_SENT,
        f"{PATCH_SENT}\n        if response.status >= 500:\n            {PATCH_SENT}",
        "trouble: 500 on a change",
    ),
    "nothing is sent": (
        PATCH_SENT,
        'response = yield Request("GET", _path(user_id))',
        "patch_user: one attribute",
    ),
    "a value is not sent": (
        PATCH_SENT,
        'response = yield Request("PATCH", _path(user_id), json={})',
        "patch_user: one attribute",
    ),
    "no change is a request": (
        "        if not changes:\n            return Applied(user_id)\n",
        "",
        "second cycle: no write",
    ),
    "an attribute is not read": (
        "        write(document, path, body.get(field))",
        '        if path != "title":\n            write(document, path, body.get(field))',
        "second cycle: no write",
    ),
    "the token stands in the address": (
        'Request("GET", f"{settings.url}/account", authorize=settings.token)',
        (
            'Request("GET", f"{settings.url}/account", authorize=False, '
            'params={"key": settings.token.get_secret_value()})'
        ),
        "trouble: no secret is told",
    ),
    "the token is a fact": (
        'facts={"account": account}',
        'facts={"account": settings.token.get_secret_value()}',
        "trouble: no secret is told",
    ),
    "the token is logged": (
        '        account = str(response.checked().get("name", ""))',
        (
            '        account = str(response.checked().get("name", ""))\n'
            "        __import__('logging').getLogger('acme').debug("
            "settings.token.get_secret_value())"
        ),
        "trouble: no secret is told",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_fails_its_scenario(plant, mistake):
    old, new, scenario = MISTAKES[mistake]

    found = verdict(plant(old, new), scenario)

    assert found.failure, f"{scenario} let it pass: {found}"


@pytest.mark.parametrize(
    ("deed", "told"),
    [
        ("import logging\nlogging.basicConfig()", "logging"),
        ("import logging\nlogging.getLogger('httpx').setLevel('DEBUG')", "logging"),
        ("import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)", "signal handlers"),
        ("import locale\nlocale.setlocale(locale.LC_ALL, 'C.UTF-8')", "locale"),
        ("import warnings\nwarnings.simplefilter('ignore')", "warnings"),
        ("import sys\nsys.path.append('/made-up')", "sys.path"),
        ("import os\nos.environ['ACME'] = '1'", "the environment"),
    ],
    ids=lambda text: text.splitlines()[0],
)
def test_a_plugin_that_changes_the_process_is_noticed(plant, deed, told):
    contract = plant(new=elsewhere(deed), file="settings")

    found = verdict(contract, "plugin: leaves the process alone")

    assert told in found.failure


def test_a_plugin_that_does_io_on_import_is_noticed(plant):
    deed = "import socket\nsocket.socket().close()\nopen('/dev/null', 'w').close()"
    contract = plant(new=elsewhere(deed), file="settings")

    found = verdict(contract, "plugin: listing performs no I/O")

    assert "socket" in found.failure
    assert "/dev/null" in found.failure


def test_a_plugin_that_breaks_the_hook_contract_is_noticed(plant):
    contract = plant("def get_user(self, key:", "def get_user(self, wrong_key:")

    assert "there is no argument wrong_key" in verdict(contract, "plugin: loads").failure


# --- evidence --------------------------------------------------------------------------------


def test_a_claim_without_evidence_fails_and_says_what_to_add(plant):
    contract = without(plant(), "create_user: duplicate")

    said = failures(contract)

    assert list(said) == ["create_user: duplicate"]
    assert '"create_user: duplicate": [Response(200, {…})]' in said["create_user: duplicate"]
    assert "duplicate.yaml" in said["create_user: duplicate"]


def test_what_is_not_claimed_is_skipped(plant):
    contract = plant()

    assert verdict(contract, "delete_user: deleted").skipped == (
        "the capabilities do not claim delete"
    )


def test_a_new_claim_asks_for_new_evidence(plant):
    contract = plant("    delete=False,", "    delete=True,", file="capabilities")

    found = failures(contract)

    assert "delete_user" in found["plugin: loads"]
    assert "no evidence" in found["delete_user: deleted"]


def test_a_misspelt_scenario_is_noticed(plant):
    contract = without(plant(), exchanges={**plant().exchanges, "get_user: absnt": []})

    assert "did you mean 'get_user: absent'?" in failures(contract)["evidence"]


def test_an_exchange_that_is_not_used_fails(plant):
    sound = plant()
    (answer,) = sound.exchanges["get_user: absent"]
    said = {**sound.exchanges, "get_user: absent": [answer, answer]}

    found = verdict(without(sound, exchanges=said), "get_user: absent")

    assert "the last 1 were not" in found.failure


def test_only_what_capabilities_cannot_say_may_be_impossible(plant):
    contract = without(
        plant(),
        impossible={
            "get_user: ambiguous match": "the address names one",
            "patch_user: disable": "no",
        },
    )

    assert verdict(contract, "get_user: ambiguous match").skipped == "the address names one"
    assert "only get_user: ambiguous match" in failures(contract)["evidence"]


def test_a_failure_shows_what_was_expected_what_happened_and_what_was_sent(plant):
    sound = plant()
    said = {**sound.exchanges, "create_user: duplicate": [Response(500)]}

    failure = verdict(without(sound, exchanges=said), "create_user: duplicate").failure

    assert "expected: AlreadyExists" in failure
    assert "happened: InDoubt: the vendor answered 500" in failure
    assert re.search(r"  POST https://planted\d+\.example/users → 500", failure)


@pytest.mark.parametrize(
    "mistake", ["the token is logged", "the token is a fact", "the token stands in the address"]
)
def test_a_failure_never_shows_the_secret(plant, mistake):
    old, new, scenario = MISTAKES[mistake]

    assert "t0ken-of-the-example" not in verdict(plant(old, new), scenario).failure


def test_a_ready_token_stands_for_signing_in(plant):
    contract = plant()
    settings = contract.connector.settings(**contract.settings)

    ready = without(contract, token=Token(settings.token, settings.url))

    assert failures(ready) == {}
