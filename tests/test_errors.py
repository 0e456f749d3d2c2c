"""The error tree: drawn as it is, and each leaf says what comes next."""

import inspect
import re

import pytest

from jackfield import ConnectorError, InDoubt, ProvisioningError, Response, errors
from jackfield.errors import (
    AlreadyExists,
    AmbiguousMatch,
    CredentialsRefused,
    NotAllowed,
    RejectedUser,
    Throttled,
    UnknownUser,
    VendorBroken,
)

TREE = {
    name: kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, ProvisioningError)
}
LEAVES = [kind for kind in TREE.values() if not kind.__subclasses__()]


def test_every_error_stands_in_the_drawing_of_the_tree():
    drawn = set(re.findall(r"── (\w+)", errors.__doc__)) | {"ProvisioningError"}

    assert drawn == set(TREE)


@pytest.mark.parametrize("kind", LEAVES, ids=lambda kind: kind.__name__)
def test_every_leaf_says_what_comes_next(kind):
    assert kind.next_step
    assert kind.__doc__


def test_only_groups_end_in_error():
    groups = {"ProvisioningError", "ConfigurationError", "ConnectorError"}

    assert {name for name in TREE if name.endswith("Error")} == groups


@pytest.mark.parametrize("effect", ["read", "write", "write-once"])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedUser),
        (401, CredentialsRefused),
        (403, NotAllowed),
        (404, RejectedUser),
        (409, AlreadyExists),
        (422, RejectedUser),
    ],
)
def test_refusal_means_the_same_for_reads_and_writes(status, kind, effect):
    assert type(Response(status, effect=effect).error()) is kind


@pytest.mark.parametrize("status", [100, 304, 500, 502, 503, 599])
def test_failure_of_a_write_is_in_doubt_and_of_a_read_is_not(status):
    assert type(Response(status, effect="read").error()) is VendorBroken
    assert type(Response(status, effect="write").error()) is InDoubt
    assert type(Response(status, effect="write-once").error()) is InDoubt


def test_errors_carry_what_the_caller_decides_by():
    assert Throttled("a", retry_after_seconds=7.0).retry_after_seconds == 7.0
    assert AmbiguousMatch("a", user_ids=("1", "2")).user_ids == ("1", "2")
    assert UnknownUser("a", user_id="1").user_id == "1"
    rejected = RejectedUser(attribute="title", reason="too long")
    assert (rejected.attribute, str(rejected)) == ("title", "title: too long")


def test_hook_raises_with_the_message_alone():
    error = ConnectorError("a")

    assert (error.connector, error.hook, error.request_id, str(error)) == ("", "", "", "a")
