"""Time that passes only when somebody sleeps."""

import datetime as dt
import random
import threading

from jackfield.driver.steps import Clock

START = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


class ScriptedClock:
    """Hands out a `Clock`, and remembers every pause."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.pauses: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: self.seconds,
            sleep=self.pass_by,
            sleep_async=self._sleep_async,
            now=lambda: START + dt.timedelta(seconds=self.seconds - 1000.0),
            randomness=random.Random(7),
        )

    def pass_by(self, seconds: float) -> None:
        with self._lock:
            self.pauses.append(seconds)
            self.seconds += seconds

    async def _sleep_async(self, seconds: float) -> None:
        self.pass_by(seconds)
