"""The exit codes, and what a person does about each error: the one table of both."""

from collections.abc import Iterable
from enum import IntEnum

from jackfield.errors import (
    AlreadyRunning,
    ConnectorError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    NotSent,
    PluginFault,
    ProvisioningError,
    Throttled,
    VendorBroken,
)


class Exit(IntEnum):
    """How a command ended, in the order from best to worst; 2 is click's own, a usage error."""

    FINE = 0
    CHANGES = 3
    SOME_FAILED = 4
    HELD = 5
    BUSY = 7
    UNAUTHORISED = 6
    ERROR = 1
    USAGE = 2
    INTERRUPTED = 130
    TERMINATED = 143


class Terminated(KeyboardInterrupt):
    """Raised by SIGTERM, so that it ends a command as Ctrl-C does."""


ADVICE: dict[type[ProvisioningError], str] = {
    AlreadyRunning: "",  # its text says it
    CredentialsRefused: "renew the credentials of this connection, then run `jackfield test`",
    InDoubt: "run again: the next run looks before it writes",
    NotAllowed: "give the credentials the missing right, role or licence",
    NotSent: "check the network, the proxy and the URLs of this connection, then run again",
    PluginFault: "report it to the author of the plugin",
    Throttled: "run again later",
    VendorBroken: "run again later; if it stays, report it to the vendor",
}


def exit_of(error: BaseException) -> Exit:
    """Return the exit code of an error that ended a command, or one job of it."""
    if isinstance(error, CredentialsRefused):
        return Exit.UNAUTHORISED
    if isinstance(error, AlreadyRunning):
        return Exit.BUSY
    if isinstance(error, Terminated):
        return Exit.TERMINATED
    return Exit.INTERRUPTED if isinstance(error, KeyboardInterrupt) else Exit.ERROR


def worst(codes: Iterable[Exit]) -> Exit:
    """Return the code that a person must look at first."""
    order = list(Exit)
    return max(codes, key=order.index, default=Exit.FINE)


def sentence_of(error: BaseException, subject: str = "") -> str:
    """Return what happened, where, and what to do, in one line still to be made printable."""
    if not isinstance(error, ProvisioningError):
        first = (str(error).splitlines() or [""])[0]
        said = f"unexpected {type(error).__name__}: {first}; run again with --debug and report it"
    else:
        said = str(error)
        request_id = error.request_id if isinstance(error, ConnectorError) else ""
        if request_id and request_id not in said:
            said += f" (request id {request_id})"
        if advice := ADVICE.get(type(error)):
            said += f"; {advice}"
        said = ". ".join((said, *getattr(error, "__notes__", ())))
    names_it = isinstance(error, ProvisioningError) and subject in said
    return said if names_it or not subject else f"{subject}: {said}"
