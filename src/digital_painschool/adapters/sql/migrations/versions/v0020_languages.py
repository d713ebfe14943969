"""A notice in the inbox, and a message to staff, has the language of its text. Rule: D-24d.

Of those of an earlier version the language is not known: they were shown in Swedish.

Revision: 0020.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the columns."""
    for table in ("notices", "staff_messages"):
        op.add_column(table, sa.Column("language", _TEXT, nullable=False, server_default="sv"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("a column is not taken away again")
