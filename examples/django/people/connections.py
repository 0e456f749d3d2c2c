"""The one connection that this process has to the vendor."""

import logging
from functools import cache
from threading import Lock

from django.conf import settings

from jackfield import Answered, Connector, Registry, hookimpl

_logger = logging.getLogger(__name__)
_opening = Lock()


def vendor() -> Connector:
    """Return the connection, for every thread: they share its token and its rate limits.

    It is opened at its first use, so a worker that the server forks has one of its own, and
    commands that need no vendor, such as `check`, need no secret either.

    Raises: ConfigurationError naming the setting at fault.
    """
    with _opening:
        return _opened()


@cache
def _opened() -> Connector:
    registry = Registry(observers=[Requests()], packages=settings.JACKFIELD_PACKAGES)
    return registry.connect(
        settings.JACKFIELD_CONNECTOR, settings.JACKFIELD_SETTINGS, folder=settings.BASE_DIR
    )


class Requests:
    """Logs every request, without what was asked for or answered."""

    @hookimpl
    def after_response(self, answered: Answered) -> None:
        """Log one attempt of one request."""
        sending = answered.sending
        ended = answered.status or answered.failure
        _logger.info("%s %s: %s", sending.method, sending.url, ended)
