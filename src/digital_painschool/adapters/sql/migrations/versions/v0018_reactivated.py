"""The rows of open enrolments say when the maintenance last went back to active. Rule: D-17b, D-18b.

Silence counts from then. The row has no other place for it: the time of the entry is a column of the timeline.

Revision: 0018.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"

_INSTANT = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    """Add the column, and fill it from the entries of the open enrolments."""
    op.add_column("enrolments", sa.Column("reactivated_at", _INSTANT, nullable=True))
    op.execute(
        "UPDATE enrolments SET reactivated_at = (SELECT at FROM timeline WHERE enrolment_id = enrolments.id"
        " AND kind = 'reactivated' ORDER BY seq DESC LIMIT 1) WHERE ended_at IS NULL"
    )


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
