"""When the phase of a cycle began; unknown of older cycles."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"


def upgrade() -> None:
    op.add_column("cycles", sa.Column("phase_began_at", sa.DateTime(timezone=True)))
