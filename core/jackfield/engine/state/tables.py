"""The tables of the store. Instants are UTC; JSON is kept as text, alike in every database.

What stands here is the newest format. How older ones become it stands in `migrations`; a test
compares the two in every database.
"""

import datetime as dt
import re
from typing import Any

import sqlalchemy as sa

SCHEMA_VERSION = 8

metadata = sa.MetaData()


class Instant(sa.types.TypeDecorator[dt.datetime]):
    """An aware instant, stored and returned in UTC, also where a database forgets the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        del dialect
        return None if value is None else value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Any) -> dt.datetime | None:
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Words(sa.types.TypeDecorator[str]):
    """Text from elsewhere that nothing is looked up by; what no database takes becomes U+FFFD.

    A vendor's message with a NUL in it must not keep the outcome of a write out of the log.
    """

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        del dialect
        return None if value is None else _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)


_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")

meta = sa.Table(
    "meta", metadata, sa.Column("version", sa.Integer, primary_key=True, autoincrement=False)
)

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("watermark", sa.Text, nullable=False, server_default=""),
    sa.Column("configuration", sa.Text, nullable=False, server_default=""),
    sa.Column("status", sa.Text, nullable=False, server_default="active"),
    sa.Column("reason", sa.Text, nullable=False, server_default=""),
    sa.Column("error", Words, nullable=False, server_default=""),
    sa.Column("began_at", Instant),
    sa.Column("series_began_at", Instant),
    sa.Column("series_count", sa.Integer, nullable=False, server_default="0"),
    sa.Column("next_attempt_at", Instant),
    # How many holds a person has let pass: each one's word is good for it alone.
    sa.Column("passed_holds", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_cycle", sa.Text, nullable=False, server_default=""),
    sa.Column("last_success", sa.Text, nullable=False, server_default=""),
)

leases = sa.Table(
    "leases",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("token", sa.BigInteger, nullable=False),
    # Empty when nobody holds it; the row stays, for its number must never fall.
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("machine", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("taken_at", Instant, nullable=False),
    sa.Column("heartbeat_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("target_id", sa.Text, nullable=False),
    # What people call the account, as the vendor showed it last.
    sa.Column("user_name", Words, nullable=False),
    sa.Column("is_on", sa.Boolean, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False),
    sa.Column("kept", sa.Text, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    # When the source object and this target user came together.
    sa.Column("linked_at", Instant),
    # The value that finds the account, and the form in which two such values are one.
    sa.Column("match_value", Words, nullable=False, server_default=""),
    sa.Column("match_form", Words, nullable=False, server_default=""),
    # The name that a write under way may have given the account.
    sa.Column("may_be", Words, nullable=False, server_default=""),
    # Whose account it is: the vendor's tenant, empty until a look has proven it.
    sa.Column("tenant", sa.Text, nullable=False, server_default=""),
    sa.Column("missing_since", Instant),
    # One target user never belongs to two people.
    sa.UniqueConstraint("job", "target_id"),
    sa.Index("ix_links_tenant", "tenant", "match_form"),
    sa.Index("ix_links_target", "tenant", "target_id"),
)

doubts = sa.Table(
    "doubts",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("match_form", sa.Text, primary_key=True),
    sa.Column("match_value", sa.Text, nullable=False),
    sa.Column("user_name", Words, nullable=False),
    sa.Column("place", Words, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False, server_default=""),
    sa.Column("cycle_id", sa.Text, nullable=False),
    sa.Column("began_at", Instant, nullable=False),
    # Looks that were answered and found nobody.
    sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
    sa.Column("last_look_at", Instant),
    sa.Index("ix_doubts_tenant", "tenant", "match_form"),
)

escrows = sa.Table(
    "escrows",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("wanted", sa.Text, nullable=False, server_default=""),
    sa.Column("first_failed_at", Instant, nullable=False),
    sa.Column("next_attempt_at", Instant, nullable=False),
)

holds = sa.Table(
    "holds",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("target_id", sa.Text, nullable=False),
    sa.Column("user_name", Words, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("staged_at", Instant, nullable=False),
    sa.Column("approval", sa.Text, nullable=False),
    sa.Column("approved_by", Words, nullable=False, server_default=""),
    sa.Column("approved_at", Instant),
    # Why the guard holds the whole set.
    sa.Column("held_because", Words, nullable=False, server_default=""),
)

told = sa.Table(
    "told",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("series", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

source_rows = sa.Table(
    "source_rows",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sqlite_with_rowid=False,  # one search instead of two for each row
)

gone = sa.Table(
    "gone",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
)

pending_references = sa.Table(
    "pending_references",
    metadata,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("source_id", sa.Text, primary_key=True),
    sa.Column("attribute", sa.Text, primary_key=True),
    sa.Column("wanted_id", sa.Text, primary_key=True),
    sa.Index("ix_pending_references_wanted", "job", "wanted_id"),
)

cycles = sa.Table(
    "cycles",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("job", sa.Text, nullable=False, index=True),
    sa.Column("began_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", Words),
    sa.Column("counts", sa.Text),
    sa.Column("phase", sa.Text, nullable=False, server_default=""),
    sa.Column("done", sa.Integer, nullable=False, server_default="0"),
    sa.Column("total", sa.Integer, nullable=False, server_default="0"),
    sa.Column("waiting_until", Instant),
    sa.Column("progress_at", Instant),
    sa.Column("phase_began_at", Instant),
)

intents = sa.Table(
    "intents",
    metadata,
    sa.Column("change_id", sa.Text, primary_key=True),
    sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False, index=True),
    sa.Column("job", sa.Text, nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),
    sa.Column("target_id", sa.Text),
    sa.Column("user_name", Words, nullable=False),
    sa.Column("place", Words, nullable=False),
    # Of creations: whose account it would be, and the form of the value that finds it.
    sa.Column("tenant", sa.Text, nullable=False, server_default=""),
    sa.Column("match_value", sa.Text, nullable=False, server_default=""),
    sa.Column("match_form", sa.Text, nullable=False, server_default="", index=True),
)

entries = sa.Table(
    "log",
    metadata,
    sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
    sa.Column("change_id", sa.Text, nullable=False, unique=True),
    sa.Column("cycle_id", sa.Text, sa.ForeignKey("cycles.id"), nullable=False, index=True),
    sa.Column("job", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False, index=True),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False, index=True),
    sa.Column("source_id", sa.Text, nullable=False, index=True),
    sa.Column("user_name", Words, nullable=False, index=True),
    sa.Column("place", Words, nullable=False),
    sa.Column("reason", Words, nullable=False),
    sa.Column("code", Words, nullable=False),
    sa.Column("target_id", sa.Text),
    sa.Column("changes", sa.Text, nullable=False),
    sa.Column("steps", Words, nullable=False, server_default=""),
    sa.Column("request_id", Words, nullable=False),
    sa.Column("duration_seconds", sa.Float, nullable=False),
    sa.Index("ix_log_job_number", "job", "number"),
)
