"""A link knows its account by several names, its vendor's tenant, and since when it was not seen.

Until now a link had one name: the matching value, which stands in for the user name until the next
look. No tenant is known yet: each link is bound to one by its first proven look. Creations in doubt
get rows of their own, so that they end by what was seen and not by their age.
"""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"

_INSTANT = sa.DateTime(timezone=True)
_LINKS = sa.text("SELECT job, source_id, user_name FROM links")
_NAMED = sa.text(
    "UPDATE links SET match_value = :value, match_form = :form "
    "WHERE job = :job AND source_id = :source_id"
)
_INTENTS = sa.text("""
    SELECT intents.change_id, intents.user_name FROM intents
    LEFT JOIN log ON log.change_id = intents.change_id
    WHERE log.change_id IS NULL AND intents.action = 'create'
""")
_MEANT = sa.text(
    "UPDATE intents SET match_value = :value, match_form = :form WHERE change_id = :change_id"
)
_DOUBTS = sa.text("""
    SELECT job, source_id, user_name, place, cycle_id, at FROM log
    WHERE action = 'create' AND status = 'in_doubt' AND NOT EXISTS (
        SELECT 1 FROM links WHERE links.job = log.job AND links.source_id = log.source_id
        AND links.linked_at >= log.at
    ) ORDER BY number
""")


def upgrade() -> None:
    for name in ("match_value", "match_form", "may_be", "tenant"):
        op.add_column("links", _text(name))
    op.add_column("links", sa.Column("missing_since", _INSTANT))
    op.create_index("ix_links_tenant", "links", ["tenant", "match_form"])
    op.create_index("ix_links_target", "links", ["tenant", "target_id"])
    for name in ("tenant", "match_value", "match_form"):
        op.add_column("intents", _text(name))
    op.create_index("ix_intents_match_form", "intents", ["match_form"])
    op.add_column("jobs", sa.Column("passed_holds", sa.Integer, nullable=False, server_default="0"))
    doubts = _create_doubts()
    connection = op.get_bind()
    rows = [
        {"job": job, "source_id": source_id, "value": name, "form": _form(name)}
        for job, source_id, name in connection.execute(_LINKS).all()
    ]
    if rows:
        connection.execute(_NAMED, rows)
    meant = [
        {"change_id": change_id, "value": name, "form": _form(name)}
        for change_id, name in connection.execute(_INTENTS).all()
    ]
    if meant:
        connection.execute(_MEANT, meant)
    _fill_doubts(connection, doubts)


def _create_doubts() -> sa.Table:
    table = op.create_table(
        "doubts",
        sa.Column("job", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("match_form", sa.Text, primary_key=True),
        sa.Column("match_value", sa.Text, nullable=False),
        sa.Column("user_name", sa.Text, nullable=False),
        sa.Column("place", sa.Text, nullable=False),
        _text("tenant"),
        sa.Column("cycle_id", sa.Text, nullable=False),
        sa.Column("began_at", _INSTANT, nullable=False),
        sa.Column("looks", sa.Integer, nullable=False, server_default="0"),
        sa.Column("last_look_at", _INSTANT),
    )
    op.create_index("ix_doubts_tenant", "doubts", ["tenant", "match_form"])
    return table


def _fill_doubts(connection: sa.Connection, doubts: sa.Table) -> None:
    found = connection.execute(_DOUBTS.columns(sa.column("at", _INSTANT))).all()
    fresh = {(row.job, row.source_id, _form(row.user_name)): row for row in found}
    rows = [
        {
            "job": job,
            "source_id": source_id,
            "match_form": form,
            "match_value": row.user_name,
            "user_name": row.user_name,
            "place": row.place,
            "cycle_id": row.cycle_id,
            "began_at": row.at,
        }
        for (job, source_id, form), row in fresh.items()
    ]
    if rows:
        connection.execute(doubts.insert(), rows)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default="")


def _form(value: str) -> str:
    return unicodedata.normalize("NFC", value).lower()
