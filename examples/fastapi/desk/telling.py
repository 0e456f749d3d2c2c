"""The observer: every request and operation of the connection, into the log of the host."""

import logging

from jackfield import Answered, Completed, hookimpl

_logger = logging.getLogger(__name__)


class Telling:
    """Told of requests without queries, bodies and secrets, so all of it may be logged.

    Observers are called where the request is made, in the event loop: they must not wait.
    """

    @hookimpl
    def after_response(self, answered: Answered) -> None:
        """Log one attempt of one request."""
        _logger.debug(
            "%s %s: %s in %.0f ms %s",
            answered.sending.method,
            answered.sending.url,
            answered.status or answered.failure,
            answered.duration_seconds * 1000,
            answered.request_id,
        )

    @hookimpl
    def after_operation(self, completed: Completed) -> None:
        """Log how one call of the application ended."""
        _logger.info(
            "%s %s: %s after %d requests",
            completed.connector,
            completed.hook,
            completed.failure or "well",
            completed.request_count,
        )
