"""Values and errors travel: process pools and queues pickle them, hosts copy them."""

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from multiprocessing import get_context
from pkgutil import walk_packages
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import SecretStr

import jackfield
from jackfield import (
    AmbiguousMatch,
    Applied,
    Attribute,
    Capabilities,
    ConnectorError,
    Grant,
    MatchKey,
    MultiValue,
    Name,
    NotDeleted,
    NotFound,
    Page,
    Rate,
    RejectedUser,
    Request,
    Response,
    Throttled,
    Token,
    UnknownUser,
    User,
    VendorBroken,
    errors,
)
from jackfield.engine import CycleResult, Hold, Plan, Step
from jackfield.engine.expressions.failures import AllTaken, ExpressionError, SeveralValues
from jackfield.engine.expressions.nodes import Position
from jackfield.engine.model.plan import AttributeChange
from jackfield.oauth import Authorization
from jackfield.read_only import ReadOnly
from jackfield.sources import SourceObject, SourceRead
from jackfield.testing.sandbox.exchange import Refusal
from jackfield.testing.sandbox.oauth import GrantRefused

CARRIERS: dict[str, Callable[[Any], Any]] = {
    "pickle": lambda given: pickle.loads(pickle.dumps(given)),
    "oldest pickle": lambda given: pickle.loads(pickle.dumps(given, protocol=0)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}

ERRORS = {
    Throttled: Throttled("slow down", retry_after_seconds=2.5),
    AmbiguousMatch: AmbiguousMatch("2 users", user_ids=("1", "2")),
    UnknownUser: UnknownUser("gone", user_id="7"),
    NotDeleted: NotDeleted("still there", user_id="7", is_on=None),
    RejectedUser: RejectedUser(attribute="title", reason="too long"),
    VendorBroken: VendorBroken("down", is_down=True, connector="webex", request_id="r-1"),
    ExpressionError: ExpressionError("Item", Position(1, 2), "is no list"),
    AllTaken: AllTaken("SelectUniqueValue", Position(1, 2), "all are taken"),
    SeveralValues: SeveralValues("title", 3),
    Refusal: Refusal(400, "no", scim_type="invalidValue"),
    GrantRefused: GrantRefused("invalid_grant", "over", status=401),
}
"""Of errors that want more than a text, one each."""

STEP = Step(
    action="create",
    source_id="1",
    user_name="ada@example.com",
    place="people.csv:2",
    reason="nobody has it",
    attributes=ReadOnly({"userName": "ada@example.com"}),
    changes=(AttributeChange("title", None, "Clerk"),),
)
PLAN = Plan("example", (STEP,), 1, 0, is_complete=True)
VALUES = [
    Capabilities(
        hosts=frozenset({"https://x.example"}),
        match_on=("userName",),
        attributes=MappingProxyType({"userName": Attribute(create="required")}),
        rates=(Rate("all", 10),),
    ),
    Request("GET", "/Users"),
    Response(200, {"id": "1"}),
    Token(SecretStr("canary"), "https://x.example", facts=MappingProxyType({"org": "1"})),
    Grant(SecretStr("canary"), SecretStr("canary"), 1.0),
    Authorization(authorize_url="https://x", token_url="https://y", client_id="i"),
    User(userName="ada", name=Name(givenName="Ada"), emails=(MultiValue(value="a@b"),)),
    Page((User(userName="ada"),), "2"),
    NotFound(MatchKey("userName", "ada")),
    Applied(jackfield.UserId("1"), User(id="1")),
    PLAN,
    CycleResult("c", PLAN, (), hold=Hold("too many", "word", (STEP,)), stopped=ERRORS[Throttled]),
    SourceRead((SourceObject("1", {"mail": "a@b"}, "p:2"),), True, frozenset({"mail"})),
]


def public_classes() -> list[type]:
    """Return every public class of Jackfield that lives where it was found."""
    skipped = (".migrations", ".__main__", ".cassette", ".suite")
    found = []
    for module in walk_packages(jackfield.__path__, "jackfield."):
        if any(part in module.name for part in skipped):
            continue
        members = inspect.getmembers(import_module(module.name), inspect.isclass)
        found += [k for n, k in members if k.__module__ == module.name and not n.startswith("_")]
    return found


PUBLIC = public_classes()
EVERY_ERROR = [
    kind for kind in PUBLIC if issubclass(kind, BaseException) and kind is not errors.Travelling
]


def dressed(kind: type[BaseException]) -> BaseException:
    """Return an error as it is raised in practice: with attributes that were set later."""
    error = ERRORS.get(kind) or kind("what happened")
    if isinstance(error, ConnectorError):
        error.connector, error.hook, error.request_id = "webex", "create_user", "r-1"
        error.may_have_acted = True  # type: ignore[attr-defined]
    error.add_note("and a note")
    return error


def fixed_mappings(kind: type) -> list[str]:
    """Return the fields whose defaults are mappings that could not be pickled."""
    made = [
        (f.name, f.default_factory() if f.default_factory is not dataclasses.MISSING else f.default)
        for f in dataclasses.fields(kind)
    ]
    return [name for name, value in made if isinstance(value, MappingProxyType)]


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("kind", EVERY_ERROR, ids=lambda kind: kind.__name__)
def test_every_error_arrives_with_its_text_its_attributes_and_its_notes(kind, carrier):
    error = dressed(kind)

    arrived = CARRIERS[carrier](error)

    assert type(arrived) is kind
    assert (str(arrived), arrived.args) == (str(error), error.args)
    assert vars(arrived) == vars(error)


@pytest.mark.parametrize("carrier", CARRIERS)
@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_every_value_arrives_as_it_left(value, carrier):
    arrived = CARRIERS[carrier](value)

    if isinstance(value, CycleResult):  # an error is equal to itself alone
        arrived = dataclasses.replace(arrived, stopped=value.stopped)
    assert type(arrived) is type(value)
    assert arrived == value
    assert "canary" not in repr(arrived)


@pytest.mark.parametrize(
    "kind",
    [k for k in PUBLIC if dataclasses.is_dataclass(k)],
    ids=lambda kind: f"{kind.__module__}.{kind.__name__}",
)
def test_no_value_holds_what_cannot_travel_by_default(kind):
    assert fixed_mappings(kind) == []


def test_capabilities_stay_fixed_whatever_they_were_made_of():
    given = {"title": Attribute()}
    made = Capabilities(hosts=frozenset(), match_on=(), attributes=given)
    given["userName"] = Attribute()

    arrived = CARRIERS["pickle"](made)

    for each in (made, arrived):
        assert set(each.attributes) == {"title"}
        with pytest.raises(TypeError, match="cannot be changed"):
            each.attributes["title"] = Attribute(patch=False)


def refuse(_: int) -> None:
    raise RejectedUser(attribute="title", reason="too long")


def test_process_pool_survives_an_error():
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        with pytest.raises(RejectedUser, match="title: too long") as caught:
            list(pool.map(refuse, [1]))

        assert caught.value.attribute == "title"
        assert list(pool.map(abs, [-1])) == [1]
