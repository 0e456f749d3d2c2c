"""Leases, the state of jobs, escrows, holds, fingerprints of source rows, progress of cycles."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    create_jobs()
    create_leases()
    create_escrows_and_holds()
    create_source_rows()
    create_told()
    op.add_column("cycles", text("phase"))
    op.add_column("cycles", count("done"))
    op.add_column("cycles", count("total"))
    op.add_column("cycles", sa.Column("waiting_until", INSTANT))
    op.add_column("cycles", sa.Column("progress_at", INSTANT))
    op.create_index("ix_log_at", "log", ["at"])
    op.create_index("ix_log_job_number", "log", ["job", "number"])
    op.create_index("ix_intents_cycle_id", "intents", ["cycle_id"])


def create_jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job", sa.Text, primary_key=True),
        text("watermark"),
        text("configuration"),
        text("status", "active"),
        text("reason"),
        text("error"),
        sa.Column("began_at", INSTANT),
        sa.Column("series_began_at", INSTANT),
        count("series_count"),
        sa.Column("next_attempt_at", INSTANT),
        text("last_cycle"),
        text("last_success"),
    )


def create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("token", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.Column("heartbeat_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )


def create_escrows_and_holds() -> None:
    op.create_table(
        "escrows",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("code", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        text("wanted"),
        sa.Column("first_failed_at", INSTANT, nullable=False),
        sa.Column("next_attempt_at", INSTANT, nullable=False),
    )
    op.create_table(
        "holds",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("target_id", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("staged_at", INSTANT, nullable=False),
        sa.Column("approval", sa.Text, nullable=False),
        text("approved_by"),
        sa.Column("approved_at", INSTANT),
    )


def create_told() -> None:
    op.create_table(
        "told",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("channel", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("series", sa.Text, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
    )


def create_source_rows() -> None:
    op.create_table(
        "source_rows",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("fingerprint", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pending_references",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("attribute", sa.Text, primary_key=True),
        sa.Column("wanted_id", sa.Text, primary_key=True),
    )
    op.create_index("ix_pending_references_wanted", "pending_references", ["job", "wanted_id"])


def text(name: str, default: str = "") -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default)


def count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False, server_default="0")
