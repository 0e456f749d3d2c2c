"""Jackfield connector for any SCIM 2.0 service."""

from jackfield_scim.connector import ScimConnector
from jackfield_scim.settings import ScimSettings

__all__ = ["ScimConnector", "ScimSettings"]
