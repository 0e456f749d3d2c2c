"""A SCIM service as the directory: all of its people, or a read that says it is not all."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from jackfield.driver.steps import Clock
from jackfield.errors import CredentialsRefused, VendorBroken
from jackfield.scim import ENTERPRISE_URN
from jackfield.sources import Source, SourceRead
from jackfield.sources.scim import ScimSource, ScimSourceSettings
from jackfield.testing.sandbox import Answer, Fault, Sandbox, ScimSandbox, serve

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
PLACE = {"base_url": "http://127.0.0.1:9999/scim/v2", "allow_loopback": True}

Move = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]

ANA: dict[str, Any] = {
    "userName": "ana@example.com",
    "externalId": "e-1",
    "active": True,
    "displayName": "Ana Díaz",
    "name": {"givenName": "Ana", "familyName": "Díaz"},
    "title": "Engineer",
    "emails": [
        {"type": "home", "value": "ana@home.example", "primary": True},
        {"type": "work", "value": "ana.diaz@example.com"},
    ],
    "phoneNumbers": [
        {"type": "work", "value": "+34910000001"},
        {"type": "mobile", "value": "+34600000001"},
    ],
    "addresses": [{"type": "work", "locality": "Madrid", "country": "ES", "postalCode": "28001"}],
    ENTERPRISE_URN: {"employeeNumber": "17", "department": "Research", "organization": "Contoso"},
}


class Moving(ScimSandbox):
    """Shows each page of a list that somebody may have changed since the last one."""

    moves: Iterator[Move] = iter(())

    def arranged(self, users, wanted):
        return next(self.moves, list)(users)


class TokenEndpoint(Sandbox):
    """Gives everybody the token of the sandbox."""

    def needs_token(self, request):
        return False

    def dispatch(self, request):
        assert request.header("authorization").startswith("Basic ")
        return Answer(200, {"access_token": Sandbox.TOKEN, "expires_in": 60})


@pytest.fixture
def sandbox():
    return Moving(unlimited=True)


@pytest.fixture
def read(sandbox):
    with serve(sandbox) as origin:

        def read_all(**settings: Any) -> SourceRead:
            given = {"base_url": f"{origin}/scim/v2", "allow_loopback": True} | settings
            if not {"token", "user_name", "token_url"} & given.keys():
                given["token"] = Sandbox.TOKEN
            source = ScimSource(clock=Clock(sleep=lambda _seconds: None))
            return source.read(ScimSourceSettings(**given), Path())

        yield read_all


def seed(sandbox: ScimSandbox, *names: str) -> None:
    sandbox.seed([{"userName": name} for name in names])


def names(read: SourceRead) -> list[str]:
    return [person.attributes["userPrincipalName"] for person in read.objects]


def test_the_scim_source_is_a_source_and_an_entry_point():
    source: Source = ScimSource()
    entry = EntryPoint("scim", "jackfield.sources.scim:ScimSource", "jackfield.sources")

    assert source.settings is ScimSourceSettings
    assert entry.load() is ScimSource
    assert f'{entry.name} = "{entry.value}"' in PYPROJECT.read_text(encoding="utf-8")


def test_attributes_have_the_names_of_graph(sandbox, read):
    (stored,) = sandbox.seed([ANA])

    (person,) = read().objects

    assert person.id == stored["id"]
    assert person.place == f"SCIM user {stored['id']}"
    assert dict(person.attributes) == {
        "id": stored["id"],
        "userPrincipalName": "ana@example.com",
        "externalId": "e-1",
        "accountEnabled": True,
        "displayName": "Ana Díaz",
        "givenName": "Ana",
        "surname": "Díaz",
        "mail": "ana.diaz@example.com",
        "jobTitle": "Engineer",
        "telephoneNumber": "+34910000001",
        "mobilePhone": "+34600000001",
        "city": "Madrid",
        "country": "ES",
        "postalCode": "28001",
        "employeeId": "17",
        "department": "Research",
        "companyName": "Contoso",
    }


def test_a_user_who_is_not_active_is_disabled(sandbox, read):
    sandbox.seed([{"userName": "a", "active": False}])

    assert not read().objects[0].is_enabled


def test_the_settings_may_name_further_attributes(sandbox, read):
    sandbox.seed([ANA])

    result = read(attributes={"mail": 'emails[type eq "home"].value', "nick": "nickName"})

    assert result.objects[0].attributes["mail"] == "ana@home.example"
    assert "nick" in result.attributes


def test_several_values_stay_apart(sandbox, read):
    roles = [{"Value": "Admin"}, {"value": "Sales"}, {"display": "x"}]
    sandbox.seed([{**ANA, "roles": roles}])

    (person,) = read(attributes={"roles": "roles", "one": 'roles[value eq "Sales"]'}).objects

    assert person.attributes["roles"] == ("Admin", "Sales")
    assert person.attributes["one"] == "Sales"


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 9])
@pytest.mark.parametrize("page_size", [2, 3, 100])
def test_every_page_is_read(sandbox, read, count, page_size):
    everybody = [f"p{number}" for number in range(count)]
    seed(sandbox, *everybody)

    result = read(page_size=page_size)

    assert names(result) == everybody
    assert (result.is_complete, result.notes, result.is_delta) == (True, (), False)


def without_total(page):
    return {name: value for name, value in page.items() if name != "totalResults"}


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_service_that_does_not_count_is_read_to_its_end(sandbox, read, count):
    seed(sandbox, *(f"p{number}" for number in range(count)))
    wrap = sandbox._said
    sandbox._said = lambda status, document: wrap(status, without_total(document))

    result = read(page_size=2)

    assert len(result.objects) == count
    assert result.is_complete


def test_a_service_that_counts_the_page_for_the_list_is_not_believed(sandbox, read):
    seed(sandbox, *"abcde")
    wrap = sandbox._said
    sandbox._said = lambda status, document: wrap(
        status, document | {"totalResults": document["startIndex"] - 1 + len(document["Resources"])}
    )

    result = read(page_size=2)

    assert names(result) == [*"abcde"]
    assert not result.is_complete


def shown_as(page: str) -> Move:
    def move(users):
        by_name = {user["userName"]: user for user in users}
        return [by_name[name] for name in page]

    return move


def moved(*pages: str) -> Iterator[Move]:
    """Return what each page is taken from, one after the other: the users of these names."""
    return map(shown_as, pages)


def test_a_list_that_moved_is_read_again(sandbox, read):
    seed(sandbox, *"abcde")
    # Somebody is removed between the first page and the second, and somebody else comes.
    sandbox.moves = moved("abcd", "bcde")

    result = read(page_size=2)

    assert names(result) == [*"abcde"]
    assert result.is_complete


def test_a_list_that_never_rests_is_incomplete_and_loses_nobody(sandbox, read):
    seed(sandbox, *"abcdef")
    sandbox.moves = moved(*["abcd", "bcde", "bcde"] * 9)

    result = read(page_size=3)

    assert not result.is_complete
    assert {"a", "b", "c", "d", "e"} <= set(names(result))
    assert len(set(names(result))) == len(result.objects)
    assert "nobody is removed" in result.notes[0]


def test_a_list_that_grows_is_not_taken_for_whole_at_first(sandbox, read):
    seed(sandbox, *"abcde")
    sandbox.moves = moved("abcd", "abcde", "abcde", "abcde", "abcde")

    result = read(page_size=2)

    assert result.is_complete
    assert len([r for r in sandbox.requests if r.path.endswith("/Users")]) > 5


def test_a_service_that_ignores_the_place_is_stopped(sandbox, read):
    seed(sandbox, *"abcde")
    wrap = sandbox._said
    sandbox._said = lambda status, document: wrap(
        status,
        {"totalResults": 5, "Resources": [sandbox.shown(user) for user in sandbox.store][:2]},
    )

    with pytest.raises(VendorBroken, match="round in circles"):
        read(page_size=2)


PEOPLE = [f"p{number}" for number in range(130)]


@pytest.mark.parametrize("count", [1, 2, 50, 51, 130])
@pytest.mark.parametrize("page_size", [2, 50, 100])
def test_a_user_shown_twice_on_a_page_is_read_once(sandbox, read, count, page_size):
    sandbox.listing = "repeats"
    seed(sandbox, *PEOPLE[:count])

    result = read(page_size=page_size)

    assert names(result) == PEOPLE[:count]
    assert (result.is_complete, result.notes) == (True, ())


@pytest.mark.parametrize("rows", ["aab", "abb", "abbcd", "aa", "abcc"])
@pytest.mark.parametrize("is_counted_once", [True, False])
def test_a_user_in_two_rows_is_read_once(sandbox, read, rows, is_counted_once):
    people = sorted(set(rows))
    seed(sandbox, *people)
    sandbox.arranged = lambda users, wanted: shown_as(rows)(users)
    wrap, total = sandbox._said, {"totalResults": len(people)}
    sandbox._said = lambda status, document: wrap(
        status, document | (total if is_counted_once else {})
    )

    result = read(page_size=100)

    assert names(result) == people
    assert result.is_complete


@pytest.mark.parametrize("count", [2, 49, 50, 51, 100, 130])
def test_people_behind_a_first_page_that_counts_itself_are_no_leavers(sandbox, read, count):
    sandbox.listing = "page-total"
    seed(sandbox, *PEOPLE[:count])

    result = read()

    assert names(result) == PEOPLE[:count]
    assert not result.is_complete


@pytest.mark.parametrize("count", [1, 2, 100, 130])
def test_people_behind_a_list_without_places_are_no_leavers(sandbox, read, count):
    sandbox.listing = "ignores-start"
    seed(sandbox, *PEOPLE[:count])

    result = read()

    assert names(result) == PEOPLE[:100][:count]
    assert not result.is_complete
    assert "nobody is removed" in result.notes[0]


def test_one_person_alone_is_proven_by_one_more_request(sandbox, read):
    seed(sandbox, "ana")

    assert read().is_complete
    assert [request.query["startIndex"] for request in sandbox.requests] == ["1", "2"]


def test_a_page_that_fails_fails_the_read(sandbox, read):
    seed(sandbox, *"abcdef")
    sandbox.faults.add(Fault(path="Users", after=2, times=9, status=503))

    with pytest.raises(VendorBroken):
        read(page_size=2)


def test_refused_credentials_are_told(read):
    with pytest.raises(CredentialsRefused):
        read(token="another")


def test_a_name_with_a_password_goes_along_with_each_request(sandbox, read):
    seed(sandbox, "ana")
    good = f"Basic {b64encode(b'reader:pass-word-1').decode()}"
    sandbox.token_state = lambda request: (
        "good" if request.header("authorization") == good else "unknown"
    )

    assert names(read(user_name="reader", password="pass-word-1")) == ["ana"]


def test_a_token_is_got_with_the_credentials_of_a_client(read):
    with serve(TokenEndpoint(unlimited=True)) as login:
        result = read(token_url=f"{login}/token", client_id="c", client_secret="s", scope="read")

    assert result.is_complete


WRONG = {
    "no credentials": {},
    "two ways": {"token": "t", "user_name": "u", "password": "p"},
    "half a client": {"client_id": "c"},
    "a page of one": {"token": "t", "page_size": 1},
    "another id": {"token": "t", "attributes": {"id": "externalId"}},
}


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_wrong_settings_are_refused(settings):
    with pytest.raises(ValidationError):
        ScimSourceSettings(**PLACE, **settings)
