"""Runs a hook's flow: everything between the requests it yields and the wire.

The driver is itself a generator of three effects (send, pause, wait for somebody's token), so the
sync and the async loop in `loops.py` share all of it. It renews tokens, waits for rate limits,
repeats what may be repeated, and refuses what must not leave. It imports no HTTP client.
"""

import asyncio
import contextlib
import datetime as dt
import logging
import random
import time
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import SecretStr

from jackfield.capabilities import Capabilities, Covers
from jackfield.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    InDoubt,
    NotSent,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    Throttled,
    VendorBroken,
    WriteRefused,
)
from jackfield.flow import Effect, Flow, Request, Response, Token, effect_of
from jackfield.limits import RateLimits
from jackfield.observation import Answered, Completed, Sending
from jackfield.redact import Redactor
from jackfield.settings import ConnectorSettings
from jackfield.tokens import TokenCache
from jackfield.transport import Answer, Wire
from jackfield.waiting import TRANSIENT, growing_seconds, retry_after_seconds
from jackfield.wiring import is_redirect, read_answer, redirected, request_id, secrets_of, wire_of

_LOG = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Send:
    """Effect: put this on the wire; the answer, or a transport error, comes back."""

    wire: Wire


@dataclass(frozen=True, slots=True)
class Pause:
    """Effect: let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Await:
    """Effect: wait for the token that another caller is getting."""

    future: "Future[Token | None]"


Step: TypeAlias = Send | Pause | Await
Steps: TypeAlias = Generator[Step, Any, T]


@dataclass(frozen=True, slots=True)
class Clock:
    """Time as the driver knows it; a test hands in its own."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    sleep_async: Callable[[float], Awaitable[None]] = asyncio.sleep
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    randomness: random.Random = field(default_factory=random.Random)


@dataclass(frozen=True, slots=True)
class Policy:
    """How far one operation may go.

    `attempts` counts tries of one request. `patience_seconds` bounds what one operation waits in
    all for rate limits and `Retry-After`; longer waits end it with Throttled. `requests` bounds
    what a hook may send in one operation.
    """

    attempts: int = 3
    patience_seconds: float = 120.0
    requests: int = 100
    dry_run: bool = False


@dataclass(slots=True)
class _Operation:
    """One call of one hook: what it has used of its allowance so far."""

    hook: str
    patience_seconds: float
    requests_left: int
    request_count: int = 0
    refused: Token | None = None

    @property
    def authenticates(self) -> bool:
        return self.hook == "authenticate"


class Driver:
    """Runs the flows of one connection. Holds no socket and no thread; safe to share."""

    def __init__(
        self,
        name: str,
        hooks: Any,
        capabilities: Capabilities,
        settings: ConnectorSettings,
        *,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.name = name
        self.redactor = Redactor(settings.secrets())
        self.tokens = TokenCache(clock.monotonic)
        self.capabilities = capabilities
        self.settings = settings
        self._hooks = hooks
        self._origins = capabilities.hosts | settings.origins()
        self._limits = RateLimits(capabilities.rates, settings.rate_limits, clock.monotonic)
        self._policy = policy
        self._clock = clock

    def takes_facts(self, hook: str) -> bool:
        """Say whether the connector's hook takes the facts that only a token brings."""
        return any("facts" in each.argnames for each in getattr(self._hooks, hook).get_hookimpls())

    def flow(self, hook: str, **arguments: Any) -> Flow[Any]:
        """Call a hook of this vendor and return its flow, not yet started.

        Raises: PluginFault where the connector does not implement it.
        """
        if hook != "authenticate":
            arguments.setdefault("facts", {})
        flow: Flow[Any] | None = getattr(self._hooks, hook)(settings=self.settings, **arguments)
        if flow is None:
            raise self.fault(hook, "offers nothing")
        return flow

    def operate(self, hook: str, flow: Flow[T]) -> Steps[T]:
        """Run one hook to its result; every error leaves with connector and hook filled in."""
        operation = _Operation(hook, self._policy.patience_seconds, self._policy.requests)
        began = self._clock.monotonic()
        failure = ""
        try:
            return (yield from self._run(flow, operation))
        except ProvisioningError as error:
            failure = self._explain(error, hook)
            raise
        except Exception as error:  # noqa: BLE001 - a plugin is a guest
            failure = self.redactor.redact(f"{type(error).__name__}: {error}")
            # Not chained: a traceback would print the message as it was, secrets included.
            raise self.fault(hook, f"raised {failure} at {_place(error)}") from None
        except BaseException as error:
            failure = f"stopped by {type(error).__name__}"
            raise
        finally:
            # What a plugin's own clean-up raises must not hide how the operation ended.
            with contextlib.suppress(Exception, SystemExit):
                flow.close()
            spent = self._clock.monotonic() - began
            ended = Completed(self.name, hook, spent, operation.request_count, failure)
            self._tell("after_operation", completed=ended)

    def token(self, operation: "_Operation | None" = None) -> Steps[Token]:
        """Return a good token, authenticating where there is none."""
        refused = operation.refused if operation else None
        while True:
            claimed = self.tokens.claim(refused)
            if isinstance(claimed, Token):
                return claimed
            if isinstance(claimed, Future):
                found: Token | None = yield Await(claimed)
                if found is not None and found is not refused:
                    return found
                continue
            token: Token = yield from self._authenticate()
            return token

    def fault(self, hook: str, deed: str) -> PluginFault:
        """Return the error of a plugin that broke the contract."""
        error = PluginFault(f"the connector {self.name} {deed} in its hook {hook}")
        error.connector, error.hook = self.name, hook
        return error

    def _authenticate(self) -> Steps[Token]:
        try:
            token: object = yield from self.operate("authenticate", self.flow("authenticate"))
            if not isinstance(token, Token):
                raise self.fault("authenticate", f"returned {type(token).__name__}, not a Token")
            secret: object = token.access_token
            if not isinstance(secret, SecretStr):
                raise self.fault("authenticate", "returned a token that is not a SecretStr")
            self.redactor.add(secret.get_secret_value())
            self.tokens.fulfil(token)
        except BaseException as error:
            self.tokens.fail(error)
            raise
        return token

    def _tell(self, hook: str, **event: Any) -> None:
        """Tell the observers; what one of them raises must not change what happened."""
        try:
            getattr(self._hooks, hook)(**event)
        except Exception as error:  # noqa: BLE001 - a write may have been made
            _LOG.warning("an observer of %s raised %s in %s", self.name, type(error).__name__, hook)

    def _advance(
        self, flow: Flow[T], reply: Response | None, failure: ConnectorError | None, hook: str
    ) -> Request:
        try:
            return flow.throw(failure) if failure else flow.send(reply)  # type: ignore[arg-type]
        except (Exception, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a hook may even call sys.exit
            raise self.fault(hook, f"raised {type(error).__name__}") from None

    def _run(self, flow: Flow[T], operation: _Operation) -> Steps[T]:
        reply: Response | None = None
        failure: ConnectorError | None = None
        while True:
            try:
                request = self._advance(flow, reply, failure, operation.hook)
            except StopIteration as done:
                result: T = done.value
                return result
            self._check(request, operation)
            reply, failure = None, None
            try:
                reply = yield from self._exchange(request, operation)
            except ConnectorError as error:
                failure = error

    def _check(self, request: Request, operation: _Operation) -> None:
        if not isinstance(request, Request):
            raise self.fault(operation.hook, f"yielded {type(request).__name__}, not a Request")
        if operation.requests_left == 0:
            raise self.fault(operation.hook, f"sent more than {self._policy.requests} requests")
        operation.requests_left -= 1
        for secret in secrets_of(request):
            self.redactor.add(secret)
        if operation.authenticates and request.authorize is True:
            raise self.fault(operation.hook, "asked for the token it is to get")
        # A token request changes nothing at the vendor, though it is a POST.
        if self._policy.dry_run and not operation.authenticates and effect_of(request) != "read":
            raise WriteRefused(f"{request.method} {request.path}: this connection only reads")

    def _exchange(self, request: Request, operation: _Operation) -> Steps[Response]:
        """Send one request until there is an answer for the hook, or an error."""
        attempt = 0
        while True:
            attempt += 1
            token = None
            if request.authorize is True:
                token = yield from self.token(operation)
            wire = wire_of(request, token, self._origins)
            try:
                answer = yield from self._attempt(wire, request, operation, attempt)
                if is_redirect(answer) and effect_of(request) == "read":
                    wire = redirected(wire, answer)
                    answer = yield from self._attempt(wire, request, operation, attempt)
            except (NotSent, InDoubt, VendorBroken) as error:
                yield from self._retry_lost(error, request, attempt)
                continue
            if (yield from self._is_final(answer, request, operation, attempt, token)):
                return self._read(answer, request)

    def _attempt(
        self, wire: Wire, request: Request, operation: _Operation, attempt: int
    ) -> Steps[Answer]:
        yield from self._take_turn(request, operation)
        operation.request_count += 1
        url = wire.url.partition("?")[0]
        sending = Sending(self.name, operation.hook, wire.method, url, effect_of(request), attempt)
        self._tell("before_request", sending=sending)
        began = self._clock.monotonic()
        try:
            answer: Answer = yield Send(wire)
        except ProvisioningError as error:
            spent = self._clock.monotonic() - began
            failure = self.redactor.redact(str(error))
            self._tell("after_response", answered=Answered(sending, spent, failure=failure))
            raise
        spent = self._clock.monotonic() - began
        tracking_id = self.redactor.redact(request_id(answer.headers))
        answered = Answered(sending, spent, answer.status, tracking_id)
        self._tell("after_response", answered=answered)
        return answer

    def _is_final(
        self,
        answer: Answer,
        request: Request,
        operation: _Operation,
        attempt: int,
        token: Token | None,
    ) -> Steps[bool]:
        """Say whether the hook gets this answer; else wait as long as the next attempt needs."""
        if answer.status == 401 and token is not None:
            if operation.refused is not None:
                raise CredentialsRefused("the vendor refuses a token that was just renewed")
            operation.refused = token
            return False
        if _is_throttling(answer):
            yield from self._stand_back(answer, request, operation, attempt)
            return False
        retryable = answer.status >= 500 and effect_of(request) == "read"
        if retryable and attempt < self._policy.attempts:
            yield Pause(TRANSIENT.seconds(attempt, self._clock.randomness))
            return False
        return True

    def _read(self, answer: Answer, request: Request) -> Response:
        return read_answer(answer, effect_of(request), self.redactor)

    def _retry_lost(
        self, error: NotSent | InDoubt | VendorBroken, request: Request, attempt: int
    ) -> Steps[None]:
        """Pause before a repeat that can do no harm; raise where there is none."""
        is_read = effect_of(request) == "read"
        if isinstance(error, VendorBroken):  # a repeat would break the same bound again
            raise error if is_read else InDoubt(str(error))
        may_repeat = isinstance(error, NotSent) or is_read
        if not may_repeat or attempt >= self._policy.attempts:
            raise VendorBroken(str(error)) if is_read and isinstance(error, InDoubt) else error
        yield Pause(TRANSIENT.seconds(attempt, self._clock.randomness))

    def _take_turn(self, request: Request, operation: _Operation) -> Steps[None]:
        covers = _covers(request, operation)
        while wait := self._limits.take(request.rate, covers):
            yield from self._wait(wait, operation, "the vendor's rate limit")

    def _stand_back(
        self, answer: Answer, request: Request, operation: _Operation, attempt: int
    ) -> Steps[None]:
        asked = retry_after_seconds(answer.headers, self._clock.now())
        covers = _covers(request, operation)
        seconds = self._limits.block(request.rate, covers, asked, growing_seconds(attempt))
        yield from self._wait(seconds, operation, f"the vendor answered {answer.status}")

    def _wait(self, seconds: float, operation: _Operation, why: str) -> Steps[None]:
        if seconds > operation.patience_seconds:
            raise Throttled(
                f"{why}: the next request may leave in {seconds:.0f} seconds",
                retry_after_seconds=seconds,
            )
        operation.patience_seconds -= seconds
        yield Pause(seconds)

    def _explain(self, error: ProvisioningError, hook: str) -> str:
        """Redact an error's text and say where it comes from; return the text."""
        text = self.redactor.redact(str(error))
        if error.args and isinstance(error, (ConnectorError, ConfigurationError)):
            error.args = (text, *error.args[1:])
        if isinstance(error, RejectedUser):
            error.reason = self.redactor.redact(error.reason)
        # What a hook caught on the way may print what it held, secrets included.
        error.__cause__, error.__suppress_context__ = None, True
        if isinstance(error, ConnectorError) and not error.connector:
            error.connector, error.hook = self.name, hook
        return text


def _covers(request: Request, operation: _Operation) -> Covers:
    if operation.authenticates:
        return "auth"
    effect: Effect = effect_of(request)
    return "read" if effect == "read" else "write"


def _is_throttling(answer: Answer) -> bool:
    return answer.status == 429 or (answer.status == 503 and "retry-after" in answer.headers)


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return "an unknown place"
    return f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
