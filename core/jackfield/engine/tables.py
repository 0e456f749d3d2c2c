"""The tables of the store. Instants are UTC; JSON is kept as text, alike in every database."""

import sqlalchemy as sa

SCHEMA_VERSION = 1

metadata = sa.MetaData()

meta = sa.Table("meta", metadata, sa.Column("version", sa.Integer, primary_key=True))

links = sa.Table(
    "links",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("target_id", sa.Text, nullable=False),
    sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("kept", sa.Text, nullable=False),
    sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    # One target user never belongs to two people.
    sa.UniqueConstraint("job", "target_id"),
)

cycles = sa.Table(
    "cycles",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, nullable=False, index=True),
    sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("ended_at", sa.DateTime(timezone=True)),
    sa.Column("outcome", sa.Text),
    sa.Column("counts", sa.Text),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False),
    sa.Column("job", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),
    sa.Column("target_id", sa.Text),
    sa.Column("user_name", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
)

entries = sa.Table(
    "log",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("change_id", sa.Text, nullable=False, unique=True),
    sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False, index=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
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
