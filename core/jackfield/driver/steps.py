"""What the driver asks its loop to do, and the time and patience it works with."""

import asyncio
import datetime as dt
import random
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from jackfield.driver.limits import Limiter, RateLimits
from jackfield.driver.pauses import pause
from jackfield.driver.transport import Limits, Wire
from jackfield.flow import Token

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Put this on the wire; the answer, or a transport error, comes back."""

    wire: Wire


@dataclass(frozen=True, slots=True)
class Pause:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Await:
    """Wait, so many seconds at most, for the token that another caller is getting."""

    future: "Future[Token | None]"
    seconds: float


@dataclass(frozen=True, slots=True)
class Call:
    """Call a function that may block, such as one that writes a file."""

    function: Callable[[], Any]


Step: TypeAlias = Send | Pause | Await | Call
Steps: TypeAlias = Generator[Step, Any, T]


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the driver knows it; a test hands in its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = pause
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    randomness: random.Random = field(default_factory=random.Random)


@dataclass(frozen=True, slots=True)
class Policy:
    """How far one operation may go.

    `attempts` counts tries of one request. `patience_seconds` bounds what one operation waits in
    all for rate limits and `Retry-After`; longer waits end it with Throttled. `requests` bounds
    what a hook may send in one operation. `limits` bounds each single request. `limiter` makes the
    rate limits of the connection; another one may share them between processes.
    """

    attempts: int = 3
    patience_seconds: float = 120.0
    requests: int = 100
    dry_run: bool = False
    limits: Limits = field(default_factory=Limits)
    limiter: Callable[..., Limiter] = RateLimits
