"""Drive a flow by hand: no HTTP library, no network, no account.

def test_disable_is_one_patch(webex, settings):
    replay(
        webex.patch_user(user_id="u1", changes=DISABLE, settings=settings),
        (("PATCH", "/Users/u1", {...}), Response(200, {"id": "u1", "active": False})),
    )
"""

from dataclasses import replace
from typing import Final, TypeAlias, TypeVar

from jackfield.errors import ConnectorError
from jackfield.flow import Flow, Json, Request, Response, effect_of

T = TypeVar("T")


class _AnyRequest:
    def __repr__(self) -> str:
        return "ANY_REQUEST"


ANY_REQUEST: Final = _AnyRequest()
"""Stands for a request that the test does not look at."""

Expected: TypeAlias = _AnyRequest | tuple[str, str] | tuple[str, str, Json]
"""Method, path, and the JSON body where it matters. A path with `?` also fixes the parameters, as
readable text: `/Users?filter=userName eq "ada@example.com"`."""

Exchange: TypeAlias = tuple[Expected, Response | ConnectorError]
"""A request and its answer; an error is thrown into the flow, as the driver does."""


def replay(flow: Flow[T], *exchanges: Exchange) -> T:
    """Run the flow against the exchanges, in order, and return its result.

    Raises: AssertionError for another request than expected, one too many or one too few; else
    whatever the flow raises.
    """
    number = 0
    try:
        request = next(flow)
        while True:
            if number == len(exchanges):
                raise AssertionError(f"no answer is left for {_shown(request)}")
            expected, answer = exchanges[number]
            number += 1
            _check(request, expected, number)
            request = _answer(flow, request, answer)
    except StopIteration as stop:
        result: T = stop.value
    except ConnectorError as error:
        _check_all_used(exchanges, number, f"raised {error!r}")
        raise
    finally:
        flow.close()
    _check_all_used(exchanges, number, "returned")
    return result


def _answer(flow: Flow[T], request: Request, answer: Response | ConnectorError) -> Request:
    if isinstance(answer, Response):
        return flow.send(replace(answer, effect=effect_of(request)))
    return flow.throw(answer)


def _check(request: Request, expected: Expected, number: int) -> None:
    if isinstance(expected, _AnyRequest):
        return
    method, path = expected[0], expected[1]
    found = _target(request) if "?" in path else request.path
    if (request.method, found) != (method, path):
        raise AssertionError(
            f"request {number} is {request.method} {found}, expected {method} {path}"
        )
    if len(expected) == 3 and request.json != expected[2]:
        raise AssertionError(
            f"request {number}, {_shown(request)}, has the body {request.json!r}, "
            f"expected {expected[2]!r}"
        )


def _check_all_used(exchanges: tuple[Exchange, ...], number: int, outcome: str) -> None:
    if number < len(exchanges):
        raise AssertionError(
            f"the flow {outcome} after {number} of {len(exchanges)} exchanges; the next was to be "
            f"{exchanges[number][0]!r}"
        )


def _target(request: Request) -> str:
    query = "&".join(f"{name}={value}" for name, value in request.params.items())
    return f"{request.path}?{query}" if query else request.path


def _shown(request: Request) -> str:
    return f"{request.method} {_target(request)}"
