"""A notification that was given up has the reason; delivery workers leave signs of life. Rule: D-13d.

Of a notification that was given up before, the reason is unknown.

Revision: 0013.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
_GIVEN_UP = sa.text("status IN ('unreachable', 'failed')")


def upgrade() -> None:
    """Add the column, the index of what was given up, and the table of workers."""
    op.add_column("digest_notifications", sa.Column("reason", _TEXT))
    op.create_index(
        "ix_digest_notifications_given_up",
        "digest_notifications",
        ["settled_at", "id"],
        sqlite_where=_GIVEN_UP,
        postgresql_where=_GIVEN_UP,
    )
    op.create_table(
        "delivery_workers",
        sa.Column("id", _TEXT, nullable=False),
        sa.Column("seen_at", _INSTANT, nullable=False),
        sa.Column("until", _INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_workers"),
    )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again, and no table")
