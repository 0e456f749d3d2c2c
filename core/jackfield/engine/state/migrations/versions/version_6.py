"""Links of people without access say so, unless the end of the last write is unknown."""

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"

_OFF = "UPDATE links SET wanted = 'off' WHERE NOT is_on"
_FAILED = """
    UPDATE links SET wanted = '' WHERE NOT is_on AND EXISTS (
        SELECT 1 FROM escrows WHERE escrows.job = links.job AND escrows.source_id = links.source_id
    )
"""
_OPEN = """
    SELECT intents.job, intents.source_id FROM intents
    LEFT JOIN log ON log.change_id = intents.change_id WHERE log.change_id IS NULL
"""
_UNKNOWN = "UPDATE links SET wanted = '' WHERE NOT is_on AND job = :job AND source_id = :source_id"


def upgrade() -> None:
    connection = op.get_bind()
    connection.execute(sa.text(_OFF))
    connection.execute(sa.text(_FAILED))
    for job, source_id in connection.execute(sa.text(_OPEN)).all():
        connection.execute(sa.text(_UNKNOWN), {"job": job, "source_id": source_id})
