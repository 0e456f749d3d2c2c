"""Stored instants against the clock of now, which may have been wrong when they were written.

An instant further off than its own interval is no instant: nobody meant it.
"""

import datetime as dt


def due_at(at: dt.datetime, now: dt.datetime, within: dt.timedelta) -> dt.datetime:
    """Return an instant to come; now, where it is further off than it was ever meant to be."""
    return at if at - now <= within else now


def since(at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """Return an instant that has passed; now, where the stored one is still to come."""
    return min(at, now)
