"""Links of people without access say so, unless the end of the last write is unknown."""

from alembic import op

revision = "6"
down_revision = "5"

_FAILED = "SELECT 1 FROM escrows WHERE escrows.job = links.job"
_OPEN = "SELECT 1 FROM intents WHERE intents.job = links.job"


def upgrade() -> None:
    op.execute(
        f"UPDATE links SET wanted = 'off' WHERE NOT is_on"  # noqa: S608 - constants
        f" AND NOT EXISTS ({_FAILED} AND escrows.source_id = links.source_id)"
        f" AND NOT EXISTS ({_OPEN} AND intents.source_id = links.source_id"
        " AND intents.change_id NOT IN (SELECT change_id FROM log))"
    )
