"""The ASGI application below every sandbox: admission, faults, records, rate limits.

It knows no resource and no dialect; a vendor's class says how to answer.
"""
# ruff: noqa: ARG002 - the methods a dialect overrides are given more than the defaults need

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, ClassVar, TypeAlias

from jackfield.testing.sandbox.control import CONTROL_PATH, control
from jackfield.testing.sandbox.delivery import deliver
from jackfield.testing.sandbox.exchange import (
    Answer,
    Document,
    RecordedRequest,
    Refusal,
    SandboxRequest,
)
from jackfield.testing.sandbox.faults import Fault, Faults
from jackfield.testing.sandbox.limits import Clock, RateLimit, RateLimits, Tokens, TokenState, Usage
from jackfield.testing.sandbox.store import Store, counted_uuid

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]

RECORDED_LIMIT = 100_000
"""Beyond so many recorded requests the older half is forgotten."""

_logger = logging.getLogger(__name__)


class Sandbox:
    """One imitated vendor with a store of its own. Subclasses say how it answers.

    `store`, `requests` and `faults` may be read and changed from the test's thread between
    requests. `clock` drives rate limits and token lifetimes; timestamps never follow it.
    """

    TOKEN: ClassVar[str] = "canary-token"
    """A bearer token that is good from the start and for ever."""

    LIMITS: ClassVar[dict[str, RateLimit]] = {}
    content_type: ClassVar[str] = "application/json"

    def __init__(self, *, unlimited: bool = False, clock: Clock = time.monotonic) -> None:
        self.store = Store(self.new_id)
        self.faults = Faults()
        self.requests: list[RecordedRequest] = []
        self.rate_limits = RateLimits({} if unlimited else self.LIMITS, clock)
        self.tokens = Tokens(self.TOKEN, clock)
        self.clock = clock

    # What a dialect overrides.

    def dispatch(self, request: SandboxRequest) -> Answer:
        """Answer a request that was admitted."""
        raise Refusal(404, f"There is no {request.path}.")

    def refuse(self, refusal: Refusal, request: SandboxRequest) -> Answer:
        """Return the error body of the vendor."""
        document: Document = {"detail": refusal.detail, "status": str(refusal.status)}
        return Answer(refusal.status, document, content_type=self.content_type)

    def needs_token(self, request: SandboxRequest) -> bool:
        return True

    def token_state(self, request: SandboxRequest) -> TokenState:
        """Judge the credentials of a request that needs some."""
        return self.tokens.state(request.bearer)

    def unauthorised(self, state: TokenState, request: SandboxRequest) -> Refusal:
        """Return what a request with an expired or unknown token gets."""
        return Refusal(401, f"The access token is {state}.")

    def rate_group(self, request: SandboxRequest) -> str:
        """Name the rate limit that counts this request."""
        return "all"

    def rate_headers(self, usage: Usage) -> dict[str, str]:
        """Return the headers that tell of a limit, on every answer of its group."""
        return {}

    def throttled(self, usage: Usage) -> Refusal:
        """Return what a request beyond its limit gets, its headers included."""
        headers = self.rate_headers(usage) | {"Retry-After": str(usage.retry_after_seconds)}
        return Refusal(429, "Request rate exceeded.", headers=headers)

    def common_headers(self) -> dict[str, str]:
        """Return the headers of every answer."""
        return {}

    def new_id(self, number: int) -> str:
        """Return the id of the user made as number so-and-so."""
        return counted_uuid(number)

    def seed(self, documents: list[Document]) -> list[Document]:
        """Put users straight into the store, checked by nobody; return them with their ids."""
        return self.store.seed(documents)

    def expire_tokens(self) -> None:
        """Make every token invalid, the ready one included, until one is issued anew."""
        self.tokens.expire_all()

    def reset(self) -> None:
        """Start anew: no users, faults, records; fresh limits and tokens."""
        self.store.clear()
        self.faults.clear()
        self.requests.clear()
        self.rate_limits.reset()
        self.tokens.reset()

    # What every sandbox does.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request: ASGI 3."""
        body = await _whole_body(receive)
        request = SandboxRequest(
            scope["method"], scope["path"], scope["query_string"], scope["headers"], body
        )
        if request.path.startswith(CONTROL_PATH):
            await deliver(send, control(self, request), None)
            return
        fault = self.faults.take(request.method, request.path)
        if fault is not None:
            request.hidden_from_lists, request.ignores_filter = fault.lag, fault.ignore_filter
        answer = self._answered(fault, request)
        self._record(request, answer)
        if fault is not None and fault.delay_seconds:
            await asyncio.sleep(fault.delay_seconds)
        await deliver(send, answer, fault)

    def _answered(self, fault: Fault | None, request: SandboxRequest) -> Answer:
        try:
            if fault is None:
                return self.respond(request)
            return self._answered_with(fault, request)
        except Exception:
            _logger.exception("the sandbox failed at %s %s", request.method, request.path)
            return Answer(500, text="The sandbox itself failed; see its log.")

    def _answered_with(self, fault: Fault, request: SandboxRequest) -> Answer:
        def refused(status: int) -> Answer:
            headers = self.common_headers()
            answer = self.refuse(Refusal(status, "A scripted fault."), request)
            answer.headers.update(headers)
            return answer

        instead = fault.instead(refused)
        if instead is not None:
            return instead
        return fault.afterwards(self.respond(request), refused)

    def respond(self, request: SandboxRequest) -> Answer:
        """Admit and answer one vendor request."""
        headers = self.common_headers()
        try:
            self._authorise(request)
            headers |= self._count(request)
            answer = self.dispatch(request)
        except Refusal as refusal:
            answer = self.refuse(refusal, request)
            answer.headers.update(refusal.headers)
        answer.headers = headers | answer.headers
        return answer

    def _authorise(self, request: SandboxRequest) -> None:
        if not self.needs_token(request):
            return
        state = self.token_state(request)
        if state != "good":
            raise self.unauthorised(state, request)

    def _count(self, request: SandboxRequest) -> dict[str, str]:
        usage = self.rate_limits.count(self.rate_group(request))
        if usage is None:
            return {}
        if usage.retry_after_seconds:
            raise self.throttled(usage)
        return self.rate_headers(usage)

    def _record(self, request: SandboxRequest, answer: Answer) -> None:
        if len(self.requests) >= RECORDED_LIMIT:
            del self.requests[: RECORDED_LIMIT // 2]
        self.requests.append(
            RecordedRequest(
                request.method, request.path, request.raw_query, answer.status, request.body
            )
        )


async def _whole_body(receive: Receive) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body
