import pytest

from jackfield import InDoubt, NotSent, RejectedUser, Request, Response
from jackfield.testing import ANY_REQUEST, replay


def one_post():
    response = yield Request("POST", "/Users", {"a": "1", "b": "x y"}, json={"userName": "ada"})
    return response


def refusal():
    yield from ()
    raise RejectedUser(reason="no")


def test_the_result_of_the_flow_is_returned_with_the_effect_of_its_request():
    response = replay(one_post(), (ANY_REQUEST, Response(201)))

    assert (response.status, response.effect) == (201, "write-once")


@pytest.mark.parametrize(
    "expected",
    [
        ("POST", "/Users"),
        ("POST", "/Users?a=1&b=x y"),
        ("POST", "/Users", {"userName": "ada"}),
    ],
)
def test_the_expected_request_passes(expected):
    assert replay(one_post(), (expected, Response(201))).is_success


@pytest.mark.parametrize(
    "expected",
    [
        ("GET", "/Users"),
        ("POST", "/Groups"),
        ("POST", "/Users?a=2"),
        ("POST", "/Users", {"userName": "bob"}),
    ],
)
def test_another_request_than_expected_fails(expected):
    with pytest.raises(AssertionError, match="expected"):
        replay(one_post(), (expected, Response(201)))


def test_a_request_without_an_answer_fails():
    with pytest.raises(AssertionError, match="no answer is left for POST /Users"):
        replay(one_post())


def test_an_answer_without_a_request_fails():
    with pytest.raises(AssertionError, match="after 1 of 2 exchanges"):
        replay(one_post(), (ANY_REQUEST, Response(201)), (ANY_REQUEST, Response(200)))


def test_an_error_before_all_answers_are_used_fails():
    with pytest.raises(AssertionError, match="raised RejectedUser"):
        replay(refusal(), (ANY_REQUEST, Response(201)))


def test_an_error_is_thrown_into_the_flow():
    def careful():
        try:
            yield Request("POST", "/Users")
        except NotSent as fault:
            raise InDoubt("unsure") from fault

    with pytest.raises(InDoubt):
        replay(careful(), (ANY_REQUEST, NotSent("no route to host")))
