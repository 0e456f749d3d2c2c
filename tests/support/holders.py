"""Who holds a job's lease, and whether anybody is in the middle of a write to the state."""

import sqlalchemy as sa

from jackfield.engine import Store
from jackfield.engine.state.database import StateUnavailable
from jackfield.engine.state.tables import leases


def holder_of(store: Store, job: str) -> str:
    """Return the name of the run that holds the job; empty where none does."""
    query = sa.select(leases.c.holder).where(leases.c.job == job)
    with store._database.read() as connection:
        found: str = connection.execute(query).scalar_one_or_none() or ""
    return found


def is_free(place: str) -> bool:
    """Say whether a write to this state could begin now."""
    probe = Store.connect(place, wait_seconds=0.2)
    try:
        with probe._database.write() as connection:
            connection.execute(sa.select(leases).with_for_update())
    except StateUnavailable:
        return False
    finally:
        probe.close()
    return True
