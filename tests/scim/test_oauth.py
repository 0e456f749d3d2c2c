import pytest

from jackfield import CredentialsRefused, Response, VendorBroken
from jackfield.scim import access_token, lifetime_seconds, token_error


@pytest.mark.parametrize(
    ("sent", "seconds"),
    [(3600, 3600), (1_209_599, 1_209_599), (0.5, 0.5)],
)
def test_a_lifetime_is_taken_as_it_is(sent, seconds):
    assert lifetime_seconds({"expires_in": sent}) == seconds


@pytest.mark.parametrize(
    "sent", ["3600", "", None, 0, -1, True, [], 10**12, float("inf"), float("nan")]
)
def test_a_lifetime_without_sense_is_short(sent):
    assert lifetime_seconds({"expires_in": sent}) == 300


def test_a_missing_lifetime_is_short():
    assert lifetime_seconds({}) == 300


def test_a_refused_grant_names_its_code():
    body = {"error": "invalid_grant", "error_description": "Token\nexpired"}

    fault = token_error(Response(400, body))

    assert isinstance(fault, CredentialsRefused)
    assert str(fault) == "the token endpoint answered 400: invalid_grant: Token expired"


def test_an_unavailable_token_endpoint_refuses_nobody():
    assert isinstance(token_error(Response(503, {"error": "server_error"})), VendorBroken)


@pytest.mark.parametrize("body", [{}, {"access_token": ""}, {"access_token": 7}])
def test_an_answer_without_a_token_is_broken(body):
    with pytest.raises(VendorBroken):
        access_token(Response(200, body))
