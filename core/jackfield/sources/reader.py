"""Runs the flows of a source with the driver that connectors have.

A source that reads over HTTP yields requests as a connector does; tokens, repeats, rate limits,
deadlines and redaction are the driver's. The connection is opened to read only: a source that
tried to write would be refused before anything leaves.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

import pluggy

from jackfield.capabilities import Capabilities
from jackfield.driver.addresses import Reach
from jackfield.driver.driver import Driver
from jackfield.driver.loops import run
from jackfield.driver.steps import Clock, Policy
from jackfield.driver.transport import SyncTransport
from jackfield.errors import ConnectorError
from jackfield.flow import Flow, Token
from jackfield.grants import MemoryGrants
from jackfield.hooks import PROJECT, ConnectorSpec, ObserverSpec
from jackfield.settings import ConnectorSettings

T = TypeVar("T")


class Access(Protocol):
    """What the driver must know of a directory: where it is, and how to get a token.

    Both methods are marked with `@hookimpl`; `authenticate` may take any argument of that hook.
    """

    def capabilities(self) -> Capabilities:
        """Name the rate limits of the directory; its hosts stand in the settings."""
        ...

    def authenticate(self, settings: Any) -> Flow[Token]:
        """Get a token; its `base_url` is where paths begin."""
        ...


class Reader:
    """One connection to a directory.

    Every ConnectorError that leaves its `with` block says, by `name`, whose it is.
    """

    def __init__(
        self,
        name: str,
        access: Access,
        settings: ConnectorSettings,
        *,
        policy: Policy,
        clock: Clock,
    ) -> None:
        manager = pluggy.PluginManager(PROJECT)
        manager.add_hookspecs(ConnectorSpec)
        manager.add_hookspecs(ObserverSpec)
        manager.register(access, name)
        self.clock = clock
        self._name = name
        self._driver = Driver(
            name,
            manager.hook,
            settings,
            policy=replace(policy, dry_run=True),
            clock=clock,
            grants=MemoryGrants(),
        )
        reach = Reach(loopback=settings.allow_loopback, private=settings.allow_private_network)
        self._transport = SyncTransport(policy.limits, reach)

    def run(self, what: str, flow: Flow[T], *kinds: type) -> T:
        """Run one flow to its result, which is of one of these kinds; `what` names it in errors.

        Raises: NotSent, VendorBroken, Throttled, CredentialsRefused, NotAllowed,
        ConfigurationError.
        """
        return run(self._driver.operate(what, flow, kinds), self._transport, self.clock)

    def facts(self) -> Mapping[str, str]:
        """Return what the directory told when it gave its token; get one where there is none.

        Raises: the errors of `run`.
        """
        return run(self._driver.token(), self._transport, self.clock).facts

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._transport.close()
        if isinstance(error, ConnectorError):
            error.connector = error.connector or self._name
            error.args = (f"the source {self._name}: {error}", *error.args[1:])
