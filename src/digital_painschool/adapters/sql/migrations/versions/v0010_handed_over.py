"""The caseload's rows say whether the patient is new to the therapist. Rule: D-09b.

Nobody has a flag of an earlier hand-over or start.

Revision: 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the column."""
    op.add_column("enrolments", sa.Column("handed_over", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
