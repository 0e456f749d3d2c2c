"""The words of the provisioning log for what went wrong, and what ends a whole cycle."""

from collections.abc import Mapping

from jackfield.errors import (
    AlreadyExists,
    AmbiguousMatch,
    ConfigurationError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    NotDeleted,
    NotSent,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    Throttled,
    UnknownUser,
    VendorBroken,
    WriteRefused,
)


class AnotherTenant(ConfigurationError):
    """The connection leads to other accounts than those that the job is linked to."""


CODES: Mapping[type[ProvisioningError], str] = {
    AlreadyExists: "Conflict",
    AmbiguousMatch: "DuplicateTargetEntries",
    ConfigurationError: "InvalidConfiguration",
    CredentialsRefused: "Unauthorized",
    InDoubt: "InDoubt",
    NotAllowed: "InsufficientRights",
    NotDeleted: "NotDeleted",
    NotSent: "NotSent",
    PluginFault: "InternalError",
    RejectedUser: "UnprocessableEntity",
    Throttled: "TooManyRequests",
    UnknownUser: "InvalidAnchor",
    VendorBroken: "InternalServerError",
    WriteRefused: "NotPermitted",
}
"""The log's code of each error; Microsoft's word where it has one."""

INCOMPATIBLE = "SystemForCrossDomainIdentityManagementServiceIncompatible"
"""The code of an answer that is none of the protocol's: a page of HTML, a user without an id."""

PENDING_REFERENCE = "PendingReference"
"""The code of a write that names somebody who has no account yet, and so was done in part."""

NOT_SEEN = "NotSeen"
"""The code of a leaver whose account the vendor does not show: gone, or not to be seen just now."""

ANOTHERS = "InvalidAnchor"
"""The code of a linked account that is somebody else's by now, by its names."""

APPROVED = "Approved"
"""The log's code of a removal that a person let pass."""

WITHOUT_ACCESS = "WithoutAccess"
"""The log's code of the deletion of an account that was disabled before."""

TAKES_ACCESS = "TakesAccess"
"""The log's code of an update that turned an access off."""

ENABLED_AGAIN = "EnabledAgain"
"""The code of a deletion whose account somebody has enabled since it was disabled."""

NEXT_CYCLE = "NextCycle"
"""The code of what was decided on too late for the guard: the next cycle does it, or holds it."""

BROKEN = frozenset(
    {
        CODES[VendorBroken],
        CODES[InDoubt],
        CODES[PluginFault],
        CODES[ConfigurationError],
        INCOMPATIBLE,
    }
)
"""The codes of what a vendor, a plugin or a setting does to one person after the other."""

MOST_TROUBLES = 5
"""So many failures of a broken vendor in a row, and nobody else is tried in this cycle."""

STOPPING = (CredentialsRefused, ConfigurationError, NotSent, Throttled, WriteRefused)
"""Errors that would meet everybody else, too: the cycle ends there.

A plugin's fault is not among them: what one odd user brings about is that user's failure, and only
several in a row are everybody's."""

ENDING = (CredentialsRefused, NotSent, Throttled, WriteRefused, AnotherTenant)
"""Errors of one write after which no other is tried.

Another wrong configuration is not among them: it may concern one person's value alone, and keeps no
leaver's account on."""

REFUSALS = (AlreadyExists, NotAllowed, NotDeleted, RejectedUser, UnknownUser)
"""Errors by which a vendor says for certain that it did not do what was asked last."""


def code_of(error: ProvisioningError) -> str:
    """Return the log's code of an error."""
    if isinstance(error, VendorBroken) and not error.is_down:
        return INCOMPATIBLE
    return CODES.get(type(error), type(error).__name__)
