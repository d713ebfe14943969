"""The index of a unit's access log holds the instants: a range of time passes the other entries within it. Rule: D-21c.

Revision: 0019.
"""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Make the index anew, with the instant."""
    op.drop_index("ix_access_log_unit", "access_log")
    op.create_index("ix_access_log_unit", "access_log", ["unit", "number", "at"])


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the wider index is not taken away again")
