"""Every error Jackfield raises, named for what the caller does next.

ProvisioningError
├── ConfigurationError        a person fixes settings, mapping or file   → nothing starts
├── ConnectorError            has .connector .hook .request_id
│   ├── NotSent               the vendor never saw the request          → retry now
│   ├── Throttled             .retry_after_seconds                      → wait
│   ├── InDoubt               a write may have happened                 → read before all else
│   ├── CredentialsRefused    refused twice, or consent withdrawn       → stop, authorise again
│   ├── NotAllowed            a right, licence or role is missing       → hold the user, say so
│   ├── AlreadyExists         matching says no, the vendor says yes     → match again, then conflict
│   ├── AmbiguousMatch        .user_ids                                 → hold the user, no write
│   ├── UnknownUser           .user_id is gone at the vendor            → match again
│   ├── NotDeleted            .user_id .is_on: still there              → say so, disable it
│   ├── RejectedUser          .attribute .reason                        → hold this user only
│   ├── VendorBroken          .is_down, or outside the contract         → retry later, report
│   ├── WriteRefused          a write on a connection that only reads   → nothing left the machine
│   └── PluginFault           our plugin broke the contract             → stop using it
├── GuardTripped              too many removals planned                 → a person confirms
└── AlreadyRunning            another run of the job holds it           → wait for it

This module imports nothing of Jackfield.
"""

from collections.abc import Callable
from typing import Any, ClassVar


class Travelling(BaseException):
    """An exception that can be pickled and copied, whatever its `__init__` wants.

    Source: the pickle protocol calls `__init__` with `args` alone, which keyword-only arguments
    do not survive.
    """

    def __reduce__(self) -> tuple[Callable[..., BaseException], tuple[Any, ...], dict[str, Any]]:
        return _revived, (type(self), *self.args), self.__dict__


def _revived(kind: type[BaseException], *args: object) -> BaseException:
    return kind.__new__(kind, *args)


class ProvisioningError(Travelling, Exception):
    """Base of all errors raised on purpose; its text is one sentence for a person.

    `is_of_source`: it is about the directory that people are read from, and says nothing of the
    vendor. `may_have_acted`: a write of the same operation had left before, and the vendor may have
    carried it out; look before anything is done again. The driver fills it.
    """

    next_step: ClassVar[str] = ""
    is_of_source: bool = False
    may_have_acted: bool = False


class ConfigurationError(ProvisioningError):
    """Settings, mapping or an input file are wrong. The text names the place and the remedy."""

    next_step = "fix the named place; nothing was started"


class ConnectorError(ProvisioningError):
    """Something went wrong between one connector and its vendor.

    The driver fills `connector`, `hook` and `request_id` (the vendor's own id of the last exchange,
    where it sends one), so a hook raises with the message alone.
    """

    def __init__(
        self, message: str, *, connector: str = "", hook: str = "", request_id: str = ""
    ) -> None:
        super().__init__(message)
        self.connector = connector
        self.hook = hook
        self.request_id = request_id


class NotSent(ConnectorError):
    """The request never reached the vendor: name not found, refused, connect time-out."""

    next_step = "retry now"


class Throttled(ConnectorError):
    """The vendor wants fewer requests, for longer than this operation may wait."""

    next_step = "wait retry_after_seconds"

    def __init__(self, message: str, *, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class InDoubt(ConnectorError):
    """A write left and its outcome is unknown: the vendor may or may not have acted."""

    next_step = "read before anything else"


class CredentialsRefused(ConnectorError):
    """The vendor refuses the credentials, also after they were renewed."""

    next_step = "stop the job and authorise again"


class NotAllowed(ConnectorError):
    """The credentials are good and lack a right, or the account lacks a licence or a role."""

    next_step = "hold the user and tell a person"


class AlreadyExists(ConnectorError):
    """The vendor says that the user exists, though matching found nobody."""

    next_step = "match again; a user that stays unseen is a conflict"


class AmbiguousMatch(ConnectorError):
    """Several users answer to one matching value; `user_ids` names them."""

    next_step = "hold the user and write nothing"

    def __init__(self, message: str, *, user_ids: tuple[str, ...]) -> None:
        super().__init__(message)
        self.user_ids = user_ids


class UnknownUser(ConnectorError):
    """The vendor knows no user of this id any more."""

    next_step = "match again"

    def __init__(self, message: str, *, user_id: str) -> None:
        super().__init__(message)
        self.user_id = user_id


class NotDeleted(ConnectorError):
    """The vendor answered a deletion with success, and still shows the user.

    `is_on` tells whether the account shown is active; None where the vendor does not say.
    """

    next_step = "say so, and disable the user where it is still on"

    def __init__(self, message: str, *, user_id: str, is_on: bool | None) -> None:
        super().__init__(message)
        self.user_id = user_id
        self.is_on = is_on


class RejectedUser(ConnectorError):
    """The vendor, or a rule of its connector, refuses this one user.

    `attribute` is the SCIM path at fault, or empty where the vendor does not say.
    """

    next_step = "hold this user only"

    def __init__(self, *, attribute: str = "", reason: str) -> None:
        super().__init__(f"{attribute}: {reason}" if attribute else reason)
        self.attribute = attribute
        self.reason = reason


class VendorBroken(ConnectorError):
    """The vendor answers outside its documented contract, or is down.

    `is_down`: it says so itself, by a status of 500 or more, or gives no answer at all; that is
    likely to pass.
    """

    next_step = "retry later and report"

    def __init__(self, message: str, *, is_down: bool = False, **context: str) -> None:
        super().__init__(message, **context)
        self.is_down = is_down


class WriteRefused(ConnectorError):
    """A write was asked of a connection opened to read only; nothing left the machine."""

    next_step = "open the connection without dry_run"


class PluginFault(ConnectorError):
    """A connector plugin broke the contract; the text names package, version and hook."""

    next_step = "stop using the plugin and report it to its author"


class GuardTripped(ProvisioningError):
    """More people would lose access than the guard allows without a person's word."""

    next_step = "a person reads the list and approves it, or fixes the source"


class AlreadyRunning(ProvisioningError):
    """Another process runs this job."""

    next_step = "wait until it ends"
