"""A notification in a member of staff's summary says which flag it reports. Rule: D-23b.

The notifications of earlier versions say it by their template.

Revision: 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column."""
    op.add_column("digest_notifications", sa.Column("flag", _TEXT, nullable=True))


def downgrade() -> None:
    """Refuse, as every revision does."""
    raise NotImplementedError("the column is not taken away again")
