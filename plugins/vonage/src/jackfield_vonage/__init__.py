"""Jackfield connector for Vonage Business Communications."""

from jackfield_vonage.connector import VonageConnector
from jackfield_vonage.settings import VonageSettings

__all__ = ["VonageConnector", "VonageSettings"]
