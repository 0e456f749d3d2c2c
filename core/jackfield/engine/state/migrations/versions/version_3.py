"""The provisioning steps of log entries; older entries have none."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"


def upgrade() -> None:
    op.add_column("log", sa.Column("steps", sa.Text, nullable=False, server_default=""))
