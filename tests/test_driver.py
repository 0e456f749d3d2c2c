"""The driver, driven by hand: no socket, no thread, no real time."""

import pytest
from pydantic import SecretStr
from support.clock import ScriptedClock
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
    CredentialsRefused,
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
from jackfield.driver import Policy

ANN = MatchKey("userName", "ann@example.com")
FOUND = answer(200, user_document())
CREATED = answer(201, user_document())


def get(driver, *answers, **options):
    return play(operate(driver, "get_user", key=UserId("1")), *answers, **options)


def create(driver, *answers, **options):
    user = User(userName="ann@example.com")
    return play(operate(driver, "create_user", user=user), *answers, **options)


def test_token_is_got_once_and_used_for_every_request():
    driver = driver_of()

    first, second = get(driver, token_answer(), FOUND), get(driver, FOUND)

    assert first.sent == ["POST /token", "GET /users/1"]
    assert second.sent == ["GET /users/1"]
    assert second.wires[0].headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_absent_user_is_a_value():
    """P1: an absence that was None would have been asked of the next vendor."""
    assert get(driver_of(), token_answer(), answer(404)).result == NotFound(UserId("1"))


# --- credentials -------------------------------------------------------------------------------


def test_refused_token_is_renewed_once_and_the_request_repeated():
    """E1."""
    driver = driver_of()

    played = get(driver, token_answer("old-token"), answer(401), token_answer(), FOUND)

    assert played.sent == ["POST /token", "GET /users/1", "POST /token", "GET /users/1"]
    assert played.wires[-1].headers["authorization"] == f"Bearer {ACCESS_TOKEN}"


def test_token_refused_twice_stops_with_credentials_refused():
    played = Played([], [])

    with pytest.raises(CredentialsRefused):
        get(driver_of(), token_answer(), answer(401), token_answer(), answer(401), played=played)

    assert len(played.wires) == 4


def test_expiring_token_is_renewed_before_it_is_refused():
    clock = ScriptedClock()
    driver = driver_of(clock=clock.clock())
    get(driver, token_answer(lifetime=3600), FOUND)

    clock.pass_by(3541)

    assert get(driver, token_answer("new-token"), FOUND).sent[0] == "POST /token"


@pytest.mark.parametrize("lifetime", ["3600", 0, -5, float("nan"), True, [1]], ids=repr)
def test_useless_lifetime_neither_hangs_nor_renews_before_every_request(lifetime):
    """E7."""

    class Odd(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            token = yield from super().authenticate(settings)
            return type(token)(token.access_token, token.base_url, lifetime)

    driver = driver_of(Odd())

    assert get(driver, token_answer(), FOUND).result.id == "1"
    assert get(driver, FOUND).result.id == "1"


@pytest.mark.parametrize(
    "found", [None, "a-token", SecretStr("a-token")], ids=["none", "text", "secret"]
)
def test_authenticate_that_returns_no_token_is_a_plugin_fault(found):
    """I5: and everybody who waits for the token hears of it."""

    class Wrong(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            yield Request("POST", f"{settings.url}/token", authorize=False)
            return found

    driver = driver_of(Wrong())

    for _ in range(2):
        with pytest.raises(PluginFault, match="authenticate"):
            get(driver, token_answer())


def test_token_that_is_no_secret_fails_and_leaves_nobody_waiting():
    """I5."""

    class Plain(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            token = yield from super().authenticate(settings)
            return type(token)("plain text", token.base_url)

    driver = driver_of(Plain())

    for _ in range(2):
        with pytest.raises(PluginFault):
            get(driver, token_answer())


def test_authenticate_cannot_ask_for_the_token_it_is_to_get():
    class Circular(ExampleConnector):
        @hookimpl
        def authenticate(self, settings):
            yield Request("GET", "/me")

    with pytest.raises(PluginFault, match="asked for the token"):
        get(driver_of(Circular()))


# --- throttling and outage ---------------------------------------------------------------------


def test_retry_after_is_waited_for_in_full():
    """B1."""
    throttled = answer(429, retry_after="7")

    played = get(driver_of(), token_answer(), throttled, FOUND)

    assert sum(played.pauses) >= 7
    assert played.result.id == "1"


def test_retry_after_holds_back_other_callers_of_the_connection():
    """B1: the first caller is still waiting when the second comes."""
    clock = ScriptedClock()
    driver = driver_of(ExampleConnector(with_rate(100, 1.0)), clock=clock.clock())
    get(driver, token_answer(), FOUND, clock=clock)
    get(driver, answer(429, retry_after="7"), FOUND)

    played = get(driver, FOUND, clock=clock)

    assert sum(played.pauses) == pytest.approx(7)


def test_throttling_without_retry_after_waits_for_the_penalty_of_the_limit():
    """B4."""
    driver = driver_of(ExampleConnector(with_rate(100, 1.0, penalty_seconds=30.0)))

    assert get(driver, token_answer(), answer(429), FOUND).pauses[0] == 30.0


def test_throttling_never_makes_hundreds_of_attempts():
    """B1: a vendor that says "retry at once" for ever."""
    played = Played([], [])
    clock = ScriptedClock()
    driver = driver_of(clock=clock.clock())
    throttled = [answer(429, retry_after="0")] * 100

    with pytest.raises(Throttled):
        get(driver, token_answer(), *throttled, played=played, clock=clock)

    assert len(played.wires) < 30


def test_wait_longer_than_patience_is_reported_at_once():
    """B5."""
    played = Played([], [])

    with pytest.raises(Throttled) as caught:
        get(driver_of(), token_answer(), answer(429, retry_after="3600"), played=played)

    assert caught.value.retry_after_seconds == 3600
    assert played.pauses == []


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failing_read_is_repeated_a_bounded_number_of_times(status):
    """B6."""
    played = Played([], [])

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), *[answer(status)] * 3, played=played)

    assert len(played.wires) == 4
    assert len(played.pauses) == 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_failing_create_is_in_doubt_and_never_repeated(status):
    """B7."""
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
    """A1."""
    played = Played([], [])

    with pytest.raises(InDoubt) as caught:
        create(driver_of(), token_answer(), InDoubt("cut off"), played=played)

    assert played.sent.count("POST /users") == 1
    assert (caught.value.connector, caught.value.hook) == ("example", "create_user")


def test_lost_answer_to_a_read_is_repeated_and_ends_as_broken_vendor():
    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), *[InDoubt("cut off")] * 3)


def test_unreadable_answer_to_a_create_is_in_doubt():
    """C9: an answer over the cap says nothing of the account."""
    with pytest.raises(InDoubt):
        create(driver_of(), token_answer(), VendorBroken("the answer is larger than 10 bytes"))


@pytest.mark.parametrize("location", ["https://elsewhere.example/", "http://[", "/users?a=1"])
def test_redirected_create_is_in_doubt_and_not_followed(location):
    """D1, D2."""
    played = Played([], [])

    with pytest.raises(InDoubt):
        create(driver_of(), token_answer(), answer(307, location=location), played=played)

    assert len(played.wires) == 2


# --- redirects of reads ------------------------------------------------------------------------


def test_read_follows_one_redirect_on_its_own_origin():
    """D2."""
    moved = answer(302, location="/other/1")

    assert get(driver_of(), token_answer(), moved, FOUND).sent[-1] == "GET /other/1"


def test_read_does_not_follow_a_second_redirect():
    """D2."""
    moved = answer(302, location="/other/1")

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), moved, moved)


@pytest.mark.parametrize(
    "location",
    [
        "https://127.0.0.1:9999/users/1",
        "http://127.0.0.1:9998/",
        "//evil.example/x",
        "http://[",
        "http://a:99999/",
        "http://someone:pass@127.0.0.1:9999/users/1",
    ],
)
def test_read_does_not_follow_a_redirect_to_another_place(location):
    """D1: another scheme, another port, another host, nonsense, a user name."""
    played = Played([], [])

    with pytest.raises(VendorBroken):
        get(driver_of(), token_answer(), answer(302, location=location), played=played)

    assert len(played.wires) == 2


def test_followed_redirect_counts_against_the_rate_limit():
    """B10."""
    clock = ScriptedClock()
    driver = driver_of(ExampleConnector(with_rate(2, 60.0)), clock=clock.clock())

    played = get(driver, token_answer(), answer(302, location="/b"), FOUND, clock=clock)

    assert sum(played.pauses) >= 60


# --- what a hook may do ------------------------------------------------------------------------


def test_dry_run_reads_and_refuses_to_write():
    """K12."""
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
    """I5."""

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
    """F10."""
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
