"""Jackfield plugs a company's directory into its communication vendors.

Everything a host application or a connector plugin needs is here; `jackfield.scim` helps connectors
whose vendor speaks SCIM, and `jackfield.testing` holds the author's kit.
"""

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
    "GuardTripped",
    "InDoubt",
    "Json",
    "Listing",
    "MatchKey",
    "MultiValue",
    "Name",
    "NotAllowed",
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
