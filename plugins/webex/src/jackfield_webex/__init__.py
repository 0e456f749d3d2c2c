"""Jackfield connector for Cisco Webex."""

from jackfield_webex.connector import WebexConnector
from jackfield_webex.settings import WebexSettings

__all__ = ["WebexConnector", "WebexSettings"]
