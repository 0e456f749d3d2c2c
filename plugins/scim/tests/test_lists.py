"""Services whose list is cut short or shows somebody twice: who is listed, who counts as absent."""

import pytest

from jackfield import MatchKey, NotFound, Registry, VendorBroken
from jackfield.testing.sandbox import Fault, serve
from jackfield_scim import ScimConnector, ScimSettings
from jackfield_scim.sandbox import PlainScimSandbox

NAMES = [f"person{number:03}@example.com" for number in range(130)]
LAST = MatchKey("userName", NAMES[-1])
STRANGER = MatchKey("userName", "stranger@example.com")
WAYS = ["honest", "page-total", "ignores-start", "capped", "repeats"]


@pytest.fixture(scope="module")
def served():
    sandbox = PlainScimSandbox(unlimited=True)
    with serve(sandbox) as origin:
        yield sandbox, origin


@pytest.fixture
def listing(served):
    """Return a function that connects to a service of 130 people which lists in one way."""
    sandbox, origin = served
    registry = Registry(connectors={"any-scim": ScimConnector})

    def connect(way, *faults, people=130, **settings):
        sandbox.reset()
        sandbox.listing = way
        sandbox.seed([{"userName": name} for name in NAMES[:people]])
        for fault in faults:
            sandbox.faults.add(fault)
        given = {"base_url": f"{origin}/scim/v2", "token": sandbox.TOKEN, "allow_loopback": True}
        return registry.connect("any-scim", ScimSettings(**given | settings))

    return connect


def listed(connector):
    return [user.userName for user in connector.list_users()]


@pytest.mark.parametrize("way", ["honest", "page-total", "repeats"])
@pytest.mark.parametrize("people", [0, 1, 49, 50, 51, 100, 130])
def test_everybody_is_listed_once_however_the_service_counts(listing, way, people):
    with listing(way, people=people) as connector:
        assert listed(connector) == NAMES[:people]


@pytest.mark.parametrize("people", [1, 50, 100, 130])
def test_a_list_without_places_is_never_said_to_be_complete(listing, people):
    with (
        listing("ignores-start", people=people) as connector,
        pytest.raises(VendorBroken, match="does not show who is absent") as caught,
    ):
        listed(connector)

    assert (caught.value.connector, caught.value.hook) == ("any-scim", "list_users")


def test_a_capped_list_is_the_word_of_the_service_and_a_look_up_decides(listing):
    with listing("capped") as connector:
        assert listed(connector) == NAMES[:100]
        assert connector.get_user(LAST).userName == NAMES[-1]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("filtering", ["auto", "trusted"])
def test_a_filter_decides_who_is_there_however_users_are_listed(listing, way, filtering):
    with listing(way, filter=filtering) as connector:
        assert connector.get_user(LAST).userName == NAMES[-1]
        assert connector.get_user(STRANGER) == NotFound(STRANGER)


@pytest.mark.parametrize("way", ["honest", "page-total", "repeats"])
def test_whoever_no_filter_finds_is_found_in_the_list(listing, way):
    with listing(way, filter="never") as connector:
        assert connector.get_user(LAST).userName == NAMES[-1]
        assert connector.get_user(STRANGER) == NotFound(STRANGER)


@pytest.mark.parametrize(
    ("key", "people"),
    [(LAST, 130), (STRANGER, 130), (STRANGER, 50)],
    ids=["not shown", "absent of many", "absent of few"],
)
def test_nobody_is_absent_from_a_list_without_places(listing, key, people):
    ignoring = Fault(method="GET", path="/Users$", ignore_filter=True, times=9999)

    with (
        listing("ignores-start", ignoring, people=people) as connector,
        pytest.raises(VendorBroken, match="does not show who is absent"),
    ):
        connector.get_user(key)
