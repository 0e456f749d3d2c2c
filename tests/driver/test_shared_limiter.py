"""Rate limits may be shared between processes: a host hands in its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from support.example import answer, driver_of, operate, play, token_answer

from jackfield.driver.steps import Policy
from jackfield.resources import UserId


class CountingLimiter:
    """Lets everybody pass, and counts."""

    def __init__(self, _rates: Iterable[Any], _granted: Mapping[str, Any], _time: Any) -> None:
        self.taken: list[str] = []
        self.in_flight = 0

    def take(self, _name: str, covers: str) -> float:
        self.taken.append(covers)
        self.in_flight += 1
        return 0.0

    def done(self, _name: str, _covers: str) -> None:
        self.in_flight -= 1

    def block(self, *_: Any) -> float:
        return 0.0

    def knows(self, _name: str) -> bool:
        return True


def test_a_limiter_of_the_host_counts_every_request():
    made: list[CountingLimiter] = []

    def limiter(*parts: Any) -> CountingLimiter:
        made.append(CountingLimiter(*parts))
        return made[-1]

    driver = driver_of(policy=Policy(limiter=limiter))
    found = answer(200, {"id": "1", "userName": "ann@example.com"})

    play(operate(driver, "get_user", key=UserId("1")), token_answer(), found)

    assert made[0].taken == ["auth", "read"]
    assert made[0].in_flight == 0
