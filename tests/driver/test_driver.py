"""The driver, driven by hand: no socket, no thread, no real time."""

import pytest
from support.example import (
    ACCESS_TOKEN,
    CLIENT_SECRET,
    ORIGIN,
    ExampleConnector,
    Played,
    answer,
    driver_of,
    operate,
    play,
    token_answer,
    user_document,
    with_rate,
)

from jackfield import (
    ConnectorError,
    InDoubt,
    MatchKey,
    NotFound,
    NotSent,
    PluginFault,
    RejectedUser,
    Request,
    Throttled,
    User,
    UserId,
    VendorBroken,
    WriteRefused,
    hookimpl,
)
from jackfield.driver.steps import Pause, Policy, Send

ANN = MatchKey("userName", "ann@example.com")
FOUND = answer(200, user_document())
CREATED = answer(201, user_document())


def get(driver, *answers, **options):
    steps = operate(driver, "get_user", key=UserId("1"))
    return play(steps, *answers, clock=driver._clock, **options)


def create(driver, *answers, **options):
    user = User(userName="ann@example.com")
    steps = operate(driver, "create_user", user=user)
    return play(steps, *answers, clock=driver._clock, **options)


def test_token_is_got_once_and_used_for_every_request():
    driver = driver_of()

    first, second = get(driver, token_answer(), FOUND), get(driver, FOUND)

    assert first.sent == ["POST /token", "GET /users/1"]
    assert second.sent == ["GET /users/1"]
    assert second.wires[0].headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_absent_user_is_a_value():
    """An absence that was None would have been asked of the next vendor."""
    assert get(driver_of(), token_answer(), answer(404)).result == NotFound(UserId("1"))


# --- throttling and outage ---------------------------------------------------------------------


def test_retry_after_is_waited_for_in_full():
    throttled = answer(429, retry_after="7")

    played = get(driver_of(), token_answer(), throttled, FOUND)

    assert sum(played.pauses) >= 7
    assert played.result.id == "1"


def test_retry_after_holds_back_other_callers_of_the_connection():
    """The first caller is still waiting when the second comes."""
    driver = driver_of()
    get(driver, token_answer(), FOUND)
    waiting = operate(driver, "get_user", key=UserId("1"))
    assert isinstance(next(waiting), Send)
    assert isinstance(waiting.send(answer(429, retry_after="7")), Pause)

    played = get(driver, FOUND)

    assert sum(played.pauses) == pytest.approx(7)
    waiting.close()


def test_throttling_without_retry_after_waits_for_the_penalty_of_the_limit():
    driver = driver_of(ExampleConnector(with_rate(100, 1.0, penalty_seconds=30.0)))

    assert get(driver, token_answer(), answer(429), FOUND).pauses[0] == 30.0


def test_throttling_never_makes_hundreds_of_attempts():
    """A vendor that says "retry at once" for ever."""
    played = Played([], [])
    throttled = [answer(429, retry_after="0")] * 100

    with pytest.raises(Throttled):
        get(driver_of(), token_answer(), *throttled, played=played)

    assert len(played.wires) < 30


def test_wait_longer_than_patience_is_reported_at_once():
    played = Played([], [])

    with pytest.raises(Throttled) as caught:
        get(driver_of(), token_answer(), answer(429, retry_after="3600"), played=played)

    assert caught.value.retry_after_seconds == 3600
    assert played.pauses == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failing_read_is_repeated_a_bounded_number_of_times(status):
    """Retry lives in the driver; a pluggy wrapper cannot run a hook twice."""
    played = Played([], [])

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), *[answer(status)] * 3, played=played)

    assert len(played.wires) == 4
    assert len(played.pauses) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failing_create_is_in_doubt_and_never_repeated(status):
    played = Played([], [])

    with pytest.raises(InDoubt):
        create(driver_of(), token_answer(), answer(status), played=played)

    assert played.sent == ["POST /token", "POST /users"]


def test_create_is_repeated_when_unavailable_names_a_time():
    played = create(driver_of(), token_answer(), answer(503, retry_after="2"), CREATED)

    assert played.result.id == "1"


# --- could the vendor have acted? --------------------------------------------------------------


def test_create_that_never_left_is_repeated():
    played = create(driver_of(), token_answer(), NotSent("refused"), CREATED)

    assert played.sent.count("POST /users") == 2


def test_create_that_never_leaves_is_reported_as_not_sent():
    with pytest.raises(NotSent):
        create(driver_of(), token_answer(), *[NotSent("refused")] * 3)


def test_lost_answer_to_a_create_is_in_doubt():
    played = Played([], [])

    with pytest.raises(InDoubt) as caught:
        create(driver_of(), token_answer(), InDoubt("cut off"), played=played)

    assert played.sent.count("POST /users") == 1
    assert (caught.value.connector, caught.value.hook) == ("example", "create_user")


def test_lost_answer_to_a_read_is_repeated_and_ends_as_broken_vendor():
    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), *[InDoubt("cut off")] * 3)


def test_unreadable_answer_to_a_create_is_in_doubt():
    """An answer over the cap says nothing of the account."""
    with pytest.raises(InDoubt):
        create(driver_of(), token_answer(), VendorBroken("the answer is larger than 10 bytes"))


@pytest.mark.parametrize("location", ["https://elsewhere.example/", "http://[", "/users?a=1"])
def test_redirected_create_is_in_doubt_and_not_followed(location):
    played = Played([], [])

    with pytest.raises(InDoubt):
        create(driver_of(), token_answer(), answer(307, location=location), played=played)

    assert len(played.wires) == 2


# --- what a hook may do ------------------------------------------------------------------------


def test_dry_run_reads_and_refuses_to_write():
    driver = driver_of(policy=Policy(dry_run=True))
    get(driver, token_answer(), FOUND)
    played = Played([], [])

    with pytest.raises(WriteRefused):
        create(driver, played=played)

    assert played.wires == []


def test_dry_run_cannot_be_argued_with_by_a_hook():
    class Stubborn(ExampleConnector):
        @hookimpl
        def create_user(self, user):
            try:
                yield Request("POST", "/users", json={})
            except WriteRefused:
                yield Request("POST", "/users", json={})

    played = Played([], [])
    with pytest.raises(WriteRefused):
        create(driver_of(Stubborn(), policy=Policy(dry_run=True)), played=played)

    assert played.wires == []


def test_hook_that_never_ends_is_stopped_by_its_budget():
    """Nothing in a hook can block; a loop that only yields runs out of requests."""

    class Endless(ExampleConnector):
        @hookimpl
        def get_user(self, key):
            while True:
                yield Request("GET", "/users")

    played = Played([], [])
    with pytest.raises(PluginFault, match="more than 5 requests"):
        get(
            driver_of(Endless(), policy=Policy(requests=5)),
            token_answer(),
            *[FOUND] * 5,
            played=played,
        )

    assert len(played.wires) == 6


def test_hook_may_handle_an_error_of_its_request():
    class Careful(ExampleConnector):
        @hookimpl
        def get_user(self, key):
            try:
                yield Request("GET", "/users")
            except VendorBroken:
                return NotFound(key)

    lost = [InDoubt("cut off")] * 3

    assert isinstance(get(driver_of(Careful()), token_answer(), *lost).result, NotFound)


def test_user_data_that_cannot_be_encoded_rejects_the_user_alone():
    with pytest.raises(RejectedUser):
        play(
            operate(driver_of(), "create_user", user=User(userName="a", nickName="\ud800")),
            token_answer(),
        )


def test_known_secrets_do_not_leave_in_errors():
    broken = answer(200, "x")
    broken = type(broken)(200, {"content-type": "text/html"}, f"<p>{CLIENT_SECRET}".encode())

    with pytest.raises(VendorBroken) as caught:
        get(driver_of(), token_answer(), *[broken] * 3)

    assert "[secret]" in str(caught.value)
    assert ORIGIN not in str(caught.value)


# --- what an error says ------------------------------------------------------------------------


class TwoSteps(ExampleConnector):
    """Creates in two requests."""

    @hookimpl
    def create_user(self, user):
        created = (yield Request("POST", "/users", json={})).checked()
        (yield Request("PUT", "/users/1/licence", json={})).checked()
        return User.from_scim(created)


@pytest.mark.parametrize(
    ("answers", "may_have_acted"),
    [
        ((answer(400),), False),
        ((answer(500),), True),
        ((CREATED, answer(400)), True),
        ((CREATED, answer(403)), True),
        ((CREATED, answer(429, retry_after="3600")), True),
        ((CREATED, answer(401), token_answer("other"), answer(401)), True),
        ((CREATED, *[NotSent("refused")] * 3), True),
        ((CREATED, InDoubt("cut off")), True),
        ((NotSent("refused"),) * 3, False),
        ((answer(429, retry_after="3600"),), False),
    ],
    ids=[
        *("refused", "failed", "second refused", "second forbidden", "second put off"),
        *("token turned down", "second not sent", "second lost", "not sent", "put off"),
    ],
)
def test_error_says_whether_the_vendor_may_have_acted(answers, may_have_acted):
    with pytest.raises(ConnectorError) as caught:
        create(driver_of(TwoSteps()), token_answer(), *answers)

    assert caught.value.may_have_acted is may_have_acted


def test_error_of_a_read_never_says_that_the_vendor_may_have_acted():
    with pytest.raises(ConnectorError) as caught:
        get(driver_of(), token_answer(), *[answer(500)] * 3)

    assert caught.value.may_have_acted is False


@pytest.mark.parametrize("header", ["x_request_id", "trackingid", "rcrequestid"])
@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_error_bears_the_id_that_the_vendor_gave_the_exchange(header, status):
    """A hook raises with the message alone; the id comes from the answer's header."""
    with pytest.raises(ConnectorError) as caught:
        create(driver_of(), token_answer(), answer(status, **{header: "abc-1"}))

    assert caught.value.request_id == "abc-1"


def test_error_of_an_exchange_without_an_answer_bears_no_id_of_another():
    with pytest.raises(InDoubt) as caught:
        create(
            driver_of(TwoSteps()),
            token_answer(),
            answer(201, user_document(), x_request_id="abc-1"),
            InDoubt("cut off"),
        )

    assert caught.value.request_id == ""
