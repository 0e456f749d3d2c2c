"""Links, cycles, intents and the log."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

INSTANT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    version = sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
    meta = op.create_table("meta", version)
    op.bulk_insert(meta, [{"version": 1}])
    op.create_table(
        "links",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.UniqueConstraint("job", "target_id"),
    )
    op.create_table(
        "cycles",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("job", sa.Text, nullable=False, index=True),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.Text),
        sa.Column("counts", sa.Text),
    )
    create_intents()
    create_log()


def create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("change_id", sa.Text, primary_key=True),
        sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False),
        sa.Column("job", sa.Text, nullable=False, index=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("source_id", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
    )


def create_log() -> None:
    op.create_table(
        "log",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("change_id", sa.Text, nullable=False, unique=True),
        sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False, index=True),
        sa.Column("job", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False, index=True),
        sa.Column("source_id", sa.Text, nullable=False, index=True),
        sa.Column("user_name", sa.Text, nullable=False, index=True),
        sa.Column("place", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("target_id", sa.Text),
        sa.Column("changes", sa.Text, nullable=False),
        sa.Column("request_id", sa.Text, nullable=False),
        sa.Column("duration_seconds", sa.Float, nullable=False),
    )
