"""Jackfield plugs a company's directory into its communication vendors.

Everything a host application or a connector plugin needs is here; `jackfield.scim` helps connectors
whose vendor speaks SCIM, and `jackfield.testing` holds the author's kit.

A name is imported when it is first used: who needs the errors alone does not load the HTTP client.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jackfield.capabilities import CONTRACT, Attribute, Capabilities, Rate
    from jackfield.connector import AsyncConnector, Connector
    from jackfield.errors import (
        AlreadyExists,
        AlreadyRunning,
        AmbiguousMatch,
        ConfigurationError,
        ConnectorError,
        CredentialsRefused,
        GuardTripped,
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
    from jackfield.flow import Flow, Json, Request, Response, Token
    from jackfield.grants import Grant
    from jackfield.hooks import hookimpl
    from jackfield.mappings import AttributeMapping
    from jackfield.observation import Answered, Completed, Sending
    from jackfield.registry import Listing, Registry
    from jackfield.resources import (
        Address,
        Applied,
        Change,
        Changes,
        Difference,
        MatchKey,
        MultiValue,
        Name,
        NotFound,
        Page,
        User,
        UserId,
    )
    from jackfield.settings import BaseUrl, ConnectorSettings, RateLimit, Secret

__all__ = [
    "CONTRACT",
    "Address",
    "AlreadyExists",
    "AlreadyRunning",
    "AmbiguousMatch",
    "Answered",
    "Applied",
    "AsyncConnector",
    "Attribute",
    "AttributeMapping",
    "BaseUrl",
    "Capabilities",
    "Change",
    "Changes",
    "Completed",
    "ConfigurationError",
    "Connector",
    "ConnectorError",
    "ConnectorSettings",
    "CredentialsRefused",
    "Difference",
    "Flow",
    "Grant",
    "GuardTripped",
    "InDoubt",
    "Json",
    "Listing",
    "MatchKey",
    "MultiValue",
    "Name",
    "NotAllowed",
    "NotDeleted",
    "NotFound",
    "NotSent",
    "Page",
    "PluginFault",
    "ProvisioningError",
    "Rate",
    "RateLimit",
    "Registry",
    "RejectedUser",
    "Request",
    "Response",
    "Secret",
    "Sending",
    "Throttled",
    "Token",
    "UnknownUser",
    "User",
    "UserId",
    "VendorBroken",
    "WriteRefused",
    "hookimpl",
]

_NAMES_OF = {
    "capabilities": "Attribute CONTRACT Capabilities Rate",
    "connector": "AsyncConnector Connector",
    "errors": (
        "AlreadyExists AlreadyRunning AmbiguousMatch ConfigurationError ConnectorError "
        "CredentialsRefused GuardTripped InDoubt NotAllowed NotDeleted NotSent PluginFault "
        "ProvisioningError RejectedUser Throttled UnknownUser VendorBroken WriteRefused"
    ),
    "flow": "Flow Json Request Response Token",
    "grants": "Grant",
    "hooks": "hookimpl",
    "mappings": "AttributeMapping",
    "observation": "Answered Completed Sending",
    "registry": "Listing Registry",
    "resources": (
        "Address Applied Change Changes Difference MatchKey MultiValue Name NotFound Page "
        "User UserId"
    ),
    "settings": "BaseUrl ConnectorSettings RateLimit Secret",
}


if not TYPE_CHECKING:  # else every name, misspelt ones too, would exist to a type checker

    def __getattr__(name: str) -> object:
        for module, names in _NAMES_OF.items():
            if name in names.split():
                found = getattr(import_module(f"jackfield.{module}"), name)
                globals()[name] = found
                return found
        raise AttributeError(f"module 'jackfield' has no attribute {name!r}")

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
