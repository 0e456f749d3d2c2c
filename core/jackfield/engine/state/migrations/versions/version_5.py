"""Since when a link leads to its target user; of older ones, their last change stands for it."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"


def upgrade() -> None:
    op.add_column("links", sa.Column("linked_at", sa.DateTime(timezone=True)))
    op.execute("UPDATE links SET linked_at = updated_at")
