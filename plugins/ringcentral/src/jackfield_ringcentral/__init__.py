"""Jackfield connector for RingCentral."""

from jackfield_ringcentral.connector import RingCentralConnector
from jackfield_ringcentral.settings import RingCentralSettings

__all__ = ["RingCentralConnector", "RingCentralSettings"]
