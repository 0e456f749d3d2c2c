"""What a host application's observers are told: never a secret, never a query, never a body."""

from dataclasses import dataclass

from jackfield.flow import Effect


@dataclass(frozen=True, slots=True)
class Sending:
    """One request about to leave. `url` has no query: a filter names people."""

    connector: str
    hook: str
    method: str
    url: str
    effect: Effect
    attempt: int


@dataclass(frozen=True, slots=True)
class Answered:
    """How that request ended: `status` is None and `failure` says why where no answer came."""

    sending: Sending
    duration_seconds: float
    status: int | None = None
    request_id: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Completed:
    """How an operation ended: `failure` is empty, or one redacted sentence."""

    connector: str
    hook: str
    duration_seconds: float
    request_count: int
    failure: str = ""
