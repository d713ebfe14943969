"""Channels have a pace: the latest slot of each, and an order of digests that keeps the oldest first. Rule: D-13e.

Revision: 0014.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_FILL = """
    UPDATE digests
       SET oldest_due_at = (SELECT CASE WHEN min(n.due_at) < digests.next_at THEN min(n.due_at)
                                        ELSE digests.next_at END
                              FROM digest_notifications AS n
                             WHERE n.digest_id = digests.id AND n.status = 'pending')
     WHERE next_at IS NOT NULL
"""
_WAITING = "next_at IS NOT NULL"


def upgrade() -> None:
    """Add the table, the column and its index."""
    op.create_table(
        "paces",
        sa.Column("channel", _TEXT, nullable=False),
        sa.Column("latest_at", _INSTANT, nullable=False),
        sa.Column("in_round", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_paces"),
        sqlite_with_rowid=False,
    )
    op.add_column("digests", sa.Column("oldest_due_at", _INSTANT))
    op.execute(_FILL)
    op.drop_index("ix_digests_next", table_name="digests")
    op.create_index(
        "ix_digests_due",
        "digests",
        ["collected", "oldest_due_at", "next_at", "id"],
        sqlite_where=sa.text(_WAITING),
        postgresql_where=sa.text(_WAITING),
    )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
