"""Runs a hook's flow: everything between the requests it yields and the wire.

The driver is itself a generator of effects (`steps.py`), so the sync and the async loop in
`loops.py` share all of it. It renews tokens, waits for rate limits, repeats what may be repeated,
and refuses what must not leave. It imports no HTTP client.
"""

import contextlib
import logging
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import SecretStr

from jackfield.capabilities import Capabilities
from jackfield.driver.exchange import Connection, Exchange, Operation
from jackfield.driver.steps import Await, Call, Clock, Pause, Policy, Steps
from jackfield.driver.tokens import TokenCache
from jackfield.driver.waiting import Fences, Waits
from jackfield.driver.wiring import secrets_of
from jackfield.errors import (
    ConfigurationError,
    ConnectorError,
    CredentialsRefused,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    WriteRefused,
)
from jackfield.flow import Flow, Request, Response, Token, effect_of
from jackfield.grants import Grant, GrantStore
from jackfield.observation import Completed, WriteIds
from jackfield.redact import Redactor, without_tokens
from jackfield.settings import ConnectorSettings

_LOG = logging.getLogger(__name__)
_LONGEST_TOKEN_SECONDS = 90 * 24 * 3600.0
_TOKEN_SECONDS = 120.0
"""How long one caller waits for the token that another is getting."""
_KNOCK_SECONDS = 0.05

T = TypeVar("T")


class Driver:
    """Runs the flows of one connection. Holds no socket and no thread; safe to share."""

    def __init__(
        self,
        name: str,
        hooks: Any,
        settings: ConnectorSettings,
        *,
        policy: Policy,
        clock: Clock,
        grants: GrantStore,
    ) -> None:
        self.name = name
        self.settings = settings
        self.capabilities: Capabilities = hooks.capabilities()
        self.tokens = TokenCache(clock.monotonic)
        self._hooks = hooks
        self._grants = grants
        self._clock = clock
        rates = self.capabilities.rates
        self._connection = Connection(
            name=name,
            origins=self.capabilities.hosts | settings.origins(),
            limits=policy.limiter(rates, settings.rate_limits, clock.monotonic),
            redactor=Redactor(settings.secrets()),
            policy=policy,
            clock=clock,
            get_token=self.token,
            tell=self._tell,
        )

    @property
    def waits(self) -> Waits:
        return self._connection.waits

    @property
    def fences(self) -> Fences:
        return self._connection.fences

    @property
    def write_ids(self) -> WriteIds:
        return self._connection.write_ids

    @property
    def redactor(self) -> Redactor:
        return self._connection.redactor

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

    def operate(self, hook: str, flow: Flow[T], kinds: tuple[type, ...]) -> Steps[T]:
        """Run one hook to its result, which must be one of `kinds`.

        Every error leaves redacted; connector, hook, request id and `may_have_acted` are filled in.
        """
        policy = self._connection.policy
        operation = Operation(hook, policy.patience_seconds, policy.requests)
        began = self._clock.monotonic()
        failure = ""
        raised: BaseException
        try:
            return (yield from self._run(flow, operation, kinds))
        except ProvisioningError as error:
            failure, raised = self._explain(error, operation), error
        except Exception as error:  # noqa: BLE001 - a plugin is a guest
            failure = self.redactor.redact(f"{type(error).__name__}: {error}")
            if operation.authenticates:  # a token that has just arrived may be in its words
                failure = without_tokens(failure)
            fault = self.fault(hook, f"raised {failure} at {_place(error)}")
            self._locate(fault, operation)
            raised = fault
        except BaseException as error:  # noqa: BLE001 - it goes on below
            failure, raised = f"stopped by {type(error).__name__}", error
        finally:
            # What a plugin's own clean-up raises must not hide how the operation ended.
            with contextlib.suppress(Exception, SystemExit):
                flow.close()
            spent = self._clock.monotonic() - began
            tracking_id = operation.write_id or operation.request_id
            count = operation.request_count
            ended = Completed(self.name, hook, spent, count, failure, tracking_id)
            self._tell("after_operation", completed=ended)
        # Out of the handler, and without the frames below: those of plugin and client hold secrets
        # in plain variables, which error reporters print.
        _LOG.debug("%s: %s raised %s at %s", self.name, hook, type(raised).__name__, _place(raised))
        raised.__cause__ = raised.__context__ = None
        raise raised.with_traceback(None)

    def token(self, operation: Operation | None = None) -> Steps[Token]:
        """Return a good token, authenticating where there is none."""
        refused = operation.refused if operation else None
        while True:
            claimed = self.tokens.claim(refused)
            if isinstance(claimed, Token):
                return claimed
            if isinstance(claimed, Future):
                found: Token | None = yield Await(claimed, _TOKEN_SECONDS)
                if found is not None and found is not refused:
                    return found
                continue
            token: Token = yield from self._authenticate(refused)
            return token

    def fault(self, hook: str, deed: str) -> PluginFault:
        """Return the error of a plugin that broke the contract."""
        error = PluginFault(f"the connector {self.name} {deed} in its hook {hook}")
        error.connector, error.hook = self.name, hook
        return error

    def keep(self, grant: Grant) -> Steps[None]:
        """Store what an administrator has just granted; the next request uses it."""
        yield from self._lock_grants()
        try:
            yield Call(partial(self._grants.save, grant))
        finally:
            self._grants.release()

    def _authenticate(self, refused: Token | None) -> Steps[Token]:
        try:
            token: Token = yield from self._ask_for_token(refused)
            self.tokens.fulfil(token)
        except BaseException as error:
            self.tokens.fail(error)
            raise
        return token

    def _ask_for_token(self, refused: Token | None) -> Steps[Token]:
        """Authenticate; a grant that the vendor rotated is durable before its token is used."""
        yield from self._lock_grants()
        try:
            stored: Grant | None = yield Call(self._grants.load)
            grant = self._usable(stored, refused)
            flow = self.flow("authenticate", grant=grant, now=self._clock.now())
            token: Token = yield from self.operate("authenticate", flow, (Token,))
            if not isinstance(token.access_token, SecretStr):
                raise self.fault("authenticate", "returned a token that is not a SecretStr")
            self.redactor.add(token.access_token.get_secret_value())
            if token.grant is not None and token.grant != stored:
                yield Call(partial(self._grants.save, self._dated(token)))
            return token
        finally:
            self._grants.release()

    def _lock_grants(self) -> Steps[None]:
        ends_at = self._clock.monotonic() + _TOKEN_SECONDS
        while not self._grants.try_acquire():
            if self._clock.monotonic() > ends_at:
                raise ConfigurationError(
                    f"{self.name}: another process has been signing in for "
                    f"{_TOKEN_SECONDS:.0f} seconds; look whether it hangs"
                )
            yield Pause(_KNOCK_SECONDS)

    def _usable(self, grant: Grant | None, refused: Token | None) -> Grant | None:
        """Return the grant without an access token that is over, or was turned down."""
        if grant is None:
            return None
        self.redactor.add(grant.refresh_token.get_secret_value())
        access, until = grant.access_token, grant.good_until
        left = 0.0 if until is None else until - self._clock.now().timestamp()
        # No vendor gives a token for longer, so a clock that was ahead wrote what is further off.
        is_over = not 0 < left <= _LONGEST_TOKEN_SECONDS
        is_refused = refused is not None and access == refused.access_token
        return replace(grant, access_token=None) if is_over or is_refused else grant

    def _dated(self, token: Token) -> Grant:
        assert token.grant is not None  # noqa: S101 - the caller has looked
        self.redactor.add(token.grant.refresh_token.get_secret_value())
        if token.lifetime_seconds is None:
            return token.grant
        until = self._clock.now().timestamp() + 0.9 * token.lifetime_seconds
        return replace(token.grant, access_token=token.access_token, good_until=until)

    def _tell(self, hook: str, **event: Any) -> None:
        """Tell the observers; what one of them raises must not change what happened."""
        caller = getattr(self._hooks, hook)
        if not caller.get_hookimpls():
            return
        try:
            caller(**event)
        except Exception as error:  # noqa: BLE001 - a write may have been made
            _LOG.warning("an observer of %s raised %s in %s", self.name, type(error).__name__, hook)

    def _run(self, flow: Flow[T], operation: Operation, kinds: tuple[type, ...]) -> Steps[T]:
        reply: Response | None = None
        failure: ConnectorError | None = None
        while True:
            try:
                request = self._advance(flow, reply, failure, operation.hook)
            except StopIteration as done:
                result: T = self._checked(done.value, operation, kinds)
                return result
            self._check(request, operation)
            reply, failure = None, None
            try:
                reply = yield from Exchange(self._connection, operation, request).run()
            except ConnectorError as error:
                failure = error

    def _advance(
        self, flow: Flow[T], reply: Response | None, failure: ConnectorError | None, hook: str
    ) -> Request:
        try:
            return flow.throw(failure) if failure else flow.send(reply)  # type: ignore[arg-type]
        except (Exception, KeyboardInterrupt, GeneratorExit):
            raise
        except BaseException as error:  # noqa: BLE001 - a hook may even call sys.exit
            raise self.fault(hook, f"raised {type(error).__name__}") from None

    def _checked(self, result: Any, operation: Operation, kinds: tuple[type, ...]) -> Any:
        if not isinstance(result, kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            found = type(result).__name__
            raise self.fault(operation.hook, f"returned {found}, not {expected}")
        return result

    def _check(self, request: Request, operation: Operation) -> None:
        policy = self._connection.policy
        if not isinstance(request, Request):
            raise self.fault(operation.hook, f"yielded {type(request).__name__}, not a Request")
        if operation.requests_left == 0:
            raise self.fault(operation.hook, f"sent more than {policy.requests} requests")
        operation.requests_left -= 1
        for secret in secrets_of(request):
            self.redactor.add(secret)
        if operation.authenticates and request.authorize is True:
            raise self.fault(operation.hook, "asked for the token it is to get")
        if not self._connection.limits.knows(request.rate):
            raise self.fault(operation.hook, f"named the rate limit {request.rate}: there is none")
        # A token request changes nothing at the vendor, though it is a POST.
        if policy.dry_run and not operation.authenticates and effect_of(request) != "read":
            raise WriteRefused(f"{request.method} {request.path}: this connection only reads")

    def _explain(self, error: ProvisioningError, operation: Operation) -> str:
        """Redact an error's text and say where it comes from; return the text."""
        text = self.redactor.redact(str(error))
        if error.args and isinstance(error, (ConnectorError, ConfigurationError)):
            error.args = (text, *error.args[1:])
        if isinstance(error, RejectedUser):
            error.reason = self.redactor.redact(error.reason)
            error.attribute = self.redactor.redact(error.attribute)
        if hasattr(error, "__notes__"):  # a traceback prints them
            error.__notes__ = [self.redactor.redact(str(note)) for note in error.__notes__]
        if isinstance(error, CredentialsRefused) and self.settings.authorization() is not None:
            hint = f"; authorise again: jackfield authorize {self._grants.label or self.name}"
            error.args = (text if hint in text else text + hint, *error.args[1:])
        self._locate(error, operation)
        if isinstance(error, ConnectorError):
            error.request_id = self.redactor.redact(error.request_id)
        return text

    def _locate(self, error: ProvisioningError, operation: Operation) -> None:
        """Say where an error comes from, and whether a write had left before it."""
        error.may_have_acted = error.may_have_acted or operation.has_written
        if not isinstance(error, ConnectorError):
            return
        # An error of the token's own operation has been here before: its exchange is another.
        if not error.hook or error.hook == operation.hook:
            error.request_id = error.request_id or operation.request_id
        if not error.connector:
            error.connector, error.hook = self.name, operation.hook


def _place(error: BaseException) -> str:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    if frame is None:
        return "an unknown place"
    return f"{Path(frame.tb_frame.f_code.co_filename).name}:{frame.tb_lineno}"
