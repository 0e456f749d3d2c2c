"""The words of the provisioning log for what went wrong, and what ends a whole cycle."""

from collections.abc import Mapping

from jackfield.errors import (
    AlreadyExists,
    AmbiguousMatch,
    ConfigurationError,
    CredentialsRefused,
    InDoubt,
    NotAllowed,
    NotSent,
    PluginFault,
    ProvisioningError,
    RejectedUser,
    Throttled,
    UnknownUser,
    VendorBroken,
    WriteRefused,
)

CODES: Mapping[type[ProvisioningError], str] = {
    AlreadyExists: "Conflict",
    AmbiguousMatch: "DuplicateTargetEntries",
    ConfigurationError: "InvalidConfiguration",
    CredentialsRefused: "Unauthorized",
    InDoubt: "InDoubt",
    NotAllowed: "InsufficientRights",
    NotSent: "NotSent",
    PluginFault: "InternalError",
    RejectedUser: "UnprocessableEntity",
    Throttled: "TooManyRequests",
    UnknownUser: "InvalidAnchor",
    VendorBroken: "InternalServerError",
    WriteRefused: "NotPermitted",
}
"""The log's code of each error; Microsoft's word where it has one."""

PENDING_REFERENCE = "PendingReference"
"""The code of a write that names somebody who has no account yet, and so was done in part."""

STOPPING = (CredentialsRefused, ConfigurationError, NotSent, PluginFault, Throttled, WriteRefused)
"""Errors that would meet everybody else, too: the cycle ends there."""
