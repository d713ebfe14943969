"""A notification says how many times a gateway has reported it as failed after the send. Rule: D-13d.

It is sent again under a key that depends on that number. Of reports to earlier versions nothing is known.

Revision: 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    op.add_column("digest_notifications", sa.Column("reports", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
