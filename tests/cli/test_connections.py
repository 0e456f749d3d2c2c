"""`jackfield test`."""

import json

import pytest

from jackfield import AmbiguousMatch, MatchKey, User, VendorBroken
from jackfield.cli.commands.test import look_up

OTHER = '[connections.other]\nconnector = "webex"\ntoken = "env:NOWHERE_TO_BE_FOUND"\n'


def test_good_connection_shows_its_tenant_and_finds_nobody(office):
    done = office.call("test")

    assert (done.exit_code, done.stderr) == (0, "")
    assert f"webex: authentication works: organization {office.sandbox.ORG_ID}" in done.stdout
    assert "found nobody, as expected" in done.stdout


def test_nothing_is_written(office):
    office.call("test")

    assert {request.method for request in office.sandbox.requests} == {"GET"}


def test_refused_token_needs_authorisation(office, monkeypatch):
    monkeypatch.setenv("TEST_WEBEX_TOKEN", "stale")

    done = office.call("test")

    assert done.exit_code == 6
    assert done.stderr.startswith("error: webex: authentication: ")
    assert "renew the credentials" in done.stderr
    assert "stale" not in done.output


@pytest.mark.parametrize(
    "answer", [User(id="1"), AmbiguousMatch("two", user_ids=("1", "2"))], ids=["one", "several"]
)
def test_vendor_that_ignores_the_filter_is_no_success(answer):
    class Careless:
        def get_user(self, key):
            if isinstance(answer, AmbiguousMatch):
                raise answer
            return answer

    with pytest.raises(VendorBroken, match="it ignores the filter: run no job"):
        look_up(Careless(), MatchKey("userName", "made-up"))


def test_one_bad_connection_stops_no_other(office):
    office.configure(OTHER)

    done = office.call("test", "other", "webex")

    assert done.exit_code == 1
    assert "connections.other: token: the environment variable NOWHERE_TO_BE_FOUND" in done.stderr
    assert "webex: authentication works" in done.stdout


def test_json_names_every_part(office):
    office.configure(OTHER)

    document = json.loads(office.call("test", "--json").stdout)

    parts = [(one["connection"], one["part"], one["works"]) for one in document["connections"]]
    assert document["schema"] == "jackfield.test/1"
    assert parts == [
        ("webex", "authentication", True),
        ("webex", "look-up by userName", True),
        ("other", "settings", False),
    ]


def test_unknown_connection_is_named_with_the_nearest(office):
    assert "no connection 'webx'; did you mean webex?" in office.call("test", "webx").stderr
