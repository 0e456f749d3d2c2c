"""Imitations of vendors over real HTTP on loopback, with a store, rate limits and faults.

A vendor's sandbox is written from its documentation, never from its connector, so that the two can
judge each other. Nothing here imports the driver or a connector.
"""

from jackfield.testing.sandbox.app import Sandbox
from jackfield.testing.sandbox.exchange import Answer, RecordedRequest, Refusal, SandboxRequest
from jackfield.testing.sandbox.faults import Fault, Faults
from jackfield.testing.sandbox.limits import RateLimit, TokenState, Usage
from jackfield.testing.sandbox.lists import Listing
from jackfield.testing.sandbox.patch import CORE_URN, PatchRules
from jackfield.testing.sandbox.scim import (
    CORE_ATTRIBUTES,
    ENTERPRISE_URN,
    ERROR_URN,
    ScimSandbox,
    invalid_value,
)
from jackfield.testing.sandbox.serve import main, serve
from jackfield.testing.sandbox.store import Store

__all__ = [
    "CORE_ATTRIBUTES",
    "CORE_URN",
    "ENTERPRISE_URN",
    "ERROR_URN",
    "Answer",
    "Fault",
    "Faults",
    "Listing",
    "PatchRules",
    "RateLimit",
    "RecordedRequest",
    "Refusal",
    "Sandbox",
    "SandboxRequest",
    "ScimSandbox",
    "Store",
    "TokenState",
    "Usage",
    "invalid_value",
    "main",
    "serve",
]
