"""Exports are listed, and withdrawn enrolments are found, by an index. Rule: D-07b, D-21a.

Revision: 0015.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the indexes."""
    op.create_index("ix_exports_unit", "exports", ["unit", "exported_at", "id"])
    withdrawn = sa.text("phase = 'withdrawn'")
    op.create_index("ix_enrolments_withdrawn", "enrolments", ["id"], sqlite_where=withdrawn, postgresql_where=withdrawn)


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("what this revision made is not taken away again")
