"""Jackfield connector for Fuze."""

from jackfield_fuze.connector import FuzeConnector
from jackfield_fuze.settings import FuzeSettings

__all__ = ["FuzeConnector", "FuzeSettings"]
