"""The hooks: a menu of what a connector plugin and a host application may implement.

A connector implements the first five, and the other two where its capabilities claim them. Every
hook but `capabilities` is a generator function: it yields a `Request`, receives a `Response`, and
returns its result. Arguments are only ever added; an implementation may take fewer of them.
`facts` are the token's: a hook that takes them is called once there is a token.
"""

import datetime as dt
from collections.abc import Mapping

from pluggy import HookimplMarker, HookspecMarker

from jackfield.capabilities import Capabilities
from jackfield.flow import Flow, Token
from jackfield.grants import Grant
from jackfield.observation import Answered, Completed, Sending
from jackfield.resources import Applied, Changes, MatchKey, NotFound, Page, User, UserId
from jackfield.settings import ConnectorSettings

PROJECT = "jackfield"

hookspec = HookspecMarker(PROJECT)
hookimpl = HookimplMarker(PROJECT)


class ConnectorSpec:
    """What a connector plugin implements; one connector answers each call."""

    @hookspec(firstresult=True)
    def capabilities(self) -> Capabilities:
        """Say what the vendor can do. Static data: no I/O, no settings."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def authenticate(
        self, settings: ConnectorSettings, grant: Grant | None, now: dt.datetime
    ) -> Flow[Token]:
        """Get a token, and find the facts of the tenant.

        `grant` is what an administrator granted or a vendor gave last, its access token only while
        that is good; `now` is UTC, for tokens that are signed here.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def get_user(
        self, key: MatchKey | UserId, settings: ConnectorSettings, facts: Mapping[str, str]
    ) -> Flow[User | NotFound]:
        """Find one user by a matching attribute or by the vendor's id."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def create_user(
        self, user: User, settings: ConnectorSettings, facts: Mapping[str, str]
    ) -> Flow[User]:
        """Create the user; return it as the vendor keeps it, id included."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def patch_user(
        self,
        user_id: UserId,
        changes: Changes,
        settings: ConnectorSettings,
        facts: Mapping[str, str],
    ) -> Flow[Applied]:
        """Make all changes at once; return what really changed."""
        raise NotImplementedError

    @hookspec(firstresult=True)
    def list_users(
        self, cursor: str | None, settings: ConnectorSettings, facts: Mapping[str, str]
    ) -> Flow[Page]:
        """Return one page of all users; `cursor` is None for the first.

        A page without a next cursor says that the vendor was seen to have no more users, and not
        only that it counts no more: see `jackfield.scim.pages`.
        """
        raise NotImplementedError

    @hookspec(firstresult=True)
    def delete_user(
        self, user_id: UserId, settings: ConnectorSettings, facts: Mapping[str, str]
    ) -> Flow[None]:
        """Delete the user for good; a user already gone is a success.

        The core reads the user afterwards: a hook need not.
        """
        raise NotImplementedError


class ObserverSpec:
    """What a host application may implement to watch; it is told redacted data only."""

    @hookspec
    def before_request(self, sending: Sending) -> None:
        """Hear of each attempt of each request before it leaves."""

    @hookspec
    def after_response(self, answered: Answered) -> None:
        """Hear how each attempt ended, whether an answer came or not."""

    @hookspec
    def after_operation(self, completed: Completed) -> None:
        """Hear that an operation of the connector has ended."""
