"""Jackfield connector for Zoom."""

from jackfield_zoom.connector import ZoomConnector
from jackfield_zoom.settings import ZoomSettings

__all__ = ["ZoomConnector", "ZoomSettings"]
