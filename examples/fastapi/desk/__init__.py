"""A service desk's view of one vendor, as an ASGI application."""

from desk.app import create_app

__all__ = ["create_app"]
