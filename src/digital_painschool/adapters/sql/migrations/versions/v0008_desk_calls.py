"""The administrator's desk: its completed calls, the list of plans, and the access log by author.

Rule: D-21a, D-21c, D-24a.

Revision: 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table of completed calls that concern no single enrolment, and the indexes of plans and access log."""
    op.create_table(
        "desk_calls",
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("caller", _TEXT, nullable=False),
        sa.Column("action", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("result", _TEXT, nullable=False),
        sa.Column("fingerprint", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("unit", "caller", "action", "key", name="pk_desk_calls"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_purge_plans_unit", "purge_plans", ["unit", "made_at", "id"])
    op.create_index("ix_access_log_author", "access_log", ["unit", "by", "number"])


def downgrade() -> None:
    """Refuse: repeated calls would have an effect again."""
    raise NotImplementedError("the table of completed calls is not taken away again")
