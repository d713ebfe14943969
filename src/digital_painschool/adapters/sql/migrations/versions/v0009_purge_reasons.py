"""A planned enrolment has the reason of its purge: its period is over, or it was withdrawn. Rule: D-07b, D-21b.

No index changes: a withdrawn enrolment has `ended_at`, so that those of the open ones leave it out.

Revision: 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column: nothing that was planned before could be withdrawn."""
    op.add_column("purge_plan_items", sa.Column("reason", _TEXT, nullable=False, server_default="period-over"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
