"""The typed face of one connection, in both colours; the only code that calls a vendor's hooks.

There is no loop, thread or client to manage. A `Connector` may be shared by any number of threads,
its `aio` by tasks of any event loop; both share tokens and rate limits.
"""

import asyncio
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from types import TracebackType
from typing import Self, TypeAlias, TypeVar

from pydantic import SecretStr

from jackfield.capabilities import Capabilities, Rate
from jackfield.driver import answers
from jackfield.driver.addresses import Reach
from jackfield.driver.driver import Driver
from jackfield.driver.limits import with_grant
from jackfield.driver.listing import Pages
from jackfield.driver.loops import run, run_async
from jackfield.driver.steps import Clock, Steps
from jackfield.driver.transport import AsyncTransport, Limits, SyncTransport
from jackfield.errors import ConfigurationError, RejectedUser
from jackfield.flow import FOUND_BY_LISTING, TENANT, Flow
from jackfield.grants import Grant
from jackfield.oauth import Authorization, Pending, Tokens, begin, exchange, read_redirect
from jackfield.resources import (
    Applied,
    Changes,
    Difference,
    MatchKey,
    NotFound,
    Page,
    User,
    UserId,
)
from jackfield.scim import read
from jackfield.settings import ConnectorSettings

T = TypeVar("T")


class _Calls:
    """One generator of driver steps for each operation; results are checked at the border."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver

    def authenticate(self) -> Steps[Mapping[str, str]]:
        token = yield from self.driver.token()
        return token.facts

    def identity(self) -> Steps[str]:
        token = yield from self.driver.token()
        return f"{self.driver.name} {token.facts.get(TENANT) or token.base_url}"

    def get_user(self, key: MatchKey | UserId) -> Steps[User | NotFound]:
        facts = yield from self._facts("get_user")
        flow = answers.found(self.driver.flow("get_user", key=key, **facts), key)
        found: User | NotFound = yield from self.driver.operate("get_user", flow, (User, NotFound))
        return found

    def create_user(self, user: User) -> Steps[User]:
        self._refuse_in_vain(user)
        facts = yield from self._facts("create_user")
        flow = self.driver.flow("create_user", user=user, **facts)
        checked = answers.created(flow, user, self.driver.capabilities)
        created: User = yield from self.driver.operate("create_user", checked, (User,))
        return created

    def patch_user(self, user_id: UserId, changes: Changes) -> Steps[Applied]:
        can_patch = self.driver.capabilities.can_patch
        sent = tuple(change for change in changes if can_patch(change.path))
        fixed = tuple(change for change in changes if not can_patch(change.path))
        if fixed and not sent:
            return Applied(user_id, None, _not_sent(fixed, None))
        facts = yield from self._facts("patch_user")
        flow = self.driver.flow("patch_user", user_id=user_id, changes=sent, **facts)
        checked = answers.patched(flow, user_id)
        applied: Applied = yield from self.driver.operate("patch_user", checked, (Applied,))
        not_taken = (*applied.not_taken, *_not_sent(fixed, applied.user))
        return replace(applied, not_taken=not_taken)

    def list_page(self, cursor: str | None) -> Steps[Page]:
        facts = yield from self._facts("list_users")
        flow = answers.listed(self.driver.flow("list_users", cursor=cursor, **facts))
        page: Page = yield from self.driver.operate("list_users", flow, (Page,))
        if not all(isinstance(user, User) for user in page.users):
            raise self.driver.fault("list_users", "returned a page with something else than users")
        return page

    def delete_user(self, user_id: UserId) -> Steps[None]:
        """Delete, and look: one operation, whose requests and patience are shared."""
        facts = yield from self._facts("delete_user", "get_user")
        flow = self.driver.flow("delete_user", user_id=user_id, **facts)

        def look(asked: UserId) -> Flow[User | NotFound]:
            return self.driver.flow("get_user", key=asked, **facts)

        checked = answers.deleted(flow, look, user_id)
        yield from self.driver.operate("delete_user", checked, (type(None),))

    def _refuse_in_vain(self, user: User) -> None:
        """Refuse a new user with what the vendor takes from nobody, before anything is sent."""
        attributes = self.driver.capabilities.attributes
        refused = [path for path, attribute in attributes.items() if attribute.create == "refused"]
        document = user.to_scim() if refused else {}
        for path in refused:
            if read(document, path) is not None:
                error = RejectedUser(attribute=path, reason="the vendor takes no value for it")
                error.connector = self.driver.name
                raise error

    def _facts(self, *hooks: str) -> Steps[dict[str, Mapping[str, str]]]:
        """Return the argument `facts` where one of these hooks takes it: it needs a token."""
        if any(map(self.driver.takes_facts, hooks)):
            return {"facts": (yield from self.authenticate())}
        return {}

    def authorization(self) -> Authorization:
        found = self.driver.settings.authorization()
        if found is None:
            raise ConfigurationError(
                f"{self.driver.name}: with these settings nobody has to authorise it; its "
                "credentials stand in the settings"
            )
        return found

    def finish_authorization(self, pending: Pending, url: SecretStr) -> Steps[Mapping[str, str]]:
        authorization = self.authorization()
        code = read_redirect(authorization, pending, url)
        flow = exchange(authorization, pending, code)
        tokens: Tokens = yield from self.driver.operate("authorize", flow, (Tokens,))
        if tokens.refresh_token is not None:
            yield from self.driver.keep(Grant(tokens.refresh_token))
        return (yield from self.authenticate())


class Connector:
    """A connection to one vendor, for synchronous code; `aio` is the same for `async` code."""

    def __init__(self, driver: Driver, limits: Limits, clock: Clock) -> None:
        self._calls = _Calls(driver)
        self._clock = clock
        self._transport = SyncTransport(limits, _reach(driver.settings))
        self._finalizer = weakref.finalize(self, self._transport.close)
        self.aio = AsyncConnector(driver, limits, clock)

    @property
    def name(self) -> str:
        return self._calls.driver.name

    @property
    def capabilities(self) -> Capabilities:
        return self._calls.driver.capabilities

    @property
    def settings(self) -> ConnectorSettings:
        return self._calls.driver.settings

    @property
    def rates(self) -> tuple[Rate, ...]:
        """The vendor's limits, each as published or as granted to this tenant."""
        granted = self.settings.rate_limits
        return tuple(with_grant(rate, granted) for rate in self.capabilities.rates)

    def authenticate(self) -> Mapping[str, str]:
        """Make sure there is a good token, and return the facts of the tenant.

        Raises: CredentialsRefused, NotSent, VendorBroken, ConfigurationError.
        """
        return self._run(self._calls.authenticate())

    def begin_authorization(self, redirect_uri: str) -> Pending:
        """Return the page for an administrator to open, where the settings ask for one.

        Raises: ConfigurationError where no authorization is needed, or the extra is missing.
        """
        return begin(self._calls.authorization(), redirect_uri)

    def finish_authorization(self, pending: Pending, url: str) -> Mapping[str, str]:
        """Take the URL that came back, store the grant, and return the facts of the tenant.

        Raises: CredentialsRefused where the redirect is not ours, or the vendor says no.
        """
        steps = self._calls.finish_authorization(pending, SecretStr(url))
        del url  # holds the code; error reporters print the variables of a frame
        return self._run(steps)

    def get_user(self, key: MatchKey | UserId) -> User | NotFound:
        """Return the one user of this matching value or id, or NotFound.

        A user asked for by id has that id, in the spelling it was asked for.

        Raises: AmbiguousMatch where several users answer; VendorBroken where another user does.
        """
        return self._run(self._calls.get_user(key))

    def create_user(self, user: User) -> User:
        """Create the user and return it as the vendor keeps it.

        Raises: AlreadyExists; InDoubt where the account may exist, or the answer shows another
        user: look before doing it again.
        """
        return self._run(self._calls.create_user(user))

    def patch_user(self, user_id: UserId, changes: Changes) -> Applied:
        """Make all changes at once; `not_taken` names those that the vendor did not keep.

        What the capabilities say cannot be changed is not sent, and stands there, too.

        Raises: UnknownUser, RejectedUser; InDoubt where some of it may have happened, or the answer
        shows another user than this one.
        """
        return self._run(self._calls.patch_user(user_id, changes))

    def list_users(self) -> Iterator[User]:
        """Yield every user once, page by page.

        A listing that ends without an error was proven to be at its end, as far as the vendor's
        word goes: look up who is missing from it before you create them.

        Raises: VendorBroken where the pages go round in circles or show fewer users than the
        vendor counts; then nobody is known to be absent.
        """
        pages = Pages(self._calls.driver.name)
        while pages.more:
            yield from pages.fresh(self._run(self._calls.list_page(pages.cursor)))

    def delete_user(self, user_id: UserId) -> None:
        """Delete the user for good; one who is gone already is a success.

        The user is read at the end, by its id: a vendor's word is no proof.

        Raises: NotDeleted where the vendor still shows the user; RejectedUser where it refuses to
        delete; InDoubt where it cannot be known.
        """
        self._run(self._calls.delete_user(user_id))

    def waits_heard_by(self, listener: Callable[[float], None]) -> AbstractContextManager[None]:
        """Call the listener with the seconds whenever a request waits for the vendor's limits.

        Until the end of the block, for whoever shares this connection; in the thread that waits.
        """
        return self._calls.driver.waits.heard_by(listener)

    def writes_fenced_by(self, check: Callable[[], None]) -> AbstractContextManager[None]:
        """Call the check right before each write leaves, after every wait; what it raises stops it.

        Until the end of the block, for whoever shares this connection; in the thread that writes.
        """
        return self._calls.driver.fences.kept_by(check)

    def identity(self) -> str:
        """Return what tells this tenant of this vendor from every other, in one line for people.

        Two connections with one identity lead to the same accounts. It is the fact `tenant` where
        the connector finds one, else the base URL.

        Raises: what `authenticate` raises, for only a token brings it.
        """
        return self._run(self._calls.identity())

    def can_filter(self, path: str) -> bool:
        """Say whether one user can be asked for by this path without listing all of them.

        Raises: what `authenticate` raises.
        """
        return path not in self.authenticate().get(FOUND_BY_LISTING, "").split(", ")

    def write_ids_heard_by(self, listener: Callable[[str], None]) -> AbstractContextManager[None]:
        """Call the listener with the vendor's own id of each write that the caller makes.

        Until the end of the block, for the thread (or task) that opens it alone: a connection that
        is shared never mixes them up. It hears "" when a write leaves, and then the id that the
        answer bears, so that what was heard last is that of the last write. The vendor's support
        asks for it.
        """
        return self._calls.driver.write_ids.heard_by(listener)

    def close(self) -> None:
        """Close the connections of the synchronous side; later calls open new ones."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self, steps: Steps[T]) -> T:
        return run(steps, self._transport, self._clock)


_Ending: TypeAlias = AsyncGenerator[None, None]


class AsyncConnector:
    """The asynchronous side of a `Connector`; each method does what its namesake does."""

    def __init__(self, driver: Driver, limits: Limits, clock: Clock) -> None:
        self._calls = _Calls(driver)
        self._limits = limits
        self._clock = clock
        self._transports: dict[asyncio.AbstractEventLoop, tuple[AsyncTransport, _Ending]] = {}

    async def authenticate(self) -> Mapping[str, str]:
        return await self._run(self._calls.authenticate())

    def begin_authorization(self, redirect_uri: str) -> Pending:
        return begin(self._calls.authorization(), redirect_uri)

    async def finish_authorization(self, pending: Pending, url: str) -> Mapping[str, str]:
        steps = self._calls.finish_authorization(pending, SecretStr(url))
        del url
        return await self._run(steps)

    async def get_user(self, key: MatchKey | UserId) -> User | NotFound:
        return await self._run(self._calls.get_user(key))

    async def create_user(self, user: User) -> User:
        return await self._run(self._calls.create_user(user))

    async def patch_user(self, user_id: UserId, changes: Changes) -> Applied:
        return await self._run(self._calls.patch_user(user_id, changes))

    async def list_users(self) -> AsyncIterator[User]:
        pages = Pages(self._calls.driver.name)
        while pages.more:
            for user in pages.fresh(await self._run(self._calls.list_page(pages.cursor))):
                yield user

    async def delete_user(self, user_id: UserId) -> None:
        await self._run(self._calls.delete_user(user_id))

    def write_ids_heard_by(self, listener: Callable[[str], None]) -> AbstractContextManager[None]:
        return self._calls.driver.write_ids.heard_by(listener)

    async def aclose(self) -> None:
        """Close the connections of the running event loop."""
        known = self._transports.pop(asyncio.get_running_loop(), None)
        if known is not None:
            await known[1].aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _run(self, steps: Steps[T]) -> T:
        return await run_async(steps, await self._transport(), self._clock)

    async def _transport(self) -> AsyncTransport:
        """Return the transport of the running event loop, which closes it before it ends."""
        loop = asyncio.get_running_loop()
        known = self._transports.get(loop)
        if known is not None:
            return known[0]
        for each in list(self._transports):  # other threads add theirs meanwhile
            if each.is_closed():
                self._transports.pop(each, None)
        transport = AsyncTransport(self._limits, _reach(self._calls.driver.settings))
        ending = self._closed_with(loop, transport)
        self._transports[loop] = transport, ending
        await anext(ending)
        return transport

    async def _closed_with(
        self, loop: asyncio.AbstractEventLoop, transport: AsyncTransport
    ) -> _Ending:
        """Wait to be ended, as an event loop ends its asynchronous generators last of all."""
        try:
            yield
        finally:
            self._transports.pop(loop, None)
            await transport.aclose()


def _not_sent(changes: Changes, user: User | None) -> tuple[Difference, ...]:
    document = user.to_scim() if user else {}
    return tuple(Difference(c.path, c.value, read(document, c.path)) for c in changes)


def _reach(settings: ConnectorSettings) -> Reach:
    return Reach(loopback=settings.allow_loopback, private=settings.allow_private_network)
