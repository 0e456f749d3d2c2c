"""Since when a link leads to its target user, and why removals are held.

Of older links their last change stands for the former; older holds do not say.
"""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    op.add_column("links", sa.Column("linked_at", sa.DateTime(timezone=True)))
    op.add_column("holds", sa.Column("held_because", sa.Text, nullable=False, server_default=""))
    op.execute("UPDATE links SET linked_at = updated_at")
