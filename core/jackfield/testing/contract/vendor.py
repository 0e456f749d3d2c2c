"""A vendor that answers from a script, and the bench on which a connector meets it.

The real driver runs every operation; in the place of the transport stands the script, so neither a
socket nor a second passes.
"""

import contextlib
import io
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

import pluggy

from jackfield.connector import _Calls
from jackfield.driver.driver import Driver
from jackfield.driver.loops import run
from jackfield.driver.steps import Policy, Steps
from jackfield.driver.transport import Answer, SyncTransport, Wire
from jackfield.errors import ConnectorError, ProvisioningError
from jackfield.flow import Flow, Response, Token
from jackfield.grants import MemoryGrants
from jackfield.hooks import PROJECT, ConnectorSpec, ObserverSpec, hookimpl
from jackfield.observation import Answered, Completed, Sending
from jackfield.settings import ConnectorSettings
from jackfield.testing.comparing import differences
from jackfield.testing.exchange import Exchange
from jackfield.testing.scenario import SteppingClock

Reply: TypeAlias = Response | ConnectorError
"""What the vendor answers; an error stands for what happens where no answer comes."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """One answer of the script; `recorded` is the exchange of a cassette it comes from."""

    answer: Answer | ConnectorError
    recorded: Exchange | None = None

    @classmethod
    def of(cls, reply: Reply) -> "Scripted":
        if isinstance(reply, ConnectorError):
            return cls(reply)
        headers = {name.lower(): value for name, value in reply.headers.items()}
        if reply.body is None:
            return cls(Answer(reply.status, headers, b""))
        content = json.dumps(reply.body, ensure_ascii=False).encode()
        return cls(Answer(reply.status, {"content-type": "application/json"} | headers, content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What the vendor answers to one operation.

    `sign_in` answers each authentication anew. `faults` come before the answers: to the first
    requests, or to the first writes with `faults_meet_writes`.
    """

    sign_in: tuple[Scripted, ...] = ()
    answers: tuple[Scripted, ...] = ()
    faults: tuple[Scripted, ...] = ()
    faults_meet_writes: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that reached the vendor, and the status it answered with."""

    sending: Sending
    wire: Wire
    status: int | None

    @property
    def is_write(self) -> bool:
        return self.sending.effect != "read" and self.sending.hook != "authenticate"

    def __str__(self) -> str:
        return f"{self.wire.method} {self.wire.url} → {self.status or 'no answer'}"


class ScriptedVendor:
    """Takes the place of the transport; hears as an observer what each request is for."""

    def __init__(self, script: Script) -> None:
        self.asked: list[Asked] = []
        self.events: list[Sending | Answered | Completed] = []
        self.problem = ""
        self.sign_in_count = 0
        self._script = script
        self._sign_in = list(script.sign_in)
        self._answers = list(script.answers)
        self._faults = list(script.faults)

    @property
    def left_count(self) -> int:
        return len(self._answers)

    @hookimpl
    def before_request(self, sending: Sending) -> None:
        self.events.append(sending)

    @hookimpl
    def after_response(self, answered: Answered) -> None:
        self.events.append(answered)

    @hookimpl
    def after_operation(self, completed: Completed) -> None:
        self.events.append(completed)
        if completed.hook == "authenticate":
            self.sign_in_count += 1
            self._sign_in = list(self._script.sign_in)

    def send(self, wire: Wire) -> Answer:
        sending = cast(Sending, self.events[-1])
        scripted = self._next(sending, wire)
        answer = scripted.answer
        status = answer.status if isinstance(answer, Answer) else None
        self.asked.append(Asked(sending, wire, status))
        if isinstance(answer, ConnectorError):
            raise answer
        if scripted.recorded is not None and (found := _unlike(wire, scripted.recorded)):
            self.problem = f"{wire.method} {wire.url} is not the recorded request: {found}"
            raise RuntimeError(self.problem)
        return answer

    def _next(self, sending: Sending, wire: Wire) -> Scripted:
        if sending.hook == "authenticate":
            queue = self._sign_in
        elif self._faults and (sending.effect != "read" or not self._script.faults_meet_writes):
            queue = self._faults
        else:
            queue = self._answers
        if not queue:
            place = "`token`" if sending.hook == "authenticate" else "the evidence"
            self.problem = f"{place} has no answer left for {wire.method} {wire.url}"
            self.asked.append(Asked(sending, wire, None))
            raise RuntimeError(self.problem)
        return queue.pop(0)


def _unlike(wire: Wire, recorded: Exchange) -> str:
    body = (wire.content or b"").decode()
    sent = Exchange(wire.method, wire.url, wire.headers, body, 0, "", {}, "")
    return "; ".join(differences(sent, recorded))


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of one operation, and everything that was said meanwhile."""

    result: object
    error: ProvisioningError | None
    vendor: ScriptedVendor
    waits: tuple[float, ...]
    log: str

    @property
    def writes(self) -> list[Asked]:
        return [asked for asked in self.vendor.asked if asked.is_write]

    @property
    def happened(self) -> str:
        """One sentence for a person."""
        if self.vendor.problem:
            return self.vendor.problem
        if self.error is not None:
            return f"{type(self.error).__name__}: {self.error}"
        return f"it returned {self.result!r}"


Operation: TypeAlias = Callable[[_Calls], Steps[Any]]


class Bench:
    """One connector with its settings, ready to be asked; each question is a fresh connection."""

    def __init__(self, connector: type, settings: ConnectorSettings, token: Token | None) -> None:
        self._connector = _with_ready_token(connector, token) if token else connector
        self._settings = settings

    def ask(self, operation: Operation, script: Script) -> Told:
        """Run one operation to its end against the script."""
        vendor, clock = ScriptedVendor(script), SteppingClock()
        driver = Driver(
            self._connector.__name__,
            self._manager(vendor).hook,
            self._settings,
            policy=Policy(),
            clock=clock.clock,
            grants=MemoryGrants(),
        )
        result: object = None
        error: ProvisioningError | None = None
        with _listening() as heard:
            try:
                result = run(operation(_Calls(driver)), cast(SyncTransport, vendor), clock.clock)
            except ProvisioningError as raised:
                error = raised
        waits = tuple(clock.slept)
        return Told(result=result, error=error, vendor=vendor, waits=waits, log=heard.getvalue())

    def _manager(self, vendor: ScriptedVendor) -> pluggy.PluginManager:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(ConnectorSpec)
        manager.add_hookspecs(ObserverSpec)
        manager.register(self._connector())
        manager.register(vendor)
        return manager


def _with_ready_token(connector: type, token: Token) -> type:
    def authenticate(_self: object) -> Flow[Token]:
        yield from ()
        return token

    return type(connector.__name__, (connector,), {"authenticate": hookimpl(authenticate)})


@contextlib.contextmanager
def _listening() -> Iterator[io.StringIO]:
    """Write down all that is logged or printed, at every level."""
    heard, root = io.StringIO(), logging.getLogger()
    listener, level = logging.StreamHandler(heard), root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        with contextlib.redirect_stdout(heard), contextlib.redirect_stderr(heard):
            yield heard
    finally:
        root.setLevel(level)
        root.removeHandler(listener)


def scripted(replies: Iterable[Reply]) -> tuple[Scripted, ...]:
    return tuple(Scripted.of(reply) for reply in replies)


def with_other_id(answers: Sequence[Scripted], user_id: str, other: str) -> tuple[Scripted, ...]:
    """Return the answers of a vendor that had given the user another id."""
    return tuple(_renamed(one, user_id, other) for one in answers)


def _renamed(one: Scripted, user_id: str, other: str) -> Scripted:
    if isinstance(one.answer, ConnectorError):
        return one
    headers = {name: text.replace(user_id, other) for name, text in one.answer.headers.items()}
    content = one.answer.content.replace(user_id.encode(), other.encode())
    return Scripted(Answer(one.answer.status, headers, content))
