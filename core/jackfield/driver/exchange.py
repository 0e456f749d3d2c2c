"""One request, until there is an answer for the hook or an error: turns, attempts, repeats.

Repeated is only what can do no harm: a request that never left, one the vendor put off, and a read.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jackfield.capabilities import Covers
from jackfield.driver.limits import Limiter
from jackfield.driver.steps import Clock, Pause, Policy, Send, Steps
from jackfield.driver.transport import Answer, Wire
from jackfield.driver.waiting import TRANSIENT, Fences, Waits, growing_seconds, retry_after_seconds
from jackfield.driver.wiring import is_redirect, read_answer, redirected, request_id, wire_of
from jackfield.errors import (
    CredentialsRefused,
    InDoubt,
    NotSent,
    ProvisioningError,
    Throttled,
    VendorBroken,
)
from jackfield.flow import Request, Response, Token, effect_of
from jackfield.observation import Answered, Sending, WriteIds
from jackfield.redact import Redactor


@dataclass(slots=True)
class Operation:
    """One call of one hook: what it has used of its allowance so far.

    `has_written`: a request left that may have changed something at the vendor. `request_id` is the
    vendor's own id of the last exchange, `write_id` that of the last write; both are empty while no
    answer to it has come.
    """

    hook: str
    patience_seconds: float
    requests_left: int
    request_count: int = 0
    refused: Token | None = None
    has_written: bool = False
    request_id: str = ""
    write_id: str = ""

    @property
    def authenticates(self) -> bool:
        return self.hook in {"authenticate", "authorize"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """What every request of one connection shares; `tell` informs the observers."""

    name: str
    origins: frozenset[str]
    limits: Limiter
    redactor: Redactor
    policy: Policy
    clock: Clock
    get_token: Callable[[Operation], Steps[Token]]
    tell: Callable[..., None]
    waits: Waits = field(default_factory=Waits)
    fences: Fences = field(default_factory=Fences)
    write_ids: WriteIds = field(default_factory=WriteIds)


@dataclass(slots=True)
class Exchange:
    """One request of one operation."""

    connection: Connection
    operation: Operation
    request: Request
    attempt: int = 0
    token: Token | None = None

    def run(self) -> Steps[Response]:
        """Return the answer that the hook gets.

        Raises: NotSent, InDoubt after a write, VendorBroken after a read, Throttled,
        CredentialsRefused, ConfigurationError.
        """
        while True:
            self.attempt += 1
            if self.request.authorize is True:
                self.token = yield from self.connection.get_token(self.operation)
            wire = wire_of(self.request, self.token, self.connection.origins)
            try:
                answer = yield from self._send(wire)
                if is_redirect(answer) and self._is_read:
                    answer = yield from self._send(self._redirected(wire, answer))
            except (NotSent, InDoubt, VendorBroken) as error:
                yield from self._after_loss(error)
                continue
            if (yield from self._is_final(answer)):
                return read_answer(
                    answer,
                    effect_of(self.request),
                    self.connection.redactor,
                    for_token=self._may_bring_token,
                )

    @property
    def _is_read(self) -> bool:
        return effect_of(self.request) == "read"

    @property
    def _may_bring_token(self) -> bool:
        """Say whether the answer may hold a token that no redactor knows."""
        return self.operation.authenticates or self.request.form is not None

    def _redirected(self, wire: Wire, answer: Answer) -> Wire:
        return redirected(wire, answer, for_token=self._may_bring_token)

    @property
    def _covers(self) -> Covers:
        if self.operation.authenticates:
            return "auth"
        return "read" if self._is_read else "write"

    def _send(self, wire: Wire) -> Steps[Answer]:
        """Send once, when it is this request's turn, and tell the observers."""
        yield from self._take_turn()
        try:
            return (yield from self._send_now(wire))
        finally:
            self.connection.limits.done(self.request.rate, self._covers)

    def _send_now(self, wire: Wire) -> Steps[Answer]:
        connection, operation = self.connection, self.operation
        if self._may_write:
            connection.fences.check()
        operation.request_count += 1
        url, effect = wire.url.partition("?")[0], effect_of(self.request)
        sending = Sending(connection.name, operation.hook, wire.method, url, effect, self.attempt)
        connection.tell("before_request", sending=sending)
        began = connection.clock.monotonic()
        wrote_before, operation.has_written = operation.has_written, self._may_write
        self._note("")
        try:
            answer: Answer = yield Send(wire)
        except ProvisioningError as error:
            operation.has_written = wrote_before or (
                self._may_write and not isinstance(error, NotSent)
            )
            failure = connection.redactor.redact(str(error))
            self._tell_end(sending, began, failure=failure)
            raise
        operation.has_written = wrote_before or (self._may_write and _may_have_acted(answer))
        tracking_id = request_id(answer.headers, connection.redactor)
        self._note(tracking_id)
        self._tell_end(sending, began, status=answer.status, request_id=tracking_id)
        return answer

    @property
    def _may_write(self) -> bool:
        return not self._is_read and not self.operation.authenticates

    def _note(self, tracking_id: str) -> None:
        self.operation.request_id = tracking_id
        if self._may_write:
            self.operation.write_id = tracking_id
            self.connection.write_ids.tell(tracking_id)

    def _tell_end(self, sending: Sending, began: float, **how: Any) -> None:
        spent = self.connection.clock.monotonic() - began
        self.connection.tell("after_response", answered=Answered(sending, spent, **how))

    def _is_final(self, answer: Answer) -> Steps[bool]:
        """Say whether the hook gets this answer; else wait as long as the next attempt needs."""
        if answer.status == 401 and self.token is not None:
            if self.operation.refused is not None:
                raise CredentialsRefused("the vendor refuses a token that was just renewed")
            self.operation.refused = self.token
            return False
        if _is_throttling(answer):
            yield from self._stand_back(answer)
            return False
        if (
            answer.status >= 500
            and self._is_read
            and self.attempt < self.connection.policy.attempts
        ):
            yield self._pause()
            return False
        return True

    def _after_loss(self, error: NotSent | InDoubt | VendorBroken) -> Steps[None]:
        """Pause before a repeat that can do no harm; raise where there is none."""
        if isinstance(error, VendorBroken):  # a repeat would break the same bound again
            raise error if self._is_read else InDoubt(str(error))
        may_repeat = isinstance(error, NotSent) or self._is_read
        if not may_repeat or self.attempt >= self.connection.policy.attempts:
            is_lost_read = self._is_read and isinstance(error, InDoubt)
            raise VendorBroken(str(error), is_down=True) if is_lost_read else error
        yield self._pause()

    def _pause(self) -> Pause:
        return Pause(TRANSIENT.seconds(self.attempt, self.connection.clock.randomness))

    def _take_turn(self) -> Steps[None]:
        while wait := self.connection.limits.take(self.request.rate, self._covers):
            yield from self._wait(wait, "the vendor's rate limit")

    def _stand_back(self, answer: Answer) -> Steps[None]:
        asked = retry_after_seconds(answer.headers, self.connection.clock.now())
        seconds = self.connection.limits.block(
            self.request.rate, self._covers, asked, growing_seconds(self.attempt)
        )
        yield from self._wait(seconds, f"the vendor answered {answer.status}")

    def _wait(self, seconds: float, why: str) -> Steps[None]:
        if seconds > self.operation.patience_seconds:
            raise Throttled(
                f"{why}: the next request may leave in {seconds:.0f} seconds",
                retry_after_seconds=seconds,
            )
        self.operation.patience_seconds -= seconds
        self.connection.waits.tell(seconds)
        yield Pause(seconds)


def _is_throttling(answer: Answer) -> bool:
    return answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers)


def _may_have_acted(answer: Answer) -> bool:
    """Say whether a vendor that answers so may have done something: any 4xx says it did not."""
    return not 400 <= answer.status < 500
